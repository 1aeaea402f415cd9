/*
 * Where the compiler's indirect calls and jumps go, and entry.S's: __x86_indirect_thunk_REGISTER jumps to where the
 * register says, by a return. What a guest taught the predictor of indirect branches is so never asked (Spectre v2,
 * CVE-2017-5715); the predictor of returns follows the call, to where nothing goes on.
 *
 * In the order of the registers' numbers, INDIRECT_THUNK_SIZE bytes each: alternatives_apply_indirect() may make plain
 * jumps of them.
 */
#include "cpu/alternative.h"

        .section .text.indirect, "ax"

        .globl  indirect_thunks
        .balign INDIRECT_THUNK_SIZE
indirect_thunks:
.irp name, rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
        .balign INDIRECT_THUNK_SIZE
        .globl  __x86_indirect_thunk_\name
__x86_indirect_thunk_\name:
        call    2f
1:      lfence
        jmp     1b
2:      mov     %\name, (%rsp)
        ret
.endr
