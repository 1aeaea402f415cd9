/*
 * 64-bit PV: first instruction, hypercall page, entries from the hypervisor, user mode.
 *
 * Every entry ends up in kit_entry(struct cpu_frame *, number); the hypervisor pushed rcx, r11, [error code,] rip, cs,
 * rflags, rsp, ss, and we complete it to a struct cpu_frame.
 */
#include <kit/arch/pv64.h>

        .section .text.start, "ax"
        .globl  kit_start
kit_start:                              /* rsi: start_info */
        rdtsc                           /* first of all: bench tells by it how long we waited to run */
        shl     $32, %rdx
        or      %rdx, %rax
        mov     %rax, kit_start_tsc
        cld
        lea     kit_boot_stack + KIT_STACK_SIZE, %rsp
        mov     %rsi, %rdi
        xor     %ebp, %ebp
        call    kit_main
        ud2

        .globl  kit_start_tsc           /* the TSC at our first instruction */
        .comm   kit_start_tsc, 8, 8

        .text
        .balign 4096
        .globl  kit_hypercall_page
kit_hypercall_page:                     /* filled by whoever builds the domain */
        .fill   4096, 1, 0xcc

/* long kit_syscall(number, a1, a2, a3, a4, a5): a hypercall without the page, as Linux does it. */
        .globl  kit_syscall
kit_syscall:
        mov     %edi, %eax
        mov     %rsi, %rdi
        mov     %rdx, %rsi
        mov     %rcx, %rdx
        mov     %r8, %r10
        mov     %r9, %r8
        syscall
        ret

/*
 * One entry stub a number: bring rcx, r11 and the error code into struct cpu_frame's order, then save the rest.
 * 32 bytes each, so that C finds the stub of a vector by multiplication.
 */
        .macro  entry number, has_error
        .balign 32
        pop     %rcx
        pop     %r11
        .if     !\has_error
        push    $0
        .endif
        push    %rcx
        push    %r11
        push    %rax
        push    %rdi
        mov     $\number, %edi
        jmp     entry_common
        .endm

        .globl  kit_entry_stubs
        .balign 32
kit_entry_stubs:
        .set    vector, 0
        .rept   256
        .if     vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21
        entry   vector, 1
        .else
        entry   vector, 0
        .endif
        .set    vector, vector + 1
        .endr

        .globl  kit_entry_syscall, kit_entry_event, kit_entry_failsafe, kit_entry_nmi
kit_entry_syscall:
        entry   KIT_ENTRY_SYSCALL, 0
kit_entry_event:
        entry   KIT_ENTRY_EVENT, 0
kit_entry_nmi:
        entry   KIT_ENTRY_NMI, 0

/* A segment register could not be loaded on the way to the guest: rcx, r11, ds, es, fs, gs, then as usual. */
kit_entry_failsafe:
        .balign 32
        pop     %rcx
        pop     %r11
        popq    kit_failsafe_selectors
        popq    kit_failsafe_selectors + 8
        popq    kit_failsafe_selectors + 16
        popq    kit_failsafe_selectors + 24
        push    $0
        push    %rcx
        push    %r11
        push    %rax
        push    %rdi
        mov     $KIT_ENTRY_FAILSAFE, %edi
        jmp     entry_common

entry_common:
        push    %rsi
        push    %rdx
        push    %r8
        push    %r9
        push    %r10
        push    %rbx
        push    %rbp
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        cld
        mov     %edi, %esi
        mov     %rsp, %rdi
        mov     %rsp, %rbx
        and     $-16, %rsp
        call    kit_entry
        mov     %rbx, %rdi

/* void kit_resume(struct cpu_frame *): leave through a frame, which lies anywhere in memory. */
        .globl  kit_resume
kit_resume:
        mov     %rdi, %rsp
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbp
        pop     %rbx
        pop     %r10
        pop     %r9
        pop     %r8
        pop     %rdx
        pop     %rsi
        pop     %rdi
        movq    $0, 24(%rsp)            /* error becomes flags */
        mov     $KIT_NR_IRET, %eax
        syscall                         /* iret: rax, r11, rcx, flags, rip, cs, rflags, rsp, ss */
        ud2

/* int context_save(struct context *): 0 now; what context_load() was given when it comes back here. */
        .globl  context_save
context_save:
        mov     %rbx, 0(%rdi)
        mov     %rbp, 8(%rdi)
        mov     %r12, 16(%rdi)
        mov     %r13, 24(%rdi)
        mov     %r14, 32(%rdi)
        mov     %r15, 40(%rdi)
        lea     8(%rsp), %rax
        mov     %rax, 48(%rdi)
        mov     (%rsp), %rax
        mov     %rax, 56(%rdi)
        xor     %eax, %eax
        ret

/* void context_load(const struct context *, int value) */
        .globl  context_load
context_load:
        mov     %esi, %eax
        mov     0(%rdi), %rbx
        mov     8(%rdi), %rbp
        mov     16(%rdi), %r12
        mov     24(%rdi), %r13
        mov     32(%rdi), %r14
        mov     40(%rdi), %r15
        mov     48(%rdi), %rsp
        jmp     *56(%rdi)

/*
 * void kit_user_enter(struct cpu_frame *, struct context *back): user mode through the frame. Entries from there
 * arrive on this stack, below here; whoever ends the stay calls context_load(back, ...).
 */
        .globl  kit_user_enter
kit_user_enter:
        push    %rdi
        lea     -64(%rsp), %rsi
        and     $-16, %rsi
        mov     $KIT_SS, %edi
        mov     $KIT_NR_STACK_SWITCH, %eax
        syscall
        pop     %rdi
        jmp     kit_resume

/* The whole of a user program that calls a C function: rdi its argument, rsi the function; its result is what it leaves. */
        .globl  kit_user_call
kit_user_call:
        call    *%rsi
        mov     %rax, %rdi
        xor     %eax, %eax              /* USER_EXIT */
        syscall
        ud2

        .bss
        .balign KIT_STACK_SIZE
        .globl  kit_boot_stack
kit_boot_stack:
        .skip   KIT_STACK_SIZE
        .balign 4096
        .globl  shared_info
shared_info:                            /* a page of its own: its L1 entry will lead to the real one */
        .skip   4096
        .balign 32
        .globl  kit_failsafe_selectors
kit_failsafe_selectors:
        .skip   32
        .section .note.GNU-stack, "", @progbits
