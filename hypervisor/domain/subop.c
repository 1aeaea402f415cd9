/* The dispatcher of sub-operations, but for the frequent ones, which are dispatched inline: domain/subop.h. */
#include "domain/subop.h"

#include "access/access.h"

/* Most arguments are of 8 or 12 bytes, for which a copy by a string instruction is long. */
static inline bool argument_read(u64 *to, unsigned long from, unsigned int size)
{
    switch ( size )
    {
    case 8:
        return guest_load_u64(to, to_gva(from));
    case 12:
        return guest_load_u64(to, to_gva(from)) && guest_load_u32((u32 *)&to[1], to_gva(from + 8));
    default:
        return copy_from_guest(to, to_gva(from), size) == 0;
    }
}

static inline bool argument_write(unsigned long to, const u64 *from, unsigned int size)
{
    switch ( size )
    {
    case 8:
        return guest_store_u64(to_gva(to), from[0]);
    case 12:
        return guest_store_u64(to_gva(to), from[0]) &&
               guest_store_u32(to_gva(to + 8), (u32)from[1]);
    default:
        return copy_to_guest(to_gva(to), from, size) == 0;
    }
}

static long call(struct vcpu *v, const struct subop *op, unsigned long arg)
{
    u64 argument[SUBOP_ARGUMENT_MAX / sizeof(u64)];
    long rc;

    if ( op->how == SUBOP_POINTER )
        return op->call(v, arg);
    argument[0] = 0;
    if ( !argument_read(argument, arg, op->size) )
        return -EFAULT;
    if ( op->how == SUBOP_WORD4 || op->how == SUBOP_WORD8 )
        return op->call(v, argument[0]);

    rc = op->call(v, (unsigned long)argument);
    if ( op->how == SUBOP_COPY_BACK && rc >= 0 && !argument_write(arg, argument, op->size) )
        return -EFAULT;
    return rc;
}

long subop_call_slow(struct vcpu *v, const struct subop *op, unsigned long arg)
{
    if ( op->first == SUBOP_ABSENT )
        return -ENOSYS;
    if ( op->first == SUBOP_CHECKED && access_check(v->domain, v->domain, ACCESS_ADMIN) )
        return -EPERM;
    return call(v, op, arg);
}
