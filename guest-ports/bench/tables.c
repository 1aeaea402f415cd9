/*
 * Page tables: entries, flushes, pins, roots.
 */
#include "bench.h"

static pte_t writable, readonly;
static struct mmu_update batch[32];
static struct multicall_entry calls[32];
static pte_t *l4, *l3, *l2, *l1;

static void prepare_entries(void)
{
    writable = pte_make(virt_to_mfn(bench_page), PTE_USER_RW);
    readonly = pte_make(virt_to_mfn(bench_page), PTE_USER_RO);
}

/* An entry that maps a page, written anew with another frame's: here the same frame, other available bits. */
static void update_one(long count)
{
    struct mmu_update update = { virt_to_machine(bench_entry), writable };
    struct mmu_update unmap = { virt_to_machine(bench_entry), 0 };

    REPEAT(count, hypercall(mmu_update, &unmap, 1, NULL, DOMID_SELF);
           hypercall(mmu_update, &update, 1, NULL, DOMID_SELF));
}

static void protect(long count, unsigned int command)
{
    struct mmu_update on = { virt_to_machine(bench_entry) | command, writable };
    struct mmu_update off = { virt_to_machine(bench_entry) | command, readonly };

    REPEAT(count, hypercall(mmu_update, &off, 1, NULL, DOMID_SELF);
           hypercall(mmu_update, &on, 1, NULL, DOMID_SELF));
}

static void update_protect(long count)
{
    protect(count, MMU_NORMAL_PT_UPDATE);
}

/* As Linux does it, lest an A or D bit be lost that the hardware sets meanwhile. */
static void update_preserve(long count)
{
    protect(count, MMU_PT_UPDATE_PRESERVE_AD);
}

static void prepare_batch(void)
{
    prepare_entries();
    for ( unsigned int i = 0; i < 32; i++ )
    {
        batch[i] = (struct mmu_update){ virt_to_machine(bench_entry + i), writable };
        calls[i] =
            (struct multicall_entry){ .op = __HYPERVISOR_update_va_mapping,
                                      .args = { bench_va + i * PAGE_SIZE, writable, UVMF_NONE } };
    }
}

/* 32 entries mapped, then unmapped: each an entry of a batch. */
static void update_batch(long count)
{
    REPEAT(count, for ( unsigned int i = 0; i < 32; i++ ) batch[i].val = 0;
           hypercall(mmu_update, batch, 32, NULL, DOMID_SELF);
           for ( unsigned int i = 0; i < 32; i++ ) batch[i].val = writable;
           hypercall(mmu_update, batch, 32, NULL, DOMID_SELF));
}

static void va_noflush(long count)
{
    REPEAT(count, hypercall(update_va_mapping, bench_va, 0, UVMF_NONE);
           hypercall(update_va_mapping, bench_va, writable, UVMF_NONE));
}

static ulong elsewhere;

/* As before, by two tables in turns: what a hypervisor may remember of a walk is of no use to the next one. */
static void prepare_elsewhere(void)
{
    prepare_entries();
    elsewhere = table_window();
    table_make(elsewhere, 1);
    check(table_map(elsewhere, virt_to_mfn(bench_page), PTE_USER_RW));
}

static void va_scattered(long count)
{
    REPEAT(count, hypercall(update_va_mapping, bench_va, 0, UVMF_NONE);
           hypercall(update_va_mapping, elsewhere, 0, UVMF_NONE);
           hypercall(update_va_mapping, bench_va, writable, UVMF_NONE);
           hypercall(update_va_mapping, elsewhere, writable, UVMF_NONE));
}

static void va_invlpg(long count)
{
    REPEAT(count, hypercall(update_va_mapping, bench_va, 0, UVMF_INVLPG);
           hypercall(update_va_mapping, bench_va, writable, UVMF_INVLPG));
}

static void va_multicall(long count)
{
    REPEAT(count, for ( unsigned int i = 0; i < 32; i++ ) calls[i].args[1] = 0;
           hypercall(multicall, calls, 32);
           for ( unsigned int i = 0; i < 32; i++ ) calls[i].args[1] = writable;
           hypercall(multicall, calls, 32));
}

static void prepare_emulation(void)
{
    prepare_entries();
    check(hypercall(vm_assist, VMASST_CMD_enable, VMASST_TYPE_writable_pagetables));
}

static void emulated_write(long count)
{
    REPEAT(count, *(volatile pte_t *)bench_entry = readonly;
           *(volatile pte_t *)bench_entry = writable);
}

static void one_mmuext(struct mmuext_op op, long count)
{
    REPEAT(count, hypercall(mmuext_op, &op, 1, NULL, DOMID_SELF));
}

static void flush_local(long count)
{
    one_mmuext((struct mmuext_op){ .cmd = MMUEXT_TLB_FLUSH_LOCAL }, count);
}

