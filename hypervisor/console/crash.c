/* The end: what happened, where, and what everybody was doing. */
#include "console/console.h"
#include "console/internal.h"
#include "console/options.h"
#include "cpu/asm.h"
#include "cpu/percpu.h"
#include "cpu/symbols.h"
#include "efi/efi.h"
#include "irq/irq.h"
#include "lib/printf.h"
#include "mm/map.h"
#include "smp/smp.h"

#define STACK_WORDS    32
#define REBOOT_SECONDS 5

void domain_dump_stopped(void); /* domain/ */

static u32 crashed; /* atomic: the first CPU that crashes reports, others stop */

static const char *vector_name(u32 vector)
{
    switch ( vector )
    {
#define VECTOR(number, name, pushes_error, ist, dpl, text)                                         \
    case number:                                                                                   \
        return text;
#include "cpu/vectors.def"
#undef VECTOR
    default:
        return "no exception";
    }
}

void crash_print_registers(const struct regs *r)
{
    u64 offset;
    const char *name = symbols_find(r->rip, &offset);

    log_error("CPU %u: vector %#x (%s), error %#x", this_cpu()->cpu, r->vector,
              vector_name(r->vector & 0xff), r->error);
    log_error("rip %04lx:%016lx %s+%#lx  rflags %08lx", r->cs, r->rip, name, offset, r->rflags);
    log_error("rsp %04lx:%016lx  rbp %016lx", r->ss, r->rsp, r->rbp);
    log_error("rax %016lx  rbx %016lx  rcx %016lx  rdx %016lx", r->rax, r->rbx, r->rcx, r->rdx);
    log_error("rsi %016lx  rdi %016lx  r8  %016lx  r9  %016lx", r->rsi, r->rdi, r->r8, r->r9);
    log_error("r10 %016lx  r11 %016lx  r12 %016lx  r13 %016lx", r->r10, r->r11, r->r12, r->r13);
    log_error("r14 %016lx  r15 %016lx", r->r14, r->r15);
    log_error("cr0 %08lx  cr2 %016lx  cr3 %09lx  cr4 %06lx", read_cr0(), read_cr2(), read_cr3(),
              read_cr4());
}

/* Only what lies on this CPU's own stacks is sure to be mapped. */
static bool on_stack(u64 rsp)
{
    u64 area = (u64)this_cpu() & ~(STACK_AREA_SIZE - 1);
    u64 page = (rsp - area) >> PAGE_SHIFT;

    return rsp - area < STACK_AREA_SIZE && page < STACK_PERCPU_PAGE &&
           (page >= STACK_MAIN_BOTTOM_PAGE || (page & 1));
}

static void print_stack(u64 rsp)
{
    char line[128];
    int len = 0;

    if ( !on_stack(rsp) )
    {
        log_error("the stack pointer is not on a stack of this CPU");
        return;
    }
    log_error("stack:");
    for ( u64 i = 0, p = rsp & ~7UL; i < STACK_WORDS && on_stack(p); i++, p += 8 )
    {
        len += scnprintf(line + len, sizeof(line) - (size_t)len, " %016lx", *(const u64 *)p);
        if ( i % 4 == 3 )
        {
            log_error("  %s", line);
            len = 0;
        }
    }
    if ( len )
        log_error("  %s", line);
    log_error("calls:");
    backtrace_print(rsp);
}

static void __attribute__((noreturn)) stop(void)
{
    if ( options.noreboot )
    {
        log_error("halted, as 'noreboot' asks");
        machine_halt();
    }
    log_error("rebooting in %u seconds ('noreboot' prevents it)", REBOOT_SECONDS);
    /* Port 0x80 takes about a microsecond, and works whatever is broken. */
    for ( unsigned int i = 0; i < REBOOT_SECONDS * 1000000; i++ )
        outb(0x80, 0);
    machine_reboot();
}

void fatal(const char *format, ...)
{
    char why[256];
    va_list args;

    va_start(args, format);
    vsnprintf(why, sizeof(why), format, args);
    va_end(args);
    console_crashing();
    log_error("Cannot go on: %s", why);
    stop();
}

/* One CPU reports; one that crashes in its report is stopped there. */
static void begin(const char *why)
{
    if ( __atomic_exchange_n(&crashed, this_cpu()->cpu + 1, __ATOMIC_SEQ_CST) )
        cpu_halt_forever();
    smp_stop_others();
    console_crashing();
    log_error("*** CRASH: %s", why);
    if ( efi_running_service() )
        log_error("in the firmware, which was asked for its runtime service %s",
                  efi_running_service());
}

static void print_place(u32 cpu, const struct regs *at)
{
    u64 offset;
    const char *name = symbols_find(at->rip, &offset);

    log_error("CPU %u was at %#lx %s+%#lx", cpu, at->rip, name, offset);
    backtrace_print(at->rsp);
}

/* Where the other CPUs were, in a few lines each. */
static void print_others(void)
{
    for ( cpumask_t rest = smp_online & ~(1UL << this_cpu()->cpu); rest; rest &= rest - 1 )
    {
        u32 cpu = (u32)__builtin_ctzl(rest);
        const struct regs *at = smp_stopped_at(cpu);

        if ( !at )
            log_error("CPU %u did not stop", cpu);
        else if ( at->cs & 3 )
            log_error("CPU %u was in its guest, rip %#lx", cpu, at->rip);
        else
            print_place(cpu, at);
    }
}

void crash_report(const struct regs *regs, const char *why)
{
    begin(why);
    crash_print_registers(regs);
    print_stack(regs->rsp);
    print_others();
    domain_dump_stopped();
    stop();
}

void panic(const char *format, ...)
{
    char why[256];
    va_list args;

    va_start(args, format);
    vsnprintf(why, sizeof(why), format, args);
    va_end(args);
    begin(why);
    print_stack((u64)__builtin_frame_address(0)); /* our own part tells nothing */
    print_others();
    domain_dump_stopped();
    stop();
}
