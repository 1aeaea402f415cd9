/* PIRQs of domains, and the hooks by which event/ binds ports to them. */
#include "irq/pirq.h"

#include "access/access.h"
#include "event/event.h"
#include "irq/ioapic.h"
#include "irq/irq.h"
#include "irq/lines.h"
#include "irq/msi.h"
#include "lib/atomic.h"
#include "lib/bits.h"
#include "mm/heap.h"

#define PIRQS_FOR_MESSAGES 256
#define PIRQS_MAX          512 /* an array of them fits a page */

struct irq_line *pirq_line(const struct domain *d, u32 pirq)
{
    return d->irq.pirqs && index_below(&pirq, d->irq.nr_pirqs) ? d->irq.pirqs[pirq] : NULL;
}

/*
 * With irq_lock held, as what follows up to the calls of event/: @d may be given a PIRQ. -ENOMEM; -EINVAL it is dying:
 * what it had may be gone already, and nobody would take this away.
 */
static long make_table(struct domain *d)
{
    if ( READ_ONCE(d->life) != DOMAIN_ALIVE )
        return -EINVAL;
    if ( !d->irq.pirqs )
        d->irq.pirqs = heap_new_array(struct irq_line *, d->irq.nr_pirqs);
    return d->irq.pirqs ? 0 : -ENOMEM;
}

/* @n adjoining free PIRQs from @from on; -ENOSPC. */
static long find_free(const struct domain *d, u32 from, unsigned int n)
{
    unsigned int run = 0;

    for ( u32 pirq = from; pirq < d->irq.nr_pirqs; pirq++ )
    {
        run = d->irq.pirqs[pirq] ? 0 : run + 1;
        if ( run == n )
            return pirq - n + 1;
    }
    return -ENOSPC;
}

/* The PIRQ that names @line already, or -1. */
static long find_line(const struct domain *d, const struct irq_line *line)
{
    for ( u32 pirq = 0; pirq < d->irq.nr_pirqs; pirq++ )
        if ( d->irq.pirqs[pirq] == line )
            return pirq;
    return -1;
}

static long choose_gsi_pirq(const struct domain *d, const struct irq_line *line, int wanted)
{
    long have = find_line(d, line);

    if ( have >= 0 )
        return have;
    if ( wanted >= 0 )
    {
        if ( (u32)wanted >= d->irq.nr_pirqs )
            return -EINVAL;
        return d->irq.pirqs[wanted] ? -EEXIST : wanted;
    }
    if ( line->gsi < d->irq.nr_pirqs && !d->irq.pirqs[line->gsi] )
        return line->gsi;
    return find_free(d, ioapic_nr_gsis(), 1);
}

static long map_gsi(struct domain *d, u32 gsi, int wanted)
{
    struct irq_line *line = lines_of_gsi(gsi);
    long pirq;

    if ( !line )
        return -EINVAL;
    pirq = make_table(d);
    if ( pirq )
        return pirq;
    pirq = choose_gsi_pirq(d, line, wanted);
    if ( pirq >= 0 )
        d->irq.pirqs[pirq] = line;
    return pirq;
}

long pirq_map_gsi(struct domain *d, u32 gsi, int *pirq)
{
    long rc;

    if ( !ioapic_has(gsi) )
        return -EINVAL;
    if ( !access_irq(d, gsi) )
        return -EPERM;
    lock_acquire(&irq_lock);
    rc = map_gsi(d, gsi, *pirq);
    lock_release(&irq_lock);
    if ( rc < 0 )
        return rc;
    *pirq = (int)rc;
    return 0;
}

/* Where the PIRQs of messages are to be: at @wanted, if they are all free there. */
static long choose_msi_pirqs(const struct domain *d, unsigned int n, int wanted)
{
    if ( wanted < 0 )
        return find_free(d, ioapic_nr_gsis(), n);
    if ( (u32)wanted + n > d->irq.nr_pirqs )
        return -EINVAL;
    return find_free(d, (u32)wanted, n) == wanted ? wanted : -EEXIST;
}

