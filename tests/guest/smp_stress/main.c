/*
 * Four vcpus do whatever they like to the same few pages, at once: map them writable and read-only, by hypercall, by
 * mmu_update, by a store to a table and as grants; make them tables of two kinds and ordinary pages again; copy from
 * them; exchange and balloon frames of their own; send each other events; and send each other down and up. As dom0
 * they also make domains and destroy them, while the others map and copy those domains' pages and send them events.
 *
 * Each page holds a pattern that is its own, and that would do as entries of a table which are not present: so nobody
 * ever writes anything else to it. Whoever can read a page finds its pattern: no translation led elsewhere, and no
 * frame was anybody else's. What is refused is refused with the error that the ABI has for it. When all is undone,
 * each page may become anything again: no reference is left, and none was dropped too often. As dom0 we ask for the
 * hypervisor's own audit then, whose verdict is in its log.
 */
#include "kids.h"
#include "team.h"

#define PAGES     12
#define SLOTS     8
#define ROUNDS    1000
#define KIDS_PAGE PAGES /* a slot's page, when it is one of another domain's */

enum holds { NOTHING, READABLE, WRITABLE, GRANT };

/* An address where a vcpu maps one of the pages. */
struct slot {
    ulong va;
    pte_t *entry;
    enum holds holds;
    unsigned int page;
    grant_handle_t handle;
};

static struct member {
    struct slot slots[SLOTS];
    uint64_t random;
    volatile ulong *own; /* a page that nobody else touches */
    ulong balloon;       /* a page number with no address */
    ulong spare;         /* an address with no page, for kid_make() */
    evtchn_port_t port;
} members[TEAM_MAX];

static struct {
    ulong mfn;
    void *usual;
    grant_ref_t ref;
} pages[PAGES];

static domid_t self;

static ulong pattern(unsigned int page)
{
    return page == KIDS_PAGE ? KID_PATTERN : (page + 1UL) << 8;
}

static unsigned int some(struct member *m, unsigned int below)
{
    return team_random(&m->random) % below;
}

/* A refusal that is none of our business, since somebody else was faster. */
static bool done(long rc)
{
    team_wrong(rc && rc != -EINVAL && rc != -EBUSY);
    return rc == 0;
}

/* --- Mappings --- */

static void look(struct member *m, const struct slot *slot)
{
    volatile ulong *word = (volatile ulong *)slot->va + some(m, TABLE_ENTRIES);

    if ( slot->holds == NOTHING )
        return;
    team_wrong(*word != pattern(slot->page));
    if ( slot->holds == READABLE )
        /* A store to a table is carried out; to another page it is a fault. */
        (void)fault_of(*word = pattern(slot->page));
    else
        *word = pattern(slot->page);
}

static long store(pte_t *entry, pte_t value)
{
    return fault_of(*(volatile pte_t *)entry = value).vector == TRAP_NONE ? 0 : -EINVAL;
}

static long enter(struct member *m, const struct slot *slot, pte_t value)
{
    long rc;

    switch ( some(m, 3) )
    {
    case 0:
        return hypercall(update_va_mapping, slot->va, value, UVMF_INVLPG | UVMF_LOCAL);
    case 1:
        rc = pte_set(slot->entry, value);
        break;
    default:
        rc = store(slot->entry, value);
    }
    team_wrong(mmuext_addr(MMUEXT_INVLPG_LOCAL, slot->va));
    return rc;
}

static void grant_unmap(struct slot *slot)
{
    struct gnttab_unmap_grant_ref op = { .host_addr = slot->va, .handle = slot->handle };

    team_wrong(hypercall(grant_table_op, GNTTABOP_unmap_grant_ref, &op, 1) || op.status);
    slot->holds = NOTHING;
}

static void unmap(struct member *m, struct slot *slot)
{
    if ( slot->holds == GRANT )
        grant_unmap(slot);
    if ( slot->holds != NOTHING )
        team_wrong(enter(m, slot, 0));
    slot->holds = NOTHING;
}

static void map(struct member *m, struct slot *slot)
{
    bool writable = some(m, 2);
    unsigned int page = some(m, PAGES);

    if ( slot->holds == GRANT )
        return;
    if ( !done(
             enter(m, slot, pte_make(pages[page].mfn, writable ? PTE_KERNEL_RW : PTE_KERNEL_RO))) )
        return;
    slot->page = page;
    slot->holds = writable ? WRITABLE : READABLE;
}

static void grant_map(struct member *m, struct slot *slot)
{
    unsigned int page = some(m, PAGES);
    struct gnttab_map_grant_ref op = {
        .host_addr = slot->va, .flags = GNTMAP_host_map, .ref = pages[page].ref, .dom = self
    };

    unmap(m, slot);
    team_wrong(hypercall(grant_table_op, GNTTABOP_map_grant_ref, &op, 1));
    if ( op.status )
        return;
    slot->holds = GRANT;
    slot->page = page;
    slot->handle = op.handle;
}

/* --- Other domains' pages --- */

/* Such a domain may be dead, or die just now. */
static bool done_to_kid(long rc)
{
    return rc == -ESRCH || rc == -EPERM ? false : done(rc);
}

