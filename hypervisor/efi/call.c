/*
 * XENPF_efi_runtime_call: from the guest's memory to the firmware and back.
 *
 * The firmware never sees a pointer of the guest's: names and data are copied into buffers of ours,
 * once, with a NUL where a name must end, and only as much is copied back as the firmware says is
 * there and the guest has room for. Sizes beyond what we would copy are cut, where the firmware's
 * answer then tells the guest; or refused.
 */
#include "cpu/uaccess.h"
#include "efi/internal.h"
#include "lib/bits.h"
#include "mm/alloc.h"
#include "mm/heap.h"

#define NAME_BYTES PAGE_SIZE     /* the longest name, its NUL included */
#define DATA_BYTES (256UL << 10) /* the largest variable: authenticated ones carry their keys */

/* --- buffers --- */

/* Zeroed; NULL if there is no memory. */
static void *data_alloc(u64 size)
{
    return mm_alloc(order_of(DIV_ROUND_UP(size, PAGE_SIZE)));
}

static void data_free(void *data, u64 size)
{
    if ( data )
        mm_free(data, order_of(DIV_ROUND_UP(size, PAGE_SIZE)));
}

/* Where the NUL is among @n characters; @n: nowhere. */
static u64 name_end(const u16 *name, u64 n)
{
    u64 i = 0;

    while ( i < n && name[i] )
        i++;
    return i;
}

/*
 * A name that ends somewhere behind @from, in a buffer of NAME_BYTES. It may end just before memory
 * that the guest has not: what could be copied decides. -EINVAL it does not end, -EFAULT, -ENOMEM.
 */
static long name_read(u16 **to, gva_t from)
{
    u16 *name = heap_alloc(NAME_BYTES);
    u64 n;

    if ( !name )
        return -ENOMEM;
    n = (NAME_BYTES - copy_from_guest(name, from, NAME_BYTES)) / sizeof(*name);
    if ( name_end(name, n) == n )
    {
        heap_free(name);
        return n * sizeof(*name) == NAME_BYTES ? -EINVAL : -EFAULT;
    }
    *to = name;
    return 0;
}

/* --- time --- */

static long get_time(struct xenpf_efi_runtime_call *call)
{
    struct efi_clock clock = {};

    if ( call->misc )
        return -EINVAL;
    call->status = efi_get_time(&call->u.get_time.time, &clock);
    call->u.get_time.resolution = clock.resolution;
    call->u.get_time.accuracy = clock.accuracy;
    call->misc = clock.sets_to_zero ? XEN_EFI_GET_TIME_SET_CLEARS_NS : 0;
    return 0;
}

static long set_time(struct xenpf_efi_runtime_call *call)
{
    if ( call->misc )
        return -EINVAL;
    call->status = efi_set_time(&call->u.set_time);
    return 0;
}

static long get_wakeup_time(struct xenpf_efi_runtime_call *call)
{
    u8 enabled = 0, pending = 0;

    if ( call->misc )
        return -EINVAL;
    call->status = efi_get_wakeup_time(&enabled, &pending, &call->u.get_wakeup_time);
    call->misc = (enabled ? XEN_EFI_GET_WAKEUP_TIME_ENABLED : 0) |
                 (pending ? XEN_EFI_GET_WAKEUP_TIME_PENDING : 0);
    return 0;
}

static long set_wakeup_time(struct xenpf_efi_runtime_call *call)
{
    bool only = call->misc & XEN_EFI_SET_WAKEUP_TIME_ENABLE_ONLY;

    if ( call->misc & ~(XEN_EFI_SET_WAKEUP_TIME_ENABLE | XEN_EFI_SET_WAKEUP_TIME_ENABLE_ONLY) )
        return -EINVAL;
    call->status = efi_set_wakeup_time(!!(call->misc & XEN_EFI_SET_WAKEUP_TIME_ENABLE),
                                       only ? NULL : &call->u.set_wakeup_time);
    return 0;
}

static long get_next_high_monotonic_count(struct xenpf_efi_runtime_call *call)
{
    if ( call->misc )
        return -EINVAL;
    call->status = efi_get_next_high_monotonic_count(&call->misc);
    return 0;
}

/* --- variables --- */

/* What the firmware says it has put into a buffer of @room bytes, to the guest. */
static long give_back(struct xenpf_efi_runtime_call *call, gva_t to, const void *from, u64 size,
                      u64 room)
{
    if ( call->status != EFI_SUCCESS )
        return 0;
    if ( size > room ) /* it has written beyond the buffer, or lies */
    {
        call->status = EFI_DEVICE_ERROR;
        return 0;
    }
    return copy_to_guest(to, from, size) ? -EFAULT : 0;
}

static long get_variable_into(struct xenpf_efi_runtime_call *call, const u16 *name, void *data,
                              u64 room)
{
    u64 size = room;
    u32 attributes = 0;

    call->status =
        efi_get_variable(name, &call->u.get_variable.vendor_guid, &attributes, &size, data);
    call->misc = attributes;
    call->u.get_variable.size = size;
    return give_back(call, handle_gva(call->u.get_variable.data), data, size, room);
}

