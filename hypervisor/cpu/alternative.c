#include "cpu/alternative.h"
#include "cpu/init.h"
#include "lib/string.h"
#include "lib/types.h"

struct alternative {
    s32 where; /* relative to this field */
    u8 bytes[3];
    u8 pad;
};

extern const struct alternative alternatives_start[], alternatives_end[];

void __init alternatives_apply_smap(void)
{
    for ( const struct alternative *a = alternatives_start; a < alternatives_end; a++ )
        memcpy((u8 *)(u64)&a->where + a->where, a->bytes, sizeof(a->bytes));
}
