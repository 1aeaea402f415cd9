/*
 * The parser of ACPI tables, fed with tables made here: good ones, and ones that lie about their lengths.
 *
 * Memory is a few blocks, each of exactly the bytes that a table claims to have: a read beyond is the sanitizer's
 * to report.
 *
 * LINK: hypervisor/irq/acpi_parse.c
 */
#include "tests/host/host.h"

#include "irq/acpi.h"

#define RSDP_AT     0xf0000
#define ROOT_AT     0x7fe0000
#define TABLE_AT(n) (0x7fe1000 + 0x1000 * (uint64_t)(n))

/* Physical memory: blocks by address. What isn't in one can't be mapped. */
static struct block {
    uint64_t at;
    size_t size;
    uint8_t *data;
} blocks[16];
static unsigned int nr_blocks;

const void *acpi_map(u64 maddr, size_t len)
{
    for ( unsigned int i = 0; i < nr_blocks; i++ )
        if ( maddr >= blocks[i].at && maddr + len <= blocks[i].at + blocks[i].size )
            return blocks[i].data + (maddr - blocks[i].at);
    return NULL;
}

static uint8_t *add_block(uint64_t at, size_t size)
{
    uint8_t *data = calloc(1, size);

    require(data && nr_blocks < 16);
    blocks[nr_blocks++] = (struct block){ at, size, data };
    return data;
}

static void free_memory(void)
{
    while ( nr_blocks )
        free(blocks[--nr_blocks].data);
}

static void put(uint8_t *to, uint64_t value, size_t bytes)
{
    memcpy(to, &value, bytes);
}

static void fix_checksum(uint8_t *data, size_t len, uint8_t *sum)
{
    uint8_t total = 0;

    *sum = 0;
    for ( size_t i = 0; i < len; i++ )
        total = (uint8_t)(total + data[i]);
    *sum = (uint8_t)-total;
}

static void finish_table(uint8_t *table, const char *signature, size_t len)
{
    memcpy(table, signature, 4);
    put(table + 4, len, 4);
    fix_checksum(table, len, table + 9);
}

static void add_rsdp(uint8_t revision)
{
    uint8_t *p = add_block(RSDP_AT, 36);

    memcpy(p, "RSD PTR ", 8);
    p[15] = revision;
    put(p + 16, revision >= 2 ? 0 : ROOT_AT, 4);
    put(p + 24, revision >= 2 ? ROOT_AT : 0, 8);
    fix_checksum(p, 20, p + 8);
    fix_checksum(p, 36, p + 32);
}

/* The root, leading to tables 0 .. @n - 1. */
static void add_root(uint8_t revision, unsigned int n)
{
    size_t entry = revision >= 2 ? 8 : 4, len = 36 + n * entry;
    uint8_t *p = add_block(ROOT_AT, len);

    for ( unsigned int i = 0; i < n; i++ )
        put(p + 36 + i * entry, TABLE_AT(i), entry);
    finish_table(p, revision >= 2 ? "XSDT" : "RSDT", len);
}

static void add_madt(unsigned int n)
{
    static const uint8_t entries[] = {
        0, 8,  0,    0, 1, 0, 0,    0,                               /* CPU: ACPI id 0, APIC id 0 */
        0, 8,  1,    2, 1, 0, 0,    0,                               /* CPU: ACPI id 1, APIC id 2 */
        0, 8,  2,    3, 0, 0, 0,    0,                               /* ... not enabled */
        9, 16, 0,    0, 0, 1, 0,    0,    1,    0, 0, 0, 9, 0, 0, 0, /* x2APIC id 256, ACPI id 9 */
        1, 12, 0,    0, 0, 0, 0xc0, 0xfe, 0,    0, 0, 0,             /* IOAPIC at fec00000 */
        2, 10, 0,    0, 2, 0, 0,    0,    0,    0,                   /* IRQ 0 is GSI 2 */
        2, 10, 0,    9, 9, 0, 0,    0,    0x0d, 0,                   /* IRQ 9: level, high */
        2, 10, 0,    5, 5, 0, 0,    0,    0x0f, 0,                   /* IRQ 5: level, low */
        4, 6,  0xff, 0, 0, 1,                                        /* NMI: ignored */
    };
    uint8_t *p = add_block(TABLE_AT(n), 44 + sizeof(entries));

    put(p + 36, 0xfee00000, 4);
    put(p + 40, 1, 4);
    memcpy(p + 44, entries, sizeof(entries));
    finish_table(p, "APIC", 44 + sizeof(entries));
}

static void add_hpet(unsigned int n)
{
    uint8_t *p = add_block(TABLE_AT(n), 56);

    put(p + 44, 0xfed00000, 8);
    finish_table(p, "HPET", 56);
}

static void add_mcfg(unsigned int n)
{
    uint8_t *p = add_block(TABLE_AT(n), 44 + 32);

    put(p + 44, 0x123000000, 8); /* segment 1 comes first and is passed over */
    put(p + 52, 1, 2);
    p[55] = 255;
    put(p + 60, 0xb0000000, 8);
    p[71] = 127;
    finish_table(p, "MCFG", 76);
}

