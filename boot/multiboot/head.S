/*
 * From a multiboot loader (either version), or from boot/efi, which enters the same way, into C:
 * checks the CPU, builds early page tables, enters long mode.
 *
 * The early tables map the low 4 GiB of physical memory, writable and executable, at three places:
 * where they are, at the image's slot, and at the direct map's; and the boot CPU's stack area with
 * its guard pages at its final place, so that nothing moves when mm/ builds the real tables. All of
 * this is .init memory, freed after boot.
 */
#include "boot/boot_info.h"
#include "mm/layout.h"

#define PHYS(symbol) (symbol - HV_IMAGE_BASE)

#define MB1_MAGIC       0x1badb002
#define MB1_FLAGS       0x00000003      /* modules page-aligned; tell us about memory */
#define MB1_LOADED      0x2badb002
#define MB2_MAGIC       0xe85250d6
#define MB2_LOADED      0x36d76289
#define MB2_OPTIONAL    1

#define PTE_TABLE       0x003           /* present, writable */
#define PTE_LARGE       0x083
#define PTE_NX_HIGH     0x80000000      /* in the upper half */

#define SLOT(address)   ((address >> 39) & 511)

#define COM1            0x3f8
#define VGA_TEXT        0xb8000

        .section .head, "ax"
        .code32

        .globl head_start
head_start:
        jmp     start

        .balign 8
multiboot1_header:
        .long   MB1_MAGIC
        .long   MB1_FLAGS
        .long   -(MB1_MAGIC + MB1_FLAGS)

        .balign 8
multiboot2_header:
        .long   MB2_MAGIC
        .long   0                       /* i386 */
        .long   multiboot2_header_end - multiboot2_header
        .long   -(MB2_MAGIC + multiboot2_header_end - multiboot2_header)
        .balign 8
        .short  6, 0                    /* modules page-aligned */
        .long   8
        /*
         * All the rest is welcome, not needed. EFI's boot services we don't ask for, so the loader
         * ends them. Where there is a text screen the loader leaves it, unless told otherwise.
         */
        .balign 8
        .short  1, MB2_OPTIONAL         /* tell us about: */
        .long   8 + 4 * 4
        .long   6, 12, 15, 17           /* memory, EFI's system table, ACPI, EFI's memory map */
        .balign 8
        .short  4, MB2_OPTIONAL         /* screen: */
        .long   12
        .long   2                       /* text will do */
        .balign 8
        .short  5, MB2_OPTIONAL         /* framebuffer: */
        .long   20
        .long   0, 0, 0                 /* of any size and depth */
        .balign 8
        .short  0, 0                    /* end */
        .long   8
multiboot2_header_end:

start:
        cli
        cld
        mov     $PHYS(early_stack_top), %esp
        push    %ebx                    /* the loader's information */
        push    %eax                    /* which kind it is */

        mov     $PHYS(no_multiboot), %esi
        cmp     $MB1_LOADED, %eax
        je      1f
        cmp     $MB2_LOADED, %eax
        je      1f
        cmp     $BOOT_INFO_MAGIC, %eax
        jne     refuse
1:
        mov     $PHYS(no_long_mode), %esi
        mov     $0x80000000, %eax
        cpuid
        cmp     $0x80000001, %eax
        jb      refuse
        mov     $0x80000001, %eax
        cpuid
        test    $1 << 29, %edx
        jz      refuse
        mov     $PHYS(no_nx), %esi
        test    $1 << 20, %edx
        jz      refuse

        /* Physical memory, 2 MiB a step. */
        mov     $PHYS(early_l2), %edi
        mov     $PTE_LARGE, %eax
1:
        mov     %eax, (%edi)
        add     $8, %edi
        add     $1 << 21, %eax
        jnc     1b

        mov     $PHYS(early_l3), %edi
        mov     $PHYS(early_l2) + PTE_TABLE, %eax
        mov     $4, %ecx
