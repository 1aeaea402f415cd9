/*
 * A lock goes to whoever finds it free. Nobody has a turn: on a virtual machine with more CPUs than
 * its host the one whose turn it is would rarely be running, and all others would wait for that
 * too. 16 CPUs on two of a host got nowhere with tickets. No lock is anybody's for long, and long
 * operations on page tables let go when others wait (lock_contended). What nobody promises is that
 * a CPU gets a lock that others take over and over: on a machine of several sockets, where a lock's
 * line stays with those who have it, that may take a while.
 *
 * Debug builds keep the levels of the locks that each CPU holds.
 */
#include "smp/lock.h"
#include "console/console.h"
#include "cpu/percpu.h"
#include "lib/atomic.h"
#include "smp/smp.h"

#define SITE __builtin_return_address(0)

#ifdef NDEBUG

static inline void order_check(const struct lock *lock, bool pair)
{
    (void)lock;
    (void)pair;
}

static inline void order_push(const struct lock *lock, const void *site)
{
    (void)lock;
    (void)site;
}

static inline void order_pop(const struct lock *lock)
{
    (void)lock;
}

#else

/* The place among the held ones of the highest level; -1: none is held. */
static int highest_held(const struct percpu *cpu)
{
    int highest = -1;

    for ( u32 i = 0; i < cpu->lock_depth; i++ )
        if ( highest < 0 || cpu->lock_levels[i] > cpu->lock_levels[highest] )
            highest = (int)i;
    return highest;
}

/* The second of a pair may have the level that is held. The crash report shows who asks. */
static void order_check(const struct lock *lock, bool pair)
{
    const struct percpu *cpu = this_cpu();
    int held = highest_held(cpu);

    if ( held < 0 || cpu->lock_levels[held] < lock->level + (pair ? 1 : 0) )
        return;
    panic("locking order: level %u is wanted while %u is held, taken at %#lx", lock->level,
          cpu->lock_levels[held], cpu->lock_sites[held]);
}

static void order_push(const struct lock *lock, const void *site)
{
    struct percpu *cpu = this_cpu();

    if ( cpu->lock_depth == sizeof(cpu->lock_levels) )
        panic("locking order: %u locks held at once", cpu->lock_depth);
    cpu->lock_levels[cpu->lock_depth] = lock->level;
    cpu->lock_sites[cpu->lock_depth++] = (u64)site;
}

/* Locks may be released in any order: drop the latest of this level. */
static void order_pop(const struct lock *lock)
{
    struct percpu *cpu = this_cpu();
    u32 i = cpu->lock_depth;

    while ( i > 0 && cpu->lock_levels[i - 1] != lock->level )
        i--;
    if ( !i )
        panic("locking order: level %u is released but not held", lock->level);
    for ( ; i < cpu->lock_depth; i++ )
    {
        cpu->lock_levels[i - 1] = cpu->lock_levels[i];
        cpu->lock_sites[i - 1] = cpu->lock_sites[i];
    }
    cpu->lock_depth--;
}

#endif

void lock_init(struct lock *lock, enum lock_level level)
{
    *lock = (struct lock)LOCK_INIT(level);
}

static bool take(struct lock *lock)
{
    return !READ_ONCE(lock->held) && !atomic_xchg(&lock->held, 1);
}

void lock_wait(struct lock *lock)
{
    atomic_inc(&lock->waiting);
    while ( !take(lock) )
    {
        smp_poll();
        cpu_relax();
    }
    atomic_dec(&lock->waiting);
}

static void acquire(struct lock *lock, bool pair, const void *site)
{
    order_check(lock, pair);
    if ( !take(lock) )
        lock_wait(lock);
    order_push(lock, site);
}

#ifndef LOCK_INLINE

void lock_acquire(struct lock *lock)
{
    acquire(lock, false, SITE);
}

/* Trying can't deadlock: no order to check. */
bool lock_try(struct lock *lock)
{
    if ( !take(lock) )
        return false;
    order_push(lock, SITE);
    return true;
}

void lock_release(struct lock *lock)
{
    order_pop(lock);
    atomic_store(&lock->held, 0);
}

#endif

bool lock_held(const struct lock *lock)
{
    return READ_ONCE(lock->held);
}

void lock_pair(struct lock *a, struct lock *b)
{
    struct lock *first = a < b ? a : b, *second = a < b ? b : a;

    acquire(first, false, SITE);
    if ( first != second )
        acquire(second, true, SITE);
}

void unlock_pair(struct lock *a, struct lock *b)
{
    lock_release(a);
    if ( a != b )
        lock_release(b);
}