static long get_variable(struct xenpf_efi_runtime_call *call)
{
    u64 room = min_t(u64, call->u.get_variable.size, DATA_BYTES);
    void *data = NULL;
    u16 *name;
    long rc;

    if ( call->misc )
        return -EINVAL;
    rc = name_read(&name, handle_gva(call->u.get_variable.name));
    if ( rc )
        return rc;
    if ( room && !(data = data_alloc(room)) )
        rc = -ENOMEM;
    else
        rc = get_variable_into(call, name, data, room);
    data_free(data, room);
    heap_free(name);
    return rc;
}

static long set_variable_from(struct xenpf_efi_runtime_call *call, const u16 *name, void *data,
                              u64 size)
{
    if ( size && copy_from_guest(data, handle_gva(call->u.set_variable.data), size) )
        return -EFAULT;
    call->status =
        efi_set_variable(name, &call->u.set_variable.vendor_guid, call->misc, size, data);
    return 0;
}

static long set_variable(struct xenpf_efi_runtime_call *call)
{
    u64 size = call->u.set_variable.size;
    void *data = NULL;
    u16 *name;
    long rc;

    if ( size > DATA_BYTES )
        return -ENOMEM;
    rc = name_read(&name, handle_gva(call->u.set_variable.name));
    if ( rc )
        return rc;
    if ( size && !(data = data_alloc(size)) )
        rc = -ENOMEM;
    else
        rc = set_variable_from(call, name, data, size);
    data_free(data, size);
    heap_free(name);
    return rc;
}

/* In place: the name of the variable before, and then of the one found. */
static long get_next_variable_name(struct xenpf_efi_runtime_call *call)
{
    gva_t at = handle_gva(call->u.get_next_variable_name.name);
    u64 room = min_t(u64, call->u.get_next_variable_name.size, NAME_BYTES), size = room;
    u16 *name;
    long rc = 0;

    if ( call->misc )
        return -EINVAL;
    name = heap_alloc(NAME_BYTES);
    if ( !name )
        return -ENOMEM;
    if ( copy_from_guest(name, at, room) )
        rc = -EFAULT;
    else if ( name_end(name, room / sizeof(*name)) == room / sizeof(*name) )
        call->status = EFI_INVALID_PARAMETER; /* not every firmware would notice */
    else
    {
        call->status =
            efi_get_next_variable_name(&size, name, &call->u.get_next_variable_name.vendor_guid);
        call->u.get_next_variable_name.size = size;
        rc = give_back(call, at, name, size, room);
    }
    heap_free(name);
    return rc;
}

/* As it was when we started: of the usual variables only. */
static long variable_info_at_start(struct xenpf_efi_runtime_call *call)
{
    const struct efi_variable_info *at = &efi_variables_at_start;

    if ( (call->u.query_variable_info.attr & ~EFI_VARIABLE_APPEND) != EFI_VARIABLE_USUAL )
        return -EINVAL;
    call->status = at->status;
    call->u.query_variable_info.max_store_size = at->max_store;
    call->u.query_variable_info.remain_store_size = at->remaining;
    call->u.query_variable_info.max_size = at->max;
    return 0;
}

static long query_variable_info(struct xenpf_efi_runtime_call *call)
{
    u64 max_store = 0, remaining = 0, max = 0;

    if ( call->misc & ~XEN_EFI_VARINFO_BOOT_SNAPSHOT )
        return -EINVAL;
    if ( call->misc & XEN_EFI_VARINFO_BOOT_SNAPSHOT )
        return variable_info_at_start(call);
    call->status =
        efi_query_variable_info(call->u.query_variable_info.attr, &max_store, &remaining, &max);
    call->u.query_variable_info.max_store_size = max_store;
    call->u.query_variable_info.remain_store_size = remaining;
    call->u.query_variable_info.max_size = max;
    return 0;
}

/* --- all of them --- */

/*
 * Capsules are not offered: what they update is the machine's firmware, from memory that stays a
 * guest's across a reset.
 */
static long (*const functions[])(struct xenpf_efi_runtime_call *call) = {
    [XEN_EFI_get_time] = get_time,
    [XEN_EFI_set_time] = set_time,
    [XEN_EFI_get_wakeup_time] = get_wakeup_time,
    [XEN_EFI_set_wakeup_time] = set_wakeup_time,
    [XEN_EFI_get_next_high_monotonic_count] = get_next_high_monotonic_count,
    [XEN_EFI_get_variable] = get_variable,
    [XEN_EFI_set_variable] = set_variable,
    [XEN_EFI_get_next_variable_name] = get_next_variable_name,
    [XEN_EFI_query_variable_info] = query_variable_info,
};

long efi_runtime_call(struct xenpf_efi_runtime_call *call)
{
    if ( !efi_firmware.present )
        return -ENOSYS;
    if ( call->function >= ARRAY_SIZE(functions) || !functions[call->function] )
        return -ENOSYS;
    return functions[call->function](call);
}
