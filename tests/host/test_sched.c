/*
 * The scheduler over a clock that the test moves: states, switches, and who gets how much of the CPU.
 *
 * LINK: hypervisor/sched/core.c hypervisor/sched/affinity.c hypervisor/sched/balance.c hypervisor/sched/fair.c
 * LINK: hypervisor/sched/cap.c hypervisor/sched/ops.c
 * LINK: hypervisor/event/[a-z]*.c
 * LINK: hypervisor/mm/frame.c tests/host/fake/machine*.c tests/host/fake/rooms.c
 */
#include "tests/host/fake/rooms.h"

#include "cpu/percpu.h"
#include "event/event.h"
#include "lib/bitmap.h"
#include "sched/policy.h"
#include "trace/buffer.h"

#define MS ((s64)NS_PER_MS)

long irq_pirq_bound(struct domain *d, u32 pirq, bool share)
{
    (void)d, (void)pirq, (void)share;
    return -EPERM;
}

void irq_pirq_unbound(struct domain *d, u32 pirq)
{
    (void)d, (void)pirq;
}

void irq_pirq_unmasked(struct domain *d, u32 pirq)
{
    (void)d, (void)pirq;
}

/* --- A CPU with guests that do what the test says --- */

static struct domain *guests[5];

static void set_up(unsigned int n)
{
    fake_machine();
    require(sched_init_cpu() == 0);
    for ( unsigned int i = 0; i < n; i++ )
    {
        guests[i] = fake_guest((domid_t)i, i == 0, 1);
        guests[i]->vcpus[0]->sched.blocked = true;
    }
    fake_run(((struct sched_queue *)host_cpu->sched)->idle);
}

static struct vcpu *vcpu(unsigned int i)
{
    return guests[i]->vcpus[0];
}

/* The way out of the hypervisor. */
static void leave(void)
{
    while ( (host_cpu->exit_work & WORK_RESCHEDULE) || host_cpu->resume )
        if ( host_cpu->exit_work & WORK_RESCHEDULE )
            sched_run();
        else
            sched_resume();
}

static bool runs(unsigned int i)
{
    leave();
    return host_cpu->current == vcpu(i);
}

static bool idle(void)
{
    leave();
    return host_cpu->current->domain == domain_idle;
}

static void wake(unsigned int i)
{
    sched_wake(vcpu(i));
    leave();
}

static void block(void)
{
    sched_block();
    leave();
}

/* Let time pass, with the guests running as they are, until the scheduler wants to choose. */
static void pass(s64 ns)
{
    s64 end = fake_now + ns;

    leave();
    while ( fake_now < end )
    {
        s64 next = fake_next_timer();

        fake_advance(next < end ? next : end);
        leave();
    }
}

static double share(unsigned int i, u64 before, s64 ns)
{
    return (double)(sched_vcpu_ns(vcpu(i)) - before) / (double)ns;
}

/* --- States --- */

TEST(runs_while_runnable)
{
    set_up(1);
    expect(idle());
    wake(0);
    expect(runs(0));
    expect_eq(vcpu(0)->runstate.info.state, RUNSTATE_running);
    pass(50 * MS);
    expect_eq(sched_vcpu_ns(vcpu(0)), 50 * MS);
    expect_eq(fake_next_timer(), INT64_MAX); /* nobody waits: no tick */
    block();
    expect(idle());
    expect_eq(vcpu(0)->runstate.info.state, RUNSTATE_blocked);
    pass(10 * MS);
    expect_eq(sched_idle_ns(0), 10 * MS);
    expect_eq(vcpu(0)->runstate.info.time[RUNSTATE_running], 50 * MS);
}

TEST(a_pending_event_prevents_blocking)
{
    set_up(1);
    wake(0);
    vcpu(0)->cpu.info->evtchn_upcall_pending = 1;
    vcpu(0)->cpu.info->evtchn_upcall_mask = 1;
    expect_eq(sched_op(SCHEDOP_block, 0), 0);
    expect(runs(0));
    expect_eq(vcpu(0)->cpu.info->evtchn_upcall_mask, 0);
    vcpu(0)->cpu.info->evtchn_upcall_pending = 0;
    expect_eq(sched_op(SCHEDOP_block, 0), 0);
    expect(idle());
    event_mark_upcall(vcpu(0));
    expect(runs(0));
}

