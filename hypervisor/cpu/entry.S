/*
 * Into the hypervisor and out of it.
 *
 * A guest's registers are pushed as struct regs at the very top of the CPU's main stack, directly
 * below struct percpu, so that C finds them at a fixed place and may replace them: that is how
 * vcpus are switched. All general registers are saved and, beyond arguments, cleared: nothing that
 * a guest chose is left for speculation to use. Two ways in are short, and use few registers: the
 * hypercall iret and the system calls of processes.
 *
 * Ways out: exit_fast by SYSRET where rcx and r11 may be lost (hypercalls, and every bounce, whose
 * frame holds the guest's own), exit_iret elsewhere. Both come after the one test for rare work.
 * The hypercall iret has a way of its own. So far for 64-bit guests; those of 32 bits have struct
 * guest_mode's members in place of exit_fast and of some functions called here, and what is theirs
 * alone is in entry_ring1.S.
 *
 * Interrupts are off throughout. Names of rare work and its order: exit_work() in pv/bounce/exit.c.
 */
#include "cpu/entry.inc"

        .text

/* Where the frame is while it is being pushed: rsp is at this of its words. */
#define FROM_RCX(what)   what - REGS_rcx(%rsp)
#define FROM_ERROR(what) what - REGS_error(%rsp)

/* What follows, up to @label, is guard GUARD_NAME, whose @number that is: lib/guard.h. */
.macro guard number, label
#ifndef NDEBUG
        cmpb    $0, guard_off + \number(%rip)
        jne     \label
#endif
.endm

/*
 * SYSCALL. The CPU's stub (cpu/stub.c) has saved the guest's rsp in the frame and points rsp at it:
 * rcx = rip, r11 = rflags.
 */
        .globl  entry_syscall, entry_syscall_compat
        .balign 16
entry_syscall:
        movq    $SEL_USER_DS, 8(%rsp)
        push    %r11
        push    $SEL_USER_CS64
        push    %rcx
        push    syscall_error_and_vector(%rip)
        cmp     $HYPERCALL_IRET, %rax
        je      syscall_iret
syscall_any:
        push_to_rcx
        mov     FROM_RCX(REGS_SIZE + PERCPU_current), %rcx
        cmpb    $0, VCPU_kernel_mode(%rcx)
        je      syscall_from_user
        push_from_rax
        clear_saved_but_rbx
        mov     %rcx, %rbx

        /* A hypercall: the arguments are where C wants them but for the fourth. */
        mov     %r10, %rcx
        xor     %r9d, %r9d
        cmp     trace_hypercall_limit(%rip), %rax
        jae     hypercall_out_of_range
        and     $HYPERCALL_TABLE - 1, %eax /* an index that speculation cannot widen */
        lea     hypercall_table(%rip), %r11
        call    *(%r11, %rax, 8)
hypercall_return:
        mov     %rax, REGS_rax(%rsp)

/* Leave to the 64-bit guest whose frame is at rsp; rbx = current. */
exit_test:
        cmpl    $0, PERCPU(exit_work)
        jne     exit_slow
        mov     VCPU_info(%rbx), %rdi
        cmpw    $1, INFO_upcall_pending(%rdi)   /* pending, and not masked */
        je      exit_slow
        .globl  exit_fast
exit_fast:
        testl   $VECTOR_SYSCALL, REGS_vector(%rsp)
        jz      exit_iret

        /* SYSRET to an address that is not canonical faults in ring 0 on some CPUs: IRET there. */
        mov     REGS_rip(%rsp), %rcx
        sub     hole_start(%rip), %rcx
        cmp     hole_size(%rip), %rcx
        jb      exit_iret

        pop_general
        mov     REGS_rip - REGS_error(%rsp), %rcx
        mov     REGS_rflags - REGS_error(%rsp), %r11
        mov     REGS_rsp - REGS_error(%rsp), %rsp
        sysretq

        .globl  exit_iretq
exit_iret:
        pop_general
        add     $8, %rsp
exit_iretq:                             /* a fault here is the guest's: trap_from_hypervisor() */
        iretq

hypercall_out_of_range:                 /* or all of them are recorded */
        mov     %rax, %r9
        call    hypercall_uncommon
        jmp     hypercall_return

/* Rare work, or an event to deliver. */
exit_slow:
        call    exit_work
        mov     PERCPU(current), %rbx   /* may be another one now, of another width */
        jmp     *VCPU_leave(%rbx)

