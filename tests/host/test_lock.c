/*
 * Locks exclude, are fair enough to end, and complain when their order is broken.
 *
 * LINK: hypervisor/smp/lock.c
 * FLAGS: -fsanitize=thread
 */
#include "tests/host/host.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>

#include "console/console.h"
#include "cpu/percpu.h"
#include "smp/lock.h"

#define THREADS 4
#define ROUNDS  20000

__thread struct percpu *host_cpu;
static __thread struct percpu cpu;
static jmp_buf panicked;

void panic(const char *format, ...)
{
    (void)format;
    longjmp(panicked, 1);
}

void smp_poll(void)
{
    sched_yield();
}

static struct lock lock = LOCK_INIT(LOCK_EVENT), other = LOCK_INIT(LOCK_EVENT),
                   inner = LOCK_INIT(LOCK_ALLOC);
static unsigned long counter;

static void *work(void *arg)
{
    host_cpu = &cpu;
    for ( int i = 0; i < ROUNDS; i++ )
    {
        if ( i % 3 )
            lock_acquire(&lock);
        else
            lock_pair((i & 1) ? &lock : &other, (i & 1) ? &other : &lock);
        counter++;
        if ( i % 3 )
            lock_release(&lock);
        else
            unlock_pair(&lock, &other);
    }
    return arg;
}

static void *wait_for_it(void *arg)
{
    host_cpu = &cpu;
    lock_acquire(&lock);
    lock_release(&lock);
    return arg;
}

/* Who holds a lock knows that somebody waits: long operations let go then. */
TEST(the_holder_sees_who_waits)
{
    pthread_t thread;

    host_cpu = &cpu;
    lock_acquire(&lock);
    expect(!lock_contended(&lock));
    require(pthread_create(&thread, NULL, wait_for_it, NULL) == 0);
    while ( !lock_contended(&lock) )
        sched_yield();
    lock_release(&lock);
    pthread_join(thread, NULL);
    expect(!lock_contended(&lock));
}

TEST(they_exclude)
{
    pthread_t threads[THREADS];

    for ( int i = 0; i < THREADS; i++ )
        require(!pthread_create(&threads[i], NULL, work, NULL));
    for ( int i = 0; i < THREADS; i++ )
        pthread_join(threads[i], NULL);
    expect_eq(counter, THREADS * ROUNDS);
    expect(!lock_held(&lock) && !lock_held(&other));
}

TEST(trying)
{
    host_cpu = &cpu;
    expect(lock_try(&lock));
    expect(lock_held(&lock));
    expect(!lock_try(&lock));
    lock_release(&lock);
    expect(lock_try(&lock));
    lock_release(&lock);
}

static bool complains(struct lock *a, struct lock *b)
{
    host_cpu = &cpu;
    memset(&cpu, 0, sizeof(cpu));
    lock_init(&lock, LOCK_EVENT);
    lock_init(&other, LOCK_EVENT);
    lock_init(&inner, LOCK_ALLOC);
    if ( setjmp(panicked) )
        return true;
    lock_acquire(a);
    lock_acquire(b);
    lock_release(a); /* in any order */
    lock_release(b);
    expect_eq(cpu.lock_depth, 0);
    return false;
}

TEST(the_order_is_checked)
{
    expect(!complains(&lock, &inner));
    expect(complains(&inner, &lock));
    expect(complains(&lock, &other));
    expect(complains(&lock, &lock));
}

TEST(a_pair_may_be_one)
{
    host_cpu = &cpu;
    lock_pair(&lock, &lock);
    expect(lock_held(&lock));
    unlock_pair(&lock, &lock);
    expect(!lock_held(&lock));
    lock_pair(&lock, &other);
    lock_acquire(&inner);
    lock_release(&inner);
    unlock_pair(&other, &lock);
    expect_eq(cpu.lock_depth, 0);
}

TEST(what_is_not_held_is_not_released)
{
    host_cpu = &cpu;
    memset(&cpu, 0, sizeof(cpu));
    if ( setjmp(panicked) )
        return;
    lock_release(&inner);
    fail("it was");
}

HOST_TEST_MAIN
