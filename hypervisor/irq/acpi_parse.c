/*
 * Parser of ACPI's static tables. Pure: it reaches memory through acpi_map() alone, so that host tests feed it
 * crafted tables under the sanitizers.
 *
 * Layouts are those of the ACPI specification 6.4, chapter 5; offsets are written as numbers because each is used
 * once.
 */
#include "irq/acpi.h"

#include "lib/bits.h"
#include "lib/endian.h"
#include "lib/string.h"

#define HEADER_LENGTH 36
#define TABLE_MAX     (1u << 20) /* nobody's MADT is larger; guards the mapping against a wild length */
#define RSDP_LENGTH   20

struct table {
    const u8 *data;
    u32 length;
};

static bool checksum_ok(const u8 *data, size_t len)
{
    u8 sum = 0;

    for ( size_t i = 0; i < len; i++ )
        sum = (u8)(sum + data[i]);
    return sum == 0;
}

static bool rsdp_ok(const u8 *p)
{
    return memcmp(p, "RSD PTR ", 8) == 0 && checksum_ok(p, RSDP_LENGTH);
}

long acpi_scan(const void *at, size_t len)
{
    for ( size_t offset = 0; offset + RSDP_LENGTH <= len; offset += 16 )
        if ( rsdp_ok((const u8 *)at + offset) )
            return (long)offset;
    return -1;
}

/* Map the header at @maddr, then all of the table: only the header tells its length. */
static bool table_map(u64 maddr, const char *signature, struct table *table)
{
    const u8 *header = maddr ? acpi_map(maddr, HEADER_LENGTH) : NULL;

    if ( !header || memcmp(header, signature, 4) )
        return false;

    table->length = get_le32(header + 4);
    if ( table->length < HEADER_LENGTH || table->length > TABLE_MAX )
        return false;
    table->data = acpi_map(maddr, table->length);
    return table->data && checksum_ok(table->data, table->length);
}

static bool table_has(const struct table *table, u32 offset, u32 len)
{
    return offset + len <= table->length;
}

static void add_cpu(struct irq_acpi_facts *facts, u32 apic_id, u32 acpi_id, u32 flags)
{
    if ( !(flags & 1) || facts->nr_cpus == NR_CPUS ) /* not enabled, or more than we can use */
        return;
    facts->apic_ids[facts->nr_cpus] = apic_id;
    facts->acpi_ids[facts->nr_cpus] = acpi_id;
    facts->nr_cpus++;
}

static void add_ioapic(struct irq_acpi_facts *facts, const u8 *entry)
{
    struct acpi_ioapic *ioapic;

    if ( facts->nr_ioapics == ACPI_MAX_IOAPICS )
        return;
    ioapic = &facts->ioapics[facts->nr_ioapics++];
    ioapic->id = entry[2];
    ioapic->base = get_le32(entry + 4);
    ioapic->gsi_base = get_le32(entry + 8);
}

static void add_override(struct irq_acpi_facts *facts, const u8 *entry)
{
    u16 flags = get_le16(entry + 8);
    struct acpi_override *override;

    if ( entry[3] > 15 || facts->nr_overrides == ACPI_MAX_OVERRIDES )
        return;
    override = &facts->overrides[facts->nr_overrides++];
    override->isa_irq = entry[3];
    override->gsi = get_le32(entry + 4);
    override->active_low = (flags & 3) == 3;
    override->level = ((flags >> 2) & 3) == 3;
}

#define MADT_ENTRIES 44

static void parse_madt_entry(const u8 *entry, u32 len, struct irq_acpi_facts *facts)
{
    if ( entry[0] == 0 && len >= 8 ) /* local APIC */
        add_cpu(facts, entry[3], entry[2], get_le32(entry + 4));
    else if ( entry[0] == 1 && len >= 12 )
        add_ioapic(facts, entry);
    else if ( entry[0] == 2 && len >= 10 )
        add_override(facts, entry);
    else if ( entry[0] == 5 && len >= 12 ) /* 64-bit address of the local APICs */
        facts->lapic_base = get_le64(entry + 4);
    else if ( entry[0] == 9 && len >= 16 ) /* local x2APIC */
        add_cpu(facts, get_le32(entry + 4), get_le32(entry + 12), get_le32(entry + 8));
}

static void parse_madt(const struct table *table, struct irq_acpi_facts *facts)
{
    u32 at = MADT_ENTRIES, len;

    if ( !table_has(table, 0, MADT_ENTRIES) )
        return;
    facts->lapic_base = get_le32(table->data + 36);
    facts->has_pic = get_le32(table->data + 40) & 1;

    for ( ; table_has(table, at, 2); at += len )
    {
        len = table->data[at + 1];
        if ( len < 2 || !table_has(table, at, len) )
            break;
        parse_madt_entry(table->data + at, len, facts);
    }
}

static void parse_hpet(const struct table *table, struct irq_acpi_facts *facts)
{
    if ( table_has(table, 40, 12) && table->data[40] == ACPI_SPACE_MEMORY )
        facts->hpet_base = get_le64(table->data + 44);
}

/* Segment 0 is the one that ports cf8 and cfc reach too; further ones are left to dom0. */
static void parse_mcfg(const struct table *table, struct irq_acpi_facts *facts)
{
    for ( u32 at = 44; table_has(table, at, 16); at += 16 )
    {
        const u8 *entry = table->data + at;

        if ( get_le16(entry + 8) != 0 || entry[10] > entry[11] )
            continue;
        facts->mcfg_base = get_le64(entry);
        facts->mcfg_segment = 0;
        facts->mcfg_first_bus = entry[10];
        facts->mcfg_last_bus = entry[11];
        return;
    }
}

