/*
 * Sub-operations of a hypercall: hypercall/ops/NAME.def turned into a table, and the one dispatcher of such tables.
 *
 * A file that dispatches NAME declares the handlers, then expands the rows twice:
 *
 *     #define SUBOP SUBOP_THUNK
 *     #include <hypercall/ops/NAME.def>
 *     #undef SUBOP
 *     static const struct subop ops[] = {
 *     #define SUBOP SUBOP_ROW
 *     #include <hypercall/ops/NAME.def>
 *     #undef SUBOP
 *     };
 *
 * SUBOP_THUNK_PV32 and SUBOP_ROW_PV32, expanded likewise after those, make the table for 32-bit guests: rows that are
 * the SAME have the same thunk, WIDEN(layout) puts one that translates around the handler, OTHER(handler) names
 * another.
 *
 * A handler has the type long (struct vcpu *, ARGUMENT *), or long (struct vcpu *, gva_t) in a RAW row: the thunk
 * between it and the table makes the compiler check that. It is called with no lock held.
 *
 * An argument of a word that is only read, which the frequent operations have, goes to the thunk in a register: a
 * handler that is static and used by its row alone never has it in memory.
 */
#ifndef DOMAIN_SUBOP_H
#define DOMAIN_SUBOP_H

#include "cpu/percpu.h"
#include "cpu/uaccess.h"
#include "domain/domain.h"
#include "domain/widen.h"

/* The largest argument that is copied in; a larger one is RAW. */
#define SUBOP_ARGUMENT_MAX 128

/* The who column. TARGET is the handler's to check: only it knows which domain is named. */
enum subop_who {
    SUBOP_SELF,
    SUBOP_TARGET,
    SUBOP_ADMIN,
};

/* What a thunk is given. */
enum subop_how {
    SUBOP_ABSENT,    /* there is none: -ENOSYS */
    SUBOP_CHECKED,   /* for the dispatcher: rights first */
    SUBOP_POINTER,   /* the guest's pointer: RAW */
    SUBOP_WORD4,     /* the argument itself, of 4 bytes ... */
    SUBOP_WORD8,     /* ... or 8 */
    SUBOP_COPY,      /* a pointer to our copy ... */
    SUBOP_COPY_BACK, /* ... which goes back on success */
};

struct subop {
    long (*call)(struct vcpu *v, unsigned long arg);
    u16 size; /* of the argument */
    u8 first; /* what the dispatcher has to do: enum subop_how */
    u8 how;   /* what the thunk is given: likewise */
    const char *name;
};

/* What is not frequent: the same as subop_call_on() for one row. */
long subop_call_slow(struct vcpu *v, const struct subop *op, unsigned long arg);

/*
 * Run sub-operation @cmd of the @n in @table for @v, which is current (or, for vcpu_op, a vcpu of current's domain).
 * -ENOSYS no such operation, -EPERM the caller lacks the rights, -EFAULT @arg cannot be read or written; else what the
 * handler returns. The argument is copied back only on success, as a whole.
 */
static inline long subop_call_on(struct vcpu *v, const struct subop *table, unsigned int n,
                                 unsigned long cmd, unsigned long arg)
{
    u32 nr = (u32)cmd; /* the guest's register is an int to the ABI: its upper half means nothing */
    const struct subop *op = &table[nr];
    u32 word;

    if ( __builtin_expect(nr >= n, 0) )
        return -ENOSYS;
    if ( op->first == SUBOP_WORD4 )
        return guest_load_u32(&word, to_gva(arg)) ? op->call(v, word) : -EFAULT;
    if ( op->first == SUBOP_POINTER )
        return op->call(v, arg);
    return subop_call_slow(v, op, arg);
}

/* The same for current. */
static inline long subop_call(const struct subop *table, unsigned int n, unsigned long cmd,
                              unsigned long arg)
{
    return subop_call_on(current_vcpu(), table, n, cmd, arg);
}

#define SUBOP_THUNK(operation, argument, direction, who, status, handler, pv32, summary)           \
    SUBOP_THUNK_##status(subop_##operation, argument, direction, handler)

#define SUBOP_THUNK_DONE(thunk, argument, direction, handler)                                      \
    static long thunk(struct vcpu *v, unsigned long arg)                                           \
    {                                                                                              \
        SUBOP_INVOKE_##direction(argument, handler);                                               \
    }
#define SUBOP_THUNK_SHOW SUBOP_THUNK_DONE
#define SUBOP_THUNK_SOON(thunk, argument, direction, handler)
#define SUBOP_THUNK_NEVER(thunk, argument, direction, handler)

#define SUBOP_IS_WORD(argument) (sizeof(argument) == sizeof(u32) || sizeof(argument) == sizeof(u64))

#define SUBOP_INVOKE_IN(argument, handler)                                                         \
    union {                                                                                        \
        unsigned long word;                                                                        \
        argument value;                                                                            \
    } in = { .word = arg };                                                                        \
                                                                                                   \
    return handler(v, SUBOP_IS_WORD(argument) ? &in.value : (argument *)arg)
#define SUBOP_INVOKE_INOUT(argument, handler) return handler(v, (argument *)arg)
#define SUBOP_INVOKE_RAW(argument, handler)   return handler(v, to_gva(arg))

