/* What the model's scenes are made of: what there is to begin with, and each thing that CPUs and hardware may do. */
#ifndef TESTS_MODEL_ACTIONS_H
#define TESTS_MODEL_ACTIONS_H

#include "tests/host/host.h"
#include "tests/model/machine.h"

#include "cpu/percpu.h"
#include "domain/memory.h"
#include "grant/maptrack.h"
#include "mm/alloc.h"
#include "mm/tlb.h"
#include "pv/pagetable/internal.h"

#define RO  (PTE_P | PTE_US | PTE_A)
#define RWD (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)

/* ---- what there is: the tables of both domains, and the frame that all is about */

#define VA         0x0000123456600000UL
#define LINK_AT    7 /* the entry of A's L2 that x may come to */
#define FOREIGN_AT 2 /* ... of B's L1 */

struct tables {
    mfn_t l4, l3, l2, l1;
};

static struct tables a, b;
static mfn_t x;    /* A's, to begin with */
static mfn_t y;    /* A's: an L2, with two entries, or a page */
static u32 handle; /* of B's mapping of it */

/* Each CPU has a page of its own to map x at. */
static u64 own_va(void)
{
    return VA + host_cpu->cpu * PAGE_SIZE;
}

static void tables_set_up(struct tables *t, struct domain *d)
{
    t->l4 = machine_frame(d);
    t->l3 = machine_frame(d);
    t->l2 = machine_frame(d);
    t->l1 = machine_frame(d);
    machine_words(t->l4)[pte_index(VA, 4)] = pte_make(t->l3, RWD);
    machine_words(t->l3)[pte_index(VA, 3)] = pte_make(t->l2, RWD);
    machine_words(t->l2)[pte_index(VA, 2)] = pte_make(t->l1, RWD);
}

static void run_on(unsigned int cpu, struct vcpu *v, mfn_t root)
{
    machine_run(cpu, v);
    require(guest_mmuext(MMUEXT_NEW_BASEPTR, root) == 0);
    machine_run(cpu, v);
}

/* Domain A on both CPUs, with x mapped by none. */
static void set_up_a(void)
{
    tables_set_up(&a, domain_a);
    x = machine_frame(domain_a);
    for ( unsigned int cpu = 0; cpu < MODEL_CPUS; cpu++ )
        run_on(cpu, domain_a->vcpus[cpu], a.l4);
}

static void map_on(unsigned int cpu)
{
    machine_resumed(cpu);
    require(guest_va_mapping(own_va(), pte_make(x, RWD), 0) == 0);
    require(machine_walk(cpu, own_va()));
}

/* ... with x mapped by one, and in its TLB. */
static void set_up_mapped(void)
{
    set_up_a();
    map_on(1);
}

/* ... and one that is mapped by the other. */
static void set_up_pages(void)
{
    set_up_mapped();
    y = machine_frame(domain_a);
    machine_resumed(0);
    require(guest_va_mapping(own_va(), pte_make(y, RWD), 0) == 0);
}

/* ... and an L2 that names two L1s, of which x is one. */
static void set_up_tree(void)
{
    set_up_a();
    y = machine_frame(domain_a);
    machine_words(y)[0] = pte_make(machine_frame(domain_a), RWD);
    machine_words(y)[1] = pte_make(x, RWD);
}

/* As the guest does it, in entry 0 of its table. */
static void grant_x(void)
{
    struct grant_entry_v1 *entry;
    mfn_t table;

    require(grant_frame(domain_a, XENMEM_resource_grant_table_id_shared, 0, &table) == 0);
    entry = mfn_to_virt(table);
    *entry = (struct grant_entry_v1){ GTF_permit_access, DOMAIN_B, (u32)x.n };
}

/* A on CPU 0, B on CPU 1; x is A's root table, pinned, on which no vcpu is. All other frames are in use. */
static void set_up_root(void)
{
    tables_set_up(&a, domain_a);
    tables_set_up(&b, domain_b);
    x = machine_frame(domain_a);
    run_on(0, domain_a->vcpus[0], a.l4);
    require(guest_mmuext(MMUEXT_PIN_L4_TABLE, a.l4) == 0);
    require(guest_mmuext(MMUEXT_PIN_L4_TABLE, x) == 0);
    run_on(1, domain_b->vcpus[0], b.l4);
    require(guest_mmuext(MMUEXT_PIN_L4_TABLE, b.l4) == 0);
}

