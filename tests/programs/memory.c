/*
 * Arguments of the operations on memory: page tables, reservations, grants.
 */
#include "tests/programs/internal.h"

#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define PAGE_SHIFT 12

/* Half of the entries are those of what are tables, or may be. */
/* Where to tell how many were done. In comparisons, always somewhere. */
static uint64_t some_done(void)
{
    return world->only_named || !chance(2) ? some_pointer(4) : 0;
}

static uint64_t update_pointer(void)
{
    uint64_t mfn = !chance(2)  ? some_mfn()
                   : chance(2) ? world->frame[pick(PROGRAM_TABLES)]
                               : some_loose_mfn();
    uint64_t kind = chance(5) ? pick(8) : 0;

    return mfn << PAGE_SHIFT | pick(PROGRAM_FRAMES + 4) * 8 | kind;
}

struct made make_mmu_update(void)
{
    unsigned int n = 1 + pick(chance(10) ? 60 : 4);
    uint64_t at = some_pointer(n * sizeof(struct mmu_update));
    struct mmu_update *reqs = fill(at, n * sizeof(*reqs));

    for ( unsigned int i = 0; reqs && i < n; i++ )
    {
        uint64_t pointer =
            update_pointer(); /* one choice a statement: their order is the program's */

        reqs[i] = (struct mmu_update){ pointer, some_pte() };
    }
    uint64_t done = some_done();
    uint32_t whose = chance(4) ? some_domid() : DOMID_SELF;

    if ( world->process && whose == DOMID_SELF ) /* the other's tables, and its frames */
        whose = (world->other + 1U) << 16 | world->other;
    return (struct made){ { at, n, done, whose } };
}

static uint64_t base_pointer(void)
{
    return chance(2) ? world->root : ~0UL - pick(3);
}

static uint64_t extended_first(unsigned int cmd)
{
    bool table = cmd <= MMUEXT_NEW_BASEPTR || cmd == MMUEXT_NEW_USER_BASEPTR;

    if ( cmd == MMUEXT_NEW_BASEPTR && world->spare )
        return base_pointer();
    if ( table && chance(2) )
        return some_loose_mfn();
    return cmd >= MMUEXT_INVLPG_LOCAL && cmd <= MMUEXT_SET_LDT && (world->only_named || chance(2))
               ? some_va()
               : some_mfn();
}

static uint64_t extended_second(unsigned int cmd)
{
    return cmd == MMUEXT_COPY_PAGE ? some_mfn()
           : cmd == MMUEXT_SET_LDT ? pick(600)
                                   : some_pointer(8);
}

/* A process has no say in what its vcpu has loaded. */
static unsigned int extended_command(void)
{
    unsigned int cmd = pick(MMUEXT_UNMARK_SUPER + 2);
    bool loads =
        cmd == MMUEXT_NEW_BASEPTR || cmd == MMUEXT_NEW_USER_BASEPTR || cmd == MMUEXT_SET_LDT;

    return loads && world->process ? MMUEXT_TLB_FLUSH_LOCAL : cmd;
}

struct made make_mmuext(void)
{
    unsigned int n = chance(2) ? 1 : 1 + pick(3);
    uint64_t at = some_pointer(n * sizeof(struct mmuext_op));
    uint8_t *ops = fill(at, n * sizeof(struct mmuext_op));
    uint64_t done;

    for ( unsigned int i = 0; ops && i < n; i++ )
    {
        unsigned int cmd = extended_command();
        uint64_t arg1 = extended_first(cmd), arg2 = extended_second(cmd);

        if ( world->pv32 )
            memcpy(ops + 12 * i, &(uint32_t[3]){ cmd, (uint32_t)arg1, (uint32_t)arg2 }, 12);
        else
            memcpy(ops + 24 * i, &(uint64_t[3]){ cmd, arg1, arg2 }, 24);
    }
    done = some_done();
    return (
        struct made){ { at, n, done, chance(world->process ? 2 : 5) ? some_domid() : DOMID_SELF } };
}