/* From anywhere on the main stack: drop what is on it and leave to current. */
        .globl  exit_to_guest
exit_to_guest:
        and     $-STACK_AREA_SIZE_, %rsp
        add     $STACK_PERCPU_OFFSET - REGS_SIZE, %rsp
        mov     PERCPU(current), %rbx

/* Likewise, with the frame at rsp and rbx = current: exit_test for guests of any width. */
        .globl  exit_any
exit_any:
        cmpl    $0, PERCPU(exit_work)
        jne     exit_slow
        mov     VCPU_info(%rbx), %rdi
        cmpw    $1, INFO_upcall_pending(%rdi)
        je      exit_slow
        jmp     *VCPU_leave(%rbx)

/* Likewise, to run the idle loop: nothing of the stack is needed any more. */
        .globl  exit_to_idle
exit_to_idle:
        and     $-STACK_AREA_SIZE_, %rsp
        add     $STACK_PERCPU_OFFSET - REGS_SIZE, %rsp
        call    sched_idle_loop
        ud2

/*
 * A system call of a process: bounce_syscall() for the case that nothing else is to be done, with rcx
 * = current, r11 and rdx to work with: the kernel gets the first two anew, and the third is in the
 * frame. What is not plain goes to C, as if nothing had happened: work, an event, events masked, an
 * IOPL to show, no handler, a stack in the hole. So does a stack that can't be written.
 *
 * The other registers are neither saved nor cleared: nothing here depends on them.
 */
.macro to_kernel_stack source, at
1:      movq    \source, \at(%r11)
        .pushsection .extable, "a"
        .balign 4
        .long   1b - .
        .long   syscall_no_stack - .
        .popsection
.endm

#define FRAME_SIZE 7 * 8        /* rcx r11 rip cs rflags rsp ss */

syscall_from_user:
        cmpl    $0, FROM_RCX(REGS_SIZE + PERCPU_exit_work)
        jne     syscall_by_c
        mov     VCPU_info(%rcx), %r11
        cmpw    $0, INFO_upcall_pending(%r11)   /* neither pending nor masked */
        jne     syscall_by_c
        cmpb    $0, VCPU_iopl(%rcx)
        jne     syscall_with_iopl
syscall_as_plain:
        cmpq    $0, VCPU_syscall_rip(%rcx)
        je      syscall_by_c
        mov     VCPU_kernel_rsp(%rcx), %r11
        and     $-16, %r11
        sub     $FRAME_SIZE, %r11
        jb      syscall_by_c
        guard   GUARD_syscall_outside_hypervisor, 1f
        mov     %r11, %rdx              /* as guest_word_ok(): what begins below the hole faults */
        sub     hole_start(%rip), %rdx
        cmp     hole_size(%rip), %rdx
        jb      syscall_by_c
1:
        movb    $1, VCPU_kernel_mode(%rcx)
        swapgs
        mov     VCPU_cr3_kernel(%rcx), %rdx
        mov     %rdx, FROM_RCX(REGS_SIZE + PERCPU_cr3)
        mov     %rdx, %cr3
        SMAP_OPEN
        mov     FROM_RCX(REGS_rip), %rdx
        to_kernel_stack %rdx, 0         /* SYSCALL has left rip in rcx, rflags in r11 */
        to_kernel_stack %rdx, 16
        mov     FROM_RCX(REGS_rflags), %rdx
        to_kernel_stack %rdx, 8
        to_kernel_stack %rdx, 32
        to_kernel_stack $SEL_USER_CS64, 24
        mov     FROM_RCX(REGS_rsp), %rdx
        to_kernel_stack %rdx, 40
        to_kernel_stack $SEL_USER_DS, 48
        SMAP_CLOSE

        cmpb    $0, VCPU_syscall_mask_events(%rcx)
        je      1f
        mov     VCPU_info(%rcx), %rdx
        movb    $1, INFO_upcall_mask(%rdx)
1:
        mov     VCPU_syscall_rip(%rcx), %rcx    /* canonical, or it would not be there */
        mov     FROM_RCX(REGS_rdx), %rdx
        mov     %r11, FROM_RCX(REGS_rsp)
        mov     FROM_RCX(REGS_rflags), %r11
        and     $EFLAGS_ENTERED, %r11
        mov     FROM_RCX(REGS_rsp), %rsp
        sysretq