static long map_msi(struct domain *d, pci_bdf_t bdf, bool msix, u16 index, unsigned int n,
                    struct irq_line **lines, int wanted)
{
    long rc = make_table(d), pirq;

    if ( rc )
        return rc;
    pirq = choose_msi_pirqs(d, n, wanted);
    rc = pirq < 0 ? pirq : msi_route(bdf, msix, index, lines, n);
    if ( rc )
        return rc;
    for ( unsigned int i = 0; i < n; i++ )
        d->irq.pirqs[pirq + i] = lines[i];
    return pirq;
}

long pirq_map_msi(struct domain *d, pci_bdf_t bdf, bool msix, u16 index, unsigned int n, int *pirq)
{
    struct irq_line *lines[MSI_MAX_MESSAGES];
    long rc;

    if ( n > MSI_MAX_MESSAGES || !is_power_of_2(n) )
        return -EINVAL;
    lock_acquire(&irq_lock);
    rc = lines_new_msi(lines, n);
    lock_release(&irq_lock);
    if ( rc )
        return rc;

    lock_acquire(&irq_lock);
    rc = map_msi(d, bdf, msix, index, n, lines, *pirq);
    lock_release(&irq_lock);
    if ( rc >= 0 )
    {
        *pirq = (int)rc;
        return 0;
    }
    for ( unsigned int i = 0; i < n; i++ )
        lines_free_msi(lines[i]);
    return rc;
}

long pirq_unmap(struct domain *d, u32 pirq)
{
    struct irq_line *line;

    lock_acquire(&irq_lock);
    line = pirq_line(d, pirq);
    if ( line )
    {
        d->irq.pirqs[pirq] = NULL;
        line_remove_guest(line, d);
        if ( line->source == LINE_MSI )
            msi_unroute(line);
    }
    lock_release(&irq_lock);
    if ( !line )
        return -EINVAL;

    if ( line->source == LINE_MSI )
        lines_free_msi(line);
    else
        line_drain(line);
    return 0;
}

/* --- event/'s calls --- */

static long bind(struct domain *d, u32 pirq, bool share)
{
    struct irq_line *line = pirq_line(d, pirq);

    if ( !line )
        return access_irq(d, pirq) ? -EINVAL : -EPERM;
    if ( line->source == LINE_GSI &&
         !access_irq(d, line->gsi) ) /* taken away since it was mapped */
        return -EPERM;
    return line_add_guest(line, d, pirq, share);
}

long irq_pirq_bound(struct domain *d, u32 pirq, bool share)
{
    long rc;

    lock_acquire(&irq_lock);
    rc = bind(d, pirq, share);
    lock_release(&irq_lock);
    return rc;
}

void irq_pirq_unbound(struct domain *d, u32 pirq)
{
    struct irq_line *line;

    lock_acquire(&irq_lock);
    line = pirq_line(d, pirq);
    if ( line )
        line_remove_guest(line, d);
    lock_release(&irq_lock);
    if ( line )
        line_drain(line);
}

void irq_pirq_unmasked(struct domain *d, u32 pirq)
{
    struct irq_line *line;

    lock_acquire(&irq_lock);
    line = pirq_line(d, pirq);
    if ( line && line->held_back )
        line_retry(line);
    lock_release(&irq_lock);
}

/* --- life --- */

long irq_domain_create(struct domain *d)
{
    d->irq.nr_pirqs = min_t(u32, ioapic_nr_gsis() + PIRQS_FOR_MESSAGES, PIRQS_MAX);
    return 0;
}

long irq_domain_relinquish(struct domain *d)
{
    for ( u32 pirq = 0; d->irq.pirqs && pirq < d->irq.nr_pirqs; pirq++ )
        pirq_unmap(d, pirq);
    return 0;
}

void irq_domain_destroy(struct domain *d)
{
    heap_free(d->irq.pirqs);
    d->irq.pirqs = NULL;
}
