/*
 * The first task of GNU Mach: says hello by the trap mach_print, and then lets others run, for ever.
 *
 * A task calls the kernel through the call gate 7:0 of its LDT, with the number in eax and the arguments on its stack,
 * above a return address.
 */
#define MACH_PRINT -30
#define SWTCH      -61

        .globl  _start
_start: pushl   $hello
        pushl   $0
        movl    $MACH_PRINT, %eax
        lcall   $7, $0
1:      movl    $SWTCH, %eax
        lcall   $7, $0
        jmp     1b

        .data
hello:  .asciz  "hello from the first task\n"
        .section .note.GNU-stack, "", @progbits
