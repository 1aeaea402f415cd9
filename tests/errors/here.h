/*
 * For `make errors`, before every source: where the hypervisor says an error there is an instruction that does nothing,
 * which a plugin of QEMU notices (tests/qemu/count/errors.c); the section .errors, that no machine loads, tells its
 * address and the place in the source. scripts/errors writes names.h: ERROR_HERE for each error that the sources name.
 */
#ifndef __ASSEMBLER__

#include "hypercall/abi.h"

#define ERROR_TEXT(text)  ERROR_TEXT_(text)
#define ERROR_TEXT_(text) #text

#define ERROR_HERE(name, value)                                                                    \
    ({                                                                                             \
        asm volatile("1: nopl 0x524c0003(%rax)\n"                                                  \
                     ".pushsection .errors, \"\"\n"                                                \
                     ".quad 1b\n"                                                                  \
                     ".asciz \"" __FILE__ ":" ERROR_TEXT(__LINE__) ":" name "\"; .popsection");    \
        value;                                                                                     \
    })

#include "names.h"

#endif
