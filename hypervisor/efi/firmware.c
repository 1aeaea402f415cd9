/* What the firmware left for us: its tables, found and copied at boot. */
#include "access/access.h"
#include "boot/boot_info.h"
#include "console/console.h"
#include "cpu/init.h"
#include "efi/internal.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/map.h"

#define EARLY_REACH      (4UL << 30) /* what head.S's page tables map */
#define CONFIG_MAX       512         /* entries of the configuration table that are looked at */
#define MAP_BYTES_MAX    (1UL << 20)
#define ATTRIBUTES_BYTES 32768

struct efi_firmware efi_firmware;
struct efi_variable_info efi_variables_at_start = { .status = EFI_UNSUPPORTED };

static __initbss u8 attributes_copy[ATTRIBUTES_BYTES] __attribute__((aligned(8)));
static __initdata size_t attributes_size;

bool efi_present(void)
{
    return efi_firmware.present;
}

bool efi_map_entry(const struct efi_map *map, size_t n, struct efi_descriptor *entry)
{
    if ( !map->entries || n >= map->size / map->step )
        return false;
    memcpy(entry, (const u8 *)map->entries + n * map->step, sizeof(*entry));
    return true;
}

/* --- before memory is handed out --- */

static const void *__init early(u64 address, u64 len)
{
    if ( address >= EARLY_REACH || len > EARLY_REACH - address )
        return NULL;
    return (const void *)(DIRECT_MAP_BASE + address);
}

static u64 __init early_config_table(const struct boot_info *boot, struct xenpf_efi_guid guid)
{
    const struct efi_system_table *system = early(boot->efi.system_table, sizeof(*system));
    const struct efi_config_table *tables;
    u64 nr;

    if ( !boot->efi.system_table || !system || system->header.signature != EFI_SYSTEM_SIGNATURE )
        return 0;
    nr = min_t(u64, system->nr_tables, CONFIG_MAX);
    tables = early(system->tables, nr * sizeof(*tables));
    for ( u64 i = 0; tables && i < nr; i++ )
        if ( !memcmp(&tables[i].guid, &guid, sizeof(guid)) )
            return tables[i].address;
    return 0;
}

/* The attributes table lies in memory of boot services. */
void __init efi_init_early(const struct boot_info *boot)
{
    u64 at = early_config_table(boot, (struct xenpf_efi_guid)EFI_ATTRIBUTES_GUID), size;
    const struct efi_attributes_table *table = at ? early(at, sizeof(*table)) : NULL;

    if ( !table )
        return;
    size = sizeof(*table) + (u64)table->nr * table->descriptor_size;
    if ( size > sizeof(attributes_copy) || !early(at, size) )
        return;
    memcpy(attributes_copy, table, size);
    attributes_size = size;
}

/* --- after that --- */

/* Physical memory of ours or the firmware's, readable; NULL if that can't be. */
static const void *__init reach(u64 address, u64 len)
{
    if ( mfn_valid(maddr_to_mfn(to_maddr(address))) )
        return maddr_to_virt(to_maddr(address));
    return map_device(to_maddr(address), len);
}

/* A copy of the memory map, to answer questions from. */
static bool __init keep_map(const struct boot_efi *efi)
{
    struct efi_map *map = &efi_firmware.map;
    const void *from;

    if ( !efi->memory_map || efi->descriptor_size < sizeof(struct efi_descriptor) ||
         efi->memory_map_size > MAP_BYTES_MAX )
        return false;
    from = reach(efi->memory_map, efi->memory_map_size);
    map->entries = mm_alloc(order_of(DIV_ROUND_UP(efi->memory_map_size, PAGE_SIZE)));
    if ( !from || !map->entries )
        return false;
    memcpy(map->entries, from, efi->memory_map_size);
    map->size = efi->memory_map_size;
    map->step = efi->descriptor_size;
    return true;
}

/* In the firmware's address space: as much of its name as is there. */
static void __init copy_vendor(u64 from)
{
    for ( unsigned int i = 0; i + 1 < VENDOR_MAX && efi_space_has(from + 2 * i, 2); i++ )
        if ( !(efi_firmware.vendor[i] = ((const u16 *)from)[i]) )
            return;
}