#define SUBOP_ROW(operation, argument, direction, who_may, status, handler, pv32, summary)         \
    [operation] = { .call = SUBOP_CALL_##status(subop_##operation),                                \
                    .size = SUBOP_SIZE_##direction(argument),                                      \
                    .first = SUBOP_FIRST_##status(who_may, SUBOP_HOW_##direction(argument)),       \
                    .how = SUBOP_HOW_##direction(argument),                                        \
                    .name = #operation },

#define SUBOP_CALL_DONE(thunk)  thunk
#define SUBOP_CALL_SHOW(thunk)  thunk
#define SUBOP_CALL_SOON(thunk)  NULL
#define SUBOP_CALL_NEVER(thunk) NULL

#define SUBOP_FIRST_DONE(who_may, how)  (SUBOP_##who_may == SUBOP_ADMIN ? SUBOP_CHECKED : (how))
#define SUBOP_FIRST_SHOW(who_may, how)  SUBOP_FIRST_DONE(who_may, how)
#define SUBOP_FIRST_SOON(who_may, how)  SUBOP_ABSENT
#define SUBOP_FIRST_NEVER(who_may, how) SUBOP_ABSENT

#define SUBOP_HOW_RAW(argument)   SUBOP_POINTER
#define SUBOP_HOW_INOUT(argument) SUBOP_COPY_BACK
#define SUBOP_HOW_IN(argument)                                                                     \
    (sizeof(argument) == sizeof(u32)   ? SUBOP_WORD4                                               \
     : sizeof(argument) == sizeof(u64) ? SUBOP_WORD8                                               \
                                       : SUBOP_COPY)

#define SUBOP_SIZE_RAW(argument)   0
#define SUBOP_SIZE_INOUT(argument) SUBOP_SIZE_IN(argument)
#define SUBOP_SIZE_IN(argument)                                                                    \
    (sizeof(argument) + 0 * sizeof(char[sizeof(argument) <= SUBOP_ARGUMENT_MAX ? 1 : -1]))

/* --- for 32-bit guests --- */

/* What the column pv32 says, as two words. */
#define SUBOP_PV32_SAME          SAME, none
#define SUBOP_PV32_WIDEN(layout) WIDEN, layout
#define SUBOP_PV32_OTHER(other)  OTHER, other

#define SUBOP_THUNK_PV32(operation, argument, direction, who, status, handler, pv32, summary)      \
    SUBOP_PV32_THUNK_##status(subop_pv32_##operation, argument, direction, handler,                \
                              SUBOP_PV32_##pv32)

#define SUBOP_PV32_THUNK_DONE(...) SUBOP_PV32_THUNK(__VA_ARGS__)
#define SUBOP_PV32_THUNK_SHOW(...) SUBOP_PV32_THUNK(__VA_ARGS__)
#define SUBOP_PV32_THUNK_SOON(...)
#define SUBOP_PV32_THUNK_NEVER(...)
#define SUBOP_PV32_THUNK(thunk, argument, direction, handler, kind, what)                          \
    SUBOP_PV32_THUNK_##kind(thunk, argument, direction, handler, what)

#define SUBOP_PV32_THUNK_SAME(thunk, argument, direction, handler, none)
#define SUBOP_PV32_THUNK_OTHER(thunk, argument, direction, handler, other)                         \
    static long thunk(struct vcpu *v, unsigned long arg)                                           \
    {                                                                                              \
        return other(v, to_gva(arg));                                                              \
    }
#define SUBOP_PV32_THUNK_WIDEN(thunk, argument, direction, handler, layout)                        \
    static long thunk(struct vcpu *v, unsigned long arg)                                           \
    {                                                                                              \
        argument wide;                                                                             \
        long rc;                                                                                   \
                                                                                                   \
        if ( !compat_load_##layout(&wide, to_gva(arg)) )                                           \
            return -EFAULT;                                                                        \
        rc = handler(v, &wide);                                                                    \
        if ( SUBOP_BACK_##direction && rc >= 0 && !compat_store_##layout(to_gva(arg), &wide) )     \
            return -EFAULT;                                                                        \
        return rc;                                                                                 \
    }

#define SUBOP_BACK_IN    false
#define SUBOP_BACK_INOUT true

#define SUBOP_ROW_PV32(operation, argument, direction, who_may, status, handler, pv32, summary)    \
    [operation] = { .call = SUBOP_PICK(SUBOP_PV32_##pv32, SUBOP_CALL_##status(subop_##operation),  \
                                       SUBOP_CALL_##status(subop_pv32_##operation)),               \
                    .size = SUBOP_SIZE_##direction(argument),                                      \
                    .first = SUBOP_FIRST_##status(                                                 \
                        who_may, SUBOP_PICK(SUBOP_PV32_##pv32, SUBOP_HOW_##direction(argument),    \
                                            SUBOP_POINTER)),                                       \
                    .how = SUBOP_PICK(SUBOP_PV32_##pv32, SUBOP_HOW_##direction(argument),          \
                                      SUBOP_POINTER),                                              \
                    .name = #operation },

/* The first for rows that are the same, the second for others. */
#define SUBOP_PICK(...)                      SUBOP_PICK_(__VA_ARGS__)
#define SUBOP_PICK_(kind, what, same, other) SUBOP_PICK_##kind(same, other)
#define SUBOP_PICK_SAME(same, other)         same
#define SUBOP_PICK_OTHER(same, other)        other
#define SUBOP_PICK_WIDEN(same, other)        other

#endif