struct made make_va_mapping(void)
{
    uint64_t va = some_va(), pte = some_pte(), flags = pick(3);

    flags |= chance(2) ? UVMF_ALL : UVMF_LOCAL;
    if ( world->pv32 )
        return (struct made){ { va, (uint32_t)pte, pte >> 32, flags, some_domid() } };
    return (struct made){ { va, pte, flags, some_domid() } };
}

/* --- grants --- */

static uint16_t some_grant_flags(uint16_t usual)
{
    uint16_t flags = chance(3) ? GTF_readonly : 0;

    return chance(4) ? (uint16_t)some_number() : usual | flags;
}

/* Where a process writes the other's grants, they are for its own domain. */
static domid_t some_grantee(void)
{
    return world->process && !chance(4) ? world->self : some_domid();
}

static void write_entry_v1(struct grant_entry_v1 *entry)
{
    entry->frame = (uint32_t)some_mfn();
    entry->domid = some_grantee();
    entry->flags = some_grant_flags(GTF_permit_access);
}

static void write_entry_v2(union grant_entry_v2 *entry)
{
    static const uint16_t kinds[] = { GTF_permit_access, GTF_permit_access | GTF_sub_page,
                                      GTF_transitive };
    uint16_t kind = kinds[pick(3)];

    if ( kind == GTF_transitive )
    {
        entry->transitive.trans_domid = some_domid();
        entry->transitive.gref = some_ref();
    }
    else
    {
        entry->sub_page.page_off = (uint16_t)pick(5000);
        entry->sub_page.length = (uint16_t)pick(5000);
        entry->sub_page.frame = some_mfn();
    }
    entry->hdr.domid = some_grantee();
    entry->hdr.flags = some_grant_flags(kind);
}

/* An entry of our own grant table, in either layout, written as a guest would: behind the hypervisor's back. */
static void write_grant(void)
{
    if ( !world->grant )
        return;
    if ( chance(3) )
        write_entry_v2((union grant_entry_v2 *)world->grant + pick(16));
    else
        write_entry_v1((struct grant_entry_v1 *)world->grant + pick(16));
}

/*
 * A process must undo in the end what it has mapped: each grant has an address of its own, where nobody changes the
 * entry; when these are used up, one without tables.
 */
static uint64_t grant_address(void)
{
    uint64_t n;

    if ( !world->process )
        return some_va();
    n = next_grant();
    return n < PROGRAM_GRANTS ? world->grants + (n << PAGE_SHIFT) : 1UL << 46;
}

static uint64_t map_argument(void)
{
    bool pte = chance(4);
    uint32_t flags = chance(2) ? GNTMAP_host_map : (uint32_t)pick(32);
    uint64_t where =
        pte ? world->frame[3] << PAGE_SHIFT | pick(PROGRAM_FRAMES) * 8 : grant_address();
    uint32_t ref = some_ref();

    flags |= (pte ? GNTMAP_contains_pte : 0) | (chance(3) ? GNTMAP_readonly : 0);
    if ( world->process ) /* which could undo none of these: it doesn't know what for */
        flags &= ~(uint32_t)GNTMAP_device_map;
    return ARGUMENT(struct gnttab_map_grant_ref, where, flags, ref, some_domid());
}

static uint64_t unmap_argument(void)
{
    uint64_t va = world->process ? world->grants + ((uint64_t)pick(8) << PAGE_SHIFT) : some_va();

    return ARGUMENT(struct gnttab_unmap_grant_ref, va, 0, pick(6));
}

static void copy_end(struct gnttab_copy_ptr *end, bool by_reference)
{
    end->domid = some_domid();
    end->offset = (uint16_t)pick(4100);
    if ( by_reference )
        end->u.ref = some_ref();
    else
        end->u.gmfn = some_mfn();
}

