/*
 * Timers with the hardware played here, and guests' timers on top of them.
 *
 * LINK: hypervisor/time/heap.c hypervisor/time/timer.c hypervisor/time/guest.c hypervisor/time/tsc.c
 * LINK: hypervisor/time/wallclock.c
 */
#include "tests/host/fake/timers.h"

static unsigned int fired;

static void count_up(void *arg)
{
    unsigned int *counter = arg;

    (*counter)++;
}

/* --- Timers --- */

TEST(a_timer_fires_once_and_not_early)
{
    struct timer timer;

    start();
    timer_init(&timer, count_up, &fired, 0);
    timer_set(&timer, 1000);
    expect(timer_active(&timer));
    pass(999);
    expect_eq(fired, 0);
    pass(2);
    expect_eq(fired, 1);
    expect(!timer_active(&timer));
    pass(10000);
    expect_eq(fired, 1);
    end();
}

TEST(the_past_fires_at_the_next_exit)
{
    struct timer timer;

    start();
    now = 5000;
    timer_init(&timer, count_up, &fired, 0);
    timer_set(&timer, 4000);
    expect(work_to_do());
    time_run_timers();
    expect_eq(fired, 1);
    timer_set(&timer, -1); /* a guest's wrapped deadline */
    pass(0);
    expect_eq(fired, 2);
    timer_set(&timer, INT64_MIN); /* so long ago that it can't be told how long */
    pass(0);
    expect_eq(fired, 3);
    end();
}

/* Setting and stopping doesn't touch the hardware again: a later deadline finds it armed early enough. */
TEST(stopping_costs_no_hardware_access)
{
    struct timer timer;

    start();
    timer_init(&timer, count_up, &fired, 0);
    timer_set(&timer, 1000);
    hardware_writes = 0;
    for ( int i = 0; i < 10; i++ )
    {
        timer_stop(&timer);
        timer_set(&timer, 2000 + i);
    }
    expect_eq(hardware_writes, 0);
    pass(1001); /* for the one that was stopped: nothing is due */
    expect_eq(fired, 0);
    pass(1010);
    expect_eq(fired, 1);
    end();
}

/* Farther than the hardware counts: it is armed again on the way. */
TEST(a_far_deadline)
{
    struct timer timer;

    start();
    timer_init(&timer, count_up, &fired, 0);
    timer_set(&timer, 3600 * (ns_t)NS_PER_S);
    for ( int i = 0; i < 3599; i++ )
        pass(NS_PER_S);
    expect_eq(fired, 0);
    pass(NS_PER_S + 1);
    expect_eq(fired, 1);
    timer_set(&timer, TIME_NEVER - 1);
    pass(NS_PER_S);
    expect(lapic_count > NS_PER_S);
    timer_stop(&timer);
    end();
}

/* As far as the hardware can count, not what would be left of more. */
TEST(a_far_deadline_on_a_fast_bus)
{
    struct timer timer;

    bus_ghz = 3;
    start();
    timer_init(&timer, count_up, &fired, 0);
    timer_set(&timer, 3600 * (ns_t)NS_PER_S);
    expect(lapic_count > ~0u - 4);
    timer_stop(&timer);
    end();
}

static void look_at_hardware(void *arg)
{
    u32 *seen = arg;

    *seen = lapic_count;
}

/* Of several that are due the last one finds the hardware armed for the rest, once. */
TEST(the_rest_is_armed_before_the_last_handler)
{
    struct timer timers[3];
    u32 seen[3] = { 0 };

    start();
    for ( u32 i = 0; i < 3; i++ )
        timer_init(&timers[i], look_at_hardware, &seen[i], 0);
    timer_set(&timers[0], 1000);
    timer_set(&timers[1], 1001);
    timer_set(&timers[2], 5000);
    hardware_writes = 0;
    pass(2000);
    expect(!timer_active(&timers[0]) && !timer_active(&timers[1]) && timer_active(&timers[2]));
    expect_eq(seen[0], 0);
    expect_eq(seen[1], 3000 + 1);
    expect_eq(hardware_writes, 1);
    pass(3001);
    expect(!timer_active(&timers[2]));
    end();
}

/* Earlier or later than it was: the last time counts, and counts once, whatever else is set. */
TEST(a_timer_that_is_set_again)
{
    struct timer again, others[2];
    unsigned int others_fired = 0;

    start();
    fired = 0;
    timer_init(&again, count_up, &fired, 0);
    for ( u32 i = 0; i < 2; i++ )
    {
        timer_init(&others[i], count_up, &others_fired, 0);
        timer_set(&others[i], 1000 + i);
    }
    for ( ns_t expires = 100; expires <= 3000; expires += 100 )
        timer_set(&again, expires);
    pass(2990);
    expect(fired == 0 && others_fired == 2);
    timer_set(&again, 2995);
    pass(6);
    expect_eq(fired, 1);
    timer_set(&again, 4000);
    timer_move(&again, 1);
    timer_set(&again, 5000); /* from another CPU, too */
    timer_move(&again, 0);
    pass(1900);
    expect_eq(fired, 1);
    pass(200);
    expect_eq(fired, 2);
    pass(10000);
    expect_eq(fired, 2);
    end();
}

