/*
 * The hypervisor's atomics as steps of a model: this file stands in for lib/atomic.h and cpu/asm.h,
 * which all sources that the model is made of include ("-include" comes first, and has their
 * guards).
 *
 * Each access by one of these names is announced before it is made: there another CPU may come in
 * between. What lies between two such accesses is one step with the first. Accesses are in one
 * order for all CPUs: store buffers are not modelled.
 */
#ifndef TESTS_MODEL_ATOMIC_H
#define TESTS_MODEL_ATOMIC_H

#define MODEL

#define LIB_ATOMIC_H
#define CPU_ASM_H

#include <stdbool.h>
#include <stdint.h>

enum model_access { MODEL_READS, MODEL_WRITES };

/* In explore.c: @function is about to access what is @at. */
void model_access(const volatile void *at, enum model_access access, const char *function);

#define model_reads(p)  model_access((p), MODEL_READS, __func__)
#define model_writes(p) model_access((p), MODEL_WRITES, __func__)

#define READ_ONCE(x)                                                                               \
    ({                                                                                             \
        model_reads(&(x));                                                                         \
        __atomic_load_n(&(x), __ATOMIC_RELAXED);                                                   \
    })

#define READ_ONCE_IS(x, v) (READ_ONCE(x) == (v))

#define WRITE_ONCE(x, v)                                                                           \
    ({                                                                                             \
        __typeof__(x) model_value_ = (v);                                                          \
        model_writes(&(x));                                                                        \
        __atomic_store_n(&(x), model_value_, __ATOMIC_RELAXED);                                    \
    })

#define atomic_load(p) READ_ONCE(*(p))
#define atomic_store(p, v)                                                                         \
    ({                                                                                             \
        __typeof__(*(p)) model_stored_ = (v);                                                      \
        model_writes(p);                                                                           \
        __atomic_store_n((p), model_stored_, __ATOMIC_SEQ_CST);                                    \
    })

#define MODEL_RMW(builtin, p, v)                                                                   \
    ({                                                                                             \
        __typeof__(*(p)) model_operand_ = (v);                                                     \
        model_writes(p);                                                                           \
        builtin((p), model_operand_, __ATOMIC_SEQ_CST);                                            \
    })

#define atomic_xchg(p, v)       MODEL_RMW(__atomic_exchange_n, p, v)
#define atomic_fetch_add(p, v)  MODEL_RMW(__atomic_fetch_add, p, v)
#define atomic_fetch_sub(p, v)  MODEL_RMW(__atomic_fetch_sub, p, v)
#define atomic_fetch_or(p, v)   MODEL_RMW(__atomic_fetch_or, p, v)
#define atomic_fetch_and(p, v)  MODEL_RMW(__atomic_fetch_and, p, v)
#define atomic_add_return(p, v) MODEL_RMW(__atomic_add_fetch, p, v)
#define atomic_sub_return(p, v) MODEL_RMW(__atomic_sub_fetch, p, v)

#define atomic_inc(p)          ((void)atomic_fetch_add((p), 1))
#define atomic_dec(p)          ((void)atomic_fetch_sub((p), 1))
#define atomic_set(p, v)       ((void)atomic_xchg((p), (v)))
#define atomic_dec_and_test(p) (atomic_sub_return((p), 1) == 0)

#define atomic_cmpxchg(p, old, new)                                                                \
    ({                                                                                             \
        __typeof__(*(p)) model_new_ = (new);                                                       \
        model_writes(p);                                                                           \
        __atomic_compare_exchange_n((p), (old), model_new_, false, __ATOMIC_SEQ_CST,               \
                                    __ATOMIC_SEQ_CST);                                             \
    })

#define barrier() __asm__ volatile("" ::: "memory")
#define mb()      barrier()
#define rmb()     barrier()
#define wmb()     barrier()

/* Who spins comes back to the state that it was in: the explorer sees that, and goes on elsewhere. */
void cpu_relax(void);

/* In machine.c: instructions of the CPU that is running. */
void write_cr3(uint64_t value);
void invlpg(uint64_t va);
void irq_window(void);

static inline void clflush(const void *line)
{
    (void)line;
}

static inline void wbinvd(void)
{
}

#endif
