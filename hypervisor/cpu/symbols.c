/*
 * The table is written by symbols.awk from the first of the two links: the lower halves of the
 * functions' addresses in ascending order, and their names one after the other in the same order.
 */
#include "cpu/symbols.h"
#include "console/console.h"
#include "cpu/percpu.h"
#include "lib/string.h"

extern const u32 symbols_offset[], symbols_count;
extern const char symbols_names[];
extern const u8 text_start[], text_end[], init_start[], init_data_start[];

#define BACKTRACE_MAX 24

bool symbols_is_text(u64 address)
{
    return address >= (u64)text_start && address < (u64)text_end;
}

const char *symbols_find(u64 address, u64 *offset)
{
    const char *name = symbols_names;
    u32 low = 0, high = symbols_count;

    *offset = 0;
    if ( !symbols_is_text(address) || !symbols_count )
        return "?";

    /* The last one that begins at or below the address. */
    while ( high - low > 1 )
    {
        u32 middle = low + (high - low) / 2;

        if ( symbols_offset[middle] <= (u32)address )
            low = middle;
        else
            high = middle;
    }
    *offset = (u32)address - symbols_offset[low];
    for ( ; low; low-- )
        name += strlen(name) + 1;
    return name;
}

/*
 * Does a call instruction end at @address? E8 with a target in the text, or FF /2 in its lengths.
 */
static bool follows_call(u64 address)
{
    const u8 *p = (const u8 *)address;

    if ( !symbols_is_text(address - 7) )
        return false;
    if ( p[-5] == 0xe8 )
    {
        s32 displacement;

        memcpy(&displacement, p - 4, sizeof(displacement));
        if ( symbols_is_text(address + (u64)(s64)displacement) )
            return true;
    }
    for ( int len = 2; len <= 7; len++ )
        if ( p[-len] == 0xff && (p[-len + 1] & 0x38) == 0x10 )
            return true;
    return false;
}

static void print_call(u64 address)
{
    u64 offset;
    const char *name = symbols_find(address, &offset);

    log_error("   %#lx %s+%#lx", address, name, offset);
}

/* The page above a stack's last is struct percpu's or a guard: never read on. */
void backtrace_print(u64 rsp)
{
    unsigned int printed = 0;
    u64 page = (rsp & (STACK_AREA_SIZE - 1)) >> PAGE_SHIFT, pages = 1;

    if ( page >= STACK_MAIN_BOTTOM_PAGE && page < STACK_PERCPU_PAGE )
        pages = STACK_PERCPU_PAGE - page;
    for ( u64 p = (rsp + 7) & ~7UL;
          p < (rsp & PAGE_MASK) + pages * PAGE_SIZE && printed < BACKTRACE_MAX; p += 8 )
    {
        u64 word = *(const u64 *)p;

        if ( !symbols_is_text(word) || !follows_call(word) )
            continue;
        print_call(word);
        printed++;
    }
}
