/*
 * 32-bit PAE PV: first instruction, hypercall page, entries from the hypervisor, user mode.
 *
 * Every entry ends up in kit_entry(struct cpu_frame *, number); the hypervisor pushed [error code,] eip, cs, eflags, and
 * from user mode esp, ss before, and we complete it to a struct cpu_frame.
 */
#include <kit/arch/pv32.h>

        .section .text.start, "ax"
        .globl  kit_start
kit_start:                              /* esi: start_info */
        rdtsc                           /* first of all: bench tells by it how long we waited to run */
        mov     %eax, kit_start_tsc
        mov     %edx, kit_start_tsc + 4
        cld
        mov     $kit_boot_stack + KIT_STACK_SIZE, %esp
        xor     %ebp, %ebp
        push    %esi
        call    kit_main
        ud2

        .globl  kit_start_tsc           /* the TSC at our first instruction */
        .comm   kit_start_tsc, 8, 8

        .text
        .balign 4096
        .globl  kit_hypercall_page
kit_hypercall_page:                     /* filled by whoever builds the domain */
        .fill   4096, 1, 0xcc

/* long kit_syscall(number, a1, a2, a3, a4, a5): a hypercall without the page. */
        .globl  kit_syscall
kit_syscall:
        push    %ebx
        push    %esi
        push    %edi
        mov     16(%esp), %eax
        mov     20(%esp), %ebx
        mov     24(%esp), %ecx
        mov     28(%esp), %edx
        mov     32(%esp), %esi
        mov     36(%esp), %edi
        int     $0x82
        pop     %edi
        pop     %esi
        pop     %ebx
        ret

/* One entry stub a number, 32 bytes each, so that C finds the stub of a vector by multiplication. */
        .macro  entry number, has_error
        .balign 32
        .if     !\has_error
        push    $0
        .endif
        push    $\number
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

/* A segment register could not be loaded on the way to the guest: ds, es, fs, gs, then as usual. */
kit_entry_failsafe:
        .balign 32
        popl    %ss:kit_failsafe_selectors      /* ds is the one that may be missing */
        popl    %ss:kit_failsafe_selectors + 4
        popl    %ss:kit_failsafe_selectors + 8
        popl    %ss:kit_failsafe_selectors + 12
        push    $0
        push    $KIT_ENTRY_FAILSAFE
        jmp     entry_common

/*
 * On the stack: number, error, eip, cs, eflags. From user mode esp and ss follow; from kernel mode the frame is
 * copied below itself, with those two where they belong.
 */
entry_common:
        cld
        testb   $2, 12(%esp)
        push    %eax
        jnz     1f
        lea     24(%esp), %eax          /* esp as it was */
        push    %ss
        push    %eax
        .rept   6
        push    28(%esp)                /* eflags, cs, eip, error, number, eax */
        .endr
1:      push    %ecx
        push    %edx
        push    %ebx
        push    %ebp
        push    %esi
        push    %edi
        push    %ds
        push    %es
        mov     $KIT_SS, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %esp, %ebx
        push    36(%ebx)                /* the number */
        push    %ebx
        call    kit_entry
        mov     %ebx, %ecx
        jmp     resume

/* void kit_resume(struct cpu_frame *): leave through a frame, which lies anywhere in memory. */
        .globl  kit_resume
kit_resume:
        mov     4(%esp), %ecx
resume:                                 /* ecx: the frame */
        lea     40(%ecx), %edx          /* to user mode: eax takes the error code's place, and there it is */
        mov     32(%ecx), %eax
        testb   $2, 48(%ecx)
        jnz     1f
        mov     56(%ecx), %edx          /* to kernel mode: its stack as it will be, and eax, eip, cs, eflags on it */
        sub     $16, %edx
        mov     44(%ecx), %ebx
        mov     %ebx, 4(%edx)
        mov     48(%ecx), %ebx
        mov     %ebx, 8(%edx)
        mov     52(%ecx), %ebx
        mov     %ebx, 12(%edx)
1:      mov     %eax, (%edx)
        mov     %edx, 36(%ecx)          /* in place of the number */
        mov     %ecx, %esp
        pop     %es
        pop     %ds
        pop     %edi
        pop     %esi
        pop     %ebp
        pop     %ebx
        pop     %edx
        pop     %ecx
        mov     %ss:4(%esp), %esp
        mov     $KIT_NR_IRET, %eax
        int     $0x82                   /* iret: eax, eip, cs, eflags, to user mode esp, ss */
        ud2

/* int context_save(struct context *): 0 now; what context_load() was given when it comes back here. */
        .globl  context_save
context_save:
        mov     4(%esp), %edx
        mov     %ebx, 0(%edx)
        mov     %ebp, 4(%edx)
        mov     %esi, 8(%edx)
        mov     %edi, 12(%edx)
        lea     4(%esp), %eax
        mov     %eax, 16(%edx)
        mov     (%esp), %eax
        mov     %eax, 20(%edx)
        xor     %eax, %eax
        ret

/* void context_load(const struct context *, int value) */
        .globl  context_load
context_load:
        mov     4(%esp), %edx
        mov     8(%esp), %eax
        mov     0(%edx), %ebx
        mov     4(%edx), %ebp
        mov     8(%edx), %esi
        mov     12(%edx), %edi
        mov     16(%edx), %esp
        jmp     *20(%edx)

/*
 * void kit_user_enter(struct cpu_frame *): user mode through the frame. Entries from there arrive on this stack, below
 * here; whoever ends the stay calls context_load().
 */
        .globl  kit_user_enter
kit_user_enter:
        mov     $KIT_SS, %ebx
        lea     -64(%esp), %ecx
        and     $-16, %ecx
        mov     $KIT_NR_STACK_SWITCH, %eax
        int     $0x82
        jmp     kit_resume

/* The whole of a user program that calls a C function: edi its argument, esi the function; its result is what it leaves. */
        .globl  kit_user_call
kit_user_call:
        push    %edi
        call    *%esi
        mov     %eax, %edi
        xor     %eax, %eax              /* USER_EXIT */
        int     $0x80
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
        .skip   16
        .section .note.GNU-stack, "", @progbits
