/*
 * Ways in and out while domains are isolated: cpu/isolation.h. entry.S leads here by jumps that are
 * put into it at boot, SYSCALL's stubs by their target.
 *
 * Whatever comes in may find any root in CR3: a guest's shadow, also in ring 0, in the few
 * instructions around a switch, when an NMI or the fault of an IRET comes in between; or the one that
 * it finds in percpu.cr3. All that is touched with a shadow loaded is in the section .text.entry, in
 * struct percpu, on the topmost page of a stack, or part of the vcpu that is shown.
 */
#define ISOLATED
#include "cpu/entry.inc"

        .section .text.entry, "ax"

#include "cpu/entry_short.inc"

/*
 * SYSCALL, as entry_syscall. In which mode the vcpu is decides which root C would want; before that
 * is known, the short ways have been looked at.
 */
        .globl  entry_syscall_isolated
        .balign 16
entry_syscall_isolated:
        cmpb    $0, SHOWN(isolated)
        je      entry_syscall
        cmp     $HYPERCALL_IRET, %rax
        je      syscall_iret_isolated
entry_syscall_other_isolated:
        save_syscall
        cmpb    $0, SHOWN(kernel_mode)
        je      syscall_from_user_isolated
        mov     PERCPU(cr3), %rcx
        mov     %rcx, %cr3
        mov     PERCPU(current), %rcx
        jmp     syscall_from_kernel

/* exit_fast; rbx = current, the frame at rsp. From here on only what a shadow shows is touched. */
        .globl  exit_isolated
exit_isolated:
        movzbl  VCPU_kernel_mode(%rbx), %eax
        mov     VCPU_shadow(%rbx, %rax, 8), %rax
        test    %rax, %rax              /* a domain that is not isolated */
        jz      1f
        mov     %rax, %cr3
1:      testl   $VECTOR_HANDLER, REGS_vector(%rsp)
        jmp     exit_fast_tested

/* A hypercall's own way out, likewise; rax is its result. */
        .globl  hypercall_exit_isolated
hypercall_exit_isolated:
        mov     PERCPU(current), %rcx
        mov     VCPU_shadow_kernel(%rcx), %rcx
        test    %rcx, %rcx
        jz      1f
        mov     %rcx, %cr3
1:      mov     REGS_rip(%rsp), %rcx
        cmp     hole_start(%rip), %rcx
        je      hypercall_exit_iret
        sysret_but_rax_rcx

/* What C runs in, after a guest was interrupted, its frame on any stack or at the main one's top: rax is free. */
.macro load_root
        cmpb    $0, SHOWN(isolated)
        je      .Lloaded\@
        load_root_always
.Lloaded\@:
.endm

.macro load_root_main
        cmpb    $0, SHOWN(isolated)
        je      .Lloaded\@
        mov     PERCPU(cr3), %rax
        mov     %rax, %cr3
.Lloaded\@:
.endm

.macro load_root_always
        mov     %rsp, %rax
        and     $-STACK_AREA_SIZE_, %rax
        mov     STACK_PERCPU_OFFSET + PERCPU_cr3(%rax), %rax
        mov     %rax, %cr3
.endm

/* SYSCALL from 32-bit code, and SYSENTER, after their pushes. */
        .globl  syscall_compat_isolated, sysenter_isolated
syscall_compat_isolated:
        load_root_main
        clear_callee_saved
        clear_caller_saved
        jmp     syscall_compat_entered

sysenter_isolated:
        load_root_main
        clear_callee_saved
        clear_caller_saved
        jmp     sysenter_entered

/*
 * Gates: enter_from_gate after its pushes. In the hypervisor the root that was loaded comes back, be
 * it a shadow, unless @handler finds that it was an exit's IRET and leaves anew.
 */
.macro gate_isolated name, handler, load_root
        .globl  \name\()_isolated
\name\()_isolated:
        testb   $3, REGS_cs(%rsp)
        jz      .Lin_hypervisor\@
        \load_root
        enter_saved
        jmp     \name\()_entered
.Lin_hypervisor\@:
        mov     %cr3, %rcx
        load_root_always
        push    %rcx
        enter_saved
        lea     8(%rsp), %rdi
        call    \handler
        pop     %rax
        mov     %rax, %cr3
        jmp     return_to_hypervisor
.endm

        gate_isolated exception, trap_from_hypervisor, load_root_main
        gate_isolated page_fault, trap_from_hypervisor, load_root_main
        gate_isolated general_protection, trap_from_hypervisor, load_root_main
        gate_isolated invalid_opcode, trap_from_hypervisor, load_root_main
        gate_isolated int80, trap_from_hypervisor, load_root_main
        gate_isolated ist, trap_from_hypervisor, load_root
        gate_isolated nmi, trap_nmi, load_root

/* Only a guest's: interrupts are off wherever the hypervisor has a shadow loaded. */
        .globl  interrupt_isolated
interrupt_isolated:
        load_root_main
        enter_saved
        jmp     interrupt_entered
