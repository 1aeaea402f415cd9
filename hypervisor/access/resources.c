/*
 * The machine's resources and who may use them.
 *
 * Each domain has one set of numbers a kind. A privileged domain starts with all that exist but those that the
 * hypervisor keeps; any other starts with none, and a recycled domid inherits nothing: the sets die with the domain.
 */
#include "access/access.h"
#include "console/console.h"
#include "cpu/cpu.h"
#include "lib/atomic.h"
#include "lib/bits.h"
#include "lib/guard.h"
#include "mm/heap.h"

#define LOW_MEMORY_FRAMES                                                                          \
    (0x100000 >> PAGE_SHIFT) /* BIOS data, video memory, ROMs: I/O memory even where it is RAM */

static struct lock lock = LOCK_INIT(LOCK_ACCESS);

/* What the hypervisor keeps, and what is read-only to everyone. */
static struct rangeset kept[ACCESS_RESOURCES] = {
    [ACCESS_IOMEM] = { NULL, heap_alloc, heap_free },
    [ACCESS_IOPORTS] = { NULL, heap_alloc, heap_free },
    [ACCESS_IRQS] = { NULL, heap_alloc, heap_free },
};
static struct rangeset read_only = { NULL, heap_alloc, heap_free };

/* The last number of a kind. A frame beyond what the processor can address would be a reserved bit in an entry. */
static u64 last_of(enum access_resource kind)
{
    return kind == ACCESS_IOMEM ? (1UL << (cpu_features.physical_bits - PAGE_SHIFT)) - 1 : 0xffff;
}

/* Devices that every PC has and the hypervisor drives. */
static const struct {
    u16 first, last;
} kept_ports[] = {
    { 0x20, 0x21 },   /* PICs */
    { 0xa0, 0xa1 },   /* ... the second */
    { 0x4d0, 0x4d1 }, /* ... their level/edge registers */
    { 0x40, 0x43 },   /* PIT */
    { 0x61, 0x61 },   /* ... its gate */
    { 0xcf8, 0xcff }, /* PCI configuration */
};

static struct rangeset *set_of(const struct domain *d, enum access_resource kind)
{
    switch ( kind )
    {
    case ACCESS_IOMEM:
        return d->access.iomem;
    case ACCESS_IOPORTS:
        return d->access.ioports;
    default:
        return d->access.irqs;
    }
}

static bool valid_range(enum access_resource kind, u64 first, u64 last)
{
    return first <= last && last <= last_of(kind);
}

long access_permit(struct domain *d, enum access_resource kind, u64 first, u64 last)
{
    long rc;

    if ( !valid_range(kind, first, last) )
        return -EINVAL;

    lock_acquire(&lock);
    rc = rangeset_add(set_of(d, kind), first, last);
    lock_release(&lock);
    return rc;
}

long access_deny(struct domain *d, enum access_resource kind, u64 first, u64 last)
{
    long rc;

    if ( !valid_range(kind, first, last) )
        return -EINVAL;

    lock_acquire(&lock);
    rc = rangeset_remove(set_of(d, kind), first, last);
    GUARD_STEP(hot_ports, WRITE_ONCE(d->access.hot_ports, 0));
    lock_release(&lock);
    return rc;
}

/* A domain that is no guest (DOMID_XEN) has no sets: nothing is its to use, or to lend. */
bool access_resource(const struct domain *d, enum access_resource kind, u64 first, u64 last)
{
    const struct rangeset *set = set_of(d, kind);
    bool permitted;

    if ( !set )
        return false;
    lock_acquire(&lock);
    permitted = rangeset_contains(set, first, last);
    lock_release(&lock);
    return permitted;
}

bool access_iomem(const struct domain *d, mfn_t mfn)
{
    if ( mfn_valid(mfn) && mfn.n >= LOW_MEMORY_FRAMES )
        return false;
    return access_resource(d, ACCESS_IOMEM, mfn.n, mfn.n);
}

/* A range of ports in one word: the first, and how many. */
static u64 pack(const struct range *range)
{
    return range->first | (range->last - range->first + 1) << 32;
}

static __attribute__((noinline)) bool ioport_find(struct domain *d, u16 port, unsigned int bytes)
{
    const struct range *range;

    if ( !d->access.ioports )
        return false;

    lock_acquire(&lock);
    range = rangeset_find(d->access.ioports, port);
    if ( range && port + bytes - 1 > range->last )
        range = NULL;
    if ( range )
        WRITE_ONCE(d->access.hot_ports, pack(range));
    lock_release(&lock);
    return range;
}

bool access_ioport(struct domain *d, u16 port, unsigned int bytes)
{
    return access_ioport_hot(d, port, bytes) || ioport_find(d, port, bytes);
}

bool access_irq(const struct domain *d, u32 gsi)
{
    return access_resource(d, ACCESS_IRQS, gsi, gsi);
}

bool access_iomem_read_only(mfn_t mfn)
{
    bool found;

    lock_acquire(&lock);
    found = rangeset_contains(&read_only, mfn.n, mfn.n);
    lock_release(&lock);
    return found;
}

void access_iomem_make_read_only(u64 first_mfn, u64 last_mfn)
{
    int rc;

    lock_acquire(&lock);
    rc = rangeset_add(&read_only, first_mfn, last_mfn);
    lock_release(&lock);

    if ( rc ) /* a device that dom0 could then write to behind our back */
        panic("cannot make frames %lx-%lx read-only: error %d", first_mfn, last_mfn, rc);
}

void access_keep(enum access_resource kind, u64 first, u64 last)
{
    int rc;

    lock_acquire(&lock);
    rc = rangeset_add(&kept[kind], first, last);
    lock_release(&lock);

    if ( rc )
        panic("cannot keep resources %lx-%lx: error %d", first, last, rc);
}

/* All that exists, less what the hypervisor keeps. */
static int permit_all(struct rangeset *set, enum access_resource kind)
{
    struct range *range;
    int rc = rangeset_add(set, 0, last_of(kind));

    rangeset_for_each(range, &kept[kind])
    {
        if ( !rc )
            rc = rangeset_remove(set, range->first, range->last);
    }
    return rc;
}

static int permit_machine(struct domain *d)
{
    int rc = 0;

    lock_acquire(&lock);
    for ( unsigned int i = 0; !rc && i < ARRAY_SIZE(kept_ports); i++ )
        rc = rangeset_add(&kept[ACCESS_IOPORTS], kept_ports[i].first, kept_ports[i].last);

    for ( enum access_resource kind = 0; !rc && kind < ACCESS_RESOURCES; kind++ )
        rc = permit_all(set_of(d, kind), kind);
    lock_release(&lock);
    return rc;
}

static struct rangeset *new_set(void)
{
    struct rangeset *set = heap_new(struct rangeset);

    if ( set )
        rangeset_init(set, heap_alloc, heap_free);
    return set;
}

static void free_set(struct rangeset **set)
{
    if ( *set )
    {
        rangeset_clear(*set);
        heap_free(*set);
    }
    *set = NULL;
}

long access_domain_create(struct domain *d)
{
    long rc = -ENOMEM;

    d->access.iomem = new_set();
    d->access.ioports = new_set();
    d->access.irqs = new_set();

    if ( d->access.iomem && d->access.ioports && d->access.irqs )
        rc = domain_is_privileged(d) ? permit_machine(d) : 0;

    if ( rc )
        access_domain_destroy(d);
    return rc;
}

void access_domain_destroy(struct domain *d)
{
    free_set(&d->access.iomem);
    free_set(&d->access.ioports);
    d->access.hot_ports = 0;
    free_set(&d->access.irqs);
}