static void map_kids(struct member *m, struct slot *slot)
{
    const struct kid *kid = &kids[some(m, KIDS)];
    bool writable = some(m, 2);
    domid_t id = kid_id(kid);

    unmap(m, slot);
    if ( id == DOMID_INVALID ||
         !done_to_kid(kid_map(slot->entry, kid->mfn[some(m, KID_PAGES)],
                              writable ? PTE_KERNEL_RW : PTE_KERNEL_RO, id)) )
        return;
    slot->holds = writable ? WRITABLE : READABLE;
    slot->page = KIDS_PAGE;
}

static void grant_map_kids(struct member *m, struct slot *slot)
{
    domid_t id = kid_id(&kids[some(m, KIDS)]);

    unmap(m, slot);
    if ( id == DOMID_INVALID ||
         grant_take(slot->va, id, KID_REF + some(m, KID_PAGES), 0, &slot->handle) != GNTST_okay )
        return;
    slot->holds = GRANT;
    slot->page = KIDS_PAGE;
}

static void copy_kids(struct member *m)
{
    struct gnttab_copy op = {
        .source = { .u.ref = KID_REF + some(m, KID_PAGES), .domid = kid_id(&kids[some(m, KIDS)]) },
        .dest = { .u.gmfn = virt_to_mfn((void *)m->own), .domid = DOMID_SELF },
        .len = 64,
        .flags = GNTCOPY_source_gref,
    };

    m->own[3] = 0;
    team_wrong(hypercall(grant_table_op, GNTTABOP_copy, &op, 1));
    team_wrong(m->own[3] != (op.status ? 0 : KID_PATTERN));
}

static void use_kids(struct member *m, struct slot *slot)
{
    switch ( some(m, 5) )
    {
    case 0:
        kid_turn(&kids[some(m, KIDS)], m->spare);
        break;
    case 1:
        map_kids(m, slot);
        break;
    case 2:
        grant_map_kids(m, slot);
        break;
    case 3:
        copy_kids(m);
        break;
    default:
        kid_event(&kids[some(m, KIDS)], some(m, KID_PORTS));
    }
}

/* --- Types, and frames --- */

static void pin(struct member *m)
{
    done(mmuext_mfn(MMUEXT_PIN_L1_TABLE + some(m, 2), pages[some(m, PAGES)].mfn));
}

static void unpin(struct member *m)
{
    done(mmuext_mfn(MMUEXT_UNPIN_TABLE, pages[some(m, PAGES)].mfn));
}

static void copy(struct member *m)
{
    unsigned int page = some(m, PAGES);
    struct gnttab_copy op = {
        .source = { .u.ref = pages[page].ref, .domid = self },
        .dest = { .u.gmfn = virt_to_mfn((void *)m->own), .domid = DOMID_SELF },
        .len = 64,
        .flags = GNTCOPY_source_gref,
    };

    m->own[3] = 0;
    team_wrong(hypercall(grant_table_op, GNTTABOP_copy, &op, 1));
    team_wrong(op.status ? m->own[3] != 0 : m->own[3] != pattern(page));
}

static long reserve(unsigned int command, xen_pfn_t frame, xen_pfn_t *result)
{
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };
    long rc;

    set_xen_guest_handle(r.extent_start, &frame);
    rc = hypercall(memory_op, command, &r);
    *result = frame;
    return rc;
}

static void balloon(struct member *m)
{
    xen_pfn_t frame;

    team_wrong(reserve(XENMEM_decrease_reservation, pfn_to_mfn(m->balloon), &frame) != 1);
    team_wrong(reserve(XENMEM_populate_physmap, m->balloon, &frame) != 1);
    p2m()[m->balloon] = frame;
    team_wrong(mfn_to_pfn(frame) != m->balloon);
}

static void exchange(struct member *m)
{
    struct xen_memory_exchange op = { .in = { .nr_extents = 1, .domid = DOMID_SELF },
                                      .out = { .nr_extents = 1, .domid = DOMID_SELF } };
    xen_pfn_t in = pfn_to_mfn(m->balloon), out = m->balloon;

    set_xen_guest_handle(op.in.extent_start, &in);
    set_xen_guest_handle(op.out.extent_start, &out);
    team_wrong(hypercall(memory_op, XENMEM_exchange, &op) || op.nr_exchanged != 1);
    p2m()[m->balloon] = out;
    team_wrong(mfn_to_pfn(out) != m->balloon);
}

/* --- Down and up --- */

/*
 * Only those with a higher number, so that not all lie down for each other; and whoever sends one down brings it up,
 * so that at last it is.
 */
static void down_and_up(struct member *m)
{
    unsigned int me = (unsigned int)(m - members), other = me + 1 + some(m, TEAM_MAX);

    if ( other >= team.size )
        return;
    team_wrong(hypercall(vcpu_op, VCPUOP_down, other, NULL));
    if ( some(m, 2) )
        copy(m);
    team_wrong(hypercall(vcpu_op, VCPUOP_up, other, NULL));
}

/* --- All of it --- */

