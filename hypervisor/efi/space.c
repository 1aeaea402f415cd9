/*
 * The firmware's address space: its regions where they are in physical memory, so that it needs no
 * virtual addresses, and our half, so that it finds our stack and arguments and an exception finds
 * us. Nothing of it is visible to guests, or while no service runs.
 */
#include "console/console.h"
#include "cpu/init.h"
#include "efi/internal.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/map.h"

#define TABLE_FLAGS (PTE_P | PTE_RW | PTE_A | PTE_D)
#define CODE_FLAGS  (PTE_P | PTE_RW | PTE_A | PTE_D) /* until the attributes table tells more */
#define DATA_FLAGS  (PTE_P | PTE_RW | PTE_A | PTE_D | PTE_NX)
#define UC_FLAGS    (DATA_FLAGS | PTE_PWT | PTE_PCD)

#define LOWER_HALF (1UL << 47)
#define LARGE_PAGE (1UL << 21)

maddr_t efi_space_root;

static u64 *root;

/* The entry that maps @va at @level, making tables on the way. NULL: no memory, or a larger page. */
static u64 *__init entry_of(u64 va, unsigned int level)
{
    u64 *table = root;

    for ( unsigned int at = 4; at > level; at-- )
    {
        u64 *entry = &table[pte_index(va, at)];

        if ( *entry & PTE_PS )
            return NULL;
        if ( !*entry )
        {
            u64 *below = mm_alloc(0);

            if ( !below )
                return NULL;
            *entry = pte_make(virt_to_mfn(below), TABLE_FLAGS);
        }
        table = mfn_to_virt(pte_mfn(*entry));
    }
    return &table[pte_index(va, level)];
}

static bool __init map(u64 start, u64 end, u64 flags)
{
    while ( start < end )
    {
        bool large = (flags & PTE_PCD) && !(start & (LARGE_PAGE - 1)) && end - start >= LARGE_PAGE;
        u64 *entry = entry_of(start, large ? 2 : 1);

        if ( !entry )
            return false;
        *entry = pte_make(maddr_to_mfn(to_maddr(start)), large ? flags | PTE_PS : flags);
        start += large ? LARGE_PAGE : PAGE_SIZE;
    }
    return true;
}

static bool __init is_device(const struct efi_descriptor *entry)
{
    return entry->type == EFI_MEM_MMIO || entry->type == EFI_MEM_MMIO_PORTS ||
           !(entry->attributes & EFI_MEM_WB);
}

static u64 __init flags_of(const struct efi_descriptor *entry)
{
    if ( is_device(entry) )
        return UC_FLAGS;
    return entry->type == EFI_MEM_RUNTIME_CODE ? CODE_FLAGS : DATA_FLAGS;
}

/* Page-aligned, not empty, and where guests' addresses are. */
static bool __init is_sane(const struct efi_descriptor *entry)
{
    return !(entry->start & ~PAGE_MASK) && entry->pages && entry->start < LOWER_HALF &&
           entry->pages <= (LOWER_HALF - entry->start) >> PAGE_SHIFT;
}

/* RAM of ours and the guests': a map that gives it to the firmware as well is wrong. */
static bool __init is_in_use(const struct efi_descriptor *entry)
{
    for ( u64 i = 0; i < entry->pages && !is_device(entry); i++ )
        if ( mfn_valid(to_mfn((entry->start >> PAGE_SHIFT) + i)) )
            return true;
    return false;
}

static bool __init map_region(const struct efi_descriptor *entry)
{
    if ( !(entry->attributes & EFI_MEM_RUNTIME) )
        return true;
    if ( !is_sane(entry) || is_in_use(entry) )
    {
        log_warning("EFI: no runtime services: their region at %#lx of %lu pages can't be right",
                    entry->start, entry->pages);
        return false;
    }
    return map(entry->start, entry->start + (entry->pages << PAGE_SHIFT), flags_of(entry));
}

/* The L1 entry of @va; NULL if it is not mapped, or by a larger page. */
static const u64 *__init find(u64 va, unsigned int *level)
{
    const u64 *table = root;
    const u64 *entry = NULL;

    for ( *level = 4; *level > 0; (*level)-- )
    {
        entry = &table[pte_index(va, *level)];
        if ( !(*entry & PTE_P) )
            return NULL;
        if ( *level == 1 || (*entry & PTE_PS) )
            return entry;
        table = mfn_to_virt(pte_mfn(*entry));
    }
    return entry;
}

bool __init efi_space_has(u64 address, u64 len)
{
    unsigned int level;

    if ( !root || !len || address >= LOWER_HALF || len > LOWER_HALF - address )
        return false;
    for ( u64 at = address & PAGE_MASK; at < address + len; at += PAGE_SIZE )
        if ( !find(at, &level) )
            return false;
    return true;
}

/* --- the attributes table --- */

static struct efi_descriptor __init attributes_entry(const void *table, u32 n)
{
    const struct efi_attributes_table *head = table;
    struct efi_descriptor entry;

    memcpy(&entry, (const u8 *)table + sizeof(*head) + (u64)n * head->descriptor_size,
           sizeof(entry));
    return entry;
}

/* A table is believed as a whole, or not at all: there were ones made from another memory map. */
static bool __init attributes_are_good(const void *table, size_t size)
{
    const struct efi_attributes_table *head = table;

    if ( size < sizeof(*head) || head->descriptor_size < sizeof(struct efi_descriptor) ||
         head->nr > (size - sizeof(*head)) / head->descriptor_size )
        return false;
    for ( u32 i = 0; i < head->nr; i++ )
    {
        struct efi_descriptor entry = attributes_entry(table, i);

        if ( !is_sane(&entry) || !efi_space_has(entry.start, entry.pages << PAGE_SHIFT) )
            return false;
    }
    return head->nr > 0;
}

static void __init protect(const struct efi_descriptor *entry)
{
    for ( u64 i = 0; i < entry->pages; i++ )
    {
        u64 *pte = entry_of(entry->start + (i << PAGE_SHIFT), 1);

        if ( !pte )
            continue; /* of a device: never executable */
        if ( entry->attributes & EFI_MEM_RO )
            *pte &= ~(PTE_RW | PTE_D);
        if ( entry->attributes & EFI_MEM_XP )
            *pte |= PTE_NX;
    }
}

/* Is no page of @entry writable and executable? */
static bool __init is_strict(const struct efi_descriptor *entry)
{
    unsigned int level;

    for ( u64 i = 0; i < entry->pages; i++ )
    {
        const u64 *pte = find(entry->start + (i << PAGE_SHIFT), &level);

        if ( pte && (*pte & PTE_RW) && !(*pte & PTE_NX) )
            return false;
    }
    return true;
}

/* --- all of it --- */

bool __init efi_space_build(const struct efi_map *memory, const void *table, size_t table_size,
                            bool *strict)
{
    struct efi_descriptor entry;

    root = mm_alloc(0);
    if ( !root )
        return false;
    map_fill_l4(root);
    efi_space_root = mfn_to_maddr(virt_to_mfn(root));
    for ( size_t i = 0; efi_map_entry(memory, i, &entry); i++ )
        if ( !map_region(&entry) )
            return false;

    if ( attributes_are_good(table, table_size) )
        for ( u32 i = 0; i < ((const struct efi_attributes_table *)table)->nr; i++ )
        {
            entry = attributes_entry(table, i);
            protect(&entry);
        }

    *strict = true;
    for ( size_t i = 0; efi_map_entry(memory, i, &entry); i++ )
        if ( (entry.attributes & EFI_MEM_RUNTIME) && !is_strict(&entry) )
            *strict = false;
    return true;
}
