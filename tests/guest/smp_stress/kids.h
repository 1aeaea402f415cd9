/*
 * Domains without a life of their own, made and destroyed by dom0 while its vcpus use what such a domain has: pages,
 * to be mapped as dom0 may and by grants, and to be copied from; and ports that are open to us.
 *
 * A kid is used without a lock. Whoever destroys it takes its number away first; who had read that already finds that
 * there is no such domain, or a dying one, or holds on to what was a living one's when he got it.
 */
#ifndef SMP_STRESS_KIDS_H
#define SMP_STRESS_KIDS_H

#include "team.h"

#define KIDS        2
#define KID_PAGES   4
#define KID_PORTS   4
#define KID_REF     8 /* the first grant's */
#define KID_PATTERN 0x6b696400UL

static struct kid {
    bool busy; /* somebody makes it, or destroys it */
    domid_t id;
    ulong mfn[KID_PAGES];
    evtchn_port_t port[KID_PORTS];
} kids[KIDS];

static domid_t first_kid, last_kid;
static unsigned int kids_made;

static domid_t kid_id(const struct kid *kid)
{
    return __atomic_load_n(&kid->id, __ATOMIC_SEQ_CST);
}

/* --- Control --- */

static long kid_control(struct xen_domctl *op, unsigned int cmd, domid_t id)
{
    op->cmd = cmd;
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = id;
    return hypercall(domctl, op);
}

static long kid_create(domid_t *id)
{
    struct xen_domctl op = { 0 };
    long rc;

    op.u.createdomain.max_vcpus = 1;
    op.u.createdomain.max_evtchn_port = 1023;
    op.u.createdomain.max_grant_frames = 4;
    op.u.createdomain.max_maptrack_frames = 4;
    op.u.createdomain.grant_opts = XEN_DOMCTL_GRANT_version(1);
    rc = kid_control(&op, XEN_DOMCTL_createdomain, 0);
    *id = (domid_t)op.domain;
    if ( rc )
        return rc;
    op.u.max_vcpus.max = 1;
    rc = kid_control(&op, XEN_DOMCTL_max_vcpus, *id);
    op.u.max_mem.max_memkb = 1024;
    return rc ? rc : kid_control(&op, XEN_DOMCTL_max_mem, *id);
}

static long kid_populate(domid_t id, ulong mfn[KID_PAGES])
{
    struct xen_memory_reservation r = { .nr_extents = KID_PAGES, .domid = id };
    xen_pfn_t frames[KID_PAGES];

    for ( unsigned int i = 0; i < KID_PAGES; i++ )
        frames[i] = i;
    set_xen_guest_handle(r.extent_start, frames);
    if ( hypercall(memory_op, XENMEM_populate_physmap, &r) != KID_PAGES )
        return -ENOMEM;
    for ( unsigned int i = 0; i < KID_PAGES; i++ )
        mfn[i] = frames[i];
    return 0;
}

static long kid_map(pte_t *entry, ulong mfn, uint64_t flags, domid_t id)
{
    struct mmu_update update = { .ptr = virt_to_machine(entry), .val = pte_make(mfn, flags) };

    return hypercall(mmu_update, &update, 1, NULL, id);
}

/* Maps a frame of the kid's where nothing else is, for us to write to; NULL: we may not. */
static void *kid_open(ulong va, ulong mfn, domid_t id)
{
    return kid_map(table_find(va, 1), mfn, PTE_KERNEL_RW, id) ? NULL : (void *)va;
}

static void kid_shut(ulong va)
{
    team_wrong(hypercall(update_va_mapping, va, 0, UVMF_INVLPG | UVMF_ALL));
}

static long kid_fill(domid_t id, ulong mfn, ulong va)
{
    ulong *words = kid_open(va, mfn, id);

    if ( !words )
        return -EFAULT;
    for ( unsigned int i = 0; i < TABLE_ENTRIES; i++ )
        words[i] = KID_PATTERN;
    kid_shut(va);
    return 0;
}

