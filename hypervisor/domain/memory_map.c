/*
 * memory_op: memory maps, and the frames of what the hypervisor keeps for a domain.
 *
 * A map is an array of E820 entries: 20 bytes each.
 */
#include "access/access.h"
#include "boot/boot_info.h"
#include "domain/memory.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/heap.h"

struct e820_entry {
    u64 start;
    u64 size;
    u32 kind;
} __attribute__((packed));

/* The most entries that a toolstack may set: a block of the heap holds them. */
#define MAP_ENTRIES 128

/* --- the map that the toolstack set --- */

/* Replace @d's map. */
static void install_map(struct domain *d, struct e820_entry *map, u32 nr)
{
    void *old;

    lock_acquire(&d->memory.lock);
    old = d->memory.map;
    d->memory.map = map;
    d->memory.nr_map = nr;
    lock_release(&d->memory.lock);

    if ( old )
        heap_free(old);
}

static long read_map(struct domain *d, const struct xen_memory_map *from)
{
    u32 nr = from->nr_entries;
    struct e820_entry *map;

    if ( nr > MAP_ENTRIES )
        return -EINVAL;

    map = heap_new_array(struct e820_entry, nr ? nr : 1);
    if ( !map )
        return -ENOMEM;
    if ( copy_from_guest(map, handle_gva(from->buffer), nr * sizeof(*map)) )
    {
        heap_free(map);
        return -EFAULT;
    }
    install_map(d, map, nr);
    return 0;
}

/* XENMEM_set_memory_map: -EINVAL too many entries, -ENOMEM, -EFAULT, -EPERM, -ESRCH. */
long memory_set_map(const struct memory_call *call)
{
    struct xen_foreign_memory_map arg;
    struct domain *d;
    long rc;

    if ( !memory_load(call, foreign_memory_map, &arg) )
        return -EFAULT;
    rc = access_domain(call->v->domain, arg.domid, ACCESS_CONTROL, &d);
    if ( rc )
        return rc;

    rc = read_map(d, &arg.map);
    domain_put(d);
    return rc;
}

/* A copy of @d's map, which may be replaced at any time: 0 entries if none was set. */
static u32 copy_map(struct domain *d, struct e820_entry *to)
{
    u32 nr;

    lock_acquire(&d->memory.lock);
    nr = d->memory.map ? d->memory.nr_map : 0;
    if ( nr )
        memcpy(to, d->memory.map, nr * sizeof(*to));
    lock_release(&d->memory.lock);
    return nr;
}

/* XENMEM_memory_map: -ENOSYS if no map was set, which guests take as "make one up". */
long memory_map(const struct memory_call *call)
{
    struct e820_entry map[MAP_ENTRIES];
    struct xen_memory_map arg;
    u32 nr;

    if ( !memory_load(call, memory_map, &arg) )
        return -EFAULT;

    nr = copy_map(call->v->domain, map);
    if ( nr == 0 )
        return -ENOSYS;
    arg.nr_entries = min(arg.nr_entries, nr);

    if ( copy_to_guest(handle_gva(arg.buffer), map, arg.nr_entries * sizeof(map[0])) ||
         !memory_store(call, memory_map, &arg) )
        return -EFAULT;
    return 0;
}

void memory_domain_destroy(struct domain *d)
{
    mm_claim(d, 0);
    install_map(d, NULL, 0);
}

/* --- the machine's --- */

static struct e820_entry machine_map[BOOT_MAX_RANGES + 8]; /* and some that irq/ reserves */
static u32 nr_machine_map;

/* Insertion sort: firmware's maps are short and mostly sorted. */
static void insert_range(u64 start, u64 size, u32 kind)
{
    u32 at = nr_machine_map;

    if ( nr_machine_map == ARRAY_SIZE(machine_map) )
        return;
    for ( ; at > 0 && machine_map[at - 1].start > start; at-- )
        machine_map[at] = machine_map[at - 1];
    machine_map[at] = (struct e820_entry){ start, size, kind };
    nr_machine_map++;
}

