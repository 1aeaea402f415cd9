/*
 * Interrupt lines: when a line is open, who is told, who owes what. The source is the hypervisor's; hardware, clock
 * and locks are played here.
 *
 * LINK: hypervisor/irq/line.c
 */
#include "tests/host/host.h"

#include "cpu/percpu.h"
#include "irq/line.h"
#include "lib/string.h"
#include "smp/smp.h"

/* --- The rest of the hypervisor --- */

static bool hardware_open;
static unsigned int hardware_writes;
static struct timer *armed;
static bool locked;

void line_set_open(struct irq_line *line, bool open)
{
    expect(locked);
    expect(line->open == open && hardware_open != open); /* told of changes only */
    hardware_open = open;
    hardware_writes++;
}

static unsigned int raised;

void line_raise(struct irq_line *fired)
{
    expect(!locked && fired->open);
    raised++;
}

void lock_acquire(struct lock *lock)
{
    expect(lock == &irq_lock && !locked);
    locked = true;
}

void lock_release(struct lock *lock)
{
    expect(lock == &irq_lock && locked);
    locked = false;
}

void timer_init(struct timer *timer, void (*handler)(void *arg), void *arg, u32 cpu)
{
    *timer = (struct timer){ .handler = handler, .arg = arg, .cpu = cpu };
}

long timer_set(struct timer *timer, ns_t expires)
{
    timer->expires = expires;
    armed = timer;
    return 0;
}

ns_t time_now(void)
{
    return 0;
}

static struct irq_line *finish; /* what CPU 1 gets done with while we wait */
static unsigned int polls;

void smp_poll(void)
{
    polls++;
    host_cpu->cpu = 1;
    memset(finish, 0xff, sizeof(*finish)); /* it was freed by somebody else */
    line_delivered(finish, true);
    host_cpu->cpu = 0;
}

static struct percpu cpu_area;
__thread struct percpu *host_cpu = &cpu_area;

/* --- Shorthands --- */

static struct irq_line line;
static char domains[8]; /* identities are all that a line looks at */

static struct domain *domain(unsigned int n)
{
    return (struct domain *)&domains[n];
}

static void start(bool level)
{
    hardware_open = false;
    hardware_writes = 0;
    armed = NULL;
    line_init(&line, LINE_GSI, 0x40);
    line.level = level;
}

static long add(unsigned int n, bool share)
{
    long rc;

    lock_acquire(&irq_lock);
    rc = line_add_guest(&line, domain(n), 10 + n, share);
    lock_release(&irq_lock);
    return rc;
}

static void drop(unsigned int n)
{
    lock_acquire(&irq_lock);
    expect(line_remove_guest(&line, domain(n)));
    lock_release(&irq_lock);
}

static void eoi(unsigned int n)
{
    lock_acquire(&irq_lock);
    line_eoi(&line, domain(n));
    lock_release(&irq_lock);
}

static unsigned int fire(bool heard)
{
    struct line_guest to[LINE_MAX_GUESTS];
    unsigned int n;

    lock_acquire(&irq_lock);
    n = line_fire(&line, to);
    lock_release(&irq_lock);
    for ( unsigned int i = 0; i < n; i++ )
        expect_eq(to[i].pirq, line.guests[i].pirq);
    line_delivered(&line, heard);
    return n;
}

/* --- Stories --- */

/* Nobody listens: masked. One listens: open. An edge leaves it so. */
TEST(an_edge_line_stays_open)
{
    start(false);
    expect(!line.open);
    expect_eq(add(1, false), 0);
    expect(hardware_open);
    for ( int i = 0; i < 3000; i++ )
        expect_eq(fire(true), 1);
    eoi(1); /* needless, harmless */
    expect(hardware_open);
    expect_eq(hardware_writes, 1);
    drop(1);
    expect(!hardware_open);
    expect_eq(fire(false), 0);
}

/* A level is held from the moment it fires until its guest has dealt with the device. */
TEST(a_level_line_waits_for_eoi)
{
    start(true);
    add(1, false);
    expect_eq(fire(true), 1);
    expect(!hardware_open);
    eoi(2); /* somebody else's EOI changes nothing */
    expect(!hardware_open);
    eoi(1);
    expect(hardware_open);
}