/* In whatever order they were set: what is stopped takes nobody with it. */
TEST(stopping_one_leaves_the_others)
{
    static const u32 orders[][3] = { { 0, 1, 2 }, { 1, 2, 0 }, { 2, 1, 0 }, { 1, 0, 2 } };

    start();
    for ( u32 order = 0; order < ARRAY_SIZE(orders); order++ )
        for ( u32 stopped = 0; stopped < 3; stopped++ )
        {
            struct timer timers[3];
            unsigned int times[3] = { 0 };

            for ( u32 i = 0; i < 3; i++ )
                timer_init(&timers[i], count_up, &times[i], 0);
            for ( u32 i = 0; i < 3; i++ )
                timer_set(&timers[orders[order][i]], now + 10 + orders[order][i]);
            timer_stop(&timers[stopped]);
            pass(100);
            for ( u32 i = 0; i < 3; i++ )
                expect_eq(times[i], i != stopped);
        }
    end();
}

static struct timer seen_running[2];

static void look_who_runs(void *arg)
{
    expect(((struct time_cpu *)host_cpu->time)->running == arg);
    fired++;
}

/* Who kills a timer waits for its handler: so each says that it runs, the last of those that are due as well. */
TEST(a_handler_is_seen_running)
{
    start();
    fired = 0;
    for ( u32 i = 0; i < 2; i++ )
    {
        timer_init(&seen_running[i], look_who_runs, &seen_running[i], 0);
        timer_set(&seen_running[i], 1000 + i);
    }
    pass(2000);
    expect_eq(fired, 2);
    expect(!((struct time_cpu *)host_cpu->time)->running);
    end();
}

static struct timer contended;

static void others_stop_it(void)
{
    timer_stop(&contended);
}

static void others_move_it(void)
{
    timer_move(&contended, 0);
}

/*
 * Who stops a timer looks whether there is anything to stop, and whose it is, then waits for the lock: by then it may
 * be over, or another CPU's.
 */
TEST(a_timer_that_others_see_to_first)
{
    static const struct {
        u32 cpu;
        void (*others)(void);
        unsigned int at; /* 2: the second lock is the other CPU's */
    } what[] = { { 0, others_stop_it, 1 }, { 1, others_stop_it, 2 }, { 1, others_move_it, 2 } };

    start();
    for ( unsigned int i = 0; i < ARRAY_SIZE(what); i++ )
    {
        struct timer first;

        timer_init(&first, count_up, &fired, what[i].cpu);
        timer_init(&contended, count_up, &fired, what[i].cpu);
        timer_set(&first, now + 1000);
        timer_set(&contended, now + 2000);
        interfere = what[i].others;
        interfere_at = what[i].at;
        timer_stop(&contended);
        expect(!interfere_at && !timer_active(&contended) && timer_active(&first));
        timer_stop(&first);
        for ( u32 cpu = 0; cpu < 2; cpu++ )
            expect(!((struct time_cpu *)cpus[cpu].time)->first);
    }
    end();
}

TEST(another_cpus_timer_kicks_it)
{
    struct timer timer;

    start();
    timer_init(&timer, count_up, &fired, 1);
    timer_set(&timer, 1000);
    expect(kicks == 1 && lapic_count == 0 && !work_to_do());
    timer_move(&timer, 0);
    expect(lapic_count);
    pass(1001);
    expect_eq(fired, 1);
    end();
}

/* Counted from now on, whatever the TSC is: it is not where the frequency as measured has it after 100 days. */
TEST(deadline_mode)
{
    struct timer timer;
    u64 before;

    has_deadline = true;
    start();
    now = 100 * 86400 * (ns_t)NS_PER_S;
    timer_init(&timer, count_up, &fired, 0);
    before = rdtsc();
    timer_set(&timer, now + 12345);
    expect(deadline > before + 12345 && deadline <= rdtsc() + 12345 + 1);
    timer_stop(&timer);
    end();
}

static struct timer rearmed;

/* CPU 0 comes to the end of a handler that arms its timer again. */
static void handler_ends(void)
{
    struct time_cpu *other_cpu = cpus[0].time;

    expect_eq(host_cpu->cpu, 1);
    host_cpu = &cpus[0];
    timer_set(&rearmed, now + 1000);
    other_cpu->running = NULL;
    host_cpu = &cpus[1];
}