/* An event that comes between the hypercall and the exit: the vcpu never leaves. */
TEST(an_event_on_the_way_out_ends_a_block)
{
    unsigned long switches;

    set_up(1);
    wake(0);
    switches = fake_switches;
    sched_block();
    event_mark_upcall(vcpu(0));
    expect(runs(0));
    expect_eq(fake_switches, switches);
}

TEST(who_lingers_goes_on_at_once)
{
    unsigned long switches;
    u32 changes;

    set_up(2);
    wake(0);
    block();
    expect(idle());
    switches = fake_switches;
    changes = vcpu(0)->runstate.version;
    sched_wake(vcpu(0));
    expect_eq(vcpu(0)->runstate.version, changes + 2);
    expect(host_cpu->resume && !host_cpu->exit_work);
    expect(!vcpu(0)->sched.queued && sched_runs(vcpu(0)));
    expect(runs(0));

    block();
    expect(idle());
    sched_wake(vcpu(0));
    sched_pause_nosync(vcpu(0));
    expect(idle()); /* before it went on */
    expect(!sched_on_cpu(vcpu(0)));
    sched_unpause(vcpu(0));
    expect(runs(0));
    expect_eq(fake_switches, switches + 2);

    block();
    expect(idle());
    sched_wake(vcpu(1));
    sched_wake(vcpu(0));
    expect(vcpu(0)->sched.queued); /* somebody else waits: the policy says who runs */
    expect(runs(0) || runs(1));
    block();
    expect(runs(0) || runs(1));
}

/* As if it had been queued: an old claim lapses, the time until now was idle, and its runstate says when it ran. */
TEST(who_lingers_has_no_more_than_others)
{
    struct sched_queue *q;
    u32 changes;
    u64 idled;

    set_up(1);
    q = host_cpu->sched;
    wake(0);
    pass(50 * MS);
    block();
    expect(idle());
    idled = sched_idle_ns(0);
    pass(10 * MS);
    vcpu(0)->sched.virtual_time = q->floor - 100 * MS;
    expect(!vcpu(0)->sched.woken);
    changes = vcpu(0)->runstate.version;
    trace_events = TRC_ALL;
    sched_wake(vcpu(0));
    trace_events = 0;
    expect_eq(vcpu(0)->runstate.version,
              changes + 4); /* runnable, then running: as traces show it */
    expect(vcpu(0)->sched.virtual_time > q->floor - 10 * MS && vcpu(0)->sched.woken);
    expect_eq(sched_idle_ns(0), idled + 10 * MS);
    expect(runs(0));
    pass(5 * MS);
    expect_eq(sched_idle_ns(0), idled + 10 * MS);
    expect_eq(sched_vcpu_ns(vcpu(0)), 55 * MS);
    block();
    expect_eq(vcpu(0)->runstate.info.time[RUNSTATE_running], 55 * MS);
    expect_eq(vcpu(0)->runstate.info.time[RUNSTATE_blocked], 10 * MS);
}

/* Who is chosen, and has to leave before it runs, has lost nothing of what a wake-up gives. */
TEST(who_lingers_is_sent_elsewhere_as_woken)
{
    set_up(2);
    sched_pools[0].run_min = 0;
    wake(0);
    pass(50 * MS);
    block();
    expect(idle());
    sched_wake(vcpu(0));
    vcpu(1)->sched.virtual_time = vcpu(0)->sched.virtual_time - 7 * MS;
    sched_wake(vcpu(1));
    expect(host_cpu->resume && host_cpu->exit_work == WORK_RESCHEDULE);
    expect(runs(1));
    expect(vcpu(0)->sched.queued && vcpu(0)->sched.woken);
    sched_pools[0].run_min = POLICY_RUN_MIN;
}

