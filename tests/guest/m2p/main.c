/*
 * The M2P is there to read: for each frame of ours our own number, whatever we are; nobody writes it but by MACHPHYS.
 *
 * Tools in dom0 map all of it once more, as DOMID_XEN's: in chunks of 2 MiB, also where the last tells of no RAM.
 */
#include "test.h"

#define CHUNK_PAGES  512
#define PAGE_ENTRIES (PAGE_SIZE / sizeof(ulong))
#define CHUNKS_MAX   16

/* Each page reads as it does at its usual address, and is for reading. */
static void map_chunk(ulong window, ulong mfn, const ulong *usual)
{
    ulong *page = (ulong *)window, wrong = 0;

    for ( unsigned int i = 0; i < CHUNK_PAGES; i++, usual += PAGE_ENTRIES )
    {
        if ( hypercall(update_va_mapping_otherdomain, window, pte_make(mfn + i, PTE_KERNEL_RW),
                       UVMF_INVLPG, DOMID_XEN) != -EBUSY )
            failure("page %u of a chunk can be mapped for writing", i);
        if ( hypercall(update_va_mapping_otherdomain, window, pte_make(mfn + i, PTE_KERNEL_RO),
                       UVMF_INVLPG, DOMID_XEN) )
            failure("page %u of a chunk can't be mapped", i);
        wrong += page[0] != usual[0] || page[PAGE_ENTRIES - 1] != usual[PAGE_ENTRIES - 1];
    }
    expect_eq(wrong, 0, "each page holds what everyone sees");
}

static void map_chunks(void)
{
    static xen_pfn_t first[CHUNKS_MAX];
    struct xen_machphys_mfn_list list = { .max_extents = CHUNKS_MAX };
    ulong window = table_window();

    set_xen_guest_handle(list.extent_start, first);
    need(hypercall(memory_op, XENMEM_machphys_mfn_list, &list));
    if ( !table_make(window, 1) )
        error("no tables");
    for ( unsigned int i = 0; i < list.nr_extents; i++ )
        if ( !i || first[i] != first[i - 1] ) /* there is RAM */
            map_chunk(window, first[i], &machine_to_phys_mapping[i * CHUNK_PAGES * PAGE_ENTRIES]);
    need(table_unmap(window));
}

static long user_read(long arg)
{
    return *(volatile long *)arg;
}

void test_main(void)
{
    ulong wrong = 0, *entry = &machine_to_phys_mapping[virt_to_mfn(table_root())];
    struct fault f;

    for ( ulong pfn = 0; pfn < start_info->nr_pages; pfn++ )
    {
        if ( mfn_to_pfn(pfn_to_mfn(pfn)) != pfn && pfn != virt_to_pfn(&shared_info) )
            wrong++;
    }
    expect_eq(wrong, 0, "each of our frames has its number");
    expect_fault(fault_of(*(volatile ulong *)entry = 0), TRAP_PF, PF_PRESENT | PF_WRITE,
                 "a write to it");
    f = user_run(user_read, (long)entry).fault;
    expect(f.vector == TRAP_NONE || (f.vector == TRAP_PF && f.error & PF_USER),
           "user mode may or may not see it");
    if ( is_dom0() )
        map_chunks();
}
