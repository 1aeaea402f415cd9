/* Lines and their vectors; the way from a vector to the guests' events. */
#include "irq/lines.h"

#include "console/console.h"
#include "event/event.h"
#include "irq/ioapic.h"
#include "irq/lapic.h"
#include "irq/msi.h"
#include "lib/atomic.h"
#include "lib/bits.h"
#include "mm/heap.h"
#include "smp/smp.h"

static struct irq_line *by_vector[256];
static struct irq_line **by_gsi; /* ioapic_nr_gsis() of them */

static bool vector_usable(unsigned int vector)
{
    return vector >= VECTOR_DEVICE_FIRST && vector <= VECTOR_DEVICE_LAST &&
           vector != VECTOR_INT80 && vector != VECTOR_INT82 && !by_vector[vector];
}

/* @n adjoining vectors, aligned to @n; 0: none. */
static u8 find_vectors(unsigned int n)
{
    for ( unsigned int first = ALIGN_UP((unsigned int)VECTOR_DEVICE_FIRST, n);
          first + n - 1 <= VECTOR_DEVICE_LAST; first += n )
    {
        unsigned int i = 0;

        while ( i < n && vector_usable(first + i) )
            i++;
        if ( i == n )
            return (u8)first;
    }
    return 0;
}

static struct irq_line *new_line(enum line_source source, u8 vector)
{
    struct irq_line *line = heap_new(struct irq_line);

    if ( line )
    {
        line_init(line, source, vector);
        by_vector[vector] = line;
    }
    return line;
}

/* Where none has a short id, interrupts come to the first all the same, or get lost: there is nobody else. */
u32 lines_target(void)
{
    for ( u32 cpu = 0; cpu < NR_CPUS; cpu++ )
        if ( smp_is_online(cpu) && smp_percpu(cpu)->apic_id <= LAPIC_ID_MAX_8BIT )
            return smp_percpu(cpu)->apic_id;
    return smp_percpu(0)->apic_id & 0xff;
}

void lines_set_mode(struct irq_line *line, bool level, bool active_low)
{
    line->level = level;
    line->active_low = active_low;
    ioapic_route(line->gsi, line->vector, lines_target(), level, active_low);
}

struct irq_line *lines_find_gsi(u32 gsi)
{
    return gsi < ioapic_nr_gsis() && by_gsi ? by_gsi[gsi] : NULL;
}

struct irq_line *lines_of_gsi(u32 gsi)
{
    struct irq_line *line = lines_find_gsi(gsi);
    u8 vector;

    if ( line || !ioapic_has(gsi) )
        return line;
    if ( !by_gsi )
        by_gsi = heap_new_array(struct irq_line *, ioapic_nr_gsis());
    vector = find_vectors(1);
    if ( !by_gsi || !vector )
        return NULL;

    line = new_line(LINE_GSI, vector);
    if ( line )
    {
        bool level, active_low;

        line->gsi = gsi;
        ioapic_default_mode(gsi, &level, &active_low);
        lines_set_mode(line, level, active_low);
        by_gsi[gsi] = line;
    }
    return line;
}

long lines_new_msi(struct irq_line **lines, unsigned int n)
{
    u8 vector = find_vectors(n);

    if ( !vector )
        return -ENOSPC;
    for ( unsigned int i = 0; i < n; i++ )
    {
        lines[i] = new_line(LINE_MSI, (u8)(vector + i));
        if ( lines[i] )
            continue;
        while ( i-- )
        {
            by_vector[lines[i]->vector] = NULL;
            heap_free(lines[i]);
        }
        return -ENOMEM;
    }
    return 0;
}

/* A message may still be on its way on another CPU: out of its sight first. */
void lines_free_msi(struct irq_line *line)
{
    lock_acquire(&irq_lock);
    by_vector[line->vector] = NULL;
    lock_release(&irq_lock);
    line_drain(line);
    timer_kill(&line->release);
    heap_free(line);
}

void line_set_open(struct irq_line *line, bool open)
{
    if ( line->source == LINE_GSI )
        ioapic_mask(line->gsi, !open);
    else
        msi_mask(line, !open);
}

bool lines_own_isa(u8 irq, void (*handler)(void))
{
    struct irq_line *line;

    lock_acquire(&irq_lock);
    line = lines_of_gsi(ioapic_isa_gsi(irq));
    if ( line )
    {
        line->own = handler;
        line_update(line);
    }
    lock_release(&irq_lock);
    return line != NULL;
}

/* Raise the events of those whom line_fire() named, with no lock held. */
static void tell(struct irq_line *line, const struct line_guest *to, unsigned int n, bool heard)
{
    for ( unsigned int i = 0; i < n; i++ )
        heard |= event_send_pirq(to[i].domain, to[i].pirq);
    line_delivered(line, heard);
}

void line_raise(struct irq_line *line)
{
    struct line_guest to[LINE_MAX_GUESTS];
    unsigned int n;

    lock_acquire(&irq_lock);
    n = line_fire(line, to);
    lock_release(&irq_lock);
    tell(line, to, n, true);
}

/*
 * The line is masked, if it is to be, before the local APIC is told: a level would fire again at once. The
 * hypervisor's own handlers quiet their device first for the same reason.
 */
void lines_dispatch(u32 vector)
{
    struct line_guest to[LINE_MAX_GUESTS];
    unsigned int n = 0;
    struct irq_line *line;

    lock_acquire(&irq_lock);
    line = by_vector[vector];
    if ( line )
        n = line_fire(line, to);
    lock_release(&irq_lock);
    if ( line && line->own )
        line->own();
    lapic_eoi();
    if ( line )
        tell(line, to, n, line->own != NULL);
}
