/*
 * Atomic operations: thin names over the compiler's builtins, for any integer or pointer type of up to 8 bytes.
 *
 * Unless a name says otherwise an operation is sequentially consistent, which on x86 costs no more than a weaker
 * read-modify-write. Plain loads and stores are not: atomic_load acquires, atomic_store releases, and a store that a
 * later load must not overtake needs atomic_xchg or mb().
 */
#ifndef LIB_ATOMIC_H
#define LIB_ATOMIC_H

#include <stdbool.h>

#define READ_ONCE(x)     __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v) __atomic_store_n(&(x), (v), __ATOMIC_RELAXED)

/* READ_ONCE(x) == v, compared where it lies: what is to be read once compilers load into a register first. */
#define READ_ONCE_IS(x, v)                                                                         \
    ({                                                                                             \
        bool is_;                                                                                  \
        __asm__ volatile("cmp %2, %1" : "=@cce"(is_) : "m"(x), "r"((__typeof__(x))(v)));           \
        is_;                                                                                       \
    })

#define atomic_load(p)     __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define atomic_store(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)

/* These return the value before the operation. */
#define atomic_xchg(p, v)      __atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)
#define atomic_fetch_add(p, v) __atomic_fetch_add((p), (v), __ATOMIC_SEQ_CST)
#define atomic_fetch_sub(p, v) __atomic_fetch_sub((p), (v), __ATOMIC_SEQ_CST)
#define atomic_fetch_or(p, v)  __atomic_fetch_or((p), (v), __ATOMIC_SEQ_CST)
#define atomic_fetch_and(p, v) __atomic_fetch_and((p), (v), __ATOMIC_SEQ_CST)

/* These return the value after the operation. */
#define atomic_add_return(p, v) __atomic_add_fetch((p), (v), __ATOMIC_SEQ_CST)
#define atomic_sub_return(p, v) __atomic_sub_fetch((p), (v), __ATOMIC_SEQ_CST)

#define atomic_inc(p) ((void)atomic_fetch_add((p), 1))
#define atomic_dec(p) ((void)atomic_fetch_sub((p), 1))

/* A store that is a full barrier: no later load overtakes it. */
#define atomic_set(p, v) ((void)atomic_xchg((p), (v)))

/* True when the count has reached zero: the caller held the last reference. */
#define atomic_dec_and_test(p) (atomic_sub_return((p), 1) == 0)

/* If *@p is *@old make it @new and return true; else return false with what was found in *@old. */
#define atomic_cmpxchg(p, old, new)                                                                \
    __atomic_compare_exchange_n((p), (old), (new), false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)

/* Compiler barrier, and the three of the CPU; on x86 only mb() is an instruction. */
#define barrier() __asm__ volatile("" ::: "memory")
#define mb()      __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define rmb()     __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define wmb()     __atomic_thread_fence(__ATOMIC_RELEASE)

static inline void cpu_relax(void)
{
    __asm__ volatile("pause" ::: "memory");
}

#endif