static uint8_t *add_fadt(unsigned int n)
{
    uint8_t *p = add_block(TABLE_AT(n), 244);

    put(p + 46, 9, 2);
    put(p + 64, 0x604, 4);
    put(p + 76, 0x608, 4);
    p[108] = 0x32;
    put(p + 112, 1u << 8 | 1u << 10, 4);
    p[116] = 1;
    put(p + 120, 0xcf9, 8);
    p[128] = 0x0f;
    finish_table(p, "FACP", 244);
    return p;
}

static void build(uint8_t revision)
{
    free_memory();
    add_rsdp(revision);
    add_root(revision, 4);
    add_madt(0);
    add_hpet(1);
    add_mcfg(2);
    add_fadt(3);
}

static void expect_all(const struct irq_acpi_facts *facts)
{
    expect_eq(facts->nr_cpus, 3);
    expect_eq(facts->apic_ids[1], 2);
    expect_eq(facts->acpi_ids[1], 1);
    expect_eq(facts->apic_ids[2], 256);
    expect_eq(facts->acpi_ids[2], 9);
    expect_eq(facts->nr_ioapics, 1);
    expect_eq(facts->ioapics[0].base, 0xfec00000);
    expect_eq(facts->nr_overrides, 3);
    expect_eq(facts->overrides[0].gsi, 2);
    expect(!facts->overrides[0].level && !facts->overrides[0].active_low);
    expect(facts->overrides[1].level && !facts->overrides[1].active_low);
    expect(facts->overrides[2].level && facts->overrides[2].active_low);
    expect_eq(facts->lapic_base, 0xfee00000);
    expect(facts->has_pic);
    expect_eq(facts->hpet_base, 0xfed00000);
    expect_eq(facts->mcfg_base, 0xb0000000);
    expect_eq(facts->mcfg_last_bus, 127);
    expect_eq(facts->pm1a_control, 0x604);
    expect_eq(facts->pm1b_control, 0);
    expect_eq(facts->pm_timer_port, 0x608);
    expect(facts->pm_timer_32bit && facts->reset_supported);
    expect_eq(facts->reset_address, 0xcf9);
    expect_eq(facts->reset_value, 0x0f);
    expect_eq(facts->sci_irq, 9);
    expect_eq(facts->century_register, 0x32);
}

TEST(reads_good_tables)
{
    struct irq_acpi_facts facts;

    for ( uint8_t revision = 0; revision <= 2; revision += 2 )
    {
        build(revision);
        expect(acpi_parse(RSDP_AT, &facts));
        expect_all(&facts);
    }
    free_memory();
}

TEST(prefers_the_wide_fields)
{
    struct irq_acpi_facts facts;
    uint8_t *fadt;

    build(2);
    fadt = blocks[nr_blocks - 1].data;
    fadt[172] = 1;
    put(fadt + 176, 0x1804, 8);
    fadt[208] = 0; /* not a port: the old field holds */
    put(fadt + 212, 0xfed40000, 8);
    finish_table(fadt, "FACP", 244);
    expect(acpi_parse(RSDP_AT, &facts));
    expect_eq(facts.pm1a_control, 0x1804);
    expect_eq(facts.pm_timer_port, 0x608);
    free_memory();
}

/* The machine's tables with a DSDT of @len bytes of AML; parsed into *facts. */
static void parse_with_aml(const uint8_t *aml, size_t len, struct irq_acpi_facts *facts)
{
    uint8_t *fadt, *dsdt;

    build(2);
    fadt = blocks[nr_blocks - 1].data;
    put(fadt + 40, TABLE_AT(8), 4);
    finish_table(fadt, "FACP", 244);
    dsdt = add_block(TABLE_AT(8), 36 + len);
    memcpy(dsdt + 36, aml, len);
    finish_table(dsdt, "DSDT", 36 + len);
    expect(acpi_parse(RSDP_AT, facts));
    free_memory();
}

TEST(finds_how_to_switch_off)
{
    static const uint8_t bytes[] = { 0x10, 0x08, '_',  'S',  '5',  '_',  0x12, 0x08,
                                     0x04, 0x0a, 0x05, 0x0a, 0x07, 0x00, 0x00 };
    static const uint8_t constants[] = { 0x08, '_',  'S',  '5',  '_',  0x12,
                                         0x06, 0x04, 0x00, 0x01, 0x00, 0x00 };
    struct irq_acpi_facts facts;

    parse_with_aml(bytes, sizeof(bytes), &facts);
    expect(facts.s5_known);
    expect_eq(facts.s5_types[0], 5);
    expect_eq(facts.s5_types[1], 7);
    parse_with_aml(constants, sizeof(constants), &facts);
    expect(facts.s5_known);
    expect_eq(facts.s5_types[0], 0);
    expect_eq(facts.s5_types[1], 1);
}

