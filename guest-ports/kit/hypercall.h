/*
 * Hypercalls: hypercall(name, arguments...) for every row of hypercall/hypercalls.def, e.g.
 *
 *     long rc = hypercall(mmu_update, &request, 1, NULL, DOMID_SELF);
 *
 * Arguments may be integers or pointers. Their number is checked. They go through the hypercall page.
 */
#ifndef KIT_HYPERCALL_H
#define KIT_HYPERCALL_H

#include <hypercall/abi.h>

typedef unsigned long ulong;

/* A hypercall by number, with the `syscall` instruction instead of the page. */
long kit_syscall(unsigned int number, ulong a1, ulong a2, ulong a3, ulong a4, ulong a5);

/* The page's stubs preserve rcx and r11; argument registers may be clobbered. */
#define KIT_CALL(name, ...)                                                                        \
    asm volatile("call kit_hypercall_page + %c[offset]"                                            \
                 : "=a"(rc)__VA_ARGS__                                                             \
                 : [offset] "i"(__HYPERVISOR_##name * 32)                                          \
                 : "memory")

#define KIT_STUB_0(name)                                                                           \
    static inline long hypercall_##name(void)                                                      \
    {                                                                                              \
        long rc;                                                                                   \
        KIT_CALL(name);                                                                            \
        return rc;                                                                                 \
    }
#define KIT_STUB_1(name)                                                                           \
    static inline long hypercall_##name(ulong a1)                                                  \
    {                                                                                              \
        long rc;                                                                                   \
        KIT_CALL(name, , "+D"(a1));                                                                \
        return rc;                                                                                 \
    }
#define KIT_STUB_2(name)                                                                           \
    static inline long hypercall_##name(ulong a1, ulong a2)                                        \
    {                                                                                              \
        long rc;                                                                                   \
        KIT_CALL(name, , "+D"(a1), "+S"(a2));                                                      \
        return rc;                                                                                 \
    }
#define KIT_STUB_3(name)                                                                           \
    static inline long hypercall_##name(ulong a1, ulong a2, ulong a3)                              \
    {                                                                                              \
        long rc;                                                                                   \
        KIT_CALL(name, , "+D"(a1), "+S"(a2), "+d"(a3));                                            \
        return rc;                                                                                 \
    }
#define KIT_STUB_4(name)                                                                           \
    static inline long hypercall_##name(ulong a1, ulong a2, ulong a3, ulong a4)                    \
    {                                                                                              \
        long rc;                                                                                   \
        register ulong r10 asm("r10") = a4;                                                        \
        KIT_CALL(name, , "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10));                                 \
        return rc;                                                                                 \
    }
#define KIT_STUB_5(name)                                                                           \
    static inline long hypercall_##name(ulong a1, ulong a2, ulong a3, ulong a4, ulong a5)          \
    {                                                                                              \
        long rc;                                                                                   \
        register ulong r10 asm("r10") = a4;                                                        \
        register ulong r8 asm("r8") = a5;                                                          \
        KIT_CALL(name, , "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10), "+r"(r8));                       \
        return rc;                                                                                 \
    }

#define HYPERCALL(name, count, ...) KIT_STUB_##count(name)
#include <hypercall/hypercalls.def>
#undef HYPERCALL

#define KIT_UL0()
#define KIT_UL1(a)             (ulong)(a)
#define KIT_UL2(a, b)          (ulong)(a), (ulong)(b)
#define KIT_UL3(a, b, c)       (ulong)(a), (ulong)(b), (ulong)(c)
#define KIT_UL4(a, b, c, d)    (ulong)(a), (ulong)(b), (ulong)(c), (ulong)(d)
#define KIT_UL5(a, b, c, d, e) (ulong)(a), (ulong)(b), (ulong)(c), (ulong)(d), (ulong)(e)

#define KIT_COUNT_(zero, a, b, c, d, e, n, ...) n
#define KIT_COUNT(...)                          KIT_COUNT_(0, ##__VA_ARGS__, 5, 4, 3, 2, 1, 0)
#define KIT_PASTE_(a, b)                        a##b
#define KIT_PASTE(a, b)                         KIT_PASTE_(a, b)

#define hypercall(name, ...)                                                                       \
    hypercall_##name(KIT_PASTE(KIT_UL, KIT_COUNT(__VA_ARGS__))(__VA_ARGS__))

#endif
