/*
 * EFI's runtime services as a guest asks for them: what reaches the firmware, what comes back, and that neither a
 * hostile guest nor a firmware that lies gets anything else. The firmware is played here; so is the guest's memory,
 * an array between nothing and nothing.
 *
 * LINK: hypervisor/efi/call.c hypervisor/efi/info.c
 */
#include "tests/host/host.h"

#include "cpu/uaccess.h"
#include "efi/internal.h"
#include "mm/alloc.h"
#include "mm/heap.h"

/* --- the hypervisor around --- */

struct efi_firmware efi_firmware;
struct efi_variable_info efi_variables_at_start;

#define GUEST_SIZE (1UL << 20)
static u8 guest[GUEST_SIZE] __attribute__((aligned(4096)));

/* As the machine does it: as far as there is memory. */
static unsigned long reachable(u64 va, unsigned long len)
{
    u64 start = (u64)guest, end = start + GUEST_SIZE;

    if ( va < start || va >= end )
        return 0;
    return len < end - va ? len : end - va;
}

unsigned long copy_from_guest(void *to, gva_t from, unsigned long len)
{
    unsigned long n = reachable(from.n, len);

    if ( n )
        memcpy(to, (const void *)from.n, n);
    return len - n;
}

unsigned long copy_to_guest(gva_t to, const void *from, unsigned long len)
{
    unsigned long n = reachable(to.n, len);

    if ( n )
        memcpy((void *)to.n, from, n);
    return len - n;
}

static long blocks, blocks_left; /* -1: without end */

static void *block(size_t size)
{
    if ( blocks_left == 0 )
        return NULL;
    if ( blocks_left > 0 )
        blocks_left--;
    blocks++;
    return calloc(1, size);
}

static void unblock(void *p)
{
    if ( p )
        blocks--;
    free(p);
}

void *heap_alloc(size_t size)
{
    require(size <= PAGE_SIZE);
    return block(size);
}

void heap_free(void *p)
{
    unblock(p);
}

void *mm_alloc(unsigned int order)
{
    return block(PAGE_SIZE << order);
}

void mm_free(void *va, unsigned int order)
{
    (void)order;
    unblock(va);
}

/* --- the firmware: one variable, and the ways in which it can be wrong --- */

static struct {
    unsigned int calls;
    u16 name[64]; /* what it was called with */
    struct xenpf_efi_guid vendor;
    u64 size;
    u32 attributes;
    const void *data;
    const void *time;
    u8 enable;
    u8 value[8192];
    u64 value_size;
    u64 status;
    u64 lie; /* about the size, if not 0 */
} fw;

bool efi_map_entry(const struct efi_map *map, size_t n, struct efi_descriptor *entry)
{
    if ( n >= map->size / map->step )
        return false;
    memcpy(entry, (const u8 *)map->entries + n * map->step, sizeof(*entry));
    return true;
}

static void note_name(const u16 *name)
{
    unsigned int i = 0;

    fw.calls++;
    for ( ; name[i]; i++ ) /* AddressSanitizer sees one that doesn't end */
        if ( i < 63 )
            fw.name[i] = name[i];
    fw.name[i < 63 ? i : 63] = 0;
}

u64 efi_get_time(struct xenpf_efi_time *time, struct efi_clock *clock)
{
    fw.calls++;
    *time = (struct xenpf_efi_time){ .year = 2024, .month = 2, .day = 29 };
    *clock = (struct efi_clock){ 1, 50000000, 1 };
    return fw.status;
}

u64 efi_set_time(const struct xenpf_efi_time *time)
{
    fw.calls++;
    expect_eq(time->year, 2025);
    return fw.status;
}

u64 efi_get_wakeup_time(u8 *enabled, u8 *pending, struct xenpf_efi_time *time)
{
    fw.calls++;
    *enabled = 1;
    *pending = 0;
    time->year = 2030;
    return fw.status;
}

u64 efi_set_wakeup_time(u8 enable, const struct xenpf_efi_time *time)
{
    fw.calls++;
    fw.enable = enable;
    fw.time = time;
    return fw.status;
}

u64 efi_get_variable(const u16 *name, const struct xenpf_efi_guid *vendor, u32 *attributes,
                     u64 *size, void *data)
{
    u64 room = *size;

    note_name(name);
    fw.vendor = *vendor;
    fw.size = room;
    *attributes = fw.attributes;
    *size = fw.lie ? fw.lie : fw.value_size;
    if ( room < fw.value_size )
        return EFI_BUFFER_TOO_SMALL;
    if ( fw.value_size )
        memcpy(data, fw.value, fw.value_size);
    return fw.status;
}

