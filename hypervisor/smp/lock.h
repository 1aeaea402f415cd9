/*
 * Spinlocks with an order. A lock may be taken only while no lock of the same or a higher level is
 * held, except where two of one level are taken by lock_pair() in address order. Debug builds check
 * this and report the two places.
 *
 * Interrupts are off in the hypervisor, so nothing needs to save flags; a CPU that spins serves TLB
 * flushes that others ask of it (smp_poll), so that a holder may wait for a flush.
 */
#ifndef SMP_LOCK_H
#define SMP_LOCK_H

#include "lib/types.h"

/* The locking order, outermost first: docs/locking.md tells what each protects. */
enum lock_level {
    LOCK_DOMCTL,      /* control operations, one at a time */
    LOCK_DOMAIN,      /* domain list and lifecycle */
    LOCK_PAGETABLE,   /* one per domain: its page tables */
    LOCK_GRANT,       /* one per domain: grant table */
    LOCK_EVENT,       /* one per domain: event ports */
    LOCK_MEMORY,      /* one per domain: its list of frames and their number */
    LOCK_IRQ,         /* interrupt descriptors */
    LOCK_VIRQ,        /* who gets global VIRQs; held while one is sent */
    LOCK_EVENT_QUEUE, /* one per domain: the FIFO ABI's queues; interrupts raise events */
    LOCK_SCHED,       /* run queues */
    LOCK_TIMER,       /* timer heap of a CPU */
    LOCK_ACCESS,      /* who may use which of the machine's resources */
    LOCK_EFI,         /* the firmware's runtime services, one at a time */
    LOCK_MAP,         /* the hypervisor's own page tables */
    LOCK_HEAP,        /* hypervisor heap */
    LOCK_ALLOC,       /* page allocator */
    LOCK_LIST,        /* the directory of domains */
    LOCK_CONSOLE,     /* console ring and devices */
    LOCK_LEVELS
};

struct lock {
    u32 held;    /* 1 or 0 */
    u32 waiting; /* CPUs that spin for it */
    u8 level;    /* enum lock_level */
};

#define LOCK_INIT(lock_level)                                                                      \
    {                                                                                              \
        .level = (lock_level)                                                                      \
    }

void lock_init(struct lock *lock, enum lock_level level);

/*
 * Without the checks of debug builds a lock that is free costs less than a call; and the call that
 * there is if it isn't costs nothing either: it keeps all registers, so that nobody saves one for it.
 */
#if defined(NDEBUG) && !defined(HOST_TEST)
#define LOCK_INLINE

/* The rare half of lock_acquire: somebody has it. */
__attribute__((no_caller_saved_registers)) void lock_wait(struct lock *lock);

static inline __attribute__((always_inline)) void lock_acquire(struct lock *lock)
{
    if ( __builtin_expect(__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE), 0) )
        /* By a call in C gcc would save registers for it, and have the address ready where that wants it. */
        __asm__ volatile("push %%rdi; lea %0, %%rdi; call lock_wait; pop %%rdi" ::"m"(lock->held)
                         : "memory", "cc");
}

static inline bool lock_try(struct lock *lock)
{
    return !__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE);
}

static inline void lock_release(struct lock *lock)
{
    __atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
}

#else

void lock_wait(struct lock *lock);
void lock_acquire(struct lock *lock);
bool lock_try(struct lock *lock);
void lock_release(struct lock *lock);

#endif

bool lock_held(const struct lock *lock);

/* Does another CPU wait for @lock, which this one holds? */
static inline bool lock_contended(const struct lock *lock)
{
    return __atomic_load_n(&lock->waiting, __ATOMIC_RELAXED) != 0;
}

/* Take two locks of one level without deadlock; @a and @b may be the same. */
void lock_pair(struct lock *a, struct lock *b);
void unlock_pair(struct lock *a, struct lock *b);

#endif