/* A port register: the 64-bit field at @extended if the table has it and it is a port, else the old one at @old. */
static u32 fadt_port(const struct table *table, u32 old, u32 extended)
{
    if ( table_has(table, extended, 12) && table->data[extended] == ACPI_SPACE_IO )
    {
        u64 port = get_le64(table->data + extended + 4);

        if ( port && port < 0x10000 )
            return (u32)port;
    }
    if ( table_has(table, old, 4) && get_le32(table->data + old) < 0x10000 )
        return get_le32(table->data + old);
    return 0;
}

#define FADT_PM_TIMER_32BIT  (1u << 8)
#define FADT_RESET_SUPPORTED (1u << 10)

/* AML, as far as a package of small integers needs it. */
#define AML_PACKAGE 0x12
#define AML_BYTE    0x0a
#define AML_ONE     0x01

/*
 * The package named _S5_ in the DSDT: its first two integers are the sleep types that switch the machine off. AML
 * is code, but firmware states this object as a constant; where it doesn't, we halt instead of powering off.
 */
static bool parse_s5(const u8 *at, const u8 *end, u8 *types)
{
    if ( end - at < 4 || at[0] != AML_PACKAGE )
        return false;
    at += 2 + (at[1] >> 6); /* opcode and package length */
    at++;                   /* number of elements */
    for ( unsigned int i = 0; i < 2; i++ )
    {
        if ( at < end && *at == AML_BYTE )
            at++;
        else if ( at < end && AML_ONE < *at )
            return false;
        if ( at >= end )
            return false;
        types[i] = *at++ & 7;
    }
    return true;
}

static void find_s5(u64 dsdt, struct irq_acpi_facts *facts)
{
    struct table table;

    if ( !table_map(dsdt, "DSDT", &table) )
        return;
    for ( const u8 *at = table.data + HEADER_LENGTH, *end = table.data + table.length; at + 4 < end;
          at++ )
        if ( !memcmp(at, "_S5_", 4) && parse_s5(at + 4, end, facts->s5_types) )
        {
            facts->s5_known = true;
            return;
        }
}

static void parse_fadt(const struct table *table, struct irq_acpi_facts *facts)
{
    u32 flags;

    if ( !table_has(table, 0, 116) )
        return;
    flags = get_le32(table->data + 112);
    facts->sci_irq = get_le16(table->data + 46);
    facts->century_register = table->data[108] < 128 ? table->data[108] : 0;
    facts->pm1a_control = (u16)fadt_port(table, 64, 172);
    facts->pm1b_control = (u16)fadt_port(table, 68, 184);
    facts->pm_timer_port = fadt_port(table, 76, 208);
    facts->pm_timer_32bit = flags & FADT_PM_TIMER_32BIT;
    find_s5(get_le32(table->data + 40), facts);

    if ( !(flags & FADT_RESET_SUPPORTED) || !table_has(table, 116, 13) )
        return;
    facts->reset_space = table->data[116];
    facts->reset_address = get_le64(table->data + 120);
    facts->reset_value = table->data[128];
    facts->reset_supported = facts->reset_address != 0;
}

static const struct {
    char signature[5];
    void (*parse)(const struct table *table, struct irq_acpi_facts *facts);
} parsers[] = {
    { "APIC", parse_madt },
    { "HPET", parse_hpet },
    { "MCFG", parse_mcfg },
    { "FACP", parse_fadt },
};

/* The first table of each kind counts. */
static void parse_table(u64 maddr, u32 *seen, struct irq_acpi_facts *facts)
{
    for ( u32 i = 0; i < ARRAY_SIZE(parsers); i++ )
    {
        struct table table;

        if ( (*seen & (1u << i)) || !table_map(maddr, parsers[i].signature, &table) )
            continue;
        *seen |= 1u << i;
        parsers[i].parse(&table, facts);
        return;
    }
}

static void parse_root(const struct table *root, u32 entry_size, struct irq_acpi_facts *facts)
{
    u32 seen = 0;

    for ( u32 at = HEADER_LENGTH; table_has(root, at, entry_size); at += entry_size )
        parse_table(entry_size == 8 ? get_le64(root->data + at) : get_le32(root->data + at), &seen,
                    facts);
}

/* What every PC has, whatever its tables say or don't. */
static void set_defaults(struct irq_acpi_facts *facts)
{
    memset(facts, 0, sizeof(*facts));
    facts->lapic_base = 0xfee00000;
    facts->has_pic = true;
}

bool acpi_parse(u64 rsdp, struct irq_acpi_facts *facts)
{
    const u8 *pointer = rsdp ? acpi_map(rsdp, RSDP_LENGTH) : NULL;
    u64 rsdt, xsdt = 0;
    struct table root;

    set_defaults(facts);
    if ( !pointer || !rsdp_ok(pointer) )
        return false;

    rsdt = get_le32(pointer + 16);
    if ( pointer[15] >= 2 && (pointer = acpi_map(rsdp, 36)) != NULL && checksum_ok(pointer, 36) )
        xsdt = get_le64(pointer + 24);

    if ( table_map(xsdt, "XSDT", &root) )
        parse_root(&root, 8, facts);
    else if ( table_map(rsdt, "RSDT", &root) )
        parse_root(&root, 4, facts);
    else
        return false;
    return true;
}
