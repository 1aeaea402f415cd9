/*
 * The shortest handlers that still do their duty, so that what is measured is the hypervisor's path and not the kit's.
 * Each enters with rcx, r11, [error code,] rip, cs, rflags, rsp, ss on the stack.
 */
#include <kit/arch/pv64.h>

        .macro  iret_hypercall flags=0
        pushq   $\flags
        jmp     kit_hypercall_page + KIT_NR_IRET * 32
        .endm

/* Steps over the instruction that faulted: bench_fault_length bytes. */
        .globl  bench_step_fault
bench_step_fault:
        pop     %rcx
        pop     %r11
        add     $8, %rsp
        addq    $BENCH_FAULT_LENGTH, (%rsp)
        iret_hypercall

/* Returns to where it came from. */
        .globl  bench_return
bench_return:
        pop     %rcx
        pop     %r11
        iret_hypercall

/* A system call of user mode: USER_EXIT goes the kit's way, all else returns at once. */
        .globl  bench_syscall
bench_syscall:
        test    %eax, %eax
        je      kit_entry_syscall
        add     $16, %rsp               /* rcx and r11 hold rip and rflags, as the frame does */
        iret_hypercall 0x100            /* VGCF_in_syscall */

/* A demand fault: maps bench_demand_pte at bench_demand_va and tries again. */
        .globl  bench_demand_fault
bench_demand_fault:
        push    %rax
        push    %rdi
        push    %rsi
        push    %rdx
        mov     bench_demand_va, %rdi
        mov     bench_demand_pte, %rsi
        xor     %edx, %edx
        call    kit_hypercall_page + 14 * 32    /* update_va_mapping */
        pop     %rdx
        pop     %rsi
        pop     %rdi
        pop     %rax
        pop     %rcx
        pop     %r11
        add     $8, %rsp
        iret_hypercall

/* The upcall for one port of a vcpu, whose vcpu_info lies so far into shared_info: takes the event, counts it. */
        .macro  upcall name, vcpu_info, events
        .globl  \name
\name:
        pop     %rcx
        pop     %r11
        movb    $0, shared_info + \vcpu_info           /* evtchn_upcall_pending */
        movq    $0, shared_info + \vcpu_info + 8       /* evtchn_pending_sel */
        movq    $0, shared_info + BENCH_PENDING        /* the first 64 ports */
        incq    \events
        iret_hypercall
        .endm

        upcall  bench_upcall, 0, bench_events
        upcall  bench_upcall_second, 64, bench_events_second

/* void bench_fault_loop(long count): count loads from the unmapped address 8. */
        .globl  bench_fault_loop
bench_fault_loop:
1:      mov     8, %rax                         /* BENCH_FAULT_LENGTH bytes */
        add     $-1, %rdi
        test    %rdi, %rdi
        jne     1b
        ret
        .section .note.GNU-stack, "", @progbits
