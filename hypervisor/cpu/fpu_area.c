/* What areas hold, as bytes: nothing here touches the processor. */
#include "cpu/fpu.h"
#include "lib/bits.h"
#include "lib/guard.h"
#include "lib/string.h"

/* Of the legacy area, which XSAVE's begins with. */
#define FXSAVE_SIZE  512
#define FXSAVE_FCW   0
#define FXSAVE_MXCSR 24
#define FXSAVE_XMM   160 /* what precedes belongs to the x87, but for MXCSR and its mask */
/* In the header: the components that the area holds; others are in their initial state. */
#define XSAVE_BV 512

static void set_components(void *area, u64 components)
{
    if ( fpu_features )
        memcpy((u8 *)area + XSAVE_BV, &components, sizeof(components));
}

static void init_x87(u8 *area)
{
    static const u16 fcw = 0x37f;
    u32 mxcsr[2];

    memcpy(mxcsr, area + FXSAVE_MXCSR, sizeof(mxcsr));
    memset(area, 0, FXSAVE_XMM);
    memcpy(area + FXSAVE_FCW, &fcw, sizeof(fcw));
    memcpy(area + FXSAVE_MXCSR, mxcsr, sizeof(mxcsr));
}

static void init_xmm(u8 *area)
{
    memset(area + FXSAVE_XMM, 0, FXSAVE_SIZE - FXSAVE_XMM);
}

void fpu_area_init(void *area)
{
    static const u32 mxcsr = 0x1f80;

    init_x87(area);
    init_xmm(area);
    memcpy((u8 *)area + FXSAVE_MXCSR, &mxcsr, sizeof(mxcsr));
    set_components(area, 0);
}

void fpu_area_set_legacy(void *area, const void *fxsave)
{
    memcpy(area, fxsave, FXSAVE_SIZE);
    set_components(area, XSTATE_X87_SSE);
}

u64 fpu_area_components(const void *area)
{
    u64 components = XSTATE_X87_SSE;

    if ( fpu_features )
        memcpy(&components, (const u8 *)area + XSAVE_BV, sizeof(components));
    return components;
}

/*
 * XSAVE doesn't write what is in its initial state, MXCSR excepted: the area then still holds what
 * was.
 */
void fpu_area_get_legacy(const void *area, void *fxsave)
{
    u64 components = fpu_area_components(area);

    memcpy(fxsave, area, FXSAVE_SIZE);
    if ( GUARD(fpu_initial_parts, !(components & 1)) )
        init_x87(fxsave);
    if ( GUARD(fpu_initial_parts, !(components & 2)) )
        init_xmm(fxsave);
}

void fpu_area_get(const void *area, void *image, u64 size)
{
    memcpy(image, area, size);
    fpu_area_get_legacy(area, image);
}

/* The header: XSTATE_BV, then XCOMP_BV and what is reserved, all 0 in the standard format. */
bool fpu_area_ok(const void *image, u64 features)
{
    u64 header[8];

    memcpy(header, (const u8 *)image + XSAVE_BV, sizeof(header));
    for ( unsigned int i = 1; i < ARRAY_SIZE(header); i++ )
        if ( header[i] )
            return false;
    return !(header[0] & ~features);
}

void fpu_area_set(void *area, const void *image, u64 size)
{
    memcpy(area, image, size);
    memset((u8 *)area + size, 0, fpu_area_size - size);
}