u64 efi_get_next_variable_name(u64 *size, u16 *name, struct xenpf_efi_guid *vendor)
{
    static const u16 next[] = { 'N', 'e', 'x', 't', 0 };
    u64 room = *size;

    note_name(name);
    vendor->data1++;
    *size = fw.lie ? fw.lie : sizeof(next);
    if ( room < sizeof(next) )
        return EFI_BUFFER_TOO_SMALL;
    memcpy(name, next, sizeof(next));
    return fw.status;
}

u64 efi_set_variable(const u16 *name, const struct xenpf_efi_guid *vendor, u32 attributes, u64 size,
                     const void *data)
{
    note_name(name);
    fw.vendor = *vendor;
    fw.attributes = attributes;
    fw.size = size;
    fw.data = data;
    if ( size <= sizeof(fw.value) && size )
        memcpy(fw.value, data, size);
    return fw.status;
}

u64 efi_get_next_high_monotonic_count(u32 *count)
{
    fw.calls++;
    *count = 77;
    return fw.status;
}

u64 efi_query_variable_info(u32 attributes, u64 *max_store, u64 *remaining, u64 *max)
{
    fw.calls++;
    *max_store = attributes;
    *remaining = 2;
    *max = 3;
    return fw.status;
}

/* --- the guest --- */

static struct xenpf_efi_runtime_call call;

static void start(u32 function)
{
    memset(&fw, 0, sizeof(fw));
    memset(&call, 0, sizeof(call));
    memset(guest, 0, sizeof(guest));
    call.function = function;
    call.status = 0x1234;
    efi_firmware.present = true;
    blocks = 0;
    blocks_left = -1;
}

static long run(void)
{
    long rc = efi_runtime_call(&call);

    expect_eq(blocks, 0);
    return rc;
}

static u16 *put_name(u64 at, const char *name)
{
    u16 *to = (u16 *)(guest + at);

    for ( size_t i = 0; i <= strlen(name); i++ )
        memcpy(&to[i], &(u16){ (u8)name[i] }, 2);
    return to;
}

static void start_variable(u32 function, void *name, void *data, u64 size)
{
    start(function);
    call.u.get_variable.name.p = name;
    call.u.get_variable.data.p = data;
    call.u.get_variable.size = size;
    call.u.get_variable.vendor_guid.data1 = 0xabcd;
}

TEST(times)
{
    start(XEN_EFI_get_time);
    expect_eq(run(), 0);
    expect_eq(call.status, 0);
    expect(call.u.get_time.time.day == 29 && call.u.get_time.accuracy == 50000000);
    expect_eq(call.misc, XEN_EFI_GET_TIME_SET_CLEARS_NS);

    start(XEN_EFI_set_time);
    call.u.set_time.year = 2025;
    fw.status = EFI_DEVICE_ERROR;
    expect_eq(run(), 0);
    expect_eq(call.status, EFI_DEVICE_ERROR);

    start(XEN_EFI_get_wakeup_time);
    expect_eq(run(), 0);
    expect_eq(call.misc, XEN_EFI_GET_WAKEUP_TIME_ENABLED);
    expect_eq(call.u.get_wakeup_time.year, 2030);

    start(XEN_EFI_set_wakeup_time);
    call.misc = XEN_EFI_SET_WAKEUP_TIME_ENABLE;
    expect_eq(run(), 0);
    expect(fw.enable == 1 && fw.time != NULL);
    call.misc = XEN_EFI_SET_WAKEUP_TIME_ENABLE_ONLY;
    expect_eq(run(), 0);
    expect(fw.enable == 0 && fw.time == NULL);

    start(XEN_EFI_get_next_high_monotonic_count);
    expect_eq(run(), 0);
    expect_eq(call.misc, 77);
}

/* A flag that a function has not may once mean something: it is refused, before anything happens. */
TEST(flags_that_mean_nothing)
{
    for ( u32 function = 0; function <= XEN_EFI_query_variable_info; function++ )
    {
        u16 *name;

        if ( function == XEN_EFI_set_variable || function == 0 )
            continue; /* there they are the variable's attributes */
        start(function);
        name = put_name(0, "Name");
        call.u.get_variable.name.p = name;
        call.misc = 0x80000000;
        expect_eq(run(), -EINVAL);
        expect_eq(fw.calls, 0);
        expect_eq(call.status, 0x1234);
    }
}

