/*
 * The exception table: instructions that may fault, and where to go on if they do. Offsets are
 * relative to the entry, so the text is position-independent.
 */
#ifndef CPU_EXTABLE_H
#define CPU_EXTABLE_H

#include "lib/types.h"

#define EXTABLE(from, to)                                                                          \
    ".pushsection .extable, \"a\"\n"                                                               \
    ".balign 4\n"                                                                                  \
    ".long (" #from ") - .\n"                                                                      \
    ".long (" #to ") - .\n"                                                                        \
    ".popsection\n"

/* The same for asm goto, whose fault goes to the C label "fault". */
/* clang-format off */
#define EXTABLE_FAULT(from) EXTABLE(from, %l[fault])
/* clang-format on */

/* Where to go on after a fault at @rip, or 0 if it isn't listed. */
u64 extable_find(u64 rip);

/* Sort the table; once, at boot. */
void extable_init(void);

#endif