1:
        mov     %eax, (%edi)
        add     $8, %edi
        add     $0x1000, %eax
        loop    1b

        mov     $PHYS(early_l4), %edi
        mov     $PHYS(early_l3) + PTE_TABLE, %eax
        mov     %eax, (%edi)
        mov     %eax, 8 * SLOT(HV_IMAGE_BASE)(%edi)
        mov     %eax, 8 * SLOT(DIRECT_MAP_BASE)(%edi)

        /* The stack area. */
        movl    $PHYS(early_l3_stack) + PTE_TABLE, 8 * SLOT(STACK_AREAS_BASE)(%edi)
        movl    $PHYS(early_l2_stack) + PTE_TABLE, PHYS(early_l3_stack) + 8 * 511
        movl    $PHYS(early_l1_stack) + PTE_TABLE, PHYS(early_l2_stack)
        mov     $PHYS(boot_stack_pages) + PTE_TABLE, %eax
        mov     $PHYS(early_l1_stack), %edi
        xor     %ecx, %ecx
1:
        bt      %ecx, PHYS(stack_area_pages)
        jnc     2f
        mov     %eax, (%edi, %ecx, 8)
        movl    $PTE_NX_HIGH, 4(%edi, %ecx, 8)
        add     $0x1000, %eax
2:
        inc     %ecx
        cmp     $16, %ecx
        jb      1b

        /* PAE; EFER.SCE, LME and NXE; paging with write protection. */
        mov     $0x20, %eax
        mov     %eax, %cr4
        mov     $PHYS(early_l4), %eax
        mov     %eax, %cr3
        mov     $0xc0000080, %ecx
        rdmsr
        or      $0x901, %eax
        wrmsr
        mov     $0x80010033, %eax       /* PG WP NE ET MP PE */
        mov     %eax, %cr0

        pop     %edi
        pop     %esi
        lgdt    PHYS(early_gdtr)
        ljmp    $8, $PHYS(start64)

/* Print the message at esi on the first serial line and the screen, and stop. */
refuse:
        mov     $COM1 + 3, %dx          /* 115200 baud, 8n1 */
        mov     $0x80, %al
        out     %al, %dx
        mov     $COM1, %dx
        mov     $1, %al
        out     %al, %dx
        inc     %dx
        xor     %al, %al
        out     %al, %dx
        mov     $COM1 + 3, %dx
        mov     $3, %al
        out     %al, %dx

        mov     $VGA_TEXT, %edi
1:
        lodsb
        test    %al, %al
        jz      3f
        mov     $0x0f, %ah
        stosw
        mov     %al, %bl
        mov     $0xffff, %ecx           /* don't wait for ever where there is no serial line */
        mov     $COM1 + 5, %dx
2:
        in      %dx, %al
        test    $0x20, %al
        loopz   2b
        mov     $COM1, %dx
        mov     %bl, %al
        out     %al, %dx
        jmp     1b
3:
        cli
        hlt
        jmp     3b

        .code64
start64:
        mov     $16, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        xor     %eax, %eax
        mov     %eax, %fs
        mov     %eax, %gs
        movabs  $start_high, %rax
        jmp     *%rax
start_high:
        movabs  $STACK_AREAS_BASE + 15 * 0x1000, %rsp
        mov     %edi, %edi
        mov     %esi, %esi
        xor     %ebp, %ebp
        call    multiboot_start
        ud2

no_multiboot:
        .asciz  "Ringleader: not started by a multiboot loader. Halted.\r\n"
no_long_mode:
        .asciz  "Ringleader: this CPU has no long mode (64-bit). Halted.\r\n"
no_nx:
        .asciz  "Ringleader: this CPU has no NX (no-execute), or the firmware turned it off. Halted.\r\n"

        .balign 8
early_gdt:
        .quad   0
        .quad   0x00af9a000000ffff      /* code, 64-bit */
        .quad   0x00cf92000000ffff      /* data */
early_gdtr:
        .short  . - early_gdt - 1
        .long   PHYS(early_gdt)

/*
 * Bit n: page n of a stack area is mapped, the others are guards. cpu/percpu.h draws the area;
 * cpu/stack.c holds them equal.
 */
        .globl  stack_area_pages
        .balign 4
stack_area_pages:
        .long   0xfeaa

        .section .init.bss, "aw", @nobits
        .balign 0x1000
        .globl  early_l4
early_l4:       .skip 0x1000
early_l3:       .skip 0x1000
early_l2:       .skip 0x4000
early_l3_stack: .skip 0x1000
early_l2_stack: .skip 0x1000
early_l1_stack: .skip 0x1000
                .skip 64
early_stack_top:

        .section .stack, "aw", @nobits          /* not .bss: what that holds of boot/ is given back */
        .balign 0x1000
        .globl  boot_stack_pages
boot_stack_pages:
        .skip   11 * 0x1000

        .section .note.GNU-stack, "", @progbits