static void do_something(struct member *m)
{
    struct slot *slot = &m->slots[some(m, SLOTS)];

    switch ( some(m, 20) )
    {
    case 0:
        pin(m);
        break;
    case 1:
        unpin(m);
        break;
    case 2:
        unmap(m, slot);
        break;
    case 3:
        grant_map(m, slot);
        break;
    case 4:
        copy(m);
        break;
    case 5:
        balloon(m);
        break;
    case 6:
        exchange(m);
        break;
    case 7:
        team_wrong(event_send(members[some(m, team.size)].port));
        break;
    case 8:
        mmuext(MMUEXT_TLB_FLUSH_ALL);
        break;
    case 9:
        hypercall(sched_op, SCHEDOP_yield, NULL);
        break;
    case 10:
        down_and_up(m);
        break;
    case 11:
    case 12:
    case 13:
        if ( is_dom0() )
            use_kids(m, slot);
        break;
    default:
        map(m, slot);
    }
    look(m, slot);
}

static void work(unsigned int me)
{
    struct member *m = &members[me];
    unsigned long rounds = arg_number("rounds", ROUNDS);

    team_meet();
    events_enable();
    for ( unsigned long round = 0; round < rounds; round++ )
        do_something(m);
    team_meet(); /* from here on nobody is sent down or up any more */
    for ( unsigned int i = 0; i < SLOTS; i++ )
        unmap(m, &m->slots[i]);
    events_disable();
}

static void prepare(struct member *m, unsigned int me)
{
    ulong window = table_window();
    void *gap = page_alloc();

    *m = (struct member){ .random = me, .own = page_alloc(), .balloon = virt_to_pfn(gap) };
    need(hypercall(update_va_mapping, gap, 0, UVMF_INVLPG | UVMF_ALL));
    for ( unsigned int i = 0; i < SLOTS; i++ )
    {
        m->slots[i].va = window + i * PAGE_SIZE;
        m->slots[i].entry = table_make(m->slots[i].va, 1);
    }
    m->spare = window + SLOTS * PAGE_SIZE;
    (void)table_make(m->spare, 1);
    m->port = (evtchn_port_t)need(event_bind_ipi(me));
    event_handle(m->port, NULL, NULL);
}

static void clear_up(struct member *m)
{
    need(event_close(m->port));
    need(table_map((ulong)pfn_to_virt(m->balloon), pfn_to_mfn(m->balloon), PTE_KERNEL_RW));
    page_free(pfn_to_virt(m->balloon));
    page_free((void *)m->own);
}

static void make_page(unsigned int page)
{
    ulong *words = page_alloc();

    for ( unsigned int i = 0; i < TABLE_ENTRIES; i++ )
        words[i] = pattern(page);
    pages[page].usual = words;
    pages[page].mfn = virt_to_mfn(words);
    pages[page].ref = grant_give(self, pages[page].mfn, false);
    need(hypercall(update_va_mapping, words, 0, UVMF_INVLPG | UVMF_ALL));
}

/* It can be anything again, and nothing has changed. */
static void end_page(unsigned int page)
{
    volatile ulong *words = pages[page].usual;
    unsigned int changed = 0;

    while ( mmuext_mfn(MMUEXT_UNPIN_TABLE, pages[page].mfn) == 0 )
        ;
    expect(grant_end(pages[page].ref), "nobody has it mapped");
    for ( unsigned int level = 0; level < (KIT_PV32 ? 2 : 3); level++ ) /* a root is written to */
    {
        expect_eq(mmuext_mfn(MMUEXT_PIN_L1_TABLE + level, pages[page].mfn), 0, "nobody uses it");
        need(mmuext_mfn(MMUEXT_UNPIN_TABLE, pages[page].mfn));
    }
    need(table_map((ulong)words, pages[page].mfn, PTE_KERNEL_RW));
    for ( unsigned int i = 0; i < TABLE_ENTRIES; i++ )
        changed += words[i] != pattern(page);
    expect_eq(changed, 0, "it holds what it held");
    page_free(pages[page].usual);
}

static void audit(void)
{
    struct xen_sysctl op = { .cmd = XEN_SYSCTL_debug_keys,
                             .interface_version = XEN_SYSCTL_INTERFACE_VERSION,
                             .u.debug_keys.nr_keys = 1 };
    static char key[] = "a";

    set_xen_guest_handle(op.u.debug_keys.keys, key);
    need(hypercall(sysctl, &op));
}

void test_main(void)
{
    self = own_domid();
    need(hypercall(vm_assist, VMASST_CMD_enable, VMASST_TYPE_writable_pagetables));
    team_count();
    kids_prepare();
    for ( unsigned int i = 0; i < team.size; i++ )
        prepare(&members[i], i);
    for ( unsigned int i = 0; i < PAGES; i++ )
        make_page(i);
    team_run(work);
    events_enable();
    expect_eq(team.wrong, 0, "what was refused wrongly, or found wrong");
    for ( unsigned int i = 0; i < PAGES; i++ )
        end_page(i);
    for ( unsigned int i = 0; i < team.size; i++ )
        clear_up(&members[i]);
    if ( is_dom0() )
    {
        kids_end();
        audit();
    }
}
