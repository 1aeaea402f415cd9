/*
 * Sub-operations of a hypercall: hypercall/ops/NAME.def turned into a table, and the one dispatcher of such tables.
 *
 * A file that dispatches NAME declares the handlers, then has both widths' tables made:
 *
 *     #define SUBOPS <hypercall/ops/NAME.def>
 *     #include "domain/subop_tables.inc"
 *
 * For 32-bit guests, rows that are the SAME have the same thunk, WIDEN(layout) puts one that translates around the
 * handler, OTHER(handler) names another.
 *
 * A handler has the type long (struct vcpu *, ARGUMENT *), or long (struct vcpu *, gva_t) in a RAW row: the thunk
 * between it and the table makes the compiler check that. It is called with no lock held.
 *
 * The thunk knows the row: it asks for the rights, copies the argument in and, for INOUT, back on success, as a whole.
 * So each copies its own few words in line, and a handler that is static and used by its row alone often never has
 * the argument in memory.
 */
#ifndef DOMAIN_SUBOP_H
#define DOMAIN_SUBOP_H

#include "cpu/percpu.h"
#include "cpu/uaccess.h"
#include "domain/domain.h"
#include "domain/widen.h"
#include "lib/bits.h"

/* The largest argument that is copied to the stack; a larger one is RAW. */
#define SUBOP_ARGUMENT_MAX 128

/* An element of a table: the row's thunk, which is given the guest's pointer. */
typedef long (*subop_t)(struct vcpu *v, unsigned long arg);

/*
 * How many a table has: more than there are operations, by a power of two, and each of them a function, so that
 * speculation, too, finds nothing else for whatever number.
 */
#define SUBOP_ROWS    64u
#define SUBOP_NO_ROWS [0 ... SUBOP_ROWS - 1] = subop_none
#pragma GCC diagnostic ignored "-Woverride-init" /* rows take the place of those */

static inline long subop_none(struct vcpu *v, unsigned long arg)
{
    (void)v;
    (void)arg;
    return -ENOSYS;
}

/*
 * Run sub-operation @cmd of those in @table for @v, which is current (or, for vcpu_op, a vcpu of current's domain).
 * -ENOSYS no such operation, -EPERM the caller lacks the rights, -EFAULT @arg cannot be read or written; else what the
 * handler returns.
 */
static inline long subop_call_on(struct vcpu *v, const subop_t table[SUBOP_ROWS], unsigned long cmd,
                                 unsigned long arg)
{
    u32 nr = (u32)cmd; /* the guest's register is an int to the ABI: its upper half means nothing */

    if ( __builtin_expect(nr >= SUBOP_ROWS, 0) )
        return -ENOSYS;
    return table[index_bounded(nr, SUBOP_ROWS)](v, arg);
}

/* The same for current. */
static inline long subop_call(const subop_t table[SUBOP_ROWS], unsigned long cmd, unsigned long arg)
{
    return subop_call_on(current_vcpu(), table, cmd, arg);
}

/* --- Thunks --- */

/* The who column. TARGET is the handler's to check: only it knows which domain is named. */
#define SUBOP_ADMIN_SELF   false
#define SUBOP_ADMIN_TARGET false
#define SUBOP_ADMIN_ADMIN  true

/* A file that has ADMIN rows includes access/access.h. */
#define SUBOP_REFUSED_SELF(v)   false
#define SUBOP_REFUSED_TARGET(v) false
#define SUBOP_REFUSED_ADMIN(v)  (access_check((v)->domain, (v)->domain, ACCESS_ADMIN) != 0)

#define SUBOP_THUNK(operation, argument, direction, who, status, handler, pv32, summary)           \
    SUBOP_THUNK_##status(subop_##operation, argument, direction, who, handler)

