#ifdef __i386__
#include <kit/kit.h>

_Static_assert(KIT_NR_IRET == __HYPERVISOR_iret && KIT_NR_STACK_SWITCH == __HYPERVISOR_stack_switch,
               "arch/pv32.h repeats hypercall numbers for assembly");
_Static_assert(KIT_SS == FLAT_KERNEL_SS && KIT_CS == FLAT_KERNEL_CS &&
                   KIT_USER_CS == FLAT_USER_CS && KIT_USER_SS == FLAT_USER_SS,
               "arch/pv32.h: selectors");
_Static_assert(offsetof(struct cpu_frame, ax) == 32 && offsetof(struct cpu_frame, number) == 36 &&
                   offsetof(struct cpu_frame, ip) == 44 && offsetof(struct cpu_frame, cs) == 48 &&
                   offsetof(struct cpu_frame, sp) == 56,
               "arch/entry32.S knows the frame");

void arch_redirect(struct cpu_frame *f, const struct context *context)
{
    f->bx = context->bx;
    f->bp = context->bp;
    f->si = context->si;
    f->di = context->di;
    f->sp = context->sp;
    f->ip = context->ip;
    f->cs = KIT_CS;
    f->ss = KIT_SS;
    f->ds = f->es = KIT_SS;
    f->ax = 1;
}

void arch_print(const struct cpu_frame *f)
{
    printf("eip %04x:%x esp %04x:%x eflags %x mask %u ds %04x es %04x\n", f->cs, f->ip, f->ss,
           f->sp, f->flags, f->mask & 0xff, f->ds, f->es);
    printf("eax %x ebx %x ecx %x edx %x esi %x edi %x ebp %x\n", f->ax, f->bx, f->cx, f->dx, f->si,
           f->di, f->bp);
}

void arch_vcpu_state(struct vcpu_guest_context *state, void (*entry)(void), ulong sp)
{
    state->user_regs.eip = (ulong)entry;
    state->user_regs.cs = KIT_CS;
    state->user_regs.ss = state->user_regs.ds = state->user_regs.es = KIT_SS;
    state->user_regs.eflags = 0x1000 | 0x200;
    state->user_regs.esp = sp;
    state->event_callback_cs = state->failsafe_callback_cs = KIT_CS;
    state->event_callback_eip = (ulong)kit_entry_event;
    state->failsafe_callback_eip = (ulong)kit_entry_failsafe;
}

/* Adds the user bit to the entry of @level that maps @virt. */
static void allow_user(ulong virt, int level)
{
    pte_t *entry = table_find(virt, level);

    if ( entry && *entry & PTE_P && !(*entry & PTE_US) )
        check(pte_set(entry, *entry | PTE_US));
}

/* User mode has our own tables. L3 entries have no such bit. */
void arch_user_prepare(void)
{
    static bool prepared;
    ulong end = KIT_VIRT_BASE + (start_info->nr_pages << PAGE_SHIFT);

    if ( prepared )
        return;
    prepared = true;
    page_flags |= PTE_US;
    for ( ulong virt = KIT_VIRT_BASE; virt < end; virt += PAGE_SIZE )
    {
        if ( virt % (PAGE_SIZE * TABLE_ENTRIES) == 0 )
            allow_user(virt, 2);
        allow_user(virt, 1);
    }
}

/*
 * What the compiler calls to divide 64-bit numbers, which this processor can't at once: bit by bit, since nothing
 * here divides often. The name is the compiler's.
 */
uint64_t __udivmoddi4(uint64_t n, uint64_t by, uint64_t *rest);
uint64_t __udivdi3(uint64_t n, uint64_t by);
uint64_t __umoddi3(uint64_t n, uint64_t by);

uint64_t __udivmoddi4(uint64_t n, uint64_t by, uint64_t *rest)
{
    uint64_t left = 0;

    for ( int i = 0; i < 64; i++ )
    {
        left = left << 1 | n >> 63;
        n <<= 1;
        if ( left >= by )
        {
            left -= by;
            n |= 1;
        }
    }
    if ( rest )
        *rest = left;
    return n;
}

uint64_t __udivdi3(uint64_t n, uint64_t by)
{
    return __udivmoddi4(n, by, NULL);
}

uint64_t __umoddi3(uint64_t n, uint64_t by)
{
    uint64_t rest;

    __udivmoddi4(n, by, &rest);
    return rest;
}
#endif