TEST(functions_that_are_not)
{
    static const u32 functions[] = {
        0, XEN_EFI_query_capsule_capabilities, XEN_EFI_update_capsule, 12, 0x7fffffff, ~0u
    };

    for ( unsigned int i = 0; i < ARRAY_SIZE(functions); i++ )
    {
        start(functions[i]);
        expect_eq(run(), -ENOSYS);
    }
    start(XEN_EFI_get_time);
    efi_firmware.present = false;
    expect_eq(run(), -ENOSYS);
    expect_eq(fw.calls, 0);
}

TEST(a_variable_is_read)
{
    start_variable(XEN_EFI_get_variable, guest, guest + 4096, 100);
    put_name(0, "Boot0000");
    fw.value_size = 60;
    fw.attributes = 7;
    memset(fw.value, 'v', 60);
    memset(guest + 4096, '-', 200);
    expect_eq(run(), 0);
    expect_eq(call.status, EFI_SUCCESS);
    expect_eq(call.u.get_variable.size, 60);
    expect_eq(call.misc, 7);
    expect_eq(fw.name[7], '0');
    expect_eq(fw.vendor.data1, 0xabcd);
    expect(guest[4096] == 'v' && guest[4096 + 59] == 'v' && guest[4096 + 60] == '-');
}

/* As Linux asks for a size: no buffer, of 0 bytes. */
TEST(a_size_is_asked_for)
{
    start_variable(XEN_EFI_get_variable, guest, NULL, 0);
    put_name(0, "Boot0000");
    fw.value_size = 60;
    expect_eq(run(), 0);
    expect_eq(call.status, EFI_BUFFER_TOO_SMALL);
    expect_eq(call.u.get_variable.size, 60);
}

TEST(absurd_sizes)
{
    start_variable(XEN_EFI_get_variable, guest, guest + 4096, ~0UL);
    put_name(0, "Boot0000");
    fw.value_size = 60;
    expect_eq(run(), 0);
    expect_eq(call.u.get_variable.size, 60);
    expect(fw.size <= 1 << 20);

    start_variable(XEN_EFI_set_variable, guest, guest + 4096, ~0UL);
    put_name(0, "Boot0000");
    expect_eq(run(), -ENOMEM);
    expect_eq(fw.calls, 0);

    start(XEN_EFI_get_next_variable_name);
    call.u.get_next_variable_name.name.p = guest;
    call.u.get_next_variable_name.size = ~0UL;
    put_name(0, "Boot0000");
    expect_eq(run(), 0);
    expect_eq(call.u.get_next_variable_name.size, 10);
}

/* It says that there is more than what it was given room for: nothing of that reaches the guest. */
TEST(firmware_that_lies_about_sizes)
{
    start_variable(XEN_EFI_get_variable, guest, guest + 4096, 100);
    put_name(0, "Boot0000");
    fw.value_size = 60;
    fw.lie = 1UL << 40;
    expect_eq(run(), 0);
    expect_eq(call.status, EFI_DEVICE_ERROR);
    expect_eq(guest[4096], 0);

    start(XEN_EFI_get_next_variable_name);
    call.u.get_next_variable_name.name.p = guest;
    call.u.get_next_variable_name.size = 100;
    fw.lie = 102;
    expect_eq(run(), 0);
    expect_eq(call.status, EFI_DEVICE_ERROR);
    expect_eq(guest[0], 0);
}

TEST(names_of_all_lengths)
{
    u16 *name = (u16 *)guest;

    /* As long as may be, and longer. */
    start_variable(XEN_EFI_get_variable, guest, NULL, 0);
    for ( int i = 0; i < 2047; i++ )
        name[i] = 'a';
    expect_eq(run(), 0);
    name[2047] = 'a';
    expect_eq(run(), -EINVAL);
    expect_eq(fw.calls, 1);

    /* At the very end of memory, and across it; at odd addresses. */
    start_variable(XEN_EFI_get_variable, put_name(GUEST_SIZE - 18, "Boot0000"), NULL, 0);
    put_name(GUEST_SIZE - 18, "Boot0000");
    expect_eq(run(), 0);
    expect_eq(fw.name[7], '0');
    memset(guest + GUEST_SIZE - 3, 'a', 3);
    expect_eq(run(), -EFAULT);
    start_variable(XEN_EFI_get_variable, guest + 1, NULL, 0);
    put_name(1, "Odd");
    expect_eq(run(), 0);
    expect_eq(fw.name[2], 'd');

    /* Nowhere; empty. */
    start_variable(XEN_EFI_set_variable, NULL, NULL, 0);
    expect_eq(run(), -EFAULT);
    start_variable(XEN_EFI_set_variable, (void *)~7UL, NULL, 0);
    expect_eq(run(), -EFAULT);
    expect_eq(fw.calls, 0);
    start_variable(XEN_EFI_set_variable, guest, NULL, 0);
    expect_eq(run(), 0);
    expect_eq(fw.name[0], 0);
}