#define SUBOP_THUNK_DONE(thunk, argument, direction, who, handler)                                 \
    static long thunk(struct vcpu *v, unsigned long arg)                                           \
    {                                                                                              \
        if ( SUBOP_REFUSED_##who(v) )                                                              \
            return -EPERM;                                                                         \
        SUBOP_INVOKE_##direction(argument, handler, guest_load_small, guest_store_small);          \
    }
#define SUBOP_THUNK_SHOW SUBOP_THUNK_DONE
#define SUBOP_THUNK_SOON(thunk, argument, direction, who, handler)
#define SUBOP_THUNK_NEVER(thunk, argument, direction, who, handler)

#define SUBOP_INVOKE_RAW(argument, handler, load, store) return handler(v, to_gva(arg))
#define SUBOP_INVOKE_IN(argument, handler, load, store)                                            \
    argument copy;                                                                                 \
                                                                                                   \
    _Static_assert(sizeof(copy) <= SUBOP_ARGUMENT_MAX, "a small argument");                        \
    return load(&copy, to_gva(arg)) ? handler(v, &copy) : -EFAULT
#define SUBOP_INVOKE_INOUT(argument, handler, load, store)                                         \
    argument copy;                                                                                 \
    long rc;                                                                                       \
                                                                                                   \
    _Static_assert(sizeof(copy) <= SUBOP_ARGUMENT_MAX, "a small argument");                        \
    if ( !load(&copy, to_gva(arg)) )                                                               \
        return -EFAULT;                                                                            \
    rc = handler(v, &copy);                                                                        \
    return rc >= 0 && !store(to_gva(arg), &copy) ? -EFAULT : rc

#define SUBOP_ROW(operation, argument, direction, who, status, handler, pv32, summary)             \
    [operation] = SUBOP_CALL_##status(subop_##operation),

#define SUBOP_CALL_DONE(thunk)  thunk
#define SUBOP_CALL_SHOW(thunk)  thunk
#define SUBOP_CALL_SOON(thunk)  subop_none
#define SUBOP_CALL_NEVER(thunk) subop_none

/* --- for 32-bit guests --- */

/* What the column pv32 says, as two words. */
#define SUBOP_PV32_SAME          SAME, none
#define SUBOP_PV32_WIDEN(layout) WIDEN, layout
#define SUBOP_PV32_OTHER(other)  OTHER, other

#define SUBOP_THUNK_PV32(operation, argument, direction, who, status, handler, pv32, summary)      \
    SUBOP_PV32_THUNK_##status(subop_pv32_##operation, argument, direction, who, handler,           \
                              SUBOP_PV32_##pv32)

#define SUBOP_PV32_THUNK_DONE(...) SUBOP_PV32_THUNK(__VA_ARGS__)
#define SUBOP_PV32_THUNK_SHOW(...) SUBOP_PV32_THUNK(__VA_ARGS__)
#define SUBOP_PV32_THUNK_SOON(...)
#define SUBOP_PV32_THUNK_NEVER(...)
#define SUBOP_PV32_THUNK(thunk, argument, direction, who, handler, kind, what)                     \
    SUBOP_PV32_THUNK_##kind(thunk, argument, direction, who, handler, what)

#define SUBOP_PV32_THUNK_SAME(thunk, argument, direction, who, handler, none)
#define SUBOP_PV32_THUNK_OTHER(thunk, argument, direction, who, handler, other)                    \
    static long thunk(struct vcpu *v, unsigned long arg)                                           \
    {                                                                                              \
        return SUBOP_REFUSED_##who(v) ? -EPERM : other(v, to_gva(arg));                            \
    }
#define SUBOP_PV32_THUNK_WIDEN(thunk, argument, direction, who, handler, layout)                   \
    static long thunk(struct vcpu *v, unsigned long arg)                                           \
    {                                                                                              \
        if ( SUBOP_REFUSED_##who(v) )                                                              \
            return -EPERM;                                                                         \
        SUBOP_INVOKE_##direction(argument, handler, compat_load_##layout, compat_store_##layout);  \
    }

#define SUBOP_ROW_PV32(operation, argument, direction, who, status, handler, pv32, summary)        \
    [operation] = SUBOP_PICK(SUBOP_PV32_##pv32, SUBOP_CALL_##status(subop_##operation),            \
                             SUBOP_CALL_##status(subop_pv32_##operation)),

/* The first for rows that are the same, the second for others. */
#define SUBOP_PICK(...)                      SUBOP_PICK_(__VA_ARGS__)
#define SUBOP_PICK_(kind, what, same, other) SUBOP_PICK_##kind(same, other)
#define SUBOP_PICK_SAME(same, other)         same
#define SUBOP_PICK_OTHER(same, other)        other
#define SUBOP_PICK_WIDEN(same, other)        other

#endif
