/*
 * Exceptions, system calls, emulated instructions.
 */
#include "bench.h"

extern char bench_step_fault[], bench_return[], bench_syscall[], bench_demand_fault[];
void bench_fault_loop(long count);

ulong bench_demand_va;
pte_t bench_demand_pte;

static void gate(uint8_t vector, uint8_t flags, const void *handler)
{
    struct trap_info table[2] = { { vector, flags, KIT_CS, (ulong)handler } };

    check(hypercall(set_trap_table, table));
}

static void prepare_fault(void)
{
    gate(TRAP_PF, 0, bench_step_fault);
}

static void kernel_fault(long count)
{
    bench_fault_loop(count);
}

static void prepare_demand(void)
{
    bench_demand_va = bench_va;
    bench_demand_pte = pte_make(virt_to_mfn(bench_page), PTE_USER_RW);
    gate(TRAP_PF, 0, bench_demand_fault);
}

/* Touch, fault, map, retry; then unmap. */
static void demand_fault(long count)
{
    hypercall(update_va_mapping, bench_va, 0, UVMF_INVLPG);
    REPEAT(count, *(volatile char *)bench_va;
           hypercall(update_va_mapping, bench_va, 0, UVMF_INVLPG));
    hypercall(update_va_mapping, bench_va, bench_demand_pte, UVMF_NONE);
}

static long user_syscalls(long count)
{
    REPEAT(count, user_call(1, 0));
    return 0;
}

static long user_int80s(long count)
{
    REPEAT(count, asm volatile("int $0x80" : : : "rcx", "r11", "memory"));
    return 0;
}

static long user_faults(long count)
{
    bench_fault_loop(count);
    return 0;
}

static void prepare_syscall(void)
{
    check(hypercall(set_callbacks, kit_entry_event, kit_entry_failsafe, bench_syscall));
}

static void prepare_int80(void)
{
    gate(0x80, 3, bench_return);
}

static void user_syscall_row(long count)
{
    user_run(user_syscalls, count);
}

static void user_int80(long count)
{
    user_run(user_int80s, count);
}

static void user_fault_row(long count)
{
    user_run(user_faults, count);
}

static void kernel_int80(long count)
{
    REPEAT(count, asm volatile("int $0x80" : : : "rcx", "r11", "memory"));
}

static void cpuid(long count)
{
    REPEAT(count, {
        uint32_t a = 0, b, c = 0, d;

        asm volatile(XEN_CPUID : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    });
}

static void read_cr(long count)
{
    REPEAT(count, {
        ulong value;

        asm volatile("mov %%cr0, %0" : "=r"(value));
    });
}

static void write_cr4(long count)
{
    ulong value;

    asm volatile("mov %%cr4, %0" : "=r"(value));
    REPEAT(count, asm volatile("mov %0, %%cr4" : : "r"(value) : "memory"));
}

static void rdmsr(long count)
{
    REPEAT(count, {
        uint32_t low, high;

        asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(0xc0000100));
    });
}

static void wrmsr(long count)
{
    REPEAT(count, asm volatile("wrmsr" : : "a"(0), "d"(0), "c"(0xc0000100)));
}

static void prepare_io(void)
{
    check(power_iopl(1));
}

static void port_in(long count)
{
    REPEAT(count, inb(0x80));
}

static void port_out(long count)
{
    REPEAT(count, outb(0x80, 0));
}

static void wbinvd(long count)
{
    REPEAT(count, asm volatile("wbinvd"));
}

const struct bench bench_traps[] = {
    { "kernel_page_fault", prepare_fault, kernel_fault, 0, NULL },
    { "demand_fault", prepare_demand, demand_fault, 0, NULL },
    { "user_syscall", prepare_syscall, user_syscall_row, 0, NULL },
    { "user_int80", prepare_int80, user_int80, 0, NULL },
    { "user_page_fault", prepare_fault, user_fault_row, 0, NULL },
    { "kernel_int80", prepare_int80, kernel_int80, 0, NULL },
    { "forced_cpuid", NULL, cpuid, 0, NULL },
    { "read_cr0", NULL, read_cr, 0, NULL },
    { "write_cr4", NULL, write_cr4, 0, NULL },
    { "rdmsr", NULL, rdmsr, 0, NULL },
    { "wrmsr", NULL, wrmsr, 0, NULL },
    { "in", prepare_io, port_in, 0, NULL },
    { "out", prepare_io, port_out, 0, NULL },
    { "wbinvd", NULL, wbinvd, 0, NULL },
    { NULL, NULL, NULL, 0, NULL },
};
