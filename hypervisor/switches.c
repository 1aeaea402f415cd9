#include "switches.h"
#include "console/options.h"
#include "cpu/fpu.h"
#include "cpu/init.h"
#include "lib/string.h"
#include "pv/bounce/internal.h"
#include "pv/emulate/emulate.h"
#include "pv/pagetable/internal.h"

#define JUMP      0xe9 /* and 32 bits, relative to what follows */
#define JUMP_SIZE 5

static void __init redirect(u64 function, u64 instead)
{
    s32 distance = (s32)(instead - (function + JUMP_SIZE));

    *(u8 *)function = JUMP;
    memcpy((u8 *)function + 1, &distance, sizeof(distance));
}

/* Both are of one type, or this doesn't compile. */
#define SWITCH(option, value, function, instead)                                                   \
    _Static_assert(__builtin_types_compatible_p(typeof(function), typeof(instead)), #function);    \
    if ( options.option == (value) )                                                               \
        redirect((u64)(function), (u64)(instead));

void __init switches_apply(void)
{
#include "switches.def"
}
