/*
 * 32-bit guests' own ways in and out.
 *
 * Ring 1 is supervisor code to the MMU. So SMEP and SMAP, where they are on, are off while a 32-bit
 * guest runs, in whatever ring, since it changes that without us; and on again before anything of
 * the guest's is looked at: compat_entered().
 */
#include "cpu/entry.inc"

        .text

/* int 0x82: its gate lets ring 1 in, and no guest of 64 bits ever runs there. */
        .globl  entry_int82
entry_int82:
        push_general                    /* 32-bit guests are not isolated: cpu/isolation.h */
        enter_saved
        mov     PERCPU(current), %rbx
        mov     %rbx, %rdi
        mov     %rsp, %rsi
        call    compat_hypercall

/* Leave to the guest whose frame is at rsp; rbx = current. */
        .globl  exit_test_ring1
exit_test_ring1:
        work_or_upcall exit_upcall_ring1

/* Always by IRET. */
        .globl  exit_ring1
exit_ring1:
        testl   $CR4_SUPERVISOR, cpu_cr4(%rip)
        jz      1f
        mov     %cr4, %rax
        and     $~CR4_SUPERVISOR, %rax
        mov     %rax, %cr4
1:      pop_general
        add     $8, %rsp
        jmp     exit_iretq

exit_upcall_ring1:
        mov     %rbx, %rdi
        mov     %rsp, %rsi
        call    compat_event
        cmpl    $0, PERCPU(exit_work)   /* where that was the domain's end */
        je      exit_ring1
        jmp     exit_slow
