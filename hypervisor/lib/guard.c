/* The switches of guards, which only debug builds have. */
#include "lib/guard.h"

#ifdef GUARD_ON

#include "lib/bits.h"
#include "lib/string.h"

/* Where entry.S reads them in any address space: cpu/isolation.h. */
bool guard_off[GUARD_COUNT] __attribute__((section(".data.entry")));

static const char *const names[GUARD_COUNT] = {
#define GUARDED(name, flaws, test, without) [GUARD_##name] = #name,
#define DESIGNED(flaws, test, why)
#include "guards.def"
#undef GUARDED
#undef DESIGNED
};

bool guard_turn_off(const char *name)
{
    for ( size_t i = 0; i < ARRAY_SIZE(names); i++ )
        if ( !strcmp(names[i], name) )
        {
            guard_off[i] = true;
            return true;
        }
    return false;
}

#endif