TEST(who_lingers_goes_on_under_its_cap)
{
    u64 before;

    set_up(1);
    sched_domain_set(guests[0], 256, 25);
    wake(0);
    block();
    expect(idle());
    wake(0);
    before = sched_vcpu_ns(vcpu(0));
    pass(3000 * MS);
    expect(share(0, before, 3000 * MS) > 0.24 && share(0, before, 3000 * MS) < 0.26);
}

TEST(pauses_are_counted)
{
    set_up(1);
    wake(0);
    sched_pause_nosync(vcpu(0));
    sched_pause_nosync(vcpu(0));
    expect(idle());
    expect_eq(vcpu(0)->runstate.info.state, RUNSTATE_offline);
    sched_unpause(vcpu(0));
    expect(idle());
    sched_wake(vcpu(0)); /* no wake-up outweighs a pause */
    expect(idle());
    sched_unpause(vcpu(0));
    expect(runs(0));
}

TEST(a_queued_vcpu_can_be_stopped)
{
    set_up(2);
    wake(0);
    wake(1);
    expect_eq(vcpu(1)->runstate.info.state == RUNSTATE_running, runs(1));
    sched_pause(vcpu(1));
    expect(runs(0));
    expect(!vcpu(1)->sched.queued);
    guests[1]->shut_down = true;
    sched_unpause(vcpu(1));
    pass(100 * MS);
    expect_eq(sched_vcpu_ns(vcpu(1)) < 20 * MS, true);
    guests[1]->shut_down = false;
    sched_update(vcpu(1));
    pass(100 * MS);
    expect(sched_vcpu_ns(vcpu(1)) > 30 * MS);
}

TEST(yield)
{
    unsigned long switches;

    set_up(2);
    wake(0);
    switches = fake_switches;
    expect_eq(sched_op(SCHEDOP_yield, 0), 0);
    expect_eq(host_cpu->exit_work, 0);
    expect_eq(fake_switches, switches);
    wake(1);
    for ( int i = 0; i < 10; i++ )
    {
        unsigned int now = runs(0) ? 0 : 1;

        sched_op(SCHEDOP_yield, 0);
        expect(runs(!now));
    }
}

/* --- Shares --- */

/* Hogs get time by weight, over a time that is long compared to their slices. */
static void expect_shares(unsigned int n, const u16 *weights, s64 time)
{
    u64 before[5];
    unsigned int total = 0;

    for ( unsigned int i = 0; i < n; i++ )
    {
        sched_domain_set(guests[i], weights[i], 0);
        total += weights[i];
        wake(i);
    }
    pass(200 * MS);
    for ( unsigned int i = 0; i < n; i++ )
        before[i] = sched_vcpu_ns(vcpu(i));
    pass(time);
    for ( unsigned int i = 0; i < n; i++ )
    {
        double want = (double)weights[i] / total, got = share(i, before[i], time);

        if ( got < want * 0.98 || got > want * 1.02 )
            fail("guest %u of weight %u got %f, not %f", i, weights[i], got, want);
    }
}

TEST(equal_hogs)
{
    set_up(4);
    expect_shares(4, (u16[]){ 256, 256, 256, 256 }, 20000 * MS);
    expect(fake_switches > 20000 / 10 &&
           fake_switches < 20000 / 4); /* slices of about 5 to 10 ms */
}

TEST(two_hogs_take_turns)
{
    unsigned long switches;

    set_up(2);
    wake(0);
    wake(1);
    pass(100 * MS);
    switches = fake_switches;
    pass(1000 * MS);
    expect(fake_switches - switches >= 99 && fake_switches - switches <= 101);
}

TEST(hogs_by_weight)
{
    set_up(5);
    expect_shares(5, (u16[]){ 256, 512, 128, 1024, 64 }, 20000 * MS);
}

TEST(extreme_weights)
{
    set_up(2);
    expect_shares(2, (u16[]){ 65535, 6553 }, 500000 * MS);
}

