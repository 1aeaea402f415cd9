/*
 * A domain of dom0's own, which runs: it has a page of code, one of data that we see too, and the tables that map them.
 * One at a time.
 */
#ifndef CHILD_H
#define CHILD_H

#include "control.h"

enum { CHILD_L4, CHILD_L3, CHILD_L2, CHILD_L1, CHILD_CODE, CHILD_DATA, CHILD_PAGES };

/* Where it has them; its stack is the data's end. */
#define CHILD_CODE_AT  0x400000UL
#define CHILD_DATA_AT  (CHILD_CODE_AT + PAGE_SIZE)
#define CHILD_STACK_AT (CHILD_CODE_AT + 2 * PAGE_SIZE)

static struct {
    domid_t id;
    ulong frames[CHILD_PAGES];
    volatile uint32_t *data;
    struct xen_domctl op;
    struct vcpu_guest_context context;
} child;

static inline long child_domctl(unsigned int cmd)
{
    return control_domctl(&child.op, cmd, child.id);
}

static inline void child_create(void)
{
    struct xen_memory_reservation r = { .nr_extents = CHILD_PAGES };

    child.id = control_create(&child.op);
    child.op.u.max_vcpus.max = 1;
    need(child_domctl(XEN_DOMCTL_max_vcpus));
    child.op.u.max_mem.max_memkb = 4 * CHILD_PAGES;
    need(child_domctl(XEN_DOMCTL_max_mem));

    r.domid = child.id;
    for ( unsigned int i = 0; i < CHILD_PAGES; i++ )
        child.frames[i] = i;
    set_xen_guest_handle(r.extent_start, child.frames);
    if ( hypercall(memory_op, XENMEM_populate_physmap, &r) != CHILD_PAGES )
        error("no memory for a domain");
}

/* Have a page of its, writable; NULL why not in *@rc, which is else 0. */
static inline void *child_map_if(unsigned int page, long *rc)
{
    ulong at = table_window();
    struct mmu_update update = { .ptr = virt_to_machine(table_make(at, 1)),
                                 .val = pte_make(child.frames[page], PTE_KERNEL_RW) };

    *rc = hypercall(mmu_update, &update, 1, NULL, child.id);
    return *rc ? NULL : (void *)at;
}

static inline void *child_map(unsigned int page)
{
    long rc;
    void *at = child_map_if(page, &rc);

    need(rc);
    return at;
}

static inline void child_unmap(const volatile void *page)
{
    need(hypercall(update_va_mapping, (ulong)page, 0, UVMF_INVLPG | UVMF_ALL));
}

static inline void child_link(unsigned int table, ulong va, unsigned int level, unsigned int to)
{
    pte_t *entries = child_map(table);

    entries[table_index(va, level)] = pte_make(child.frames[to], PTE_TABLE);
    child_unmap(entries);
}

/* A domain with the page @code in it, which has not begun: its vcpu has no context. */
static inline void child_make(const char *code)
{
    void *page;

    child_create();
    page = child_map(CHILD_CODE);
    memcpy(page, code, PAGE_SIZE);
    child_unmap(page);
    child_link(CHILD_L4, CHILD_CODE_AT, 4, CHILD_L3);
    child_link(CHILD_L3, CHILD_CODE_AT, 3, CHILD_L2);
    child_link(CHILD_L2, CHILD_CODE_AT, 2, CHILD_L1);
    child_link(CHILD_L1, CHILD_CODE_AT, 1, CHILD_CODE);
    child_link(CHILD_L1, CHILD_DATA_AT, 1, CHILD_DATA);
    child.data = child_map(CHILD_DATA);
}

static inline long child_vcpu(unsigned int cmd)
{
    child.op.u.vcpucontext.vcpu = 0;
    set_xen_guest_handle(child.op.u.vcpucontext.ctxt, &child.context);
    return child_domctl(cmd);
}

/* A context that begins at address @ip of the child's, as kernel or as its process; child_vcpu() sets it. */
static inline void child_begin(ulong ip, bool kernel)
{
    struct vcpu_guest_context *c = &child.context;

    memset(c, 0, sizeof(*c));
    c->flags = VGCF_online | (kernel ? VGCF_in_kernel : 0);
    c->user_regs.rip = ip;
    c->user_regs.cs = FLAT_RING3_CS64;
    c->user_regs.ss = c->kernel_ss = FLAT_RING3_SS64;
    c->user_regs.rsp = c->kernel_sp = CHILD_STACK_AT;
    c->ctrlreg[3] = c->ctrlreg[1] = xen_pfn_to_cr3(child.frames[CHILD_L4]);
}

static inline void child_destroy(void)
{
    child_unmap(child.data);
    need(child_domctl(XEN_DOMCTL_destroydomain));
}

#endif
