/*
 * Into the hypervisor and out of it.
 *
 * A guest's registers are saved as struct regs at the very top of the CPU's main stack, directly
 * below struct percpu, so that C finds them at a fixed place and may replace them: that is how
 * vcpus are switched. (A hypercall's frame is whole only from its slow ways out on.) All general
 * registers are saved and, beyond arguments, cleared: nothing that a guest chose is left for
 * speculation to use. Two ways in are short, and use few registers: the hypercall iret and the system
 * calls of processes.
 *
 * Ways out: exit_fast by SYSRET where rcx and r11 may be lost (hypercalls, and every bounce, whose
 * frame holds the guest's own), exit_iret elsewhere. Both come after the one test for rare work.
 * The hypercall iret has a way of its own. So far for 64-bit guests; those of 32 bits have struct
 * guest_mode's members in place of some functions called here, and their ways out are in
 * entry_ring1.S.
 *
 * Interrupts are off throughout. Names of rare work and its order: exit_work() in pv/bounce/exit.c.
 */
#include "cpu/entry.inc"

        .section .text.entry, "ax"

/*
 * SYSCALL. The CPU's stub (cpu/stub.c) has saved the guest's rsp in the frame, points rsp at that, and
 * knows iret, which is in entry_short.inc. rcx = rip, r11 = rflags.
 */
        .globl  entry_syscall, entry_syscall_other, entry_syscall_compat, syscall_from_kernel
entry_syscall:                          /* an isolated machine's stub doesn't */
        cmp     $HYPERCALL_IRET, %rax
        je      entry_syscall_iret
        .balign 16
entry_syscall_other:
        save_syscall
        mov     PERCPU(current), %rcx
        cmpb    $0, VCPU_kernel_mode(%rcx)
        je      syscall_from_user
syscall_from_kernel:
        save_syscall_others
        clear_saved_but_rbx
        mov     VCPU_info(%rcx), %rbx

        /* A hypercall: the arguments are where C wants them but for the fourth. */
        mov     %r10, %rcx
        xor     %r9d, %r9d
        cmp     trace_hypercall_limit(%rip), %rax
        cmovae  hypercall_beyond(%rip), %rax    /* no branch, that speculation might pass */
        mov     REGS_SIZE + PERCPU_hypercalls(%rsp, %rax, 8), %r11 /* hypercall_table, without its address */
        call    __x86_indirect_thunk_r11

/*
 * Its own way out: the frame is what SYSCALL found, but for a rip that may be at the call again, and
 * rbx has vcpu_info; WORK_FRAME and WORK_INFO tell of anything else.
 */
        .globl  hypercall_return
hypercall_return:
        cmpl    $0, PERCPU(exit_work)
        jne     hypercall_exit_slow
        cmpw    $1, INFO_upcall_pending(%rbx)   /* pending, and not masked */
        je      hypercall_exit_upcall
        isolation_jump hypercall_exit_isolated
        mov     REGS_rip(%rsp), %rcx
        cmp     hole_start(%rip), %rcx  /* where SYSCALL was the lower half's last instruction */
        je      hypercall_exit_iret
        sysret_but_rax_rcx

hypercall_exit_slow:
        testl   $WORK_FRAME, PERCPU(exit_work)
        mov     %rax, REGS_rax(%rsp)
        jnz     exit_slow
        complete_syscall %rcx
        jmp     exit_slow

hypercall_exit_upcall:
        mov     %rax, REGS_rax(%rsp)
        complete_syscall %rcx
        mov     PERCPU(current), %rbx
        jmp     exit_upcall

        .globl  hypercall_exit_iret
hypercall_exit_iret:
        mov     %rax, REGS_rax(%rsp)
        complete_syscall %rcx
        jmp     exit_iret

/* Leave to the 64-bit guest whose frame is at rsp; rbx = current. */
exit_test:
        work_or_upcall exit_upcall
        .globl  exit_fast
exit_fast:
        isolation_jump exit_isolated
        testl   $VECTOR_HANDLER, REGS_vector(%rsp)
        .globl  exit_fast_tested
exit_fast_tested:
        jz      exit_iret
        mov     REGS_rip(%rsp), %rcx
        js      1f                      /* VECTOR_HANDLER */

        /* SYSRET to an address that is not canonical faults in ring 0 on some CPUs: IRET there. */
        mov     %rcx, %r11
        sub     hole_start(%rip), %r11
        cmp     hole_size(%rip), %r11
        jb      exit_iret
1:      mov     REGS_rax(%rsp), %rax
        sysret_but_rax_rcx

        .globl  exit_iretq
