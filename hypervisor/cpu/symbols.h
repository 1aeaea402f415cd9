/* The names of the hypervisor's functions, for backtraces. */
#ifndef CPU_SYMBOLS_H
#define CPU_SYMBOLS_H

#include "lib/types.h"

/* True if @address lies in the text. */
bool symbols_is_text(u64 address);

/*
 * The function that @address lies in and the distance from its beginning; "?" if it isn't in the
 * text.
 */
const char *symbols_find(u64 address, u64 *offset);

/*
 * Print the chain of calls that the stack from @rsp upward holds: every word that points behind a
 * call instruction. There are no frame pointers, so a few may be left over from calls that have
 * returned.
 */
void backtrace_print(u64 rsp);

#endif
