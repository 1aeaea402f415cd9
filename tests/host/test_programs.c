/*
 * The whole hypervisor, given programs of hypercalls (tests/programs) by two domains with two vcpus each: dom0, and a
 * guest of 64 or 32 bits. A program lasts EPOCH calls; then the domains die, and nothing may be left of them.
 *
 * Held true: the frames that a call touched have the counts that the page tables tell, at the end of each call, and all
 * frames every 1,000 (pv/pagetable/audit_running.c); a call comes to an end; the memory and the references of domains
 * are back at the start when they are gone.
 *
 *   CALLS=n SEED=n REPORT=1 build/host/test_programs
 *
 * issues n calls from seed n on, and prints what each row answered. A failure prints how to have it again.
 *
 * LINK: WHOLE tests/host/fake/guests.c tests/host/fake/calls.c tests/programs/program.c tests/programs/values.c
 * LINK: tests/programs/memory.c tests/programs/vcpu.c tests/programs/control.c tests/programs/report.c
 */
#include "tests/host/fake/calls.h"
#include "tests/host/fake/guests.h"

#include "access/access.h"
#include "control/sysctl.h"
#include "event/event.h"
#include "mm/alloc.h"
#include "sched/sched.h"
#include "smp/softirq.h"

#define EPOCH 2000
#define WARM_UP                                                                                    \
    10 /* epochs in which most of what is made once and kept is made, as lines of GSIs */
#define KEPT_PAGES 8      /* pages of the heap that the rest may take */
#define GO_ON_MAX  100000 /* re-issues without an end: a hang */

static struct guest guests[2];

/* --- one step of whoever runs --- */

static void step(void)
{
    static unsigned int goes_on;
    struct vcpu *v = current_vcpu();
    struct guest *g = &guests[v->domain == guests[1].d];
    long rc;

    if ( !guest_must_go_on() )
        calls_next(g != guests);
    if ( !guest_step(&rc) )
    {
        if ( ++goes_on > GO_ON_MAX )
            fail_now("hypercall %lu goes on for ever", whole_regs()->rax);
    }
    else
    {
        goes_on = 0;
        calls_answered(rc);
    }
    if ( host_cpu->lock_depth )
        fail_now("hypercall %u leaves a lock held", calls_last());
}

/* --- when nobody can run: time passes, then somebody helps --- */

static void wake_all(struct domain *d)
{
    struct vcpu *v;

    if ( d->life != DOMAIN_ALIVE )
        return;
    while ( d->pause_count )
        domain_unpause(d);
    for_each_vcpu(d, v)
    {
        while ( v->sched.pause_count > 1 || (v->sched.pause_count && !d->shut_down) )
            sched_unpause(v);
        v->down = !v->initialised;
        sched_wake(v);
    }
}

static void somebody_runs(void)
{
    for ( unsigned int i = 0; i < 4 && current_vcpu()->domain == domain_idle; i++ )
    {
        whole_pass(i ? NS_PER_MS * 20 : NS_PER_MS);
        whole_leave();
    }
    for ( unsigned int i = 0; i < 2 && current_vcpu()->domain == domain_idle; i++ )
    {
        wake_all(guests[i].d);
        whole_leave();
    }
}

/* --- an epoch --- */

static u64 references(void)
{
    u64 refs = domain_io->refs + domain_xen->refs;

    for ( u64 i = WHOLE_FIRST; i < WHOLE_FRAMES; i++ )
        if ( !(frame_table[i].state & FRAME_HYPERVISOR) && frame_table[i].owner != DOMID_NOBODY )
            refs += frame_refs(frame_table[i].state);
    return refs;
}

/* Ours, which we hold, and those that dom0's programs made: some hold others, so that all must have ended first. */
static void end_all(void)
{
    struct guest other;

    for ( unsigned int i = 0; i < 2; i++ )
    {
        struct domain *d = guests[i].d;

        guest_end(&guests[i]);
        domain_put(d);
    }
    for ( struct domain *d = NULL; (d = domain_next_guest(d)) != NULL; )
        if ( d->life != DOMAIN_DEAD )
        {
            other.d = d;
            guest_end(&other);
        }
    whole_leave();
    other.d = domain_next_guest(NULL);
    if ( other.d )
        fail_now("domain %u is dead, and %u hold it", other.d->id, other.d->refs - 1);
}

static void begin_all(u64 seed)
{
    require(guest_begin(&guests[0], 0, true, false) == 0);
    require(guest_begin(&guests[1], 1, false, seed % 2) == 0);
    for ( unsigned int i = 0; i < 2; i++ )
    {
        domain_hold(guests[i].d);
        calls_begin(i, seed, &guests[i], &guests[!i]);
    }
    whole_preempt_every = seed % 3 ? 1 + seed % 7 : 0;
    whole_leave();
}

static void run_calls(unsigned long calls)
{
    for ( unsigned long i = 1; i <= calls; i++ )
    {
        somebody_runs();
        if ( current_vcpu()->domain == domain_idle )
            return; /* dom0 has killed the other, and shut itself down */
        step();
        whole_pass(NS_PER_US * 20);
        whole_leave();
        if ( i % 1000 == 0 )
            pagetable_audit_all();
    }
}

static void run_epoch(u64 seed, unsigned long calls)
{
    host_test_seed(seed);
    begin_all(seed);
    whole_off_set = true;
    if ( !setjmp(whole_off) ) /* it jumps when dom0 ends itself, and with it the machine */
        run_calls(calls);
    whole_off_set = false;
    end_all();
}

static unsigned long number(const char *name, unsigned long otherwise)
{
    const char *text = getenv(name);

    return text ? strtoul(text, NULL, 0) : otherwise;
}

/* Of a failing epoch, how to have it again: by itself, since each begins anew. */
static u64 current_seed; /* 0: none runs */

static void say_seed(void)
{
    if ( current_seed )
        fprintf(stderr, "to see it again: CALLS=%u SEED=%lu build/host/test_programs\n", EPOCH,
                current_seed);
}

/* They are made once, of the size that is asked for first, and stay: better now than in the middle of an epoch. */
static void make_trace_buffers(void)
{
    struct xen_sysctl_tbuf_op size = { .cmd = XEN_SYSCTL_TBUFOP_set_size, .size = 1 };

    expect_eq(sysctl_trace(&size), 0);
}

TEST(hypercalls_by_two_domains)
{
    unsigned long calls = number("CALLS", 40000);
    u64 seed = number("SEED", 1), free_pages = 0, refs;

    whole_init();
    make_trace_buffers();
    refs = references();
    calls_on_death(say_seed);
    for ( unsigned long epoch = 0; epoch * EPOCH < calls; epoch++, seed++ )
    {
        current_seed = seed;
        run_epoch(seed, EPOCH);
        if ( epoch < WARM_UP )
            free_pages = mm_free_pages();
        else if ( mm_free_pages() + KEPT_PAGES < free_pages )
            fail_now("%ld pages are left", free_pages - mm_free_pages());
        expect_eq(references(), refs);
    }
    current_seed = 0;
    if ( getenv("REPORT") )
        calls_report();
}

HOST_TEST_MAIN
