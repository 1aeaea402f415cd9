/*
 * Measuring how long traps take, and when: debug keys switch it on and off while guests run.
 */
#include "console/console.h"
#include "cpu/mode.h"
#include "lib/atomic.h"
#include "pv/bounce/bounce.h"
#include "pv/bounce/internal.h"
#include "time/time.h"
#include "trace/latency.h"

void trap_from_guest_timed(struct vcpu *v, struct regs *regs)
{
    unsigned int kind = LATENCY_TRAP(regs->vector);
    ns_t start = time_now();

    trap_from_guest(v, regs);
    latency_note(kind, time_now() - start);
}

void trap_page_fault_timed(struct vcpu *v, struct regs *regs)
{
    ns_t start = time_now();

    trap_page_fault(v, regs);
    latency_note(LATENCY_TRAP(TRAP_PF), time_now() - start);
}

static void choose(struct vcpu *v, const struct guest_mode *mode)
{
    bool timed = READ_ONCE(latency_on);

    WRITE_ONCE(v->cpu.mode.trap, timed ? mode->trap_timed : mode->trap);
    WRITE_ONCE(v->cpu.mode.direct, !timed && mode->direct);
    WRITE_ONCE(v->cpu.mode.page_fault, timed ? mode->page_fault_timed : mode->page_fault);
}

static const struct guest_mode *mode_of(const struct domain *d)
{
    return d->pv32 ? &guest_mode_32 : &guest_mode_64;
}

void bounce_set_mode(struct vcpu *v)
{
    v->cpu.mode = *mode_of(v->domain);
    choose(v, mode_of(v->domain));
}

/*
 * Each word is right at any time, whatever CPU jumps through it. A vcpu that is being created, and
 * seen by nobody yet, may keep what was right a moment ago: then it isn't measured, or goes on.
 */
static void choose_all(void)
{
    struct vcpu *v;

    for ( struct domain *d = domain_next_guest(NULL); d; d = domain_next_guest(d) )
        for_each_vcpu(d, v)
            choose(v, mode_of(d));
}

void latency_key_begin(void)
{
    if ( !latency_begin() )
        log_error("no memory to measure in");
    else
        choose_all();
}

void latency_key_end(void)
{
    latency_end();
    choose_all();
}
