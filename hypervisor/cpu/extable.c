#include "cpu/extable.h"
#include "cpu/alternative.h"
#include "cpu/init.h"

struct entry {
    s32 from, to; /* relative to the field itself */
};

extern struct entry extable_start[], extable_end[];

static u64 from_of(const struct entry *e)
{
    return (u64)&e->from + (u64)(s64)e->from;
}

static u64 to_of(const struct entry *e)
{
    return (u64)&e->to + (u64)(s64)e->to;
}

static void entry_set(struct entry *e, u64 from, u64 to)
{
    e->from = (s32)(from - (u64)&e->from);
    e->to = (s32)(to - (u64)&e->to);
}

/* By insertion: the linker leaves runs that are sorted already. */
void __init extable_init(void)
{
    for ( struct entry *next = extable_start + 1; next < extable_end; next++ )
    {
        u64 from = from_of(next), to = to_of(next);
        struct entry *e = next;

        for ( ; e > extable_start && from_of(e - 1) > from; e-- )
            entry_set(e, from_of(e - 1), to_of(e - 1));
        entry_set(e, from, to);
    }
}

#define INSTRUCTION_MAX 15

/*
 * An instruction with what stands in an absent one's place before it faults at the first byte of that. There may be two
 * such places: where an access closes and the next one opens.
 */
static bool same_instruction(u64 rip, u64 from)
{
    if ( from - rip >= INSTRUCTION_MAX )
        return false;
    while ( rip < from && *(const u8 *)rip == PREFIX_IGNORED )
        rip++;
    return rip == from;
}

u64 extable_find(u64 rip)
{
    const struct entry *low = extable_start, *high = extable_end;

    while ( low < high )
    {
        const struct entry *middle = low + (high - low) / 2;

        if ( from_of(middle) < rip )
            low = middle + 1;
        else
            high = middle;
    }
    return low < extable_end && same_instruction(rip, from_of(low)) ? to_of(low) : 0;
}
