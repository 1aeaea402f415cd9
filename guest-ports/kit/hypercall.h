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

#include <kit/arch.h>

typedef unsigned long ulong;

/* A hypercall by number, with the instruction (`syscall`, `int $0x82`) instead of the page. */
long kit_syscall(unsigned int number, ulong a1, ulong a2, ulong a3, ulong a4, ulong a5);

/* The page's stubs preserve all but the result; argument registers may be clobbered. */
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
        KIT_CALL(name, , KIT_ARG_1);                                                               \
        return rc;                                                                                 \
    }
#define KIT_STUB_2(name)                                                                           \
    static inline long hypercall_##name(ulong a1, ulong a2)                                        \
    {                                                                                              \
        long rc;                                                                                   \
        KIT_CALL(name, , KIT_ARG_1, KIT_ARG_2);                                                    \
        return rc;                                                                                 \
    }
#define KIT_STUB_3(name)                                                                           \
    static inline long hypercall_##name(ulong a1, ulong a2, ulong a3)                              \
    {                                                                                              \
        long rc;                                                                                   \
        KIT_CALL(name, , KIT_ARG_1, KIT_ARG_2, KIT_ARG_3);                                         \
        return rc;                                                                                 \
    }
#define KIT_STUB_4(name)                                                                           \
    static inline long hypercall_##name(ulong a1, ulong a2, ulong a3, ulong a4)                    \
    {                                                                                              \
        long rc;                                                                                   \
        KIT_BIND_4;                                                                                \
        KIT_CALL(name, , KIT_ARG_1, KIT_ARG_2, KIT_ARG_3, KIT_ARG_4);                              \
        return rc;                                                                                 \
    }
#define KIT_STUB_5(name)                                                                           \
    static inline long hypercall_##name(ulong a1, ulong a2, ulong a3, ulong a4, ulong a5)          \
    {                                                                                              \
        long rc;                                                                                   \
        KIT_BIND_4;                                                                                \
        KIT_BIND_5;                                                                                \
        KIT_CALL(name, , KIT_ARG_1, KIT_ARG_2, KIT_ARG_3, KIT_ARG_4, KIT_ARG_5);                   \
        return rc;                                                                                 \
    }

#ifdef __i386__ /* these take other arguments: pv32_wide.h has their stubs, and the plain ones get out of the way */
#define hypercall_set_callbacks                 hypercall_plain_set_callbacks
#define hypercall_set_timer_op                  hypercall_plain_set_timer_op
#define hypercall_update_descriptor             hypercall_plain_update_descriptor
#define hypercall_update_va_mapping             hypercall_plain_update_va_mapping
#define hypercall_update_va_mapping_otherdomain hypercall_plain_update_va_mapping_otherdomain
#endif
#define HYPERCALL(name, count, ...) KIT_STUB_##count(name)
#include <hypercall/hypercalls.def>
#undef HYPERCALL
#ifdef __i386__
#undef hypercall_set_callbacks
#undef hypercall_set_timer_op
#undef hypercall_update_descriptor
#undef hypercall_update_va_mapping
#undef hypercall_update_va_mapping_otherdomain
#include <kit/arch/pv32_wide.h>
#endif

#define KIT_UL0()
#define KIT_UL1(a)             KIT_ARG(a)
#define KIT_UL2(a, b)          KIT_ARG(a), KIT_ARG(b)
#define KIT_UL3(a, b, c)       KIT_ARG(a), KIT_ARG(b), KIT_ARG(c)
#define KIT_UL4(a, b, c, d)    KIT_ARG(a), KIT_ARG(b), KIT_ARG(c), KIT_ARG(d)
#define KIT_UL5(a, b, c, d, e) KIT_ARG(a), KIT_ARG(b), KIT_ARG(c), KIT_ARG(d), KIT_ARG(e)

#define KIT_COUNT_(zero, a, b, c, d, e, n, ...) n
#define KIT_COUNT(...)                          KIT_COUNT_(0, ##__VA_ARGS__, 5, 4, 3, 2, 1, 0)
#define KIT_PASTE_(a, b)                        a##b
#define KIT_PASTE(a, b)                         KIT_PASTE_(a, b)

#define hypercall(name, ...)                                                                       \
    hypercall_##name(KIT_PASTE(KIT_UL, KIT_COUNT(__VA_ARGS__))(__VA_ARGS__))

#endif
