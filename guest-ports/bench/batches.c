/*
 * The same operation in batches of several sizes: what a batch costs apart from its entries.
 */
#include "bench.h"

#define LARGEST 512

static struct mmu_update updates[LARGEST];
static struct multicall_entry calls[LARGEST];

static void prepare_updates(void)
{
    for ( unsigned int i = 0; i < LARGEST; i++ )
        updates[i].ptr = virt_to_machine(bench_entry + i);
}

/* @size entries mapped, then unmapped. */
static void update(unsigned int size, long count)
{
    pte_t map = pte_make(virt_to_mfn(bench_page), PTE_USER_RW);

    REPEAT(count, for ( unsigned int i = 0; i < size; i++ ) updates[i].val = map;
           hypercall(mmu_update, updates, size, NULL, DOMID_SELF);
           for ( unsigned int i = 0; i < size; i++ ) updates[i].val = 0;
           hypercall(mmu_update, updates, size, NULL, DOMID_SELF));
}

static void prepare_calls(void)
{
    for ( unsigned int i = 0; i < LARGEST; i++ )
        calls[i] =
            (struct multicall_entry){ .op = __HYPERVISOR_xen_version, .args = { XENVER_version } };
}

static void multicall(unsigned int size, long count)
{
    REPEAT(count, hypercall(multicall, calls, size));
}

#define SIZE(n)                                                                                    \
    static void update_##n(long count)                                                             \
    {                                                                                              \
        update(n, count);                                                                          \
    }                                                                                              \
    static void multicall_##n(long count)                                                          \
    {                                                                                              \
        multicall(n, count);                                                                       \
    }

SIZE(1)
SIZE(2)
SIZE(8)
SIZE(128)
SIZE(512)

#define UPDATE_ROW(n)                                                                              \
    {                                                                                              \
        "mmu_update_batch_" #n, .prepare = prepare_updates, .run = update_##n, .per = 2 * (n)      \
    }
#define MULTICALL_ROW(n)                                                                           \
    {                                                                                              \
        "hypercall_in_multicall_" #n, .prepare = prepare_calls, .run = multicall_##n, .per = (n)   \
    }

/* 32 is where Linux ends most of its batches: those rows are in calls.c and tables.c. */
const struct bench bench_batches[] = {
    UPDATE_ROW(1),
    UPDATE_ROW(2),
    UPDATE_ROW(8),
    UPDATE_ROW(128),
    UPDATE_ROW(512),
    MULTICALL_ROW(1),
    MULTICALL_ROW(2),
    MULTICALL_ROW(8),
    MULTICALL_ROW(128),
    MULTICALL_ROW(512),
    { 0 },
};