TEST(a_variable_is_written)
{
    start_variable(XEN_EFI_set_variable, guest, guest + 4096, 300);
    put_name(0, "BootOrder");
    memset(guest + 4096, 'w', 300);
    call.misc = 7;
    expect_eq(run(), 0);
    expect(fw.attributes == 7 && fw.size == 300 && fw.value[299] == 'w');
    expect(fw.data != guest + 4096);

    /* Deleted: no data. */
    start_variable(XEN_EFI_set_variable, guest, (void *)0x10, 0);
    put_name(0, "BootOrder");
    expect_eq(run(), 0);
    expect(fw.size == 0 && fw.data == NULL);

    /* Not all of it is there. */
    start_variable(XEN_EFI_set_variable, guest, guest + GUEST_SIZE - 100, 101);
    put_name(0, "BootOrder");
    expect_eq(run(), -EFAULT);
    expect_eq(fw.calls, 0);
}

/* Name and data in one place: the name is what was there first. */
TEST(overlapping_buffers)
{
    start_variable(XEN_EFI_get_variable, guest, guest, 100);
    put_name(0, "Boot0000");
    fw.value_size = 100;
    memset(fw.value, 'v', 100);
    expect_eq(run(), 0);
    expect(fw.name[0] == 'B' && fw.name[7] == '0' && guest[0] == 'v' && guest[99] == 'v');
}

TEST(nowhere_to_put_it)
{
    start_variable(XEN_EFI_get_variable, guest, guest + GUEST_SIZE - 10, 100);
    put_name(0, "Boot0000");
    fw.value_size = 60;
    expect_eq(run(), -EFAULT);

    start(XEN_EFI_get_next_variable_name);
    call.u.get_next_variable_name.name.p = guest + GUEST_SIZE - 10;
    call.u.get_next_variable_name.size = 100;
    expect_eq(run(), -EFAULT);
    expect_eq(fw.calls, 0);
}

TEST(names_in_a_row)
{
    start(XEN_EFI_get_next_variable_name);
    call.u.get_next_variable_name.name.p = guest;
    call.u.get_next_variable_name.size = 64;
    call.u.get_next_variable_name.vendor_guid.data1 = 5;
    expect_eq(run(), 0);
    expect_eq(call.u.get_next_variable_name.size, 10);
    expect_eq(call.u.get_next_variable_name.vendor_guid.data1, 6);
    expect(guest[0] == 'N' && guest[6] == 't' && guest[8] == 0);

    call.u.get_next_variable_name.size = 10;
    expect_eq(run(), 0);
    expect_eq(fw.name[3], 't');

    /* Room for the name that it has, not for the next one. */
    put_name(0, "a");
    call.u.get_next_variable_name.size = 4;
    expect_eq(run(), 0);
    expect_eq(call.status, EFI_BUFFER_TOO_SMALL);
    expect_eq(call.u.get_next_variable_name.size, 10);
    call.u.get_next_variable_name.size = 2; /* it does not end within them */
    expect_eq(run(), 0);
    expect_eq(call.status, EFI_INVALID_PARAMETER);
    call.u.get_next_variable_name.size = 0;
    expect_eq(run(), 0);
    expect_eq(call.status, EFI_INVALID_PARAMETER);
    expect_eq(fw.calls, 3);
}

TEST(room_for_variables)
{
    start(XEN_EFI_query_variable_info);
    call.u.query_variable_info.attr = 7;
    expect_eq(run(), 0);
    expect(call.u.query_variable_info.max_store_size == 7 &&
           call.u.query_variable_info.max_size == 3);

    efi_variables_at_start = (struct efi_variable_info){ EFI_SUCCESS, 100, 90, 10 };
    call.misc = XEN_EFI_VARINFO_BOOT_SNAPSHOT;
    expect_eq(run(), 0);
    expect_eq(call.u.query_variable_info.remain_store_size, 90);
    expect_eq(fw.calls, 1);
    call.u.query_variable_info.attr = 2;
    expect_eq(run(), -EINVAL);
}