static void invlpg_local(long count)
{
    one_mmuext((struct mmuext_op){ .cmd = MMUEXT_INVLPG_LOCAL, .arg1.linear_addr = bench_va },
               count);
}

static void clear_page(long count)
{
    one_mmuext((struct mmuext_op){ .cmd = MMUEXT_CLEAR_PAGE, .arg1.mfn = virt_to_mfn(bench_page) },
               count);
}

static void copy_page(long count)
{
    one_mmuext((struct mmuext_op){ .cmd = MMUEXT_COPY_PAGE,
                                   .arg1.mfn = virt_to_mfn(bench_page),
                                   .arg2.src_mfn = virt_to_mfn(start_info) },
               count);
}

static void *readonly_table(void *page)
{
    check(page_protect(page, PTE_KERNEL_RO));
    return page;
}

static void prepare_l1(void)
{
    l1 = page_alloc();
    for ( unsigned int i = 0; i < TABLE_ENTRIES; i++ )
        l1[i] = pte_make(virt_to_mfn(bench_page), PTE_USER_RW);
    readonly_table(l1);
}

static void pin_l1(long count)
{
    REPEAT(count, table_pin(l1, 1); table_unpin(l1));
}

/* Eight entries, far from each other. */
static void prepare_l1_sparse(void)
{
    l1 = page_alloc();
    for ( unsigned int i = 0; i < TABLE_ENTRIES; i += 64 )
        l1[i] = pte_make(virt_to_mfn(bench_page), PTE_USER_RW);
    readonly_table(l1);
}

#define OTHERS 64

/* All entries, of 64 pages in no order, some of them read-only: what a process's heap looks like after a while. */
static void prepare_l1_random(void)
{
    static char *others[OTHERS];
    uint32_t random = 1;

    for ( unsigned int i = 0; i < OTHERS; i++ )
        others[i] = others[i] ?: page_alloc();
    l1 = page_alloc();
    for ( unsigned int i = 0; i < TABLE_ENTRIES; i++ )
    {
        random = random * 1664525 + 1013904223;
        l1[i] = pte_make(virt_to_mfn(others[random >> 26]),
                         random & 0x100000 ? PTE_USER_RO : PTE_USER_RW);
    }
    readonly_table(l1);
}

/* A small process: one table a level, 64 pages. The kernel's part comes along, as in a true root. */
static void fill_l4(void)
{
    for ( unsigned int i = 0; i < 64; i++ )
        l1[i] = pte_make(virt_to_mfn(bench_page), PTE_USER_RW);
    l2[0] = pte_make(virt_to_mfn(l1), PTE_TABLE);
    l3[0] = pte_make(virt_to_mfn(l2), PTE_TABLE);
    l4[1] = pte_make(virt_to_mfn(l3), PTE_TABLE);
    l4[0] = pte_make(pte_mfn(table_root()[0]), PTE_TABLE);
}

static void prepare_l4(void)
{
    l1 = page_alloc();
    l2 = page_alloc();
    l3 = page_alloc();
    l4 = page_alloc();
    fill_l4();
    readonly_table(l1);
    readonly_table(l2);
    readonly_table(l3);
    readonly_table(l4);
}

static void pin_l4(long count)
{
    REPEAT(count, table_pin(l4, 4); table_unpin(l4));
}

#define TABLES 16

/* The same 64 leaves, but four in each of 16 tables: libraries far from each other. */
static void prepare_l4_scattered(void)
{
    prepare_l4();
    check(page_protect(l2, PTE_KERNEL_RW));
    for ( unsigned int i = 0; i < TABLES; i++ )
    {
        pte_t *table = page_alloc();

        for ( unsigned int j = 0; j < TABLE_ENTRIES; j += TABLE_ENTRIES / 4 )
            table[j + i] = pte_make(virt_to_mfn(bench_page), PTE_USER_RW);
        l2[i * TABLE_ENTRIES / TABLES] = pte_make(virt_to_mfn(readonly_table(table)), PTE_TABLE);
    }
    readonly_table(l2);
}

static void prepare_process(void)
{
    l1 = page_alloc();
    l2 = page_alloc();
    l3 = page_alloc();
    l4 = page_alloc();
}

/* Build it, pin it, use it, go back, unpin it, make its tables ordinary pages again. */
static void process(long count)
{
    pte_t *tables[4] = { l1, l2, l3, l4 };
    ulong old = virt_to_mfn(table_root());

    REPEAT(count, fill_l4();
           for ( unsigned int i = 0; i < 4; i++ ) page_protect(tables[i], PTE_KERNEL_RO);
           table_pin(l4, 4); mmuext_mfn(MMUEXT_NEW_BASEPTR, virt_to_mfn(l4));
           mmuext_mfn(MMUEXT_NEW_BASEPTR, old); table_unpin(l4);
           for ( unsigned int i = 0; i < 4; i++ ) page_protect(tables[i], PTE_KERNEL_RW));
}