exit_iret:
        pop_general
        add     $8, %rsp
exit_iretq:                             /* a fault here is the guest's: trap_from_hypervisor() */
        iretq

/* An event to deliver, and no work. */
exit_upcall:
        mov     %rbx, %rdi
        mov     %rsp, %rsi
        call    native_event
        cmpl    $0, PERCPU(exit_work)   /* where that was the domain's end */
        je      exit_fast

        .globl  exit_slow
exit_slow:
        call    exit_work
        mov     PERCPU(current), %rbx   /* may be another one now, of another width */
        cmpb    $3, VCPU_kernel_ring(%rbx)
        je      exit_fast
        jmp     exit_ring1

/* From anywhere on the main stack: drop what is on it and leave to current. */
        .globl  exit_to_guest
exit_to_guest:
        and     $-STACK_AREA_SIZE_, %rsp
        add     $STACK_PERCPU_OFFSET - REGS_SIZE, %rsp
        mov     PERCPU(current), %rbx

/* Likewise, with the frame at rsp and rbx = current, of any width. */
exit_any:
        cmpb    $3, VCPU_kernel_ring(%rbx)
        je      exit_test
        jmp     exit_test_ring1

/* Likewise, to run the idle loop: nothing of the stack is needed any more. */
        .globl  exit_to_idle
exit_to_idle:
        and     $-STACK_AREA_SIZE_, %rsp
        add     $STACK_PERCPU_OFFSET - REGS_SIZE, %rsp
        call    sched_idle_loop
        ud2

#include "cpu/entry_short.inc"

        .globl  hole_start, hole_size
        .balign 8
hole_start:                             /* what is not canonical, and our own range beside it */
        .quad   0x0000800000000000
hole_size:
        .quad   HV_VIRT_END - 0x0000800000000000
hypercall_beyond:                       /* the element of hypercall_table for numbers out of range */
        .quad   HYPERCALL_TABLE

/* SYSCALL from 32-bit code of guest user space: the same frame with another CS. */
entry_syscall_compat:
        add     $REGS_rsp, %rsp
        movq    $SEL_USER_DS, 8(%rsp)
        push    %r11
        push    $SEL_USER_CS32
        push    %rcx
        push    $0
        push_general
        isolation_jump syscall_compat_isolated
        clear_callee_saved
        clear_caller_saved
        .globl  syscall_compat_entered
syscall_compat_entered:
        mov     PERCPU(current), %rbx
        mov     %rbx, %rdi
        mov     %rsp, %rsi
        call_indirect VCPU_syscall_compat(%rbx)
        jmp     exit_any

/*
 * SYSENTER: rsp is TSS.rsp0's twin; the caller's rip and rsp are lost by the instruction. It clears
 * IF alone: NT would make our IRET fault and TF step through the hypervisor, so all are cleared
 * once the frame has them, with IF as it was.
 */
        .globl  entry_sysenter
entry_sysenter:
        push    $SEL_USER_DS
        push    $0
        pushfq
        orl     $EFLAGS_IF, (%rsp)
        push    $3
        push    $0
        push    $0
        push    $EFLAGS_FIXED
        popfq
        push_general
        isolation_jump sysenter_isolated
        clear_callee_saved
        clear_caller_saved
        .globl  sysenter_entered
sysenter_entered:
        mov     PERCPU(current), %rbx
        mov     %rbx, %rdi
        mov     %rsp, %rsi
        call_indirect VCPU_sysenter(%rbx)
        jmp     exit_any

/*
 * Exceptions: the stub has pushed an error code and set the vector in the word's upper half. The most
 * frequent ones have entries of their own, so that nobody looks which it is. @handler is for 64-bit
 * guests, @any a word of the vcpu for whoever isn't direct: a 32-bit guest's doesn't return here, as
 * its way out is another.
 */
.macro exception_entry name, handler, any
entry_\name:
        enter_from_gate \name\()_isolated
        testb   $3, REGS_cs(%rsp)
        jz      exception_in_hypervisor
        .globl  \name\()_entered
\name\()_entered:
        mov     PERCPU(current), %rbx
        mov     %rbx, %rdi
        mov     %rsp, %rsi
        cmpb    $0, VCPU_direct(%rbx)
        je      1f
        call    \handler
        jmp     exit_test
1:      call_indirect \any(%rbx)
        jmp     exit_test