/* ... A on both. */
static void set_up_roots(void)
{
    set_up_a();
    require(guest_mmuext(MMUEXT_PIN_L4_TABLE, a.l4) == 0);
    require(guest_mmuext(MMUEXT_PIN_L4_TABLE, x) == 0);
}

/* A on CPU 0, B on CPU 1, and A grants x to B; ... and maps it, when all other frames are in use. */
static void strangers_meet(void)
{
    tables_set_up(&a, domain_a);
    tables_set_up(&b, domain_b);
    x = machine_frame(domain_a);
    require(grant_domain_create(domain_a) == 0 && grant_domain_create(domain_b) == 0);
    grant_x();
    run_on(0, domain_a->vcpus[0], a.l4);
    run_on(1, domain_b->vcpus[0], b.l4);
}

static void fill_and_map(void)
{
    while ( mm_free_pages() )
        machine_frame(domain_b);
    map_on(0);
}

static void set_up_strangers(void)
{
    strangers_meet();
    fill_and_map();
}

/* B has mapped others' frames before, and keeps a handle: it maps x as most are mapped (grant/once.h). */
static void set_up_usual(void)
{
    struct vcpu *v = domain_b->vcpus[0];

    strangers_meet();
    foreign_maps_any(domain_b);
    maptrack_give_back(v, maptrack_new(v));
    fill_and_map();
}

/* ---- what CPUs may do */

static void nothing(void)
{
}

static void map_writable(void)
{
    guest_va_mapping(own_va(), pte_make(x, RWD), 0);
}

static void map_read_only(void)
{
    guest_va_mapping(own_va(), pte_make(x, RO), 0);
}

static void unmap(void)
{
    guest_va_mapping(own_va(), 0, 0);
}

/* What it writes would be, in a table, an entry that lets it write to a table. */
static void write_to_x(void)
{
    guest_writes(own_va(), 3, pte_make(a.l1, RWD));
}

/* By its number, whosever it is. */
static void update_x(void)
{
    guest_mmu_update(mfn_to_maddr(x).n + 5 * sizeof(u64), pte_make(b.l1, RO), DOMID_SELF);
}

static void pin_x(void)
{
    guest_mmuext(MMUEXT_PIN_L1_TABLE, x);
}

static void pin_y(void)
{
    guest_mmuext(MMUEXT_PIN_L2_TABLE, y);
}

static void unpin_x(void)
{
    guest_mmuext(MMUEXT_UNPIN_TABLE, x);
}

static void pin_root(void)
{
    guest_mmuext(MMUEXT_PIN_L4_TABLE, x);
}

static void take_root(void)
{
    guest_mmuext(MMUEXT_NEW_BASEPTR, x);
}

static void leave_root(void)
{
    guest_mmuext(MMUEXT_NEW_BASEPTR, current_vcpu()->domain == domain_a ? a.l4 : b.l4);
}

static void unpin_y(void)
{
    guest_mmuext(MMUEXT_UNPIN_TABLE, y);
}

static void link_x(void)
{
    guest_mmu_update(mfn_to_maddr(a.l2).n + LINK_AT * sizeof(u64), pte_make(x, RWD), DOMID_SELF);
}

static void unlink_x(void)
{
    guest_mmu_update(mfn_to_maddr(a.l2).n + LINK_AT * sizeof(u64), 0, DOMID_SELF);
}

static void flush(void)
{
    guest_mmuext(MMUEXT_TLB_FLUSH_LOCAL, x);
}

/* Ballooning. */
static void give_back(void)
{
    guest_runs();
    memory_release_page(current_vcpu()->domain, x);
}

static void allocate(void)
{
    guest_runs();
    mm_alloc_domain_page(current_vcpu()->domain, INVALID_PFN);
}