static void prepare_roots(void)
{
    prepare_l4();
    check(table_pin(l4, 4));
}

static void new_baseptr(long count)
{
    struct mmuext_op there = { .cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = virt_to_mfn(l4) };
    struct mmuext_op back = { .cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = virt_to_mfn(table_root()) };

    REPEAT(count, hypercall(mmuext_op, &there, 1, NULL, DOMID_SELF);
           hypercall(mmuext_op, &back, 1, NULL, DOMID_SELF));
}

/* What Linux batches at a context switch: TS, stack, both roots. */
static void context_switch(long count)
{
    static struct mmuext_op there[2], back[2];
    struct multicall_entry switch_calls[3] = {
        { .op = __HYPERVISOR_fpu_taskswitch, .args = { 1 } },
        { .op = __HYPERVISOR_stack_switch,
          .args = { KIT_SS, (ulong)this_vcpu() + KIT_STACK_SIZE } },
        { .op = __HYPERVISOR_mmuext_op, .args = { (ulong)there, 2, 0, DOMID_SELF } },
    };

    there[0] = (struct mmuext_op){ .cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = virt_to_mfn(l4) };
    there[1] = (struct mmuext_op){ .cmd = MMUEXT_NEW_USER_BASEPTR, .arg1.mfn = virt_to_mfn(l4) };
    back[0] =
        (struct mmuext_op){ .cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = virt_to_mfn(table_root()) };
    back[1] =
        (struct mmuext_op){ .cmd = MMUEXT_NEW_USER_BASEPTR, .arg1.mfn = virt_to_mfn(table_root()) };
    REPEAT(count, switch_calls[2].args[0] = (ulong)there; hypercall(multicall, switch_calls, 3);
           switch_calls[2].args[0] = (ulong)back; hypercall(multicall, switch_calls, 3));
    hypercall(fpu_taskswitch, 0);
}

/* --- More pages than a TLB has entries for --- */

#define MANY 2048

static ulong many;

/* One page, at many addresses: the caches have it, whatever the TLB does. */
static void prepare_many(void)
{
    many = table_window();
    for ( ulong va = many; va < many + MANY * PAGE_SIZE; va += PAGE_SIZE )
    {
        table_make(va, 1);
        check(table_map(va, virt_to_mfn(bench_page), PTE_USER_RW));
    }
}

static inline void read_many(void)
{
    for ( ulong va = many; va < many + MANY * PAGE_SIZE; va += PAGE_SIZE )
        (void)*(volatile ulong *)va;
}

/* As in a process that the kernel has just switched to. */
static void touch_many(long count)
{
    static struct mmuext_op op = { .cmd = MMUEXT_TLB_FLUSH_LOCAL };

    REPEAT(count, hypercall(mmuext_op, &op, 1, NULL, DOMID_SELF); read_many());
}

const struct bench bench_tables[] = {
    { "mmu_update_one", .prepare = prepare_entries, .run = update_one, .per = 2 },
    { "mmu_update_protect", .prepare = prepare_entries, .run = update_protect, .per = 2 },
    { "mmu_update_preserve", .prepare = prepare_entries, .run = update_preserve, .per = 2 },
    { "mmu_update_batch_32", .prepare = prepare_batch, .run = update_batch, .per = 64 },
    { "va_mapping_noflush", .prepare = prepare_entries, .run = va_noflush, .per = 2 },
    { "va_mapping_scattered", .prepare = prepare_elsewhere, .run = va_scattered, .per = 4 },
    { "va_mapping_invlpg", .prepare = prepare_entries, .run = va_invlpg, .per = 2 },
    { "va_mapping_multicall_32", .prepare = prepare_batch, .run = va_multicall, .per = 64 },
    { "emulated_write", .prepare = prepare_emulation, .run = emulated_write, .per = 2 },
    { "tlb_flush_local", .run = flush_local },
    { "flush_touch_2048", .prepare = prepare_many, .run = touch_many, .per = MANY },
    { "invlpg_local", .run = invlpg_local },
    { "clear_page", .run = clear_page },
    { "copy_page", .run = copy_page },
    { "pin_unpin_l1_512", .prepare = prepare_l1, .run = pin_l1 },
    { "pin_unpin_l1_sparse", .prepare = prepare_l1_sparse, .run = pin_l1 },
    { "pin_unpin_l1_random", .prepare = prepare_l1_random, .run = pin_l1 },
    { "pin_unpin_l4_scattered", .prepare = prepare_l4_scattered, .run = pin_l4 },
    { "pin_unpin_l4_64", .prepare = prepare_l4, .run = pin_l4 },
    { "process_build_use_destroy", .prepare = prepare_process, .run = process },
    { "new_baseptr", .prepare = prepare_roots, .run = new_baseptr, .per = 2 },
    { "context_switch_multicall", .prepare = prepare_roots, .run = context_switch, .per = 2 },
    { 0 },
};