/* As measured on Debian's Xen. */
TEST(bounds_of_weights_and_caps)
{
    u16 weight, cap, most;

    set_up(1);
    most = (u16)(100 * guests[0]->max_vcpus);
    expect_eq(sched_domain_set(guests[0], 0, most), 0);
    sched_domain_get(guests[0], &weight, &cap);
    expect(weight == 256 && cap == most);
    expect_eq(sched_domain_set(guests[0], 512, most + 1), -EINVAL);
    sched_domain_get(guests[0], &weight, &cap);
    expect(weight == 256 && cap == most);
}

/* One that sleeps most of the time gets the CPU at once when it wakes, hogs or not. */
TEST(sleepers_are_served_promptly)
{
    s64 worst = 0;

    set_up(4);
    for ( unsigned int i = 1; i < 4; i++ )
        wake(i);
    pass(100 * MS);
    for ( int i = 0; i < 1000; i++ )
    {
        s64 asked;

        pass((s64)(host_test_random() % 5000000) + MS);
        asked = fake_now;
        wake(0);
        while ( !runs(0) )
            pass(10000);
        if ( fake_now - asked > worst )
            worst = fake_now - asked;
        pass((s64)(host_test_random() % 300000)); /* up to 0.3 ms of work */
        if ( runs(0) )
            block();
        else
            sched_pause(vcpu(0)), vcpu(0)->sched.blocked = true, sched_unpause(vcpu(0));
    }
    if ( worst > 300000 )
        fail("a sleeper waited for %ld us", (long)(worst / 1000));
}

/* One that wakes all the time can't get more than its share by it. */
TEST(sleeping_does_not_pay)
{
    u64 before, hog;
    s64 start;

    set_up(2);
    wake(0);
    wake(1);
    pass(100 * MS);
    before = sched_vcpu_ns(vcpu(0));
    hog = sched_vcpu_ns(vcpu(1));
    start = fake_now;
    while ( fake_now - start < 10000 * MS )
    {
        /* Run for 0.9 ms, sleep for a moment, run again. */
        pass(900000);
        if ( runs(0) )
        {
            block();
            pass(10000);
            wake(0);
        }
    }
    expect(share(0, before, fake_now - start) < 0.53);
    expect(share(1, hog, fake_now - start) > 0.47);
}

TEST(caps)
{
    u64 before;

    set_up(2);
    wake(0);
    sched_domain_set(guests[0], 256, 25);
    pass(300 * MS);
    before = sched_vcpu_ns(vcpu(0));
    pass(3000 * MS);
    expect(share(0, before, 3000 * MS) > 0.24 && share(0, before, 3000 * MS) < 0.26);

    wake(1);
    before = sched_vcpu_ns(vcpu(1));
    pass(3000 * MS);
    expect(share(1, before, 3000 * MS) > 0.73 && share(1, before, 3000 * MS) < 0.77);

    sched_domain_set(guests[0], 256, 0);
    before = sched_vcpu_ns(vcpu(0));
    pass(3000 * MS);
    expect(share(0, before, 3000 * MS) > 0.48);
}

/* --- Shutdown and watchdogs --- */

TEST(shutdown_codes)
{
    struct sched_shutdown reason = { SHUTDOWN_reboot }, latched = { SHUTDOWN_crash },
                          later = { SHUTDOWN_poweroff };

    set_up(2);
    wake(1);
    expect_eq(sched_op(SCHEDOP_shutdown, (unsigned long)&reason), 0);
    expect(fake_shut_down == guests[1] && fake_shutdown_reason == SHUTDOWN_reboot);
    expect_eq(sched_op(SCHEDOP_shutdown_code, (unsigned long)&latched), 0);
    expect_eq(sched_op(SCHEDOP_shutdown_code, (unsigned long)&later), 0);
    expect_eq(sched_op(SCHEDOP_shutdown, (unsigned long)&reason), 0);
    expect_eq(fake_shutdown_reason, SHUTDOWN_crash);
    expect_eq(sched_op(8, 0), -ENOSYS);
}

