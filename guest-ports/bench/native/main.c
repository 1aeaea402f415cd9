/*
 * The bench without a hypervisor: what the rows cost where the operation is an instruction or a few. Same rows, same
 * loop, same output as ../main.c; a row that the bare machine doesn't have is missing.
 */
#include "../difference.h"
#include "../instructions.h"

#include <stdint.h>

#define COM1      0x3f8
#define EXIT_PORT 0xf4
#define PAGE_SIZE 4096
#define ROUNDS    5
#define COUNT     40

typedef uint64_t pte_t;

struct row {
    const char *name;
    void (*prepare)(void);
    void (*run)(long count);
    unsigned int per; /* operations that each time does; 0 counts as 1 */
};

extern pte_t native_l2[512];
extern uint64_t native_gdt[9];
extern char native_step_fault[], native_return[], native_demand_fault[], native_interrupt[],
    native_syscall[];
void native_user(void (*function)(long count), long count);
void native_fault_loop(long count);
void native_main(void);

pte_t *native_entry, native_demand_pte;
volatile uint64_t native_interrupts;

/* --- The machine --- */

static void outb(uint16_t port, uint8_t value)
{
    asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static void print(const char *text)
{
    for ( ; *text; text++ )
        outb(COM1, (uint8_t)*text);
}

static void print_number(uint64_t n)
{
    char digits[24], *at = digits + sizeof(digits);

    *--at = '\0';
    do
        *--at = (char)('0' + n % 10);
    while ( n /= 10 );
    print(at);
}

static uint64_t rdtsc(void)
{
    uint32_t low, high;

    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static void write_msr(uint32_t msr, uint64_t value)
{
    asm volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

static struct gate {
    uint16_t low, selector;
    uint8_t stack, type;
    uint16_t middle;
    uint32_t high, reserved;
} idt[256];

static void gate(unsigned int vector, unsigned int dpl, const char *handler)
{
    uint64_t at = (uintptr_t)handler;

    idt[vector] = (struct gate){ .low = (uint16_t)at,
                                 .selector = 8,
                                 .type = (uint8_t)(0x8e | dpl << 5),
                                 .middle = (uint16_t)(at >> 16) };
}

static struct {
    uint32_t reserved;
    uint64_t rsp0;
    uint32_t more[23];
} __attribute__((packed)) tss;

static void load_tables(void)
{
    static char fault_stack[4096] __attribute__((aligned(16)));
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) idt_register = { sizeof(idt) - 1, (uintptr_t)idt };
    uint64_t at = (uintptr_t)&tss;

    tss.rsp0 = (uintptr_t)fault_stack + sizeof(fault_stack);
    native_gdt[6] =
        (at & 0xffffff) << 16 | (at >> 24 & 0xff) << 56 | 0x89ULL << 40 | (sizeof(tss) - 1);
    asm volatile("ltr %w0" : : "r"(48));
    asm volatile("lidt %0" : : "m"(idt_register));
    write_msr(0xc0000081, 8ULL << 32 | 27ULL << 48); /* STAR: SYSRET adds 16 and 8 */
    write_msr(0xc0000082, (uintptr_t)native_syscall);
    write_msr(0xc0000084, 0x200);
}

static volatile uint32_t *apic(unsigned int reg)
{
    return (volatile uint32_t *)((uintptr_t)NATIVE_APIC + reg);
}

#define APIC_SPURIOUS  0xf0
#define APIC_ICR       0x300
#define APIC_TIMER     0x320
#define APIC_COUNT     0x380
#define APIC_DIVIDE    0x3e0
#define SELF_FIXED     0x40000
#define EVENT_VECTOR   0x40
#define SPURIOUS_ENTRY 0xff

/*
 * The page of 2 MiB at NATIVE_HOLE is split, for rows that play with an entry; at NATIVE_APIC lies the local APIC.
 */
static void map(void)
{
    static pte_t l1[512] __attribute__((aligned(PAGE_SIZE)));
    static char page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

    native_demand_pte = (uintptr_t)page | 7;
    native_entry = &l1[1];
    *native_entry = native_demand_pte;
    native_l2[NATIVE_HOLE >> 21] = (uintptr_t)l1 | 7;
    native_l2[NATIVE_APIC >> 21] = 0xfee00000UL | 0x93;
}

#define VA ((volatile char *)(NATIVE_HOLE + PAGE_SIZE))

static void start_apic(void)
{
    outb(0x21, 0xff);
    outb(0xa1, 0xff);
    *apic(APIC_SPURIOUS) = 0x100 | SPURIOUS_ENTRY;
    *apic(APIC_DIVIDE) = 0xb; /* by 1 */
    *apic(APIC_TIMER) = EVENT_VECTOR;
    gate(EVENT_VECTOR, 0, native_interrupt);
    gate(SPURIOUS_ENTRY, 0, native_return);
}

/* --- Rows --- */

static void invlpg(void)
{
    asm volatile("invlpg %0" : : "m"(*VA) : "memory");
}

static uint64_t read_cr3(void)
{
    uint64_t value;

    asm volatile("mov %%cr3, %0" : "=r"(value));
    return value;
}

static void write_cr3(uint64_t value)
{
    asm volatile("mov %0, %%cr3" : : "r"(value) : "memory");
}

static void loop(long count)
{
    REPEAT(count, );
}

static void store_entry(long count)
{
    volatile pte_t *entry = native_entry;

    REPEAT(count, *entry = 0; *entry = native_demand_pte);
}

static void store_invlpg(long count)
{
    volatile pte_t *entry = native_entry;

    REPEAT(count, *entry = 0; invlpg(); *entry = native_demand_pte; invlpg());
}

static void flush(long count)
{
    REPEAT(count, write_cr3(read_cr3()));
}

static void invlpg_row(long count)
{
    REPEAT(count, invlpg());
}

static uint64_t page_a[512], page_b[512];

static void clear(long count)
{
    REPEAT(count, {
        void *to = page_a;
        long words = 512;

        asm volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(0) : "memory");
    });
}

static void copy(long count)
{
    REPEAT(count, {
        void *to = page_a, *from = page_b;
        long words = 512;

        asm volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
    });
}

static void new_root(long count)
{
    uint64_t root = read_cr3();

    REPEAT(count, write_cr3(root));
}

/* TS, the stack, the root. */
static void context_switch(long count)
{
    uint64_t root = read_cr3(), cr0;

    asm volatile("mov %%cr0, %0" : "=r"(cr0));
    REPEAT(count, asm volatile("mov %0, %%cr0" : : "r"(cr0 | 8)); tss.rsp0 += 0; write_cr3(root));
    asm volatile("clts");
}

static void set_stack(long count)
{
    volatile uint32_t *low = (volatile uint32_t *)((char *)&tss + 4);
    uint32_t value = *low;

    REPEAT(count, *low = value);
}

static void fs_base(long count)
{
    REPEAT(count, write_msr(0xc0000100, 0));
}

static void clear_ts(long count)
{
    REPEAT(count, asm volatile("clts"));
}

static void descriptor(long count)
{
    volatile uint64_t *entry = &native_gdt[8];

    REPEAT(count, *entry = 0x00cff2000000ffff);
}

static void prepare_fault(void)
{
    gate(14, 0, native_step_fault);
}

static void prepare_demand(void)
{
    gate(14, 0, native_demand_fault);
}

static void demand_fault(long count)
{
    volatile pte_t *entry = native_entry;

    REPEAT(count, *entry = 0; invlpg(); *VA);
}

static void prepare_int80(void)
{
    gate(0x80, 3, native_return);
}

static void int80(long count)
{
    REPEAT(count, asm volatile("int $0x80" : : : "memory"));
}

static void syscalls(long count)
{
    REPEAT(count, {
        long rc = 1, arg = 0;

        asm volatile("syscall" : "+a"(rc), "+D"(arg) : : "rcx", "r11", "memory");
    });
}

static void user_syscall(long count)
{
    native_user(syscalls, count);
}

static void user_int80(long count)
{
    native_user(int80, count);
}

static void user_fault(long count)
{
    native_user(native_fault_loop, count);
}

static void cpuid(long count)
{
    REPEAT(count, {
        uint32_t a = 0, b, c = 0, d;

        asm volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    });
}

/* An interrupt that we send to ourselves is here before the next instruction but one. */
static void self_ipi(long count)
{
    REPEAT(count, *apic(APIC_ICR) = SELF_FIXED | EVENT_VECTOR);
}

static void timer_pair(long count)
{
    REPEAT(count, *apic(APIC_COUNT) = 0x7fffffff; *apic(APIC_COUNT) = 0);
}

static const struct row rows[] = {
    { "loop", .run = loop },
    { "mmu_update_one", .run = store_entry, .per = 2 },
    { "va_mapping_noflush", .run = store_entry, .per = 2 },
    { "va_mapping_invlpg", .run = store_invlpg, .per = 2 },
    { "emulated_write", .run = store_entry, .per = 2 },
    { "tlb_flush_local", .run = flush },
    { "invlpg_local", .run = invlpg_row },
    { "clear_page", .run = clear },
    { "copy_page", .run = copy },
    { "new_baseptr", .run = new_root },
    { "context_switch_multicall", .run = context_switch },
    { "stack_switch", .run = set_stack },
    { "set_fs_base", .run = fs_base },
    { "fpu_taskswitch", .run = clear_ts },
    { "update_descriptor", .run = descriptor },
    { "kernel_page_fault", .prepare = prepare_fault, .run = native_fault_loop },
    { "demand_fault", .prepare = prepare_demand, .run = demand_fault },
    { "user_syscall", .run = user_syscall },
    { "user_int80", .prepare = prepare_int80, .run = user_int80 },
    { "user_page_fault", .prepare = prepare_fault, .run = user_fault },
    { "kernel_int80", .prepare = prepare_int80, .run = int80 },
    { "forced_cpuid", .run = cpuid },
    { "read_cr0", .run = read_cr0 },
    { "write_cr4", .run = write_cr4 },
    { "rdmsr", .run = rdmsr },
    { "wrmsr", .run = wrmsr },
    { "in", .run = port_in },
    { "out", .run = port_out },
    { "wbinvd", .run = wbinvd },
    { "event_to_self", .run = self_ipi },
    { "set_timer_pair", .run = timer_pair },
};

static uint64_t time_of(const struct row *row, long count)
{
    uint64_t start = rdtsc();

    row->run(count);
    return rdtsc() - start;
}

/* As in ../main.c. */
static uint64_t cost(const struct row *row)
{
    time_of(row, 2);
    return DIFFERENCE_OF_LEAST(ROUNDS, time_of(row, COUNT), time_of(row, 3 * COUNT)) * 100 /
           (2 * COUNT) / (row->per ?: 1);
}

static void print_hundredths(uint64_t value)
{
    print(" ");
    print_number(value / 100);
    print(value % 100 < 10 ? ".0" : ".");
    print_number(value % 100);
}

static void report(const char *name, uint64_t value)
{
    print("RL-BENCH ");
    print(name);
    for ( unsigned int i = 0; i < 3; i++ ) /* value, median, worst: nothing else runs here */
        print_hundredths(value);
    print("\n");
}

/* How late the APIC's timer is, spinning or halted: the least of some tries. */
static uint64_t latency(int halt)
{
    uint64_t best = ~0UL;

    for ( unsigned int i = 0; i < 20; i++ )
    {
        uint64_t before = native_interrupts, deadline, late;

        asm volatile("cli");
        deadline = rdtsc() + 1000000;
        *apic(APIC_COUNT) = 1000000;
        while ( native_interrupts == before )
        {
            if ( halt )
                asm volatile("sti; hlt; cli");
            else
                asm volatile("sti");
        }
        late = rdtsc() - deadline;
        best = late < best ? late : best;
    }
    asm volatile("sti");
    return best * 100;
}

void native_main(void)
{
    load_tables();
    map();
    start_apic();
    asm volatile("sti");
    for ( unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++ )
    {
        if ( rows[i].prepare )
            rows[i].prepare();
        report(rows[i].name, cost(&rows[i]));
    }
    report("timer_latency_spinning", latency(0));
    report("timer_latency_blocked", latency(1));
    print("RL-BENCH-END\n");
    outb(EXIT_PORT, 0);
    for ( ;; )
        asm volatile("cli; hlt");
}
