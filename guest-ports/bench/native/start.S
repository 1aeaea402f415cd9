/*
 * A multiboot kernel that measures on the bare machine what the rows of the bench have there: the way to 64 bits, and
 * the shortest handlers. All of the first GiB is mapped as it lies, for user mode as well.
 */
        .set    MAGIC, 0x1badb002
        .set    FLAGS, 0x2
        .set    EFER, 0xc0000080
        .set    USER_EXIT, 0

        .section .multiboot, "a"
        .long   MAGIC, FLAGS, -(MAGIC + FLAGS)

        .text
        .code32
        .globl  native_start
native_start:
        mov     $stack_top, %esp
        mov     $native_l4, %eax
        movl    $native_l3 + 7, (%eax)
        mov     $native_l3, %eax
        movl    $native_l2 + 7, (%eax)
        mov     $native_l2, %edi
        mov     $0x87, %eax                     /* present, writable, user, 2 MiB */
        mov     $512, %ecx
1:      mov     %eax, (%edi)
        add     $0x200000, %eax
        add     $8, %edi
        loop    1b

        mov     $0x620, %eax                    /* PAE, OSFXSR, OSXMMEXCPT */
        mov     %eax, %cr4
        mov     $native_l4, %eax
        mov     %eax, %cr3
        mov     $EFER, %ecx
        mov     $0x101, %eax                    /* long mode, SYSCALL */
        xor     %edx, %edx
        wrmsr
        mov     $0x80010033, %eax               /* paging, write protection, FPU */
        mov     %eax, %cr0
        lgdt    gdt_register
        ljmp    $8, $1f
        .code64
1:      mov     $16, %eax
        mov     %eax, %ss
        mov     %eax, %ds
        mov     %eax, %es
        mov     $stack_top, %rsp
        call    native_main

/* Steps over the instruction that faulted: BENCH_FAULT_LENGTH bytes. */
        .globl  native_step_fault
native_step_fault:
        add     $8, %rsp
        addq    $BENCH_FAULT_LENGTH, (%rsp)
        iretq

        .globl  native_return
native_return:
        iretq

/* A demand fault: maps native_demand_pte where native_entry is and tries again. */
        .globl  native_demand_fault
native_demand_fault:
        push    %rax
        push    %rdi
        mov     native_entry, %rdi
        mov     native_demand_pte, %rax
        mov     %rax, (%rdi)
        pop     %rdi
        pop     %rax
        add     $8, %rsp
        iretq

/* An interrupt of the local APIC: counts it. */
        .globl  native_interrupt
native_interrupt:
        incq    native_interrupts
        movl    $0, NATIVE_APIC + 0xb0          /* end of interrupt */
        iretq

/* A system call of user mode: USER_EXIT ends native_user(), all else returns at once. */
        .globl  native_syscall
native_syscall:
        test    %eax, %eax
        je      1f
        sysretq
1:      mov     native_back, %rsp
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbp
        pop     %rbx
        sti
        ret

/* void native_user(void (*function)(long), long count): calls it in user mode. */
        .globl  native_user
native_user:
        push    %rbx
        push    %rbp
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        mov     %rsp, native_back
        mov     %rdi, %rax
        mov     %rsi, %rdi
        mov     $user_stack_top, %rsp
        mov     $user_start, %ecx
        mov     $0x202, %r11d
        sysretq
user_start:
        call    *%rax
        mov     $USER_EXIT, %eax
        syscall

/* void native_fault_loop(long count): count loads from the unmapped address of native_hole. */
        .globl  native_fault_loop
native_fault_loop:
1:      mov     NATIVE_HOLE, %rax               /* BENCH_FAULT_LENGTH bytes */
        add     $-1, %rdi
        test    %rdi, %rdi
        jne     1b
        ret

        .data
        .balign 16
        .globl  native_gdt
native_gdt:
        .quad   0
        .quad   0x00af9b000000ffff              /* 8: kernel code */
        .quad   0x00cf93000000ffff              /* 16: kernel data */
        .quad   0                               /* 24: where SYSRET finds user mode */
        .quad   0x00cff3000000ffff              /* 32: user data */
        .quad   0x00affb000000ffff              /* 40: user code */
        .quad   0, 0                            /* 48: the TSS */
        .quad   0                               /* 64: for update_descriptor */
        .globl  native_gdt_end
native_gdt_end:
gdt_register:
        .word   native_gdt_end - native_gdt - 1
        .quad   native_gdt

        .bss
        .balign 4096
        .globl  native_l2
native_l4:      .skip 4096
native_l3:      .skip 4096
native_l2:      .skip 4096
        .skip   16384
stack_top:
        .skip   16384
user_stack_top:
native_back:    .skip 8
        .section .note.GNU-stack, "", @progbits
