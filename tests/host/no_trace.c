/* Programs without trace/buffer.c: nothing is ever recorded. */
#include "cpu/regs.h"
#include "trace/buffer.h"

#define WEAK __attribute__((weak))

WEAK u32 trace_events;
WEAK u64 trace_hypercall_limit = HYPERCALL_TABLE;

WEAK void trace_halves(u32 event, unsigned int nr, u64 a, u64 b, u64 c)
{
    (void)event, (void)nr, (void)a, (void)b, (void)c;
}

WEAK void trace_write(u32 event, const u32 *words, unsigned int nr)
{
    (void)event, (void)words, (void)nr;
}

WEAK void trace_watch_hypercalls(bool watch)
{
    (void)watch;
}