/* Likewise. A service that this table has not, or that lies where no firmware is, stays NULL. */
static bool __init copy_services(u64 from)
{
    const struct efi_runtime_services *table = (const struct efi_runtime_services *)from;
    struct efi_runtime_services *to = &efi_services;
    u64 *service = (u64 *)(&to->header + 1), *end = (u64 *)(to + 1);

    if ( !efi_space_has(from, sizeof(*table)) || table->header.signature != EFI_RUNTIME_SIGNATURE )
        return false;
    memcpy(to, table, min_t(size_t, sizeof(*to), table->header.size));
    if ( to->header.revision < EFI_REVISION_2_00 )
        to->query_variable_info = NULL;
    for ( ; service < end; service++ )
        if ( !efi_space_has(*service, 1) )
            *service = 0;
    return true;
}

/* Likewise: all that the system table leads to. */
static bool __init copy_tables(u64 from)
{
    const struct efi_system_table *system = (const struct efi_system_table *)from;
    struct efi_firmware *to = &efi_firmware;

    if ( !efi_space_has(from, sizeof(*system)) || system->header.signature != EFI_SYSTEM_SIGNATURE )
        return false;
    to->version = system->header.revision;
    to->vendor_revision = system->vendor_revision;
    copy_vendor(system->vendor);
    if ( system->nr_tables <= CONFIG_MAX )
    {
        to->tables = system->tables;
        to->nr_tables = (u32)system->nr_tables;
    }
    if ( !copy_services(system->runtime) )
        return false;
    to->runtime_version = efi_services.header.revision;
    return true;
}

static bool __init read_firmware(u64 system_table)
{
    struct efi_visit visit;
    bool good;

    if ( !efi_enter(&visit, "tables") )
        return false;
    good = copy_tables(system_table);
    efi_leave(&visit);
    return good;
}

/* What runs in ring 0 at our request is not for guests to write, privileged or not. */
static void __init protect_from_guests(void)
{
    struct efi_descriptor entry;

    for ( size_t i = 0; efi_map_entry(&efi_firmware.map, i, &entry); i++ )
        if ( entry.type == EFI_MEM_RUNTIME_CODE || entry.type == EFI_MEM_RUNTIME_DATA )
            access_iomem_make_read_only(entry.start >> PAGE_SHIFT,
                                        (entry.start >> PAGE_SHIFT) + entry.pages - 1);
}

static void __init ask_variables(void)
{
    struct efi_variable_info *at = &efi_variables_at_start;

    at->status =
        efi_query_variable_info(EFI_VARIABLE_USUAL, &at->max_store, &at->remaining, &at->max);
}

static void __init describe(bool strict, bool secure_boot)
{
    const struct efi_firmware *fw = &efi_firmware;
    char vendor[VENDOR_MAX] = "";

    for ( unsigned int i = 0; i + 1 < VENDOR_MAX && fw->vendor[i]; i++ )
        vendor[i] = fw->vendor[i] >= ' ' && fw->vendor[i] <= '~' ? (char)fw->vendor[i] : '?';
    log_info("EFI %u.%02u by %s%s; runtime services %s", fw->version >> 16, fw->version & 0xffff,
             vendor, secure_boot ? ", Secure Boot on" : "",
             strict ? "mapped W^X" : "mapped writable and executable: they don't tell better");
}

void __init efi_init(const struct boot_info *boot)
{
    bool strict;

    if ( !boot->efi.system_table )
        return;
    if ( !keep_map(&boot->efi) ||
         !efi_space_build(&efi_firmware.map, attributes_copy, attributes_size, &strict) ||
         !read_firmware(boot->efi.system_table) )
    {
        memset(&efi_services, 0, sizeof(efi_services));
        log_warning("EFI: its tables can't be used; dom0 will not see it");
        return;
    }
    efi_firmware.present = true;
    protect_from_guests();
    ask_variables();
    describe(strict, boot->efi.secure_boot);
}