/* Shared: every guest is told, and every guest has to answer. One that goes away owes nothing any more. */
TEST(a_shared_level_waits_for_all)
{
    start(true);
    expect_eq(add(1, true), 0);
    expect_eq(add(2, true), 0);
    expect_eq(add(3, true), 0);
    expect_eq(fire(true), 3);
    eoi(1);
    eoi(3);
    expect(!hardware_open);
    drop(2);
    expect(hardware_open);
    expect_eq(fire(true), 2);
}

TEST(sharing_takes_all_sides)
{
    start(true);
    expect_eq(add(1, false), 0);
    expect_eq(add(2, true), -EBUSY);
    drop(1);
    expect_eq(add(1, true), 0);
    expect_eq(add(2, false), -EBUSY);
    for ( unsigned int i = 2; i <= LINE_MAX_GUESTS; i++ )
        expect_eq(add(i, true), 0);
    expect_eq(add(LINE_MAX_GUESTS + 1, true), -EBUSY);
}

static void handler(void)
{
}

TEST(the_hypervisors_line_is_its_own)
{
    start(false);
    lock_acquire(&irq_lock);
    line.own = handler;
    line_update(&line);
    lock_release(&irq_lock);
    expect(hardware_open);
    expect_eq(add(1, true), -EBUSY);
    expect_eq(fire(true), 0);
}

/* A device that interrupts without end while its guest doesn't look is held back, and tried again later. */
TEST(a_storm_is_held_back)
{
    unsigned int n = 0;

    start(false);
    add(1, false);
    while ( hardware_open && n < 100000 )
    {
        fire(false);
        n++;
    }
    expect(n > 100 && n < 100000);
    require(armed);
    armed->handler(armed->arg);
    expect(hardware_open);
    expect_eq(raised, 1); /* for the edge that may have been lost */
    fire(true);
    expect_eq(line.unheard, 0);
}

/* The guest says by unmasking its port that it listens again. */
TEST(a_storm_ends_early_when_the_guest_unmasks)
{
    start(false);
    add(1, false);
    while ( hardware_open )
        fire(false);
    lock_acquire(&irq_lock);
    line_retry(&line);
    lock_release(&irq_lock);
    expect(hardware_open);
}

/* A level that nobody takes notice of is masked anyway: no storm, no timer. */
TEST(a_level_cannot_storm)
{
    start(true);
    add(1, false);
    for ( int i = 0; i < 5000; i++ )
    {
        fire(false);
        expect(!hardware_open);
        eoi(1);
    }
    expect(!armed);
}

/* Anything in any order: the line is open exactly while somebody listens and nobody owes an answer. */
/* Who waits for a delivery elsewhere must not look at the line: whoever unmapped it may have freed it. */
TEST(draining_looks_at_no_line)
{
    static struct irq_line freed;
    struct line_guest to[LINE_MAX_GUESTS];

    line_init(&freed, LINE_MSI, 0x40);
    finish = &freed;
    line_drain(&freed);
    expect_eq(polls, 0);
    host_cpu->cpu = 1;
    lock_acquire(&irq_lock);
    line_fire(&freed, to);
    lock_release(&irq_lock);
    host_cpu->cpu = 0;
    line_drain(&line);
    expect_eq(polls, 0);
    line_drain(&freed);
    expect_eq(polls, 1);
}

TEST(random_order)
{
    bool listens[LINE_MAX_GUESTS] = { false }, owes[LINE_MAX_GUESTS] = { false };

    start(true);
    for ( int step = 0; step < 50000; step++ )
    {
        unsigned int n = host_test_random() % LINE_MAX_GUESTS;
        bool any = false, blocked = false;

        switch ( host_test_random() % 4 )
        {
        case 0:
            if ( !listens[n] )
                expect_eq(add(n, true), 0);
            listens[n] = true;
            break;
        case 1:
            if ( listens[n] )
                drop(n);
            listens[n] = owes[n] = false;
            break;
        case 2:
            eoi(n);
            owes[n] = false;
            break;
        default:
            fire(true);
            memcpy(owes, listens, sizeof(owes));
        }
        for ( unsigned int i = 0; i < LINE_MAX_GUESTS; i++ )
        {
            any |= listens[i];
            blocked |= owes[i];
        }
        expect(hardware_open == (any && !blocked));
    }
}

HOST_TEST_MAIN
