/*
 * Where another CPU begins: in real mode, at the beginning of a page below 1 MiB that
 * smp_start_others has copied this to. It goes straight to long mode over head.S's page tables,
 * which map that page where it is, and from there to the hypervisor's own. CPUs are started one at
 * a time.
 */
#include "mm/layout.h"

#define LOCAL(label) ((label) - smp_trampoline)

        .section .init.text, "ax"
        .code16
        .globl  smp_trampoline, smp_trampoline_end, smp_trampoline_root, smp_trampoline_gdtr, smp_trampoline_jump
        .globl  smp_trampoline_gdt, smp_trampoline_long
smp_trampoline:
        cli
        cld
        mov     %cs, %ax
        mov     %ax, %ds
        mov     $0x20, %eax             /* CR4.PAE */
        mov     %eax, %cr4
        mov     LOCAL(smp_trampoline_root), %eax
        mov     %eax, %cr3
        mov     $0xc0000080, %ecx       /* EFER: SCE, LME, NXE */
        rdmsr
        or      $0x901, %eax
        wrmsr
        lgdtl   LOCAL(smp_trampoline_gdtr)
        mov     $0x80010033, %eax       /* CR0: PG WP NE ET MP PE */
        mov     %eax, %cr0
        ljmpl   *LOCAL(smp_trampoline_jump)

        .code64
smp_trampoline_long:
        movabs  $start_other, %rax
        jmp     *%rax

        .balign 8
smp_trampoline_gdt:
        .quad   0
        .quad   0x00af9a000000ffff
        .quad   0x00cf92000000ffff
smp_trampoline_gdtr:                    /* filled in where this is copied to: base, root, target */
        .short  . - smp_trampoline_gdt - 1
        .long   0
smp_trampoline_root:
        .long   0
smp_trampoline_jump:
        .long   0
        .short  8
smp_trampoline_end:

        .text
start_other:
        xor     %eax, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        mov     map_idle_root(%rip), %rax
        mov     %rax, %cr3
        mov     smp_starting(%rip), %rsp
        xor     %ebp, %ebp
        call    smp_other_main
        ud2

        .section .note.GNU-stack, "", @progbits
