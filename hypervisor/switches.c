#include "switches.h"
#include "console/options.h"
#include "cpu/alternative.h"
#include "cpu/init.h"
#include "pv/emulate/emulate.h"
#include "pv/pagetable/internal.h"

/* Both are of one type, or this doesn't compile. */
#define SWITCH(option, value, function, instead)                                                   \
    _Static_assert(__builtin_types_compatible_p(typeof(function), typeof(instead)), #function);    \
    if ( options.option == (value) )                                                               \
        alternative_jump((u64)(function), (u64)(instead));

void __init switches_apply(void)
{
#include "switches.def"
}
