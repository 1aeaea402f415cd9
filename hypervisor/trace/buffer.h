/*
 * Trace buffers in the ABI of public/trace.h: a ring of records for each CPU, which the tools map, read and empty.
 *
 * A CPU writes to its own ring alone, with interrupts off: no locks. While nothing is recorded, a place where something
 * could be takes one look at trace_events. Hypercalls don't take even that: entry.S and multicalls compare a number
 * with trace_hypercall_limit where they must compare it with some limit anyhow.
 */
#ifndef TRACE_BUFFER_H
#define TRACE_BUFFER_H

#include <hypercall/abi.h>
#include "lib/bits.h"
#include "lib/types.h"

/* What is recorded now: bits of TRC_ALL. 0: nothing. */
extern u32 trace_events;

/* Hypercalls of numbers below this one are made at once, all others by hypercall_uncommon(). */
extern u64 trace_hypercall_limit;

/*
 * entry.S's short way of iret leaves to C for a stack pointer that lies less than this behind the
 * canonical addresses' lower half: that nobody can use, or any while hypercalls are recorded.
 */
extern u64 trace_iret_hole;

/* Let hypercalls come by hypercall_uncommon, whether they are recorded or not. */
void trace_watch_hypercalls(bool watch);

/*
 * Record @event (TRC_*, perhaps with TRC_64_FLAG) with the words that follow, up to 6. From anywhere but an NMI.
 *
 *     trace(TRC_PV_PAGE_FAULT | TRC_64_FLAG, TRACE_LONG(regs->rip), TRACE_LONG(cr2), error);
 */
#define trace(event, ...) TRACE_WORDS(event, TRACE_COUNT(__VA_ARGS__), __VA_ARGS__, 0, 0, 0, 0, 0)

/* Two words: of a long number, of a vcpu; and a vcpu as one. */
#define TRACE_LONG(x) (u32)(x), (u32)((u64)(x) >> 32)
#define TRACE_IDS(v)  (v)->domain->id, (v)->id
#define TRACE_VCPU(v) ((u32)(v)->domain->id << 16 | (v)->id)

#define TRACE_COUNT(...)                        TRACE_SEVENTH(__VA_ARGS__, 6, 5, 4, 3, 2, 1, 0)
#define TRACE_SEVENTH(a, b, c, d, e, f, n, ...) n
#define TRACE_PAIR(low, high)                   ((u32)(low) | (u64)(high) << 32)

#define TRACE_WORDS(...) TRACE_HALVES(__VA_ARGS__)
#define TRACE_HALVES(event, nr, a, b, c, d, e, f, ...)                                             \
    do                                                                                             \
    {                                                                                              \
        _Static_assert((nr) <= 6, "too many words");                                               \
        if ( __builtin_expect(trace_events != 0, 0) )                                              \
            trace_halves(event, nr, TRACE_PAIR(a, b), TRACE_PAIR(c, d), TRACE_PAIR(e, f));         \
    } while ( 0 )

/* The @nr words are the halves of @a, @b and @c, the lower ones first: so callers need no memory for them. */
void __attribute__((cold)) trace_halves(u32 event, unsigned int nr, u64 a, u64 b, u64 c);

/* The same of an array of up to TRACE_EXTRA_MAX. */
void trace_write(u32 event, const u32 *words, unsigned int nr);

/* --- For control/ --- */

/* Give @cpu its ring, once: @size bytes at @buffer, zeroed, a multiple of 4. Nothing may be recorded yet. */
void trace_set_buffer(u32 cpu, struct t_buf *buffer, u32 size);

/* Which events, and on which CPUs; both also while it is on. At first it is off, and all are chosen. */
void trace_choose_events(u32 events);
u32 trace_chosen_events(void);
void trace_choose_cpus(u64 cpus);
void trace_switch(bool on);

/* Declared here, defined by control/: a ring has become half full, and its readers should be told. No lock is held. */
void trace_half_full(void);

#endif
