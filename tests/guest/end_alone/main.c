/*
 * A domain ends in whatever way, and only it: those beside it and the machine go on.
 *
 * Eight domains end, each in its own way, while the ninth waits for a timer again and again, and keeps its memory.
 * dom0 must see of each the end that it came to.
 */
#include "roles.h"

static void by_poweroff(void)
{
    expect_end("poweroff", "as we ask for it");
    shutdown(SHUTDOWN_poweroff);
}

static void by_reboot(void)
{
    expect_end("reboot", "as we ask for it");
    shutdown(SHUTDOWN_reboot);
}

static void by_suspend(void)
{
    expect_end("suspend", "as we ask for it");
    shutdown(SHUTDOWN_suspend);
}

static void by_crash(void)
{
    expect_end("crash", "as we ask for it");
    shutdown(SHUTDOWN_crash);
}

static void by_fault(void)
{
    expect_end("crash", "a fault that has no handler");
    need(hypercall(set_trap_table, NULL));
    asm volatile("ud2");
    failure("we go on behind ud2");
}

static void hang_watched(uint32_t seconds)
{
    struct sched_watchdog op = { .timeout = seconds };

    need(hypercall(sched_op, SCHEDOP_watchdog, &op));
    events_disable();
    for ( ;; )
        asm volatile("pause");
}

static void by_watchdog(void)
{
    expect_end("watchdog", "we hang with a watchdog set");
    hang_watched(1);
}

static void by_no_time(void)
{
    expect_end("watchdog", "we set one that has no time");
    hang_watched(0);
}

static void by_going_down(void)
{
    expect_end("poweroff", "our last vcpu goes down");
    hypercall(vcpu_op, VCPUOP_down, 0, NULL);
    failure("we go on, though down");
}

static void stand_by(void)
{
    uint64_t *page = page_alloc();
    unsigned int ticks = 0;

    memset(page, 'b', PAGE_SIZE);
    for ( ; ticks < 20; ticks++ )
        time_wait_until(time_now() + NS_PER_MS);
    hear_ends(8);
    time_wait_until(time_now() + NS_PER_MS);
    for ( unsigned int i = 0; i < PAGE_SIZE / sizeof(uint64_t); i++ )
    {
        if ( page[i] != 0x6262626262626262 )
            failure("our memory has changed");
    }
    expect_no_fault(fault_of(page[0] = 0), "it is still ours to write to");
}

void test_main(void)
{
    static const struct role roles[] = {
        { "poweroff", by_poweroff }, { "reboot", by_reboot },   { "suspend", by_suspend },
        { "crash", by_crash },       { "fault", by_fault },     { "watchdog", by_watchdog },
        { "no_time", by_no_time },   { "down", by_going_down }, { "bystander", stand_by },
    };

    ROLES_PLAY(roles);
}
