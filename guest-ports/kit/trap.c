#include <kit/kit.h>

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

/* RPL 0 or 1 is kernel mode, by the width. */
static bool from_user(const struct cpu_frame *f)
{
    return f->cs & 2;
}

void trap_print(const struct cpu_frame *f, unsigned int number)
{
    printf("entry %u from %s mode, error %lx, cr2 %lx\n", number, from_user(f) ? "user" : "kernel",
           (ulong)f->error, this_vcpu()->info->arch.cr2);
    arch_print(f);
}

static void fault_deliver(struct cpu_frame *f, unsigned int number)
{
    struct fault_trap *trap = this_vcpu()->fault_trap;
    struct fault fault = { (int)number, from_user(f), f->error, f->ip, this_vcpu()->info->arch.cr2,
                           f->flags };

    if ( fault.from_user )
        user_fault(&fault); /* returns only if no one waits */
    if ( fault.from_user || !trap )
    {
        trap_print(f, number);
        panic("unexpected entry %u", number);
    }
    trap->fault = fault;
    f->flags &= ~0x100UL; /* TF: we are out of whatever was single-stepped */
    arch_redirect(f, &trap->context);
}

/* All entries come here, from arch/entry64.S. */
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
        .cs = KIT_CS,
        .address = (ulong)kit_entry_stubs[vector],
    };
}

long trap_gate(unsigned int vector, unsigned int flags)
{
    struct trap_info table[2] = { usual_gate(vector) };

    table[0].flags = (uint8_t)flags;
    return hypercall(set_trap_table, table);
}

/* The gate of system calls, where these come by `int`: returns how many there are, 0 or 1. */
static unsigned int syscall_gate(struct trap_info *gate)
{
#ifdef KIT_SYSCALL_VECTOR
    *gate = (struct trap_info){
        .vector = KIT_SYSCALL_VECTOR, .flags = 3, .cs = KIT_CS, .address = (ulong)kit_entry_syscall
    };
    return 1;
#else
    (void)gate;
    return 0;
#endif
}

void trap_table_copy(struct trap_info table[256])
{
    struct trap_info gate;

    memset(table, 0, 256 * sizeof(*table));
    for ( unsigned int vector = 0; vector <= LAST_EXCEPTION; vector++ )
        table[vector] = usual_gate(vector);
    if ( syscall_gate(&gate) )
        table[gate.vector] = gate;
}

void trap_init(void)
{
    struct trap_info table[LAST_EXCEPTION + 3] = { 0 };

    for ( unsigned int vector = 0; vector <= LAST_EXCEPTION; vector++ )
        table[vector] = usual_gate(vector);
    syscall_gate(&table[LAST_EXCEPTION + 1]);
    check(hypercall(set_trap_table, NULL));
    check(hypercall(set_trap_table, table));
    check(hypercall(set_callbacks, kit_entry_event, kit_entry_failsafe, kit_entry_syscall));
}