syscall_with_iopl:
        mov     VCPU_domain(%rcx), %r11
        testl   $ASSIST_IOPL, DOMAIN_vm_assist(%r11)
        jz      syscall_as_plain
        jmp     syscall_by_c

/* Back to where it began, for C to find out the same. */
syscall_no_stack:
        SMAP_CLOSE
        movb    $0, VCPU_kernel_mode(%rcx)
        swapgs
        mov     VCPU_cr3_user(%rcx), %rdx
        mov     %rdx, FROM_RCX(REGS_SIZE + PERCPU_cr3)
        mov     %rdx, %cr3
syscall_by_c:
        mov     FROM_RCX(REGS_rdx), %rdx
        mov     FROM_RCX(REGS_rflags), %r11
        push_from_rax
        clear_saved_but_rbx
        mov     %rcx, %rbx
        mov     %rcx, %rdi
        mov     %rsp, %rsi
        clear_caller_saved
        call    bounce_syscall
        jmp     exit_test

/*
 * iret, the hypercall that follows each bounce: bounce_iret() for the case that nothing else is to
 * be done, in the registers that it loads anyway. rsp is at the frame's error code. What is not
 * plain goes the long way, to C, as long as nothing has happened: an NMI to unmask, work, a pending
 * event, no user page tables, a frame that can't be read.
 *
 * The frame is pushed over the one on the stack, where both have rip to ss in the same place.
 */
#define IRET(member) IRET_##member(%rsp)

syscall_iret:
        mov     FROM_ERROR(REGS_SIZE + PERCPU_current), %rax
        cmpb    $0, VCPU_kernel_mode(%rax)
        je      iret_by_c
        cmpb    $0, VCPU_nmi_masked(%rax)
        jne     iret_by_c
        cmpl    $0, FROM_ERROR(REGS_SIZE + PERCPU_exit_work)
        jne     iret_by_c
        mov     VCPU_info(%rax), %r11
        cmpb    $0, INFO_upcall_pending(%r11)
        jne     iret_by_c

        mov     FROM_ERROR(REGS_rsp), %rcx
        mov     %rcx, %r11              /* as guest_word_ok(): what begins below the hole faults */
        sub     hole_start(%rip), %r11
        cmp     trace_iret_hole(%rip), %r11     /* hole_size; all there is, while calls are recorded */
        jb      iret_by_c
        lea     FROM_ERROR(REGS_SIZE), %rsp
        SMAP_OPEN
        .set    offset, IRET_ss
        .rept   IRET_SIZE / 8
1:      push    offset(%rcx)
        .pushsection .extable, "a"
        .balign 4
        .long   1b - .
        .long   iret_unreadable - .
        .popsection
        .set    offset, offset - 8
        .endr
        SMAP_CLOSE

        mov     IRET(cs), %r11d
        and     $3, %r11d
        cmp     $3, %r11d
        je      iret_to_user
iret_checked:                           /* from here on it happens */
        orb     $3, IRET(cs)
        orb     $3, IRET(ss)
        mov     VCPU_info(%rax), %r11
        testb   $EFLAGS_IF >> 8, 1 + IRET(rflags)
        sete    INFO_upcall_mask(%r11)
        guard   GUARD_iret_flags, 1f
        andq    $EFLAGS_GUESTS, IRET(rflags)
1:
        orq     $EFLAGS_IF | EFLAGS_FIXED, IRET(rflags)
        testb   $IRET_IN_SYSCALL >> 8, 1 + IRET(flags)
        jnz     iret_by_sysret
iret_by_iret:
        pop     %rax
        pop     %r11
        pop     %rcx
        add     $8, %rsp
        jmp     exit_iretq

iret_to_user:
        mov     VCPU_cr3_user(%rax), %r11
        test    %r11, %r11
        jz      iret_again
        movb    $0, VCPU_kernel_mode(%rax)
        swapgs
        mov     %r11, IRET_SIZE + PERCPU_cr3(%rsp)
        mov     %r11, %cr3
        jmp     iret_checked

/*
 * rcx and r11 may be lost: SYSRET, if it leads to the segments that it always loads, and to a
 * canonical address.
 */