void memory_keep_machine_map(const struct boot_info *boot)
{
    for ( u32 i = 0; i < boot->nr_ranges; i++ )
        insert_range(boot->ranges[i].start, boot->ranges[i].size, boot->ranges[i].kind);
}

void memory_reserve_machine(u64 start, u64 len)
{
    for ( u32 i = 0; i < nr_machine_map; i++ )
    {
        const struct e820_entry *entry = &machine_map[i];

        if ( start < entry->start + entry->size && entry->start < start + len )
            return;
    }
    insert_range(start, len, BOOT_RESERVED);
}

/* XENMEM_machine_memory_map; a null buffer asks for the number of entries. */
long memory_machine_map(const struct memory_call *call)
{
    struct xen_memory_map arg;
    u32 nr = nr_machine_map;

    if ( !memory_load(call, memory_map, &arg) )
        return -EFAULT;

    if ( arg.buffer.p )
    {
        nr = min(nr, arg.nr_entries);
        if ( copy_to_guest(handle_gva(arg.buffer), machine_map, nr * sizeof(machine_map[0])) )
            return -EFAULT;
    }

    arg.nr_entries = nr;
    return memory_store(call, memory_map, &arg) ? 0 : -EFAULT;
}

/* --- frames to map --- */

/* The frames from @first on of @d's grant table, grown as needed, into the caller's list. */
static long list_grant_frames(bool wide, struct domain *d,
                              const struct xen_mem_acquire_resource *arg)
{
    for ( u32 i = 0; i < arg->nr_frames; i++ )
    {
        mfn_t mfn;
        long rc = grant_frame(d, arg->id, (u32)arg->frame + i, &mfn);

        if ( rc )
            return rc;
        if ( !guest_store_pfn(wide, handle_gva(arg->frame_list), i, mfn.n) )
            return -EFAULT;
    }
    return 0;
}

/* 0; -EINVAL frames that the table can't have, as one of version 1 has no status frames; -ENOMEM, -EFAULT. */
static long acquire_grant_frames(bool wide, struct domain *d, struct xen_mem_acquire_resource *arg)
{
    u32 limit = grant_max_frames(d, arg->id);

    if ( arg->id != XENMEM_resource_grant_table_id_shared &&
         arg->id != XENMEM_resource_grant_table_id_status )
        return -EINVAL;

    if ( !arg->frame_list.p )
    {
        if ( arg->nr_frames )
            return -EINVAL;
        arg->nr_frames = limit;
        return 0;
    }
    if ( !arg->nr_frames || arg->frame > limit || arg->nr_frames > limit - arg->frame )
        return -EINVAL;
    return list_grant_frames(wide, d, arg);
}

/*
 * XENMEM_acquire_resource: frames of another domain, for the toolstack to map. -EINVAL, -EOPNOTSUPP a kind of
 * resource that PV guests lack, -EPERM oneself, or no rights.
 */
long memory_acquire_resource(const struct memory_call *call)
{
    struct xen_mem_acquire_resource arg;
    struct domain *d;
    long rc;

    if ( !memory_load(call, acquire_resource, &arg) )
        return -EFAULT;
    if ( arg.pad )
        return -EINVAL;

    if ( arg.domid == DOMID_SELF ) /* it names a remote one only */
        return -ESRCH;
    rc = access_domain(call->v->domain, arg.domid, ACCESS_CONTROL, &d);
    if ( rc )
        return rc;
    if ( d == call->v->domain )
        rc = -EPERM;
    else
        rc = arg.type == XENMEM_resource_grant_table ? acquire_grant_frames(call->wide, d, &arg)
                                                     : -EOPNOTSUPP;
    domain_put(d);

    if ( !rc && !memory_store(call, acquire_resource, &arg) )
        rc = -EFAULT;
    return rc;
}
