/*
 * Instructions that exist only on some CPUs: as many prefixes stand in the text, which mean nothing in 64-bit mode, and
 * are replaced once at boot. So a CPU without them executes nothing in their place, but an instruction behind one that
 * faults does so at its first prefix: extable_find().
 *
 * SMAP: the hypervisor may touch guests' pages only between SMAP_OPEN and SMAP_CLOSE. Exceptions
 * and interrupts keep the interrupted EFLAGS.AC, so their entries close as well.
 */
#ifndef CPU_ALTERNATIVE_H
#define CPU_ALTERNATIVE_H

#define INDIRECT_THUNK_SIZE 16

#define ALTERNATIVE_SIZE 3
#define PREFIX_IGNORED   0x2e /* CS */

#ifdef __ASSEMBLER__

/* clang-format off */
.macro ALTERNATIVE_SMAP last
661:    .byte   0x2e, 0x2e, 0x2e
        .pushsection .alternatives, "a"
        .long   661b - .
        .byte   0x0f, 0x01, \last, 0
        .popsection
.endm
/* clang-format on */

#define SMAP_OPEN  ALTERNATIVE_SMAP 0xcb /* STAC */
#define SMAP_CLOSE ALTERNATIVE_SMAP 0xca /* CLAC */

#else

#include "lib/types.h"

#define ALTERNATIVE_SMAP(last)                                                                     \
    "661: .byte 0x2e, 0x2e, 0x2e\n"                                                                \
    ".pushsection .alternatives, \"a\"\n"                                                          \
    ".long 661b - .\n"                                                                             \
    ".byte 0x0f, 0x01, " #last ", 0\n"                                                             \
    ".popsection\n"

#define SMAP_OPEN  ALTERNATIVE_SMAP(0xcb)
#define SMAP_CLOSE ALTERNATIVE_SMAP(0xca)

/* Replace them all if the CPU has SMAP in use. At boot, while the text is still writable. */
void alternatives_apply_smap(void);

/* Likewise: let indirect branches be what they are called, instead of indirect.S's returns. */
void alternatives_apply_indirect(void);

/* Likewise: whoever comes to @at, where five bytes are spoilt, goes on at @to. */
void alternative_jump(u64 at, u64 to);

#endif

#endif
