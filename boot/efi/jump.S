/*
 * From the firmware's long mode to the hypervisor's first instruction, in 32-bit protected mode
 * without paging: as boot/multiboot/head.S is entered by every loader, so that there is one early
 * path. leave.h tells about the arguments.
 *
 * Runs from a copy below 4 GiB that nothing overwrites. Boot services have ended; the firmware's
 * stack and page tables may lie where the image goes, so nothing here needs a stack.
 */
#include "boot/boot_info.h"

#define CR0_PG      0x80000000
#define CR4_PCIDE   0x20000         /* must go before paging does */
#define EFER        0xc0000080
#define EFER_LME    0x100

#define CODE32      8
#define DATA32      16

        .section .text, "ax"
        .globl  jump_start, jump_end
        .hidden jump_start, jump_end

        .code64
jump_start:
        cli
        cld
        mov     %r8d, %ebx              /* info */
        mov     %ecx, %ebp              /* words to clear */
        mov     %edx, %ecx              /* words to copy */

        lea     gdt(%rip), %rax
        mov     %rax, gdtr + 2(%rip)
        lgdt    gdtr(%rip)
        lea     1f(%rip), %rax
        mov     %eax, far_pointer(%rip)
        ljmp    *far_pointer(%rip)

        .code32
1:
        mov     $DATA32, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        mov     %ecx, %esp              /* no stack: a register more */
        mov     %cr4, %eax
        and     $~CR4_PCIDE, %eax
        mov     %eax, %cr4
        mov     %cr0, %eax
        and     $~CR0_PG, %eax
        mov     %eax, %cr0
        mov     $EFER, %ecx
        rdmsr
        and     $~EFER_LME, %eax
        wrmsr

        mov     %edi, %edx
        mov     %esp, %ecx
        rep movsl
        mov     %ebp, %ecx
        xor     %eax, %eax
        rep stosl
        mov     $BOOT_INFO_MAGIC, %eax
        jmp     *%edx

        .balign 8
gdt:
        .quad   0
        .quad   0x00cf9a000000ffff      /* CODE32 */
        .quad   0x00cf92000000ffff      /* DATA32 */
gdtr:
        .short  . - gdt - 1
        .quad   0
far_pointer:
        .long   0
        .short  CODE32
jump_end:

        .section .note.GNU-stack, "", @progbits
