/*
 * Exceptions, system calls, emulated instructions.
 */
#include "bench.h"
#include "instructions.h"

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

static void prepare_io(void)
{
    check(power_iopl(1));
}

const struct bench bench_traps[] = {
    { "kernel_page_fault", .prepare = prepare_fault, .run = kernel_fault },
    { "demand_fault", .prepare = prepare_demand, .run = demand_fault },
    { "user_syscall", .prepare = prepare_syscall, .run = user_syscall_row },
    { "user_int80", .prepare = prepare_int80, .run = user_int80 },
    { "user_page_fault", .prepare = prepare_fault, .run = user_fault_row },
    { "kernel_int80", .prepare = prepare_int80, .run = kernel_int80 },
    { "forced_cpuid", .run = cpuid },
    { "read_cr0", .run = read_cr0 },
    { "write_cr4", .run = write_cr4 },
    { "rdmsr", .run = rdmsr },
    { "wrmsr", .run = wrmsr },
    { "in", .prepare = prepare_io, .run = port_in, .dom0 = true },
    { "out", .prepare = prepare_io, .run = port_out, .dom0 = true },
    { "wbinvd", .run = wbinvd },
    { 0 },
};