.endm

        exception_entry exception, trap_from_guest, VCPU_trap
        exception_entry page_fault, trap_page_fault, VCPU_page_fault
        exception_entry general_protection, emulate_privileged, VCPU_trap
        exception_entry invalid_opcode, emulate_invalid_opcode, VCPU_trap
        exception_entry int80, native_int80, VCPU_trap

exception_in_hypervisor:
        mov     %rsp, %rdi
        call    trap_from_hypervisor
        .globl  return_to_hypervisor
return_to_hypervisor:
        pop_general
        add     $8, %rsp
        iretq

/*
 * Exceptions on IST stacks. From a guest the frame is moved to its place on the main stack, which
 * is free then: so the way out is the same for all, and a fault in its IRET is known for the
 * guest's.
 */
.macro frame_to_main_stack
        mov     %rsp, %rsi
        and     $-STACK_AREA_SIZE_, %rsp
        add     $STACK_PERCPU_OFFSET - REGS_SIZE, %rsp
        mov     %rsp, %rdi
        mov     $REGS_SIZE / 8, %ecx
        rep movsq
        mov     PERCPU(current), %rbx
.endm

entry_ist:
        enter_from_gate ist_isolated
        testb   $3, REGS_cs(%rsp)
        jz      exception_in_hypervisor
        .globl  ist_entered
ist_entered:
        frame_to_main_stack
        mov     %rbx, %rdi
        mov     %rsp, %rsi
        call_indirect VCPU_trap(%rbx)
        jmp     exit_test

entry_nmi:
        enter_from_gate nmi_isolated
        testb   $3, REGS_cs(%rsp)
        jz      nmi_in_hypervisor
        .globl  nmi_entered
nmi_entered:
        frame_to_main_stack
        mov     %rsp, %rdi
        call    trap_nmi_from_guest
        jmp     exit_any

nmi_in_hypervisor:
        mov     %rsp, %rdi
        call    trap_nmi
        jmp     return_to_hypervisor

/*
 * Interrupts, from a guest or in one of the hypervisor's windows: there no register is a guest's, and C keeps those
 * that are not saved. One that ends irq_wait() returns in its stead.
 */
entry_interrupt:
        testb   $3, REGS_cs - REGS_error(%rsp)
        jz      interrupt_in_hypervisor
        enter_from_gate interrupt_isolated
        .globl  interrupt_entered
interrupt_entered:
        movzbl  REGS_vector(%rsp), %edi
        mov     PERCPU(current), %rbx
        cmpb    $0, VCPU_direct(%rbx)
        je      1f
        call    irq_at_rest
        jmp     exit_test
1:      call_indirect VCPU_interrupt(%rbx)
        jmp     exit_any

        .globl  irq_wait
irq_wait:
        sti
        hlt
.Lirq_waited:
        cli                             /* something else than an interrupt ended it */
        ret

interrupt_in_hypervisor:
        push    %rdi
        lea     .Lirq_waited(%rip), %rdi
        cmp     %rdi, REGS_rip - REGS_rdi(%rsp)
        je      1f
        pop     %rdi
        push_caller_saved
        movzbl  REGS_vector - REGS_r11(%rsp), %edi
        SMAP_CLOSE
        cld
        call    irq_dispatch
        pop_caller_saved
        add     $8, %rsp
        iretq
1:      movzbl  REGS_vector - REGS_rdi(%rsp), %edi
        mov     REGS_rsp - REGS_rdi(%rsp), %rsp
        jmp     irq_at_rest

/*
 * The stubs, 16 bytes each, addressed by the IDT: vector n's is at trap_stub_table + 16 * n. What
 * is special about one is in vectors.def.
 */
#define VECTOR(nr, name, pushes_error, uses_ist, dpl, text) \
        .if vector == nr; .set exception, 1; .set has_error, pushes_error; .set ist, uses_ist; .endif;

        .globl  trap_stub_table
        .balign 16
trap_stub_table:
.set vector, 0
.rept 256
        .balign 16
.set exception, vector < 32
.set has_error, 0
.set ist, 0
#include "cpu/vectors.def"
.if !has_error
        push    $0
.endif
        movl    $vector, 4(%rsp)
.if vector == 14
        jmp     entry_page_fault
.elseif vector == 13
        jmp     entry_general_protection
.elseif vector == 6
        jmp     entry_invalid_opcode
.elseif vector == 0x80
        jmp     entry_int80
.elseif vector == 2
        jmp     entry_nmi
.elseif ist
        jmp     entry_ist
.elseif vector == 0x82
        jmp     entry_int82
.elseif exception
        jmp     entry_exception
.else
        jmp     entry_interrupt
.endif
.set vector, vector + 1
.endr
