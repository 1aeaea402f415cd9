#include "cpu/alternative.h"
#include "cpu/init.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "lib/types.h"

struct alternative {
    s32 where; /* relative to this field */
    u8 bytes[ALTERNATIVE_SIZE];
    u8 pad;
};

extern const struct alternative alternatives_start[], alternatives_end[];

void __init alternatives_apply_smap(void)
{
    for ( const struct alternative *a = alternatives_start; a < alternatives_end; a++ )
        memcpy((u8 *)(u64)&a->where + a->where, a->bytes, sizeof(a->bytes));
}

extern u8 indirect_thunks[16][INDIRECT_THUNK_SIZE];

void __init alternatives_apply_indirect(void)
{
    for ( u8 i = 0; i < ARRAY_SIZE(indirect_thunks); i++ )
    {
        const u8 jump[] = { 0x40 | i >> 3, 0xff, 0xe0 | (i & 7) }; /* jmp *%reg */

        memcpy(indirect_thunks[i], jump, sizeof(jump));
    }
}

#define JUMP      0xe9 /* and 32 bits, relative to what follows */
#define JUMP_SIZE 5

void __init alternative_jump(u64 at, u64 to)
{
    s32 distance = (s32)(to - (at + JUMP_SIZE));

    *(u8 *)at = JUMP;
    memcpy((u8 *)at + 1, &distance, sizeof(distance));
}