/* As a toolstack does for B. */
static void allocate_for_b(void)
{
    guest_runs();
    mm_alloc_domain_page(domain_b, INVALID_PFN);
}

static void take_from_b(void)
{
    guest_runs();
    memory_release_page(domain_b, x);
}

/* As memory_exchange does with what it takes. */
static void exchange(void)
{
    guest_runs();
    if ( !mm_steal(current_vcpu()->domain, mfn_to_frame(x)) )
        mm_free_stolen(mfn_to_frame(x));
}

static void scrub(void)
{
    guest_runs();
    mm_scrub_some();
}

static void take_from_a(void)
{
    guest_runs();
    memory_release_page(domain_a, x);
}

/* Pages by their numbers, which need no mapping. */
static void clear_x(void)
{
    guest_page_op(MMUEXT_CLEAR_PAGE, x, to_mfn(0), domain_a);
}

static void copy_x(void)
{
    guest_page_op(MMUEXT_COPY_PAGE, y, x, domain_a);
}

static void copy_to_x(void)
{
    guest_page_op(MMUEXT_COPY_PAGE, x, y, domain_a);
}

/* B thinks that it has x. */
static void copy_to_x_as_b(void)
{
    guest_page_op(MMUEXT_COPY_PAGE, x, b.l1, domain_b);
}

static void grant_copy_to_x_as_b(void)
{
    guest_copies(x, b.l1);
}

static void pin_x_for_b(void)
{
    guest_page_op(MMUEXT_PIN_L1_TABLE, x, to_mfn(0), domain_b);
}

static void grant_copy_to_x(void)
{
    guest_copies(x, y);
}

static void grant_copy_x(void)
{
    guest_copies(y, x);
}

static void die(struct domain *d)
{
    d->life = DOMAIN_DYING;
    while ( pagetable_domain_relinquish(d) == -ERESTART )
        ;
}

static void kill_a(void)
{
    guest_runs();
    die(domain_a);
}

/* B gets all that the dead one had, and then gives x to a domain that is created with the dead one's number. */
static void succeed_a(void)
{
    guest_runs();
    while ( mm_free_pages() )
        mm_alloc_domain_page(domain_b, INVALID_PFN);
    memory_release_page(domain_b, x);
    domain_a->life = DOMAIN_ALIVE;
    domain_a->pv.relinquish_pass = 0;
    domain_a->memory.tag = 0;
    mm_alloc_domain_page(domain_a, INVALID_PFN);
}

static void map_grant(void)
{
    struct gnttab_map_grant_ref op = { .host_addr = own_va(),
                                       .flags = GNTMAP_host_map,
                                       .dom = DOMAIN_A };

    guest_runs();
    grant_table_op(GNTTABOP_map_grant_ref, (unsigned long)&op, 1);
    if ( op.status == GNTST_okay )
        handle = op.handle;
}

static void unmap_grant(void)
{
    struct gnttab_unmap_grant_ref op = { .host_addr = own_va(), .handle = handle };

    guest_runs();
    grant_table_op(GNTTABOP_unmap_grant_ref, (unsigned long)&op, 1);
}

/* As who drives devices, or builds domains, maps another's frame. */
static void map_foreign(void)
{
    guest_mmu_update(mfn_to_maddr(b.l1).n + FOREIGN_AT * sizeof(u64), pte_make(x, RWD), DOMAIN_A);
}

static void unmap_foreign(void)
{
    guest_mmu_update(mfn_to_maddr(b.l1).n + FOREIGN_AT * sizeof(u64), 0, DOMID_SELF);
}

/* What the hardware may do at any time: a walk to where x is mapped, or through x. */
static void walk_0(void)
{
    machine_walk(0, VA);
}

static void walk_1(void)
{
    machine_walk(1, VA + PAGE_SIZE);
}

static void walk_through_x(void)
{
    machine_walk(1, VA + (LINK_AT - pte_index(VA, 2)) * (PAGE_SIZE << 9));
}

static void walk_foreign(void)
{
    machine_walk(1, VA + FOREIGN_AT * PAGE_SIZE);
}

static void interrupt_0(void)
{
    machine_interrupt(0);
}

#endif
