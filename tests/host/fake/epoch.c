#include "tests/host/fake/epoch.h"

#include "control/sysctl.h"
#include "mm/alloc.h"
#include "sched/sched.h"
#include "smp/softirq.h"
#include "tests/host/fake/calls.h"
#include "tests/host/fake/guests.h"

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

static bool choices_ended(const struct program_choices *choices)
{
    return choices && choices->at == choices->end;
}

u64 references(void)
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

static void begin_all(u64 seed, struct program_choices *choices)
{
    require(guest_begin(&guests[0], 0, true, false) == 0);
    require(guest_begin(&guests[1], 1, false, seed % 2) == 0);
    for ( unsigned int i = 0; i < 2; i++ )
    {
        domain_hold(guests[i].d);
        calls_begin(i, seed, choices, &guests[i], &guests[!i]);
    }
    whole_preempt_every = seed % 3 ? 1 + seed % 7 : 0;
    whole_leave();
}

static void run_calls(const struct program_choices *choices, unsigned long calls)
{
    for ( unsigned long i = 1; i <= calls && !choices_ended(choices); i++ )
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

/* --- what is left of it --- */

static u64 references_at_start;
static unsigned long epochs;

static void expect_nothing_left(void)
{
    static u64 free_pages;

    if ( epochs++ < WARM_UP )
        free_pages = mm_free_pages();
    else if ( mm_free_pages() + KEPT_PAGES < free_pages )
        fail_now("%ld pages are left", free_pages - mm_free_pages());
    expect_eq(references(), references_at_start);
}

void epoch_run(u64 seed, struct program_choices *choices, unsigned long calls)
{
    host_test_seed(seed);
    begin_all(seed, choices);
    whole_off_set = true;
    if ( !setjmp(whole_off) ) /* it jumps when dom0 ends itself, and with it the machine */
        run_calls(choices, calls);
    whole_off_set = false;
    end_all();
    expect_nothing_left();
}

/* They are made once, of the size that is asked for first, and stay: better now than in the middle of an epoch. */
static void make_trace_buffers(void)
{
    struct xen_sysctl_tbuf_op size = { .cmd = XEN_SYSCTL_TBUFOP_set_size, .size = 1 };

    expect_eq(sysctl_trace(&size), 0);
}

void epoch_init(void)
{
    whole_init();
    make_trace_buffers();
    references_at_start = references();
}
