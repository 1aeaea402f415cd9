/*
 * Pausing, shutting down, crashing and resuming domains, and what each vcpu is doing.
 */
#include <stdarg.h>

#include "console/console.h"
#include "console/options.h"
#include "cpu/stub.h"
#include "domain/domain.h"
#include "event/event.h"
#include "irq/irq.h"
#include "lib/atomic.h"
#include "lib/printf.h"
#include "sched/sched.h"

void domain_pause(struct domain *d)
{
    struct vcpu *v;

    __atomic_fetch_add(&d->pause_count, 1, __ATOMIC_SEQ_CST);
    for_each_vcpu(d, v)
        sched_pause(v);
}

void domain_pause_oneself(struct domain *d)
{
    u32 none = 0;
    struct vcpu *v;

    if ( !atomic_cmpxchg(&d->pause_count, &none, 1) )
        return;
    for_each_vcpu(d, v)
        sched_pause_nosync(v);
}

void domain_unpause(struct domain *d)
{
    struct vcpu *v;

    __atomic_fetch_sub(&d->pause_count, 1, __ATOMIC_SEQ_CST);
    for_each_vcpu(d, v)
        sched_unpause(v);
}

static const char *const reasons[] = { "poweroff", "reboot",   "suspend",
                                       "crash",    "watchdog", "soft reset" };

static const char *reason_name(u8 reason)
{
    return reason < sizeof(reasons) / sizeof(reasons[0]) ? reasons[reason] : "unknown";
}

/* The machine's fate is dom0's. */
static void machine_shutdown(u8 reason)
{
    log_info("dom0 shut down: %s", reason_name(reason));
    if ( reason == SHUTDOWN_poweroff )
        machine_soft_off();
    if ( reason == SHUTDOWN_crash )
        domain_dump_all();
    if ( reason != SHUTDOWN_reboot && options.noreboot )
        machine_halt();
    machine_reboot();
}

void domain_shutdown(struct domain *d, u8 reason)
{
    struct vcpu *v;

    if ( d == domain_zero && reason != SHUTDOWN_suspend )
        machine_shutdown(reason);

    lock_acquire(&d->lock);
    if ( d->shut_down )
    {
        lock_release(&d->lock);
        return;
    }
    d->shutdown_reason = reason;
    d->shut_down = true;
    for_each_vcpu(d, v)
        sched_pause_nosync(v);
    lock_release(&d->lock);

    if ( reason != SHUTDOWN_suspend || !event_send_suspended(d) )
        event_send_global_virq(VIRQ_DOM_EXC);
}

void domain_resume(struct domain *d)
{
    struct vcpu *v;

    lock_acquire(&d->lock);
    if ( d->shut_down )
    {
        d->shut_down = false;
        for_each_vcpu(d, v)
            sched_unpause(v);
    }
    lock_release(&d->lock);
}

static void dump_vcpu(const struct vcpu *v)
{
    bool running = v->sched.running;
    const struct regs *regs =
        running ? (const struct regs *)smp_percpu(v->processor) - 1 : &v->cpu.regs;

    log_error("d%uv%u: %s%s%s, %s mode, rip %#lx rsp %#lx flags %#lx cr3 %#lx, events %s%s",
              v->domain->id, v->id,
              v->sched.blocked ? "blocked"
              : running        ? "running"
                               : "stopped",
              v->down ? ", down" : "", v->sched.pause_count ? ", paused" : "",
              v->cpu.kernel_mode ? "kernel" : "user", regs->rip, regs->rsp, regs->rflags,
              v->cpu.kernel_mode ? v->cpu.cr3_kernel : v->cpu.cr3_user,
              v->cpu.info->evtchn_upcall_pending ? "pending" : "none",
              v->cpu.info->evtchn_upcall_mask ? ", masked" : "");
}

static void dump_registers(void)
{
    struct regs r;

    stub_guest_regs(&r);
    log_error("rax %016lx rbx %016lx rcx %016lx rdx %016lx", r.rax, r.rbx, r.rcx, r.rdx);
    log_error("rsi %016lx rdi %016lx rbp %016lx rsp %016lx", r.rsi, r.rdi, r.rbp, r.rsp);
    log_error("r8  %016lx r9  %016lx r10 %016lx r11 %016lx", r.r8, r.r9, r.r10, r.r11);
    log_error("r12 %016lx r13 %016lx r14 %016lx r15 %016lx", r.r12, r.r13, r.r14, r.r15);
}

void domain_crash(struct domain *d, const char *format, ...)
{
    struct vcpu *v = current_vcpu();
    char why[160];
    va_list args;

    va_start(args, format);
    vsnprintf(why, sizeof(why), format, args);
    va_end(args);
    log_error("d%u crashed: %s", d->id, why);
    if ( v->domain == d )
    {
        dump_vcpu(v);
        dump_registers();
    }
    domain_shutdown(d, SHUTDOWN_crash);
}

static void dump_domain(const struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu(d, v)
        dump_vcpu(v);
}

void domain_dump_all(void)
{
    for ( struct domain *d = domain_next_guest(NULL); d; d = domain_next_guest(d) )
        dump_domain(d);
}

void domain_dump_stopped(void)
{
    for ( const struct domain *d = domain_next_unlocked(NULL); d; d = domain_next_unlocked(d) )
        dump_domain(d);
}
