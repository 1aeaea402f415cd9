/*
 * Descriptor tables.
 *
 * The GDT that is loaded is a guest's, but its page 14 is always ours: one physical page a CPU,
 * which holds the descriptors of its TSS and LDT besides those that are the same everywhere. There
 * is one for each width of guests.
 */
#include "cpu/gdt.h"
#include "cpu/init.h"
#include "cpu/internal.h"
#include "cpu/percpu.h"
#include "cpu/segments.h"
#include "cpu/stub.h"
#include "lib/bits.h"

/* Flat descriptors, marked accessed, so that loading them never writes to the page. */
#define FLAT_CODE64(dpl) (0x00af9b000000ffffUL | (u64)(dpl) << 45)
#define FLAT_CODE32(dpl) (0x00cf9b000000ffffUL | (u64)(dpl) << 45)
#define FLAT_DATA(dpl)   (0x00cf93000000ffffUL | (u64)(dpl) << 45)

#define DESC_TSS       0x89
#define DESC_LDT       0x82
#define GATE_INTERRUPT 0x8e

struct table_register {
    u16 limit;
    u64 base;
} __attribute__((packed));

struct gate idt[IDT_GATES] __attribute__((section(".ro_after_init"), aligned(4096)));

static void __init gate_set(unsigned int vector, unsigned int ist, unsigned int dpl)
{
    u64 to = (u64)trap_stub_table[vector];

    idt[vector] = (struct gate){
        .offset_low = (u16)to,
        .selector = SEL_HV_CODE,
        .ist = (u8)ist,
        .type = (u8)(GATE_INTERRUPT | dpl << 5),
        .offset_middle = (u16)(to >> 16),
        .offset_high = (u32)(to >> 32),
    };
}

void __init idt_fill(void)
{
    for ( unsigned int i = 0; i < ARRAY_SIZE(idt); i++ )
        gate_set(i, 0, 0);
#define VECTOR(number, name, pushes_error, ist, dpl, text) gate_set(number, ist, dpl);
#include "cpu/vectors.def"
#undef VECTOR
}

static void idt_load(void)
{
    struct table_register idtr = { sizeof(idt) - 1, (u64)idt };

    __asm__ volatile("lidt %0" ::"m"(idtr));
}

static u64 *descriptor(u64 *gdt, unsigned int selector)
{
    return &gdt[((selector & ~7u) - GDT_RESERVED_BASE) / 8];
}

/* A descriptor of 16 bytes. */
static void set_system(u64 *entry, u64 base, u32 limit, u8 type)
{
    entry[0] = (limit & 0xffff) | (base & 0xffffff) << 16 | (u64)type << 40 |
               (u64)(limit >> 16 & 0xf) << 48 | (base >> 24 & 0xff) << 56;
    entry[1] = base >> 32;
}

static void fill_common(u64 *gdt, const struct percpu *cpu)
{
    *descriptor(gdt, SEL_HV_CODE) = FLAT_CODE64(0);
    *descriptor(gdt, SEL_HV_DATA) = FLAT_DATA(0);
    set_system(descriptor(gdt, SEL_TSS), (u64)&cpu->tss, sizeof(cpu->tss) - 1, DESC_TSS);
}

static void fill_64(u64 *gdt)
{
    *descriptor(gdt, SEL_USER_CS32) = FLAT_CODE32(3);
    *descriptor(gdt, SEL_USER_DS) = FLAT_DATA(3);
    *descriptor(gdt, SEL_USER_CS64) = FLAT_CODE64(3);
}

/* No 64-bit code: ring 1 is held back by nothing but that it can't reach beyond 4 GiB. */
static void fill_32(u64 *gdt)
{
    *descriptor(gdt, SEL_RING1_CS) = FLAT_CODE32(1);
    *descriptor(gdt, SEL_RING1_DS) = FLAT_DATA(1);
    *descriptor(gdt, SEL_RING3_CS) = FLAT_CODE32(3);
    *descriptor(gdt, SEL_RING3_DS) = FLAT_DATA(3);
}

static u64 *reserved_page(u64 *gdt, unsigned int which)
{
    return gdt + which * PAGE_SIZE / sizeof(*gdt);
}

static void gdt_fill(u64 *gdt, const struct percpu *cpu)
{
    fill_common(reserved_page(gdt, GDT_64), cpu);
    fill_64(reserved_page(gdt, GDT_64));
    fill_common(reserved_page(gdt, GDT_32), cpu);
    fill_32(reserved_page(gdt, GDT_32));
}

static void tss_fill(struct percpu *cpu)
{
    u64 area = (u64)cpu - STACK_PERCPU_PAGE * PAGE_SIZE;

    cpu->tss.rsp0 = (u64)cpu;
    cpu->tss.ist[IST_DF - 1] = area + (STACK_DF_PAGE + 1) * PAGE_SIZE;
    cpu->tss.ist[IST_NMI - 1] = area + (STACK_NMI_PAGE + 1) * PAGE_SIZE;
    cpu->tss.ist[IST_MC - 1] = area + (STACK_MC_PAGE + 1) * PAGE_SIZE;
    cpu->tss.ist[IST_DB - 1] = area + (STACK_DB_PAGE + 1) * PAGE_SIZE;
    cpu->tss.iomap = sizeof(cpu->tss); /* none: guests' I/O is emulated or refused */
}

void gdt_load(u64 base)
{
    struct table_register gdtr = { GDT_LIMIT, base };
    struct percpu *cpu = this_cpu();

    if ( cpu->gdt_base == base )
        return;
    cpu->gdt_base = base;
    __asm__ volatile("lgdt %0" ::"m"(gdtr));
}

void gdt_load_idle(void)
{
    gdt_load(this_cpu()->gdt_idle_base);
}

void gdt_load_ldt(u64 base, u32 entries)
{
    u64 *gdt = (u64 *)(this_cpu()->gdt_base + GDT_RESERVED_BASE);
    u32 selector = 0;

    if ( entries )
    {
        set_system(descriptor(gdt, SEL_LDT), base, entries * 8 - 1, DESC_LDT);
        selector = SEL_LDT;
    }
    __asm__ volatile("lldt %w0" ::"r"(selector) : "memory");
}

/*
 * The code selector is loaded by a far return; data selectors mean nothing to us but must be valid
 * or null.
 */
static void selectors_load(void)
{
    __asm__ volatile("push %0\n"
                     "lea 1f(%%rip), %%rax\n"
                     "push %%rax\n"
                     "lretq\n"
                     "1: mov %1, %%ss\n"
                     "mov %2, %%ds\n"
                     "mov %2, %%es\n"
                     "mov %2, %%fs\n"
                     "mov %2, %%gs\n"
                     "ltr %w3" ::"i"(SEL_HV_CODE),
                     "r"(SEL_HV_DATA), "r"(0), "r"(SEL_TSS)
                     : "rax", "memory");
}

/*
 * The page is found below GDTR's base + 14 pages; what lies in the pages before it no selector of
 * ours names.
 */
void tables_load(u64 *gdt, mfn_t gdt_mfn)
{
    struct percpu *cpu = this_cpu();

    tss_fill(cpu);
    gdt_fill(gdt, cpu);
    cpu->gdt_mfn = gdt_mfn;
    cpu->gdt_idle_base = (u64)gdt - GDT_RESERVED_BASE;
    gdt_load_idle();
    selectors_load();
    gdt_load_ldt(0, 0);
    idt_load();
}