iret_by_sysret:
        cmpw    $SEL_USER_CS64, IRET(cs)
        jne     iret_by_iret
        cmpw    $SEL_USER_DS, IRET(ss)
        jne     iret_by_iret
        mov     IRET(rip), %rcx
        mov     %rcx, %r11
        sub     hole_start(%rip), %r11
        cmp     hole_size(%rip), %r11
        jb      iret_by_iret
        mov     IRET(rflags), %r11
        mov     IRET(rax), %rax
        mov     IRET(rsp), %rsp
        sysretq

/* The long way after all: the frame anew, with what C needs of it. rcx: the guest's rsp. */
iret_unreadable:
        SMAP_CLOSE
iret_again:
        and     $-STACK_AREA_SIZE_, %rsp
        add     $STACK_PERCPU_OFFSET, %rsp
        push    $SEL_USER_DS
        push    %rcx
        push    $EFLAGS_IF | EFLAGS_FIXED
        push    $SEL_USER_CS64
        push    $0
        push    syscall_error_and_vector(%rip)
iret_by_c:
        mov     $HYPERCALL_IRET, %eax
        jmp     syscall_any

        .pushsection .rodata, "a"
        .balign 8
hole_start:                             /* what is not canonical, and our own range beside it */
        .quad   0x0000800000000000
hole_size:
        .quad   HV_VIRT_END - 0x0000800000000000
syscall_error_and_vector:               /* both words of a frame in one push */
        .quad   VECTOR_SYSCALL << 32
        .popsection

/* SYSCALL from 32-bit code of guest user space: the same frame with another CS. */
entry_syscall_compat:
        movq    $SEL_USER_DS, 8(%rsp)
        push    %r11
        push    $SEL_USER_CS32
        push    %rcx
        push    $0
        push_general
        clear_callee_saved
        clear_caller_saved
        mov     PERCPU(current), %rbx
        mov     %rbx, %rdi
        mov     %rsp, %rsi
        call    *VCPU_syscall_compat(%rbx)
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
        clear_callee_saved
        clear_caller_saved
        mov     PERCPU(current), %rbx
        mov     %rbx, %rdi
        mov     %rsp, %rsi
        call    *VCPU_sysenter(%rbx)
        jmp     exit_any

/*
 * Exceptions: the stub has pushed an error code and set the vector in the word's upper half.
 * What a 32-bit guest's mode calls doesn't return here: its way out is another.
 */
entry_exception:
        enter_from_gate
        testb   $3, REGS_cs(%rsp)
        jz      exception_in_hypervisor
        mov     PERCPU(current), %rbx
        mov     %rbx, %rdi
        mov     %rsp, %rsi
        call    *VCPU_trap(%rbx)
        jmp     exit_test

exception_in_hypervisor:
        mov     %rsp, %rdi
        call    trap_from_hypervisor
return_to_hypervisor:
        pop_general
        add     $8, %rsp
        iretq

/* The page fault has an entry of its own: the most frequent exception. */
entry_page_fault:
        enter_from_gate
        testb   $3, REGS_cs(%rsp)
        jz      exception_in_hypervisor
        mov     PERCPU(current), %rbx
        mov     %rbx, %rdi
        mov     %rsp, %rsi
        call    *VCPU_page_fault(%rbx)
        jmp     exit_test

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
        enter_from_gate
        testb   $3, REGS_cs(%rsp)
        jz      exception_in_hypervisor
        frame_to_main_stack
        mov     %rbx, %rdi
        mov     %rsp, %rsi
        call    *VCPU_trap(%rbx)
        jmp     exit_test

entry_nmi:
        enter_from_gate
        testb   $3, REGS_cs(%rsp)
        jz      nmi_in_hypervisor
        frame_to_main_stack
        mov     %rsp, %rdi
        call    trap_nmi_from_guest
        jmp     exit_any

nmi_in_hypervisor:
        mov     %rsp, %rdi
        call    trap_nmi
        jmp     return_to_hypervisor

/* Interrupts, from a guest or in one of the hypervisor's windows. */
entry_interrupt:
        enter_from_gate
        movzbl  REGS_vector(%rsp), %edi
        testb   $3, REGS_cs(%rsp)
        jz      interrupt_in_hypervisor
        mov     PERCPU(current), %rbx
        call    *VCPU_interrupt(%rbx)
        jmp     exit_any

interrupt_in_hypervisor:
        call    irq_dispatch
        jmp     return_to_hypervisor

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
