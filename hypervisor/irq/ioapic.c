/* IOAPICs (Intel 82093AA and its heirs): an index and a data register in front of two words a line. */
#include "irq/ioapic.h"

#include "access/access.h"
#include "console/console.h"
#include "irq/acpi.h"
#include "lib/bits.h"
#include "mm/heap.h"
#include "mm/map.h"

#define IOAPIC_INDEX 0x00
#define IOAPIC_DATA  0x10

#define IOAPIC_REG_VERSION     0x01
#define IOAPIC_REG_ROUTE(line) (0x10 + 2 * (line))

#define ROUTE_ACTIVE_LOW 0x02000u
#define ROUTE_LEVEL      0x08000u
#define ROUTE_MASKED     0x10000u

#define IOAPIC_LINES_MAX 240

struct ioapic {
    volatile u32 *registers;
    u32 gsi_base;
    u32 lines;
    u32 *low; /* the low word of each line's entry as last written: masking need not read it back */
};

static struct ioapic ioapics[ACPI_MAX_IOAPICS];
static u32 nr_ioapics, nr_gsis;

static u32 ioapic_read(const struct ioapic *ioapic, u32 reg)
{
    ioapic->registers[IOAPIC_INDEX / 4] = reg;
    return ioapic->registers[IOAPIC_DATA / 4];
}

static void ioapic_write(const struct ioapic *ioapic, u32 reg, u32 value)
{
    ioapic->registers[IOAPIC_INDEX / 4] = reg;
    ioapic->registers[IOAPIC_DATA / 4] = value;
}

static void write_low(struct ioapic *ioapic, u32 line, u32 value)
{
    ioapic->low[line] = value;
    ioapic_write(ioapic, IOAPIC_REG_ROUTE(line), value);
}

static struct ioapic *find(u32 gsi)
{
    for ( u32 i = 0; i < nr_ioapics; i++ )
        if ( gsi - ioapics[i].gsi_base < ioapics[i].lines )
            return &ioapics[i];
    return NULL;
}

static void add_ioapic(const struct acpi_ioapic *facts)
{
    struct ioapic *ioapic = &ioapics[nr_ioapics];

    ioapic->registers = map_device(to_maddr(facts->base), PAGE_SIZE);
    if ( !ioapic->registers )
        return;
    ioapic->gsi_base = facts->gsi_base;
    ioapic->lines = ((ioapic_read(ioapic, IOAPIC_REG_VERSION) >> 16) & 0xff) + 1;
    if ( ioapic->lines > IOAPIC_LINES_MAX || facts->gsi_base > 0xffff ) /* nothing answers there */
    {
        log_warning("IOAPIC at %lx does not answer", facts->base);
        return;
    }
    ioapic->low = heap_new_array(u32, ioapic->lines);
    if ( !ioapic->low )
        panic("no memory for the IOAPIC's lines");

    for ( u32 line = 0; line < ioapic->lines; line++ )
        write_low(ioapic, line, ROUTE_MASKED);
    nr_gsis = max(nr_gsis, ioapic->gsi_base + ioapic->lines);
    nr_ioapics++;
    access_iomem_make_read_only(facts->base >> PAGE_SHIFT, facts->base >> PAGE_SHIFT);
}

void ioapic_init(void)
{
    for ( u32 i = 0; i < irq_acpi.nr_ioapics; i++ )
        add_ioapic(&irq_acpi.ioapics[i]);
}

u32 ioapic_nr_gsis(void)
{
    return nr_gsis;
}

bool ioapic_has(u32 gsi)
{
    return find(gsi) != NULL;
}

u32 ioapic_isa_gsi(u8 irq)
{
    for ( u32 i = 0; i < irq_acpi.nr_overrides; i++ )
        if ( irq_acpi.overrides[i].isa_irq == irq )
            return irq_acpi.overrides[i].gsi;
    return irq;
}

void ioapic_default_mode(u32 gsi, bool *level, bool *active_low)
{
    *level = *active_low = gsi >= 16;
    for ( u32 i = 0; i < irq_acpi.nr_overrides; i++ )
        if ( irq_acpi.overrides[i].gsi == gsi )
        {
            *level = irq_acpi.overrides[i].level;
            *active_low = irq_acpi.overrides[i].active_low;
        }
}

void ioapic_route(u32 gsi, u8 vector, u32 apic_id, bool level, bool active_low)
{
    struct ioapic *ioapic = find(gsi);
    u32 line = gsi - ioapic->gsi_base;

    write_low(ioapic, line, ROUTE_MASKED);
    ioapic_write(ioapic, IOAPIC_REG_ROUTE(line) + 1, apic_id << 24);
    write_low(ioapic, line,
              ROUTE_MASKED | vector | (level ? ROUTE_LEVEL : 0) |
                  (active_low ? ROUTE_ACTIVE_LOW : 0));
}

void ioapic_mask(u32 gsi, bool masked)
{
    struct ioapic *ioapic = find(gsi);
    u32 line = gsi - ioapic->gsi_base;

    write_low(ioapic, line,
              masked ? ioapic->low[line] | ROUTE_MASKED : ioapic->low[line] & ~ROUTE_MASKED);
}
