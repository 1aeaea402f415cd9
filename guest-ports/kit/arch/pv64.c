#ifdef __x86_64__
#include <kit/kit.h>

_Static_assert(KIT_NR_IRET == __HYPERVISOR_iret && KIT_NR_STACK_SWITCH == __HYPERVISOR_stack_switch,
               "arch/pv64.h repeats hypercall numbers for assembly");
_Static_assert(KIT_SS == FLAT_KERNEL_SS && KIT_CS == FLAT_KERNEL_CS, "arch/pv64.h: selectors");
_Static_assert(offsetof(struct cpu_frame, ss) - offsetof(struct cpu_frame, ax) ==
                   offsetof(struct iret_context, ss),
               "a frame ends in what iret takes");

void arch_redirect(struct cpu_frame *f, const struct context *context)
{
    f->bx = context->bx;
    f->bp = context->bp;
    f->r12 = context->r12;
    f->r13 = context->r13;
    f->r14 = context->r14;
    f->r15 = context->r15;
    f->sp = context->sp;
    f->ip = context->ip;
    f->cs = KIT_CS & ~3;
    f->ss = KIT_SS;
    f->ax = 1;
}

void arch_print(const struct cpu_frame *f)
{
    printf("rip %04x:%lx rsp %04lx:%lx rflags %lx mask %u\n", f->cs, f->ip, f->ss, f->sp, f->flags,
           f->mask & 0xff);
    printf("rax %lx rbx %lx rcx %lx rdx %lx rsi %lx rdi %lx rbp %lx\n", f->ax, f->bx, f->cx, f->dx,
           f->si, f->di, f->bp);
    printf("r8 %lx r9 %lx r10 %lx r11 %lx r12 %lx r13 %lx r14 %lx r15 %lx\n", f->r8, f->r9, f->r10,
           f->r11, f->r12, f->r13, f->r14, f->r15);
}

void arch_vcpu_state(struct vcpu_guest_context *state, void (*entry)(void), ulong sp)
{
    state->user_regs.rip = (ulong)entry;
    state->user_regs.cs = KIT_CS;
    state->user_regs.ss = KIT_SS;
    state->user_regs.rflags = 0x1000 | 0x200;
    state->user_regs.rsp = sp;
    state->event_callback_eip = (ulong)kit_entry_event;
    state->failsafe_callback_eip = (ulong)kit_entry_failsafe;
    state->syscall_callback_eip = (ulong)kit_entry_syscall;
}

/* User mode has a root of its own, which leads to our tables. */
void arch_user_prepare(void)
{
    check(mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, virt_to_mfn(user_root())));
}

void *user_root(void)
{
    static pte_t *root;

    if ( !root )
    {
        root = page_alloc();
        root[0] = pte_make(pte_mfn(table_root()[0]), PTE_TABLE);
        check(page_protect(root, PTE_KERNEL_RO));
        check(table_pin(root, 4));
    }
    return root;
}
#endif
