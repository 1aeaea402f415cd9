#include <kit/kit.h>

#define ENTRIES (PAGE_SIZE / sizeof(struct grant_entry_v1))

struct grant_entry_v1 *grant_table(void)
{
    static struct grant_entry_v1 *table;
    xen_pfn_t frame = 0;
    struct gnttab_setup_table setup = { .dom = DOMID_SELF, .nr_frames = 1 };

    if ( table )
        return table;
    set_xen_guest_handle(setup.frame_list, &frame);
    check(hypercall(grant_table_op, GNTTABOP_setup_table, &setup, 1));
    if ( setup.status )
        panic("GNTTABOP_setup_table: %d", setup.status);
    table = (void *)table_window();
    check(table_map((ulong)table, frame, PTE_KERNEL_RW));
    return table;
}

grant_ref_t grant_give(domid_t domain, ulong mfn, bool readonly)
{
    volatile struct grant_entry_v1 *table = grant_table();

    for ( grant_ref_t ref = GNTTAB_NR_RESERVED_ENTRIES; ref < ENTRIES; ref++ )
    {
        if ( table[ref].flags & GTF_type_mask )
            continue;
        table[ref].domid = domain;
        table[ref].frame = (uint32_t)mfn;
        __atomic_store_n(&table[ref].flags, GTF_permit_access | (readonly ? GTF_readonly : 0),
                         __ATOMIC_RELEASE);
        return ref;
    }
    panic("no grant reference is free");
}

int grant_take(ulong where, domid_t domain, grant_ref_t ref, uint32_t flags, grant_handle_t *handle)
{
    struct gnttab_map_grant_ref op = {
        .host_addr = where, .flags = GNTMAP_host_map | flags, .ref = ref, .dom = domain
    };

    table_make(where, 1);
    check(hypercall(grant_table_op, GNTTABOP_map_grant_ref, &op, 1));
    *handle = op.handle;
    return op.status;
}

int grant_drop(ulong where, grant_handle_t handle)
{
    struct gnttab_unmap_grant_ref op = { .host_addr = where, .handle = handle };

    check(hypercall(grant_table_op, GNTTABOP_unmap_grant_ref, &op, 1));
    return op.status;
}

bool grant_end(grant_ref_t ref)
{
    struct grant_entry_v1 *entry = &grant_table()[ref];
    uint16_t flags = __atomic_load_n(&entry->flags, __ATOMIC_ACQUIRE);

    do
    {
        if ( flags & (GTF_reading | GTF_writing) )
            return false;
    } while ( !__atomic_compare_exchange_n(&entry->flags, &flags, 0, false, __ATOMIC_SEQ_CST,
                                           __ATOMIC_SEQ_CST) );
    return true;
}
