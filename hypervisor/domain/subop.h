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
 * A handler has the type long (struct vcpu *, ARGUMENT *), or long (struct vcpu *, gva_t) in a RAW row: the thunk between
 * it and the table makes the compiler check that. It is called with no lock held.
 */
#ifndef DOMAIN_SUBOP_H
#define DOMAIN_SUBOP_H

#include "domain/domain.h"

/* The largest argument that is copied in; a larger one is RAW. */
#define SUBOP_ARGUMENT_MAX 128

/* The who column. TARGET is the handler's to check: only it knows which domain is named. */
enum subop_who {
    SUBOP_SELF,
    SUBOP_TARGET,
    SUBOP_ADMIN,
};

struct subop {
    long (*call)(struct vcpu *v, void *arg); /* NULL: not there, -ENOSYS */
    u16 size; /* of the argument; 0: RAW, call gets the guest's pointer */
    bool copy_back;
    u8 who; /* enum subop_who */
    const char *name;
};

/*
 * Run sub-operation @cmd of the @n in @table for @v, which is current (or, for vcpu_op, a vcpu of current's domain).
 * -ENOSYS no such operation, -EPERM the caller lacks the rights, -EFAULT @arg cannot be read or written; else what the
 * handler returns. The argument is copied back only on success, as a whole.
 */
long subop_call_on(struct vcpu *v, const struct subop *table, unsigned int n, unsigned long cmd,
                   unsigned long arg);

/* The same for current. */
long subop_call(const struct subop *table, unsigned int n, unsigned long cmd, unsigned long arg);

#define SUBOP_THUNK(operation, argument, direction, who, status, handler, summary)                 \
    SUBOP_THUNK_##status(subop_##operation, argument, direction, handler)

#define SUBOP_THUNK_DONE(thunk, argument, direction, handler)                                      \
    static long thunk(struct vcpu *v, void *arg)                                                   \
    {                                                                                              \
        return SUBOP_INVOKE_##direction(argument, handler);                                        \
    }
#define SUBOP_THUNK_SHOW SUBOP_THUNK_DONE
#define SUBOP_THUNK_SOON(thunk, argument, direction, handler)
#define SUBOP_THUNK_NEVER(thunk, argument, direction, handler)

#define SUBOP_INVOKE_IN(argument, handler)    handler(v, (argument *)arg)
#define SUBOP_INVOKE_INOUT(argument, handler) handler(v, (argument *)arg)
#define SUBOP_INVOKE_RAW(argument, handler)   handler(v, to_gva((u64)arg))

#define SUBOP_ROW(operation, argument, direction, who_may, status, handler, summary)               \
    [operation] = { .call = SUBOP_CALL_##status(subop_##operation),                                \
                    .size = SUBOP_SIZE_##direction(argument),                                      \
                    .copy_back = SUBOP_BACK_##direction,                                           \
                    .who = SUBOP_##who_may,                                                        \
                    .name = #operation },

#define SUBOP_CALL_DONE(thunk)  thunk
#define SUBOP_CALL_SHOW(thunk)  thunk
#define SUBOP_CALL_SOON(thunk)  NULL
#define SUBOP_CALL_NEVER(thunk) NULL

#define SUBOP_SIZE_RAW(argument)   0
#define SUBOP_SIZE_INOUT(argument) SUBOP_SIZE_IN(argument)
#define SUBOP_SIZE_IN(argument)                                                                    \
    (sizeof(argument) + 0 * sizeof(char[sizeof(argument) <= SUBOP_ARGUMENT_MAX ? 1 : -1]))

#define SUBOP_BACK_RAW   false
#define SUBOP_BACK_IN    false
#define SUBOP_BACK_INOUT true

#endif
