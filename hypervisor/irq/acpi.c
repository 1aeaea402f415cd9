/* Where ACPI's tables lie in this machine, and what was read from them. */
#include "irq/irq.h"

#include "console/console.h"
#include "irq/acpi.h"
#include "lib/bits.h"
#include "lib/endian.h"
#include "mm/map.h"

#define EBDA_POINTER 0x40eUL /* real-mode segment of the extended BIOS data area */
#define EBDA_SEARCH  0x400UL
#define BIOS_START   0xe0000UL
#define BIOS_END     0x100000UL

struct irq_acpi_facts irq_acpi;

/* Tables lie close together: one mapping of this size usually serves them all. */
#define WINDOW_SIZE (64UL << 10)

static bool in_direct_map(u64 maddr, size_t len)
{
    for ( u64 mfn = maddr >> PAGE_SHIFT; mfn <= (maddr + len - 1) >> PAGE_SHIFT; mfn++ )
        if ( !mfn_valid(to_mfn(mfn)) )
            return false;
    return true;
}

const void *acpi_map(u64 maddr, size_t len)
{
    static u64 window, window_len;
    static const u8 *window_va;

    if ( !len || maddr + len < maddr )
        return NULL;
    if ( in_direct_map(maddr, len) )
        return maddr_to_virt(to_maddr(maddr));

    if ( !window_va || maddr < window || maddr + len > window + window_len )
    {
        window = ALIGN_DOWN(maddr, PAGE_SIZE);
        window_len = max(ALIGN_UP(maddr + len, PAGE_SIZE) - window, WINDOW_SIZE);
        window_va = map_device(to_maddr(window), window_len);
    }
    return window_va ? window_va + (maddr - window) : NULL;
}

static u64 scan_range(u64 start, size_t len)
{
    const void *at = acpi_map(start, len);
    long offset = at ? acpi_scan(at, len) : -1;

    return offset < 0 ? 0 : start + (u64)offset;
}

static u64 find_rsdp(void)
{
    const void *pointer = acpi_map(EBDA_POINTER, 2);
    u64 ebda = pointer ? (u64)get_le16(pointer) << 4 : 0;
    u64 found = 0;

    if ( ebda >= 0x10000 && ebda < BIOS_START )
        found = scan_range(ebda, EBDA_SEARCH);
    return found ? found : scan_range(BIOS_START, BIOS_END - BIOS_START);
}

void irq_acpi_init(u64 rsdp)
{
    if ( !rsdp )
        rsdp = find_rsdp();
    if ( !acpi_parse(rsdp, &irq_acpi) )
        log_warning("ACPI: no tables found: one processor, no IOAPIC, no devices' interrupts");
    else
        log_info("ACPI: %u processors, %u IOAPICs%s%s%s", irq_acpi.nr_cpus, irq_acpi.nr_ioapics,
                 irq_acpi.hpet_base ? ", HPET" : "", irq_acpi.pm_timer_port ? ", PM timer" : "",
                 irq_acpi.mcfg_base ? ", MCFG" : "");
}
