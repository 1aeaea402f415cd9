#include <kit/kit.h>

_Static_assert(KIT_NR_IRET == __HYPERVISOR_iret && KIT_NR_STACK_SWITCH == __HYPERVISOR_stack_switch,
               "arch/pv64.h repeats hypercall numbers for assembly");
_Static_assert(KIT_SS == FLAT_KERNEL_SS && KIT_CS64 == FLAT_KERNEL_CS, "arch/pv64.h: selectors");
_Static_assert(offsetof(struct cpu_frame, ss) - offsetof(struct cpu_frame, rax) ==
                   offsetof(struct iret_context, ss),
               "a frame ends in what iret takes");

#define LAST_EXCEPTION 19

static trap_handler_t handlers[KIT_ENTRY_NMI + 1];

void kit_entry(struct cpu_frame *frame, unsigned int number);

trap_handler_t trap_handle(unsigned int number, trap_handler_t handler)
{
    trap_handler_t before = handlers[number];

    handlers[number] = handler;
    return before;
}

void fault_trap_begin(struct fault_trap *trap)
{
    trap->fault = (struct fault){ .vector = TRAP_NONE };
    trap->outer = this_vcpu()->fault_trap;
    this_vcpu()->fault_trap = trap;
}

void fault_trap_end(struct fault_trap *trap)
{
    this_vcpu()->fault_trap = trap->outer;
}

void trap_print(const struct cpu_frame *f, unsigned int number)
{
    printf("entry %u from %s mode, error %lx, cr2 %lx\n", number, f->cs & 3 ? "user" : "kernel",
           f->error, this_vcpu()->info->arch.cr2);
    printf("rip %04x:%lx rsp %04lx:%lx rflags %lx mask %u\n", f->cs, f->rip, f->ss, f->rsp,
           f->rflags, f->mask & 0xff);
    printf("rax %lx rbx %lx rcx %lx rdx %lx rsi %lx rdi %lx rbp %lx\n", f->rax, f->rbx, f->rcx,
           f->rdx, f->rsi, f->rdi, f->rbp);
    printf("r8 %lx r9 %lx r10 %lx r11 %lx r12 %lx r13 %lx r14 %lx r15 %lx\n", f->r8, f->r9, f->r10,
           f->r11, f->r12, f->r13, f->r14, f->r15);
}

/* Makes the frame resume where @context was saved, which then sees 1. */
static void frame_redirect(struct cpu_frame *f, const struct context *context)
{
    f->rbx = context->rbx;
    f->rbp = context->rbp;
    f->r12 = context->r12;
    f->r13 = context->r13;
    f->r14 = context->r14;
    f->r15 = context->r15;
    f->rsp = context->rsp;
    f->rip = context->rip;
    f->cs = KIT_CS64 & ~3;
    f->ss = KIT_SS;
    f->rax = 1;
}

static void fault_deliver(struct cpu_frame *f, unsigned int number)
{
    struct fault_trap *trap = this_vcpu()->fault_trap;
    struct fault fault = { (int)number, f->cs & 3, f->error, f->rip, this_vcpu()->info->arch.cr2,
                           f->rflags };

    if ( fault.from_user )
        user_fault(&fault); /* returns only if no one waits */
    if ( fault.from_user || !trap )
    {
        trap_print(f, number);
        panic("unexpected entry %u", number);
    }
    trap->fault = fault;
    f->rflags &= ~0x100UL; /* TF: we are out of whatever was single-stepped */
    frame_redirect(f, &trap->context);
}

/* All entries come here, from arch/pv64.S. */
void kit_entry(struct cpu_frame *frame, unsigned int number)
{
    trap_handler_t handler = handlers[number];

    if ( handler && handler(frame, number) )
        return;
    if ( number == KIT_ENTRY_EVENT )
        event_dispatch();
    else if ( number == KIT_ENTRY_SYSCALL )
        user_syscall(frame);
    else
        fault_deliver(frame, number);
}

static struct trap_info usual_gate(unsigned int vector)
{
    return (struct trap_info){
        .vector = (uint8_t)vector,
        .flags = vector == TRAP_BP || vector == TRAP_OF ? 3 : 0,
        .cs = KIT_CS64,
        .address = (ulong)kit_entry_stubs[vector],
    };
}

long trap_gate(unsigned int vector, unsigned int flags)
{
    struct trap_info table[2] = { usual_gate(vector) };

    table[0].flags = (uint8_t)flags;
    return hypercall(set_trap_table, table);
}

void trap_table_copy(struct trap_info table[256])
{
    memset(table, 0, 256 * sizeof(*table));
    for ( unsigned int vector = 0; vector <= LAST_EXCEPTION; vector++ )
        table[vector] = usual_gate(vector);
}

void trap_init(void)
{
    struct trap_info table[LAST_EXCEPTION + 2] = { 0 };

    for ( unsigned int vector = 0; vector <= LAST_EXCEPTION; vector++ )
        table[vector] = usual_gate(vector);
    check(hypercall(set_trap_table, NULL));
    check(hypercall(set_trap_table, table));
    check(hypercall(set_callbacks, kit_entry_event, kit_entry_failsafe, kit_entry_syscall));
}