/* Killed while its handler runs on another CPU: it is over before the timer's memory is given back, and stays so. */
TEST(a_timer_that_is_killed_is_dead)
{
    start();
    meanwhile = handler_ends;
    for ( u32 moved = 0; moved < 2; moved++ )
    {
        timer_init(&rearmed, count_up, &fired, 0);
        ((struct time_cpu *)cpus[0].time)->running = &rearmed;
        host_cpu = &cpus[1];
        if ( moved )
            timer_move(&rearmed, 1);
        timer_kill(&rearmed);
        expect(!((struct time_cpu *)cpus[0].time)->running);
        expect(!timer_active(&rearmed));
        host_cpu = &cpus[0];
    }
    fired = 0;
    pass(2000);
    expect_eq(fired, 0);
    end();
}

/* --- Guests' timers --- */

TEST(set_timer_op)
{
    start();
    run(&vcpu);
    virqs[0] = 0;
    time_stop_periodic(&vcpu);
    expect_eq(time_set_timer_op(now + 500), 0);
    pass(501);
    expect_eq(virqs[0], 1);
    time_set_timer_op(now + 500);
    time_set_timer_op(0);
    pass(1000);
    expect_eq(virqs[0], 1);
    time_set_timer_op(now - 500); /* past: at once */
    pass(0);
    expect_eq(virqs[0], 2);
    end();
}

TEST(singleshot_in_the_past)
{
    start();
    run(&vcpu);
    time_stop_periodic(&vcpu);
    virqs[0] = 0;
    now = 1000;
    expect_eq(time_set_singleshot(&vcpu, 500, VCPU_SSHOTTMR_future), -ETIME);
    pass(0);
    expect_eq(virqs[0], 0);
    expect_eq(time_set_singleshot(&vcpu, 500, 0), 0);
    pass(0);
    expect_eq(virqs[0], 1);
    end();
}

/* The hardware rounds up: the last tick of each stretch may still be to come. */
static void expect_ticks_of(const struct vcpu *v, unsigned int want)
{
    if ( virqs[v->id] > want || virqs[v->id] + 2 < want )
        fail("%u ticks, not %u", virqs[v->id], want);
}

static void expect_ticks(unsigned int want)
{
    expect_ticks_of(&vcpu, want);
}

/*
 * A vcpu that runs gets its hundred ticks a second; one that doesn't gets one when it comes back, in the old
 * rhythm.
 */
TEST(the_tick)
{
    start();
    run(&vcpu);
    virqs[0] = 0;
    for ( int i = 0; i < 1000; i++ )
        pass(NS_PER_MS);
    expect_ticks(100);

    host_cpu->current = &other;
    time_stop_periodic(&other);
    for ( int i = 0; i < 1000; i++ )
        pass(NS_PER_MS);
    expect_ticks(100);
    run(&vcpu);
    expect_ticks(101);
    for ( int i = 0; i < 100; i++ )
        pass(NS_PER_MS);
    expect_ticks(111);

    time_stop_periodic(&vcpu);
    pass(NS_PER_S);
    expect_ticks(111);
    end();
}

TEST(other_periods)
{
    start();
    run(&vcpu);
    expect_eq(time_set_periodic(&vcpu, NS_PER_MS - 1), -EINVAL);
    expect_eq(time_set_periodic(&vcpu, ~0UL), -EINVAL);
    expect_eq(time_set_periodic(&vcpu, 0), -EINVAL);
    expect_eq(time_set_periodic(&vcpu, 2 * NS_PER_MS), 0);
    virqs[0] = 0;
    for ( int i = 0; i < 1000; i++ )
        pass(NS_PER_MS / 2);
    expect_ticks(250);

    expect_eq(time_set_periodic(&other, NS_PER_MS), 0); /* of a vcpu that doesn't run */
    pass(20 * NS_PER_MS);
    expect(!timer_active(&other.time.periodic));
    run(&other); /* begins now: what it missed of the old one isn't made good */
    expect_ticks_of(&other, 0);
    for ( int i = 0; i < 100; i++ )
        pass(NS_PER_MS / 2);
    expect_ticks_of(&other, 50);
    end();
}

/* A CPU goes offline: what was to happen there happens elsewhere, and its own affairs end. */
TEST(timers_leave_with_their_cpu)
{
    start();
    run(&vcpu);
    time_stop_periodic(&vcpu);
    virqs[0] = 0;
    time_set_timer_op(now + (ns_t)NS_PER_MS);
    host_cpu = &cpus[1];
    lapic_count = 0;
    time_leave(0, 1);
    expect_eq(lapic_count, NS_PER_MS + 1);
    expect_eq(vcpu.time.singleshot.cpu, 1);
    expect(!timer_active(&((struct time_cpu *)cpus[0].time)->refresh));
    expect(!((struct time_cpu *)cpus[0].time)->first);
    pass(2 * NS_PER_MS);
    expect_eq(virqs[0], 1);
    host_cpu = &cpus[0];
    end();
}

HOST_TEST_MAIN
