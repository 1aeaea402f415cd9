/* The state of one line: irq/line.h. No hardware here: host tests run this very source. */
#include "irq/line.h"

#include "cpu/percpu.h"
#include "lib/atomic.h"
#include "lib/string.h"
#include "smp/smp.h"

/*
 * A source that is raised this often without anybody listening is held back for a while: a thousand interrupts cost
 * a millisecond or so, a tenth of the time then.
 */
#define STORM_LIMIT 1000
#define STORM_PAUSE (10 * (ns_t)NS_PER_MS)

struct lock irq_lock = LOCK_INIT(LOCK_IRQ);

/* The line that each CPU is between line_fire and line_delivered with: atomic. */
static const struct irq_line *delivering[NR_CPUS];

static bool eoi_owed(const struct irq_line *line)
{
    for ( unsigned int i = 0; i < line->nr_guests; i++ )
        if ( line->guests[i].owes_eoi )
            return true;
    return false;
}

void line_update(struct irq_line *line)
{
    bool open = (line->own || line->nr_guests) && !eoi_owed(line) && !line->held_back;

    if ( open == line->open )
        return;
    line->open = open;
    line_set_open(line, open);
}

/* An edge that came while the line was closed is lost: the guest shall look. */
static void release(void *arg)
{
    struct irq_line *line = arg;

    lock_acquire(&irq_lock);
    line_retry(line);
    lock_release(&irq_lock);
    line_raise(line);
}

void line_init(struct irq_line *line, enum line_source source, u8 vector)
{
    memset(line, 0, sizeof(*line));
    line->source = source;
    line->vector = vector;
    timer_init(&line->release, release, line, 0);
}

unsigned int line_fire(struct irq_line *line, struct line_guest to[LINE_MAX_GUESTS])
{
    for ( unsigned int i = 0; i < line->nr_guests; i++ )
    {
        line->guests[i].owes_eoi = line->level;
        to[i] = line->guests[i];
    }
    line_update(line);
    WRITE_ONCE(delivering[this_cpu()->cpu], line);
    return line->nr_guests;
}

static void note_unheard(struct irq_line *line)
{
    if ( line->level || ++line->unheard < STORM_LIMIT ) /* a level line is masked anyway */
        return;
    line->unheard = 0;
    line->held_back = true;
    line_update(line);
    timer_set(&line->release, time_now() + STORM_PAUSE);
}

void line_delivered(struct irq_line *line, bool heard)
{
    if ( heard )
        WRITE_ONCE(line->unheard, 0);
    else
    {
        lock_acquire(&irq_lock);
        note_unheard(line);
        lock_release(&irq_lock);
    }
    atomic_store(&delivering[this_cpu()->cpu], NULL);
}

void line_drain(const struct irq_line *line)
{
    for ( u32 cpu = 0; cpu < NR_CPUS; cpu++ )
        while ( atomic_load(&delivering[cpu]) == line )
            smp_poll();
}

long line_add_guest(struct irq_line *line, struct domain *d, u32 pirq, bool share)
{
    if ( line->own || line->nr_guests == LINE_MAX_GUESTS )
        return -EBUSY;
    if ( line->nr_guests && !(share && line->shared) )
        return -EBUSY;

    line->shared = share;
    line->guests[line->nr_guests++] = (struct line_guest){ .domain = d, .pirq = pirq };
    line_update(line);
    return 0;
}

bool line_remove_guest(struct irq_line *line, const struct domain *d)
{
    for ( unsigned int i = 0; i < line->nr_guests; i++ )
        if ( line->guests[i].domain == d )
        {
            line->guests[i] = line->guests[--line->nr_guests];
            line_update(line);
            return true;
        }
    return false;
}

void line_eoi(struct irq_line *line, const struct domain *d)
{
    for ( unsigned int i = 0; i < line->nr_guests; i++ )
        if ( line->guests[i].domain == d )
            line->guests[i].owes_eoi = false;
    line_update(line);
}

void line_retry(struct irq_line *line)
{
    line->held_back = false;
    line_update(line);
}
