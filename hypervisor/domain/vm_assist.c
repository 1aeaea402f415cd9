/* vm_assist: help that a guest switches on for itself. The bits are read by those who give the help. */
#include "domain/domain.h"
#include "lib/bitmap.h"

/* One bit a type that has a row. */
#define SUBOP(operation, argument, direction, who, status, handler, pv32, summary)                 \
    | (1UL << (operation))
static const u64 known_assists = 0
#include <hypercall/ops/vm_assist.def>
    ;
#undef SUBOP

/* entry.S leaves the system calls and irets of vcpus whose IOPL they show and change to C. */
void vcpu_follow_assists(struct vcpu *v)
{
    v->cpu.iopl_in_rflags = test_bit(VMASST_TYPE_architectural_iopl, &v->domain->vm_assist);
}

static void tell_vcpus(const struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu(d, v)
        vcpu_follow_assists(v);
}

void domain_set_assists(struct domain *d, u64 assists)
{
    d->vm_assist = assists & known_assists;
    tell_vcpus(d);
}

/* -EINVAL an unknown type, -ENOSYS an unknown command. */
long domain_vm_assist(unsigned long cmd, unsigned long assist)
{
    struct domain *d = current_vcpu()->domain;
    u32 type = (u32)assist; /* both are ints to the ABI: their upper halves mean nothing */

    if ( type >= BITS_PER_LONG || !(known_assists & (1UL << type)) )
        return -EINVAL;

    switch ( (u32)cmd )
    {
    case VMASST_CMD_enable:
        set_bit(type, &d->vm_assist);
        break;
    case VMASST_CMD_disable:
        clear_bit(type, &d->vm_assist);
        break;
    default:
        return -ENOSYS;
    }
    tell_vcpus(d);
    return 0;
}