/* It grants all its pages to us. */
static long kid_grant(domid_t id, const ulong mfn[KID_PAGES], ulong va)
{
    xen_pfn_t frame;
    struct gnttab_setup_table setup = { .dom = id, .nr_frames = 1 };
    struct grant_entry_v1 *entries;

    set_xen_guest_handle(setup.frame_list, &frame);
    if ( hypercall(grant_table_op, GNTTABOP_setup_table, &setup, 1) || setup.status )
        return -ENOENT;
    entries = kid_open(va, frame, id);
    if ( !entries )
        return -EFAULT;
    for ( unsigned int i = 0; i < KID_PAGES; i++ )
        entries[KID_REF + i] = (struct grant_entry_v1){ GTF_permit_access, 0, (uint32_t)mfn[i] };
    kid_shut(va);
    return 0;
}

static long kid_ports(domid_t id, evtchn_port_t port[KID_PORTS])
{
    for ( unsigned int i = 0; i < KID_PORTS; i++ )
    {
        long got = event_alloc_unbound(id, 0);

        if ( got < 0 )
            return got;
        port[i] = (evtchn_port_t)got;
    }
    return 0;
}

/* @va: a free address of the caller's, whose table is there. What fails is wrong. */
static void kid_make(struct kid *kid, ulong va)
{
    domid_t id;
    long rc = kid_create(&id);

    if ( !rc )
        rc = kid_populate(id, kid->mfn);
    for ( unsigned int i = 0; !rc && i < KID_PAGES; i++ )
        rc = kid_fill(id, kid->mfn[i], va);
    if ( !rc )
        rc = kid_grant(id, kid->mfn, va);
    if ( !rc )
        rc = kid_ports(id, kid->port);
    team_wrong(rc);
    if ( __atomic_fetch_add(&kids_made, 1, __ATOMIC_SEQ_CST) == 0 )
        first_kid = id;
    last_kid = id;
    __atomic_store_n(&kid->id, id, __ATOMIC_SEQ_CST);
}

static void kid_destroy(struct kid *kid)
{
    struct xen_domctl op = { 0 };
    domid_t id = kid_id(kid);

    __atomic_store_n(&kid->id, DOMID_INVALID, __ATOMIC_SEQ_CST);
    team_wrong(kid_control(&op, XEN_DOMCTL_destroydomain, id));
}

/* One that there is dies, one that there isn't is made; unless somebody is at it. */
static void kid_turn(struct kid *kid, ulong va)
{
    if ( __atomic_exchange_n(&kid->busy, true, __ATOMIC_SEQ_CST) )
        return;
    if ( kid_id(kid) == DOMID_INVALID )
        kid_make(kid, va);
    else
        kid_destroy(kid);
    __atomic_store_n(&kid->busy, false, __ATOMIC_SEQ_CST);
}

/* An end of a channel comes and goes. */
static void kid_event(const struct kid *kid, unsigned int n)
{
    domid_t id = kid_id(kid);
    long port = id == DOMID_INVALID ? -ESRCH : event_bind_interdomain(id, kid->port[n]);

    if ( port < 0 )
        return;
    event_send((evtchn_port_t)port); /* to somebody who may be gone */
    team_wrong(event_close((evtchn_port_t)port));
}

/* --- The beginning, and the end --- */

static void kids_prepare(void)
{
    for ( unsigned int i = 0; i < KIDS; i++ )
        kids[i] = (struct kid){ .id = DOMID_INVALID };
    kids_made = 0;
}

/* Once nobody uses them any more, nothing is left of any. */
static void kids_end(void)
{
    struct xen_domctl op = { 0 };
    uint64_t end = time_now() + PATIENCE;

    for ( unsigned int i = 0; i < KIDS; i++ )
        if ( kid_id(&kids[i]) != DOMID_INVALID )
            kid_destroy(&kids[i]);
    expect(kids_made > KIDS, "domains came and went");
    while ( kid_control(&op, XEN_DOMCTL_getdomaininfo, first_kid) == 0 && op.domain <= last_kid &&
            time_now() < end )
        team_relax();
    expect(time_now() < end, "of the domains that were destroyed nothing is left");
}

#endif