/* Whichever allocation fails, nothing is lost and nothing was asked. */
TEST(out_of_memory)
{
    for ( long left = 0; left < 2; left++ )
    {
        start_variable(XEN_EFI_set_variable, guest, guest + 4096, 100);
        put_name(0, "Boot0000");
        blocks_left = left;
        expect_eq(run(), -ENOMEM);
        call.function = XEN_EFI_get_variable;
        blocks_left = left;
        expect_eq(run(), -ENOMEM);
        expect_eq(fw.calls, 0);
    }
    call.function = XEN_EFI_get_next_variable_name;
    blocks_left = 0;
    expect_eq(run(), -ENOMEM);
}

/* --- firmware_info --- */

static void start_info(void)
{
    static struct efi_descriptor map[] = {
        { .type = EFI_MEM_CONVENTIONAL, .start = 0, .pages = 16, .attributes = 15 },
        { .type = EFI_MEM_RUNTIME_CODE,
          .start = 0x20000,
          .pages = 2,
          .attributes = EFI_MEM_RUNTIME | 15 },
        { .type = 0x80000000, .start = ~0xfffUL, .pages = 1 },
    };

    start(0);
    efi_firmware = (struct efi_firmware){
        .present = true,
        .version = 0x20046,
        .runtime_version = 0x20032,
        .vendor = { 'A', 'C', 'M', 'E' },
        .vendor_revision = 9,
        .tables = 0x7f000,
        .nr_tables = 11,
        .map = { map, sizeof(map), sizeof(map[0]) },
    };
}

TEST(what_the_tables_told)
{
    union xenpf_efi_info info = {};

    start_info();
    expect_eq(efi_info(XEN_FW_EFI_VERSION, &info), 0);
    expect_eq(info.version, 0x20046);
    expect_eq(efi_info(XEN_FW_EFI_RT_VERSION, &info), 0);
    expect_eq(info.version, 0x20032);
    expect_eq(efi_info(XEN_FW_EFI_CONFIG_TABLE, &info), 0);
    expect(info.cfg.addr == 0x7f000 && info.cfg.nent == 11);
    expect_eq(efi_info(XEN_FW_EFI_PCI_ROM, &info), -ESRCH);
    expect_eq(efi_info(XEN_FW_EFI_APPLE_PROPERTIES, &info), -ENODATA);
    expect_eq(efi_info(7, &info), -EINVAL);
    efi_firmware.present = false;
    expect_eq(efi_info(XEN_FW_EFI_VERSION, &info), -ENOSYS);
}

TEST(the_vendors_name)
{
    union xenpf_efi_info info = {};

    start_info();
    memset(guest, '-', 32);
    info.vendor.bufsz = 32;
    info.vendor.name.p = guest;
    expect_eq(efi_info(XEN_FW_EFI_VENDOR, &info), 0);
    expect_eq(info.vendor.revision, 9);
    expect(guest[6] == 'E' && guest[8] == 0 && guest[9] == 0 && guest[10] == '-');

    memset(guest, '-', 32);
    info.vendor.bufsz = 5; /* two characters and a half */
    expect_eq(efi_info(XEN_FW_EFI_VENDOR, &info), 0);
    expect(guest[2] == 'C' && guest[4] == '-');
    info.vendor.bufsz = ~0u;
    expect_eq(efi_info(XEN_FW_EFI_VENDOR, &info), 0);
    info.vendor.name.p = NULL;
    expect_eq(efi_info(XEN_FW_EFI_VENDOR, &info), -EFAULT);
}

TEST(regions_of_memory)
{
    union xenpf_efi_info info = {};

    start_info();
    info.mem.addr = 0x21800;
    info.mem.size = ~0UL - info.mem.addr;
    expect_eq(efi_info(XEN_FW_EFI_MEM_INFO, &info), 0);
    expect_eq(info.mem.type, EFI_MEM_RUNTIME_CODE);
    expect_eq(info.mem.attr, EFI_MEM_RUNTIME | 15);
    expect_eq(info.mem.size, 0x800);
    info.mem.size = 16;
    expect_eq(efi_info(XEN_FW_EFI_MEM_INFO, &info), 0);
    expect_eq(info.mem.size, 16);
    info.mem.addr = 0x22000;
    expect_eq(efi_info(XEN_FW_EFI_MEM_INFO, &info), -ESRCH);
    info.mem.addr = ~0UL;
    info.mem.size = ~0UL;
    expect_eq(efi_info(XEN_FW_EFI_MEM_INFO, &info), 0);
    expect_eq(info.mem.size, 1);
}

HOST_TEST_MAIN
