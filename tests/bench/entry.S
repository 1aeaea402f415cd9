/*
 * A multiboot kernel whose first instruction reads the TSC. Started in a hypervisor's place, it tells what the firmware and
 * the loader take until a hypervisor is entered: prints `RL-ENTRY` and 16 hexadecimal digits on the first serial port,
 * then ends QEMU through its exit port.
 */
        .set    MAGIC, 0x1badb002
        .set    FLAGS, 0x2                      /* tell us the memory, as hypervisors ask */
        .set    COM1, 0x3f8
        .set    EXIT_PORT, 0xf4

        .code32
        .section .text
        .globl  _start
_start:
        rdtsc
        mov     %eax, %edi
        mov     %edx, %ebx
        mov     $COM1, %edx
        mov     $text, %esi
        mov     $text_size, %ecx
        rep outsb
        call    print                           /* ebx: the upper half */
        mov     %edi, %ebx
        call    print
        mov     $'\n', %al
        out     %al, %dx
        mov     $EXIT_PORT, %edx
        xor     %eax, %eax
        out     %eax, %dx
        hlt

/* Eight digits of ebx. */
print:
        mov     $8, %ecx
1:      rol     $4, %ebx
        mov     %ebx, %eax
        and     $0xf, %eax
        mov     digits(%eax), %al
        out     %al, %dx
        loop    1b
        ret

text:   .ascii  "RL-ENTRY "
        .set    text_size, . - text
digits: .ascii  "0123456789abcdef"

        .balign 4
        .long   MAGIC, FLAGS, -(MAGIC + FLAGS)
