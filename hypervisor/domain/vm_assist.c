/* vm_assist: help that a guest switches on for itself. The bits are read by those who give the help. */
#include "domain/domain.h"
#include "lib/bitmap.h"

/* One bit a type that has a row. */
#define SUBOP(operation, argument, direction, who, status, handler, pv32, summary)                 \
    | (1UL << (operation))
const u64 domain_known_assists = 0
#include <hypercall/ops/vm_assist.def>
    ;
#undef SUBOP

/* -EINVAL an unknown type, -ENOSYS an unknown command. */
long domain_vm_assist(unsigned long cmd, unsigned long assist)
{
    u64 *assists = &current_vcpu()->domain->vm_assist;
    u32 type = (u32)assist; /* both are ints to the ABI: their upper halves mean nothing */

    if ( type >= BITS_PER_LONG || !(domain_known_assists & (1UL << type)) )
        return -EINVAL;

    switch ( (u32)cmd )
    {
    case VMASST_CMD_enable:
        set_bit(type, assists);
        return 0;
    case VMASST_CMD_disable:
        clear_bit(type, assists);
        return 0;
    default:
        return -ENOSYS;
    }
}
