/*
 * Guests' clocks: what a vcpu is told of time when it is switched in, an emulated TSC, and the wall clock.
 *
 * LINK: hypervisor/time/heap.c hypervisor/time/timer.c hypervisor/time/guest.c hypervisor/time/tsc.c
 * LINK: hypervisor/time/wallclock.c
 */
#include "tests/host/fake/timers.h"

static struct vcpu_time_info user_area;

static void expect_consistent(const struct vcpu_time_info *t)
{
    expect(t->version && !(t->version & 1));
    expect_eq(t->tsc_to_system_mul, time_clock.tsc_to_ns.mul);
    expect_eq(t->tsc_shift, time_clock.tsc_to_ns.shift);
    expect_eq(t->flags, XEN_PVCLOCK_TSC_STABLE_BIT);
    expect_eq(t->system_time, t->tsc_timestamp - time_clock.tsc_base);
}

/* What a guest makes of an emulated TSC: system time, to some nanoseconds, whatever the pair. */
static void expect_clock_by_tsc(const struct vcpu_time_info *t)
{
    struct scale scale = { t->tsc_to_system_mul, t->tsc_shift };
    u64 ns = t->system_time + scale_apply(scale, tsc_read(&guest) - t->tsc_timestamp);

    expect_eq(t->flags, 0);
    expect((ns_t)ns >= now - 4 && (ns_t)ns <= now + 4);
}

TEST(emulated_tsc)
{
    static const struct tsc_choice choices[] = {
        { .mode = TSC_ALWAYS_EMULATE, .khz = 3000000 },
        { .mode = TSC_ALWAYS_EMULATE, .khz = 1 << 30, .elapsed_ns = 3600 * NS_PER_S },
        { .mode = TSC_DEFAULT, .lives = 1, .khz = 1000003, .elapsed_ns = NS_PER_S / 3 },
        { .mode = TSC_DEFAULT, .lives = 1, .khz = 500001, .elapsed_ns = ~0UL },
    };

    struct vcpu *vcpus[] = { &vcpu, &other };

    start();
    guest.vcpus = vcpus;
    guest.max_vcpus = ARRAY_SIZE(vcpus);
    time_tsc_khz = 2000000;
    now = clock_at(rdtsc()) + NS_PER_S; /* pairs are of before, as they are on the machine */
    for ( size_t i = 0; i < ARRAY_SIZE(choices); i++ )
    {
        u64 before;

        run(&vcpu);
        expect_eq(tsc_set(&guest, &choices[i]), 0);
        expect(guest.time.tsc.emulated);
        run(&vcpu); /* it is told of the new one */
        before = tsc_read(&guest);
        expect(info[0].time.tsc_timestamp <= before); /* the machine's pair is of before it began */
        expect_clock_by_tsc(&info[0].time);
        pass(NS_PER_MS);
        expect_clock_by_tsc(&info[0].time);
        expect_eq((tsc_read(&guest) - before + 500) / 1000, (choices[i].khz + 500) / 1000);
        pass(3 * NS_PER_S);
        run(&vcpu);
        expect_clock_by_tsc(&info[0].time);
    }
    expect_eq(tsc_set(&guest, &(struct tsc_choice){ .lives = 1, .khz = 2000400 }), 0);
    expect(!guest.time.tsc.emulated); /* as good as the machine's */
    end();
}

TEST(time_info_is_written_at_switch_in)
{
    u32 version;

    start();
    run(&vcpu);
    expect_consistent(&info[0].time);
    version = info[0].time.version;
    run(&vcpu);
    expect_eq(info[0].time.version, version); /* nothing new: not touched */
    expect_eq(info[1].time.version, 0);
    run(&other);
    expect_consistent(&info[1].time);
    end();
}

/* A guest that scribbles over the version, an odd one too, gets a consistent clock all the same. */
TEST(a_scribbled_version)
{
    start();
    for ( u32 version = 5; version < 9; version++ )
    {
        run(&vcpu);
        info[0].time.version = version;
        info[0].time.tsc_timestamp = 0;
        time_vcpu_info_moved(&vcpu);
        expect_consistent(&info[0].time);
    }
    end();
}

/* The second copy, for user space: written in kernel mode only, and later if the mapping isn't there yet. */
TEST(the_user_area)
{
    gva_t area = to_gva((u64)&user_area);

    start();
    expect_eq(time_register_area(&vcpu, to_gva(HV_VIRT_START + 64)), -EFAULT);
    run(&vcpu);
    user_area_mapped = false;
    expect_eq(time_register_area(&vcpu, area), 0);
    expect_eq(user_area.version, 0);
    user_area_mapped = true;
    vcpu.cpu.kernel_mode = false;
    run(&vcpu);
    expect_eq(user_area.version, 0);
    vcpu.cpu.kernel_mode = true;
    run(&vcpu);
    expect_consistent(&user_area);
    expect(!memcmp(&user_area.tsc_timestamp, &info[0].time.tsc_timestamp, 16));
    expect_eq(time_register_area(&vcpu, to_gva(0)), 0);
    end();
}

TEST(wall_clock)
{
    start();
    time_domain_create(&guest);
    expect_eq(shared.wc_sec, 1700000000);
    expect_eq(shared.wc_version & 1, 0);
    now = 10 * (ns_t)NS_PER_S;
    time_set_wallclock(0x100000010UL, 500, now); /* beyond 32 bits */
    expect_eq(shared.wc_sec, 6);
    expect_eq(shared.wc_sec_hi, 1);
    expect_eq(shared.wc_nsec, 500);
    time_set_wall_offset(&guest, -7);
    expect_eq(shared.wc_sec, 0xffffffff);
    expect_eq(shared.wc_sec_hi, 0);
    end();
}

HOST_TEST_MAIN
