/* The dispatcher of sub-operations: domain/subop.h. On the way of every event sent, so there is little of it. */
#include "domain/subop.h"

#include "access/access.h"
#include "cpu/percpu.h"
#include "cpu/uaccess.h"

/* Most arguments are a word or two: those need no call. */
static inline bool argument_read(void *to, unsigned long from, unsigned int size)
{
    if ( size == sizeof(u32) )
        return guest_load_u32(to, to_gva(from));
    if ( size == sizeof(u64) )
        return guest_load_u64(to, to_gva(from));
    return copy_from_guest(to, to_gva(from), size) == 0;
}

long subop_call_on(struct vcpu *v, const struct subop *table, unsigned int n, unsigned long cmd,
                   unsigned long arg)
{
    u64 argument[SUBOP_ARGUMENT_MAX / sizeof(u64)];
    const struct subop *op;
    long rc;

    /* The guest's register is an int to the ABI: its upper half means nothing. */
    if ( (u32)cmd >= n || !table[(u32)cmd].call )
        return -ENOSYS;
    op = &table[(u32)cmd];

    if ( op->who == SUBOP_ADMIN && access_check(v->domain, v->domain, ACCESS_ADMIN) )
        return -EPERM;
    if ( op->size == 0 )
        return op->call(v, (void *)arg);

    if ( !argument_read(argument, arg, op->size) )
        return -EFAULT;
    rc = op->call(v, argument);
    if ( op->copy_back && rc >= 0 && copy_to_guest(to_gva(arg), argument, op->size) )
        return -EFAULT;
    return rc;
}

long subop_call(const struct subop *table, unsigned int n, unsigned long cmd, unsigned long arg)
{
    return subop_call_on(current_vcpu(), table, n, cmd, arg);
}