static uint64_t copy_argument(void)
{
    struct gnttab_copy copy = { .len = (uint16_t)pick(300), .flags = (uint16_t)pick(4) };

    copy_end((void *)&copy.source, copy.flags & GNTCOPY_source_gref);
    copy_end((void *)&copy.dest, copy.flags & GNTCOPY_dest_gref);
    return ARGUMENT(struct gnttab_copy, copy.source, copy.dest, copy.len, copy.flags);
}

static uint64_t setup_argument(void)
{
    uint64_t list = some_pointer(64);
    domid_t whose = some_domid();

    if ( world->pv32 )
        return list;
    return ARGUMENT(struct gnttab_setup_table, whose, pick(6), 0, { (void *)(uintptr_t)list });
}

static uint64_t status_argument(void)
{
    uint64_t list = some_pointer(64);
    domid_t whose = some_domid();

    if ( world->pv32 )
        return list;
    return ARGUMENT(struct gnttab_get_status_frames, pick(3), whose, 0,
                    { (void *)(uintptr_t)list });
}

static uint64_t swap_argument(void)
{
    grant_ref_t a = some_ref();

    return ARGUMENT(struct gnttab_swap_grant_ref, a, some_ref());
}

static uint64_t transfer_argument(void)
{
    uint64_t mfn = chance(2) ? some_loose_mfn() : some_mfn();
    domid_t whose = some_domid();

    return ARGUMENT(struct gnttab_transfer, mfn, whose, some_ref());
}

static uint64_t replace_argument(void)
{
    uint64_t from = some_va(), to = some_va();

    return ARGUMENT(struct gnttab_unmap_and_replace, from, to, pick(6));
}

static uint64_t grant_argument(unsigned int cmd)
{
    switch ( cmd )
    {
    case GNTTABOP_map_grant_ref:
        return map_argument();
    case GNTTABOP_unmap_grant_ref:
        return unmap_argument();
    case GNTTABOP_transfer:
        return transfer_argument();
    case GNTTABOP_unmap_and_replace:
        return replace_argument();
    case GNTTABOP_copy:
        return copy_argument();
    case GNTTABOP_setup_table:
        return setup_argument();
    case GNTTABOP_get_status_frames:
        return status_argument();
    case GNTTABOP_swap_grant_ref:
        return swap_argument();
    case GNTTABOP_set_version:
        return ARGUMENT(struct gnttab_set_version, pick(4));
    default:
        return ARGUMENT(struct gnttab_query_size, some_domid());
    }
}

struct made make_grant(void)
{
    unsigned int cmd = chance(3) ? pick(2) : pick(13);
    uint64_t at, count;

    if ( world->process && (cmd == GNTTABOP_set_version || cmd == GNTTABOP_transfer) )
        cmd = GNTTABOP_get_version; /* its kernel's table has a version; its frames are its own */
    write_grant();
    at = grant_argument(cmd);
    count = chance(10) ? pick(6) : 1;
    if ( world->process && cmd == GNTTABOP_map_grant_ref && count > 1 )
        count = 1; /* what lies behind names any address */
    return (struct made){ { cmd, at, count } };
}

/* --- reservations --- */

static uint64_t exchange_argument(void)
{
    struct xen_memory_exchange exchange = { .in.domid = DOMID_SELF, .out.domid = DOMID_SELF };
    uint64_t in = some_list(4), out = some_list(4);
    bool loose = chance(2);

    set_xen_guest_handle(exchange.in.extent_start, (void *)(uintptr_t)in);
    set_xen_guest_handle(exchange.out.extent_start, (void *)(uintptr_t)out);
    exchange.in.nr_extents = exchange.out.nr_extents = 1 + pick(2);
    if ( chance(4) )
        exchange.out.nr_extents = 1 + pick(2);
    for ( unsigned int i = 0; loose && i < exchange.in.nr_extents && in_arena(in, 32); i++ )
        ((uint64_t *)(uintptr_t)in)[i] = some_loose_mfn();
    return ARGUMENT(struct xen_memory_exchange, exchange.in, exchange.out);
}