TEST(remote_shutdown)
{
    struct sched_remote_shutdown arg = { .domain_id = 1, .reason = SHUTDOWN_suspend };

    set_up(2);
    wake(1);
    arg.domain_id = 0;
    expect_eq(sched_op(SCHEDOP_remote_shutdown, (unsigned long)&arg), -EPERM);
    block();
    wake(0);
    arg.domain_id = 1;
    expect_eq(sched_op(SCHEDOP_remote_shutdown, (unsigned long)&arg), 0);
    expect(fake_shut_down == guests[1] && fake_shutdown_reason == SHUTDOWN_suspend);
    arg.domain_id = 9;
    expect_eq(sched_op(SCHEDOP_remote_shutdown, (unsigned long)&arg), -ESRCH);
    expect_eq(guests[1]->refs, 1);
}

static long watchdog(u32 id, u32 timeout)
{
    struct sched_watchdog arg = { .id = id, .timeout = timeout };

    return sched_op(SCHEDOP_watchdog, (unsigned long)&arg);
}

TEST(watchdogs)
{
    set_up(1);
    wake(0);
    expect_eq(watchdog(1, 5), -EINVAL);
    expect_eq(watchdog(3, 5), -EINVAL);
    expect_eq(watchdog(0, 5), 1);
    expect_eq(watchdog(0, 5), 2);
    expect_eq(watchdog(0, 5), -ENOSPC);
    expect_eq(watchdog(2, 0), 0);
    pass(4000 * MS);
    expect_eq(watchdog(1, 5), 0);
    pass(4000 * MS);
    expect(!fake_shut_down);
    pass(1001 * MS);
    expect(fake_shut_down == guests[0] && fake_shutdown_reason == SHUTDOWN_watchdog);
}

TEST(a_watchdog_without_time)
{
    set_up(1);
    wake(0);
    expect_eq(watchdog(0, 0), 1);
    pass(1);
    expect(fake_shut_down == guests[0] && fake_shutdown_reason == SHUTDOWN_watchdog);
}

/* --- Anything, in any order: the queue and the states agree --- */

static void check(void)
{
    struct sched_queue *q = host_cpu->sched;
    struct vcpu *v;
    u32 queued = 0;

    list_for_each_entry(v, &q->waiting, sched.queue)
    {
        queued++;
        require(v->sched.queued && host_cpu->current != v);
    }
    require(queued == q->nr_waiting);
    for ( unsigned int i = 0; i < 5; i++ )
    {
        v = vcpu(i);
        require(v->sched.running == (v == q->loaded));
        require(sched_runnable(v) == (v == host_cpu->current || v->sched.queued) ||
                guests[i]->throttled);
        require(sched_runs(v) == (v == host_cpu->current));
        require((v->runstate.info.state == RUNSTATE_runnable) == v->sched.queued);
    }
    require(host_cpu->current->domain != domain_idle || !queued);
}

TEST(random_operations)
{
    u32 pauses[5] = { 0 };
    u64 total = 0;
    s64 start;

    set_up(5);
    start = fake_now;
    for ( int step = 0; step < 200000; step++ )
    {
        unsigned int i = host_test_random() % 5;

        switch ( host_test_random() % 8 )
        {
        case 0:
            sched_wake(vcpu(i));
            break;
        case 1:
            if ( host_cpu->current->domain != domain_idle )
                sched_block();
            break;
        case 2:
            if ( pauses[i] < 3 )
                pauses[i]++, sched_pause_nosync(vcpu(i));
            break;
        case 3:
            if ( pauses[i] )
                pauses[i]--, sched_unpause(vcpu(i));
            break;
        case 4:
            if ( host_cpu->current->domain != domain_idle )
                sched_let_others();
            break;
        case 5:
            sched_domain_set(guests[i], 1 + host_test_random() % 1000,
                             host_test_random() % 4 ? 0 : 30);
            break;
        default:
            pass((s64)(host_test_random() % 3000000));
        }
        leave();
        check();
    }
    for ( unsigned int i = 0; i < 5; i++ )
        total += sched_vcpu_ns(vcpu(i));
    expect_eq(total + sched_idle_ns(0), fake_now - start);
}

HOST_TEST_MAIN