/* Cut at each byte, and with code where the constants should be: never read beyond the table, never believed. */
TEST(takes_no_half_package)
{
    static const uint8_t aml[] = { '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0x0a, 0x05, 0x0a, 0x07 };
    static const uint8_t code[] = { '_',  'S',  '5',  '_',  0x12, 0x06,
                                    0x04, 0x5c, 0x05, 0x0a, 0x07, 0x00 };
    struct irq_acpi_facts facts;

    for ( size_t len = 0; len < sizeof(aml); len++ )
    {
        parse_with_aml(aml, len, &facts);
        expect(!facts.s5_known);
    }
    parse_with_aml(code, sizeof(code), &facts);
    expect(!facts.s5_known);
}

TEST(without_tables_a_plain_pc)
{
    struct irq_acpi_facts facts;

    free_memory();
    expect(!acpi_parse(0, &facts));
    expect(!acpi_parse(RSDP_AT, &facts));
    expect_eq(facts.lapic_base, 0xfee00000);
    expect(facts.has_pic);
    expect_eq(facts.nr_cpus, 0);
}

TEST(finds_the_root_pointer)
{
    static uint8_t area[0x400];
    uint8_t *rsdp;

    free_memory();
    add_rsdp(0);
    rsdp = blocks[0].data;
    expect_eq(acpi_scan(area, sizeof(area)), -1);
    memcpy(area + 0x38, rsdp, 20); /* misaligned: not one */
    expect_eq(acpi_scan(area, sizeof(area)), -1);
    memcpy(area + 0x3f0, rsdp, 16); /* cut off by the end */
    expect_eq(acpi_scan(area, sizeof(area)), -1);
    memcpy(area + 0x100, rsdp, 20);
    area[0x110] ^= 1; /* a wrong sum */
    expect_eq(acpi_scan(area, sizeof(area)), -1);
    area[0x110] ^= 1;
    expect_eq(acpi_scan(area, sizeof(area)), 0x100);
    free_memory();
}

/* A broken table is as good as absent; the others count. */
TEST(ignores_a_table_with_a_wrong_sum)
{
    struct irq_acpi_facts facts;

    build(2);
    blocks[2].data[40] ^= 4; /* the MADT */
    expect(acpi_parse(RSDP_AT, &facts));
    expect_eq(facts.nr_cpus, 0);
    expect_eq(facts.hpet_base, 0xfed00000);
    free_memory();
}

/* Entries of length 0 (an endless loop, once), 1, and one that reaches beyond the table. */
TEST(survives_bad_entry_lengths)
{
    static const uint8_t lengths[] = { 0, 1, 2, 7, 200, 255 };
    struct irq_acpi_facts facts;

    for ( size_t i = 0; i < sizeof(lengths); i++ )
    {
        build(2);
        blocks[2].data[44 + 8 + 1] = lengths[i];
        fix_checksum(blocks[2].data, blocks[2].size, blocks[2].data + 9);
        expect(acpi_parse(RSDP_AT, &facts));
        expect(facts.nr_cpus >= 1);
    }
    free_memory();
}

/* More CPUs, IOAPICs and overrides than there is room for. */
TEST(keeps_within_its_arrays)
{
    enum { N = 300, LEN = 44 + N * 30 };
    struct irq_acpi_facts facts;
    uint8_t *p;

    free_memory();
    add_rsdp(2);
    add_root(2, 1);
    p = add_block(TABLE_AT(0), LEN);
    for ( unsigned int i = 0; i < N; i++ )
    {
        static const uint8_t group[30] = { 0,    8, 0, 0, 1, 0, 0,  0, 1, 12, 0, 0, 0, 0, 0xc0,
                                           0xfe, 0, 0, 0, 0, 2, 10, 0, 3, 3,  0, 0, 0, 0, 0 };

        memcpy(p + 44 + i * 30, group, 30);
    }
    finish_table(p, "APIC", LEN);
    expect(acpi_parse(RSDP_AT, &facts));
    expect_eq(facts.nr_cpus, NR_CPUS);
    expect_eq(facts.nr_ioapics, ACPI_MAX_IOAPICS);
    expect_eq(facts.nr_overrides, ACPI_MAX_OVERRIDES);
    free_memory();
}

/*
 * A flipped byte anywhere, checksums set right again where a table's is hit: no crash, no endless loop, no stray
 * read.
 */
TEST(survives_random_damage)
{
    struct irq_acpi_facts facts;

    for ( int step = 0; step < 20000; step++ )
    {
        build(step & 1 ? 2 : 0);
        for ( int flips = 0; flips < 3; flips++ )
        {
            struct block *block = &blocks[host_test_random() % nr_blocks];

            block->data[host_test_random() % block->size] = (uint8_t)host_test_random();
            if ( block != &blocks[0] )
                fix_checksum(block->data, block->size, block->data + 9);
        }
        acpi_parse(RSDP_AT, &facts);
        expect(facts.nr_cpus <= NR_CPUS && facts.mcfg_first_bus <= facts.mcfg_last_bus);
        expect(facts.pm_timer_port < 0x10000);
    }
    free_memory();
}

HOST_TEST_MAIN