static uint64_t reservation_argument(bool list_too)
{
    struct xen_memory_reservation r = { .nr_extents = pick(6) };
    uint64_t list = list_too ? some_list(8) : 0;

    set_xen_guest_handle(r.extent_start, (void *)(uintptr_t)list);
    r.extent_order = !chance(6)     ? 0
                     : world->spare ? 20 + pick(40) /* what lies behind a frame may be its own */
                                    : (uint32_t)some_number();
    r.mem_flags = chance(6) ? (uint32_t)some_number() : 0;
    r.domid = some_domid();
    return ARGUMENT(struct xen_memory_reservation, r.extent_start, r.nr_extents, r.extent_order,
                    r.mem_flags, r.domid);
}

static uint64_t reservation_argument_32(void)
{
    uint32_t list = (uint32_t)some_list(8), count = pick(6), order = pick(2);
    uint64_t at = some_pointer(64);

    if ( fill(at, 64) && chance(2) )
        memcpy((void *)(uintptr_t)at, &(uint32_t[5]){ list, count, order, 0, some_domid() }, 20);
    return at;
}

/* A map of E820; set_memory_map's has a domain in front. */
static uint64_t map_argument_of(unsigned int cmd)
{
    struct xen_memory_map map = { .nr_entries = pick(40) };
    uint64_t list = some_pointer(40 * 20);
    domid_t domid = some_domid();

    set_xen_guest_handle(map.buffer, (void *)(uintptr_t)list);
    if ( cmd == XENMEM_set_memory_map )
        return ARGUMENT(struct xen_foreign_memory_map, domid, map);
    return ARGUMENT(struct xen_memory_map, map.nr_entries, map.buffer);
}

static uint64_t machphys_argument(void)
{
    struct xen_machphys_mfn_list list = { .max_extents = pick(8) };
    uint64_t at = some_pointer(64);

    set_xen_guest_handle(list.extent_start, (void *)(uintptr_t)at);
    return ARGUMENT(struct xen_machphys_mfn_list, list.max_extents, list.extent_start);
}

static uint64_t resource_argument(void)
{
    struct xen_mem_acquire_resource resource = { .domid = some_domid() };
    uint64_t list = some_list(4);

    resource.type = (uint16_t)pick(3);
    resource.id = pick(2);
    resource.nr_frames = pick(4);
    resource.frame = pick(4);
    if ( resource.nr_frames )
        set_xen_guest_handle(resource.frame_list, (void *)(uintptr_t)list);
    return ARGUMENT(struct xen_mem_acquire_resource, resource.domid, resource.type, resource.id,
                    resource.nr_frames, 0, resource.frame, resource.frame_list);
}

static uint64_t memory_argument_64(unsigned int cmd)
{
    switch ( cmd )
    {
    case XENMEM_exchange:
        return exchange_argument();
    case XENMEM_current_reservation:
    case XENMEM_maximum_reservation:
    case XENMEM_maximum_gpfn:
        return ARGUMENT(struct xen_memory_domain, some_domid());
    case XENMEM_memory_map:
    case XENMEM_machine_memory_map:
    case XENMEM_set_memory_map:
        return map_argument_of(cmd);
    case XENMEM_machphys_mfn_list:
        return machphys_argument();
    case XENMEM_acquire_resource:
        return resource_argument();
    default:
        return reservation_argument(cmd != XENMEM_claim_pages || chance(4));
    }
}

static uint64_t memory_argument(unsigned int cmd)
{
    uint64_t at;

    if ( world->pv32 )
        return reservation_argument_32();
    if ( !chance(8) || world->process )
        return memory_argument_64(cmd);
    fill(at = some_pointer(128), 128);
    return at;
}

struct made make_memory(void)
{
    unsigned int cmd = pick(30);
    uint64_t at = memory_argument(cmd);

    return (struct made){ { cmd | (chance(10) ? (uint64_t)pick(3) << 6 : 0), at } };
}
