#include "domain.h"

long domctl(struct xen_domctl *op, unsigned int command, domid_t id)
{
    op->cmd = command;
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = id;
    return hypercall(domctl, op);
}

#define BATCH 128

long domain_map(const struct domain *d, ulong at, const ulong *mfns, ulong count)
{
    static struct mmu_update batch[BATCH];
    long rc = 0;

    for ( ulong done = 0; done < count && !rc; )
    {
        unsigned int n = 0;

        for ( ; n < BATCH && done < count; n++, done++ )
        {
            batch[n].ptr = virt_to_machine(table_make(at + done * PAGE_SIZE, 1));
            batch[n].val = pte_make(mfns[done], PTE_USER_RW);
        }
        rc = hypercall(mmu_update, batch, n, NULL, d->id);
    }
    return rc;
}

void domain_unmap(ulong at, ulong count)
{
    for ( ulong i = 0; i < count; i++ )
        pte_set(table_find(at + i * PAGE_SIZE, 1), 0);
    mmuext(MMUEXT_TLB_FLUSH_ALL);
}

static long create(struct domain *d, bool pv32, ulong pages, unsigned int vcpus)
{
    static struct xen_domctl op;
    long rc;

    memset(&op, 0, sizeof(op));
    op.u.createdomain.max_vcpus = vcpus;
    op.u.createdomain.max_evtchn_port = ~0U >> 1;
    op.u.createdomain.max_grant_frames = -1;
    op.u.createdomain.max_maptrack_frames = -1;
    op.u.createdomain.grant_opts = XEN_DOMCTL_GRANT_version(2);
    rc = domctl(&op, XEN_DOMCTL_createdomain, 0);
    if ( rc )
        return rc;
    d->id = (domid_t)op.domain;

    op.u.address_size.size = 32;
    rc = pv32 ? domctl(&op, XEN_DOMCTL_set_address_size, d->id) : 0;
    op.u.max_vcpus.max = vcpus;
    rc = rc ?: domctl(&op, XEN_DOMCTL_max_vcpus, d->id);
    op.u.max_mem.max_memkb = pages * 4;
    return rc ?: domctl(&op, XEN_DOMCTL_max_mem, d->id);
}

/* Gives it all its pages, one at a time so that any machine has them, and learns their frames. */
static long populate(struct domain *d)
{
    struct xen_memory_reservation r = { .nr_extents = d->nr_pages, .domid = d->id };
    long rc;

    for ( ulong pfn = 0; pfn < d->nr_pages; pfn++ )
        d->p2m[pfn] = pfn;
    set_xen_guest_handle(r.extent_start, d->p2m);
    rc = hypercall(memory_op, XENMEM_populate_physmap, &r);
    return rc == (long)d->nr_pages ? 0 : rc < 0 ? rc : -ENOMEM;
}

long domain_create(struct domain *d, const struct image *image, const char *command_line,
                   ulong pages, unsigned int vcpus)
{
    long rc, port;

    d->id = DOMID_INVALID;
    d->nr_pages = pages;
    rc = create(d, image->pv32, pages, vcpus);
    if ( rc )
        return rc;
    port = event_alloc_unbound(d->id, 0);
    if ( port < 0 )
        return port;
    d->console_port = (evtchn_port_t)port;
    rc = populate(d) ?: domain_build(d, image, command_line);
    if ( rc )
        return rc;
    port = event_bind_interdomain(d->id, d->console_port);
    if ( port < 0 )
        return port;
    d->console = (evtchn_port_t)port;
    return 0;
}

long domain_unpause(const struct domain *d)
{
    static struct xen_domctl op;

    return domctl(&op, XEN_DOMCTL_unpausedomain, d->id);
}

long domain_destroy(struct domain *d)
{
    static struct xen_domctl op;

    if ( d->id == DOMID_INVALID )
        return 0;
    if ( d->console )
        event_close(d->console);
    if ( d->ring )
        domain_unmap(d->ring_at, 1);
    d->console = 0;
    d->ring = NULL;
    return domctl(&op, XEN_DOMCTL_destroydomain, d->id);
}

bool domain_exists(const struct domain *d)
{
    static struct xen_domctl op;

    return d->id != DOMID_INVALID && !domctl(&op, XEN_DOMCTL_getdomaininfo, d->id) &&
           op.domain == d->id;
}

int domain_shutdown_reason(const struct domain *d)
{
    static struct xen_domctl op;

    if ( domctl(&op, XEN_DOMCTL_getdomaininfo, d->id) || op.domain != d->id ||
         !(op.u.getdomaininfo.flags & XEN_DOMINF_shutdown) )
        return -1;
    return op.u.getdomaininfo.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;
}

int domain_console_read(struct domain *d, char *to, int size)
{
    int count = 0;

    for ( ; count < size &&
            d->ring->out_cons != __atomic_load_n(&d->ring->out_prod, __ATOMIC_ACQUIRE);
          count++ )
    {
        to[count] = d->ring->out[MASK_XENCONS_IDX(d->ring->out_cons, d->ring->out)];
        __atomic_store_n(&d->ring->out_cons, d->ring->out_cons + 1, __ATOMIC_RELEASE);
    }
    if ( count )
        event_send(d->console);
    return count;
}

bool domain_console_write(struct domain *d, const char *text, int size)
{
    XENCONS_RING_IDX prod = d->ring->in_prod;

    if ( prod - __atomic_load_n(&d->ring->in_cons, __ATOMIC_ACQUIRE) + (XENCONS_RING_IDX)size >
         sizeof(d->ring->in) )
        return false;
    for ( ; size; size-- )
        d->ring->in[MASK_XENCONS_IDX(prod++, d->ring->in)] = *text++;
    __atomic_store_n(&d->ring->in_prod, prod, __ATOMIC_RELEASE);
    event_send(d->console);
    return true;
}
