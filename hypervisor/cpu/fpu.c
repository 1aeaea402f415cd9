#include "cpu/fpu.h"
#include "cpu/asm.h"
#include "cpu/cpu.h"
#include "cpu/extable.h"
#include "cpu/internal.h"
#include "cpu/percpu.h"
#include "lib/string.h"

#define XSTATE_X87_SSE 0x03UL
#define XSTATE_KNOWN   0xe7UL /* x87, SSE, AVX, the three of AVX-512 */

/* Of the legacy area, which XSAVE's begins with. */
#define FXSAVE_SIZE  512
#define FXSAVE_FCW   0
#define FXSAVE_MXCSR 24
#define FXSAVE_XMM   160 /* what precedes belongs to the x87, but for MXCSR and its mask */
/* In the header: the components that the area holds; others are in their initial state. */
#define XSAVE_BV       512
#define XSAVE_SIZE_MIN (FXSAVE_SIZE + 64)

u32 fpu_area_size;
u64 fpu_features;

/*
 * The reset state, for areas that can't be loaded: with XSTATE_BV = 0 nothing beyond the legacy
 * area and header is read.
 */
static u8 initial_area[XSAVE_SIZE_MIN] __attribute__((aligned(64)));

static void xsetbv(u64 value)
{
    __asm__ volatile("xsetbv" ::"c"(0), "a"((u32)value), "d"((u32)(value >> 32)));
}

void fpu_set_xcr0(u64 xcr0)
{
    struct percpu *cpu = this_cpu();

    if ( !fpu_features || cpu->xcr0 == xcr0 )
        return;
    cpu->xcr0 = xcr0;
    xsetbv(xcr0);
}

void fpu_init(void)
{
    if ( !cpu_features.xsave )
        fpu_area_size = FXSAVE_SIZE;
    else
    {
        fpu_features = (cpuid(0xd, 0).eax & XSTATE_KNOWN) | XSTATE_X87_SSE;
        fpu_set_xcr0(fpu_features);
        fpu_area_size = cpuid(0xd, 0).ebx; /* for what XCR0 now enables */
    }
    fpu_area_init(initial_area);
}

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

/*
 * XSAVE doesn't write what is in its initial state, MXCSR excepted: the area then still holds what
 * was.
 */
void fpu_area_get_legacy(const void *area, void *fxsave)
{
    u64 components = XSTATE_X87_SSE;

    memcpy(fxsave, area, FXSAVE_SIZE);
    if ( fpu_features )
        memcpy(&components, (const u8 *)area + XSAVE_BV, sizeof(components));
    if ( !(components & 1) )
        init_x87(fxsave);
    if ( !(components & 2) )
        init_xmm(fxsave);
}

void fpu_save(void *area)
{
    if ( cpu_features.xsaveopt )
        __asm__ volatile("xsaveopt64 (%0)" ::"r"(area), "a"(~0u), "d"(~0u) : "memory");
    else if ( fpu_features )
        __asm__ volatile("xsave64 (%0)" ::"r"(area), "a"(~0u), "d"(~0u) : "memory");
    else
        __asm__ volatile("fxsave64 (%0)" ::"r"(area) : "memory");
}

/*
 * The instruction that loads; when it faults on what @area holds it is tried again with the initial
 * state.
 */
#define LOAD(instruction, area)                                                                    \
    __asm__ volatile("1: " instruction " (%0)\n"                                                   \
                     ".pushsection .fixup, \"ax\"\n"                                               \
                     "2: mov %1, %0\n"                                                             \
                     "   jmp 1b\n"                                                                 \
                     ".popsection\n" EXTABLE(1b, 2b)                                               \
                     : "+r"(area)                                                                  \
                     : "r"(initial_area), "a"(~0u), "d"(~0u)                                       \
                     : "memory")

void fpu_restore(const void *area)
{
    if ( fpu_features )
        LOAD("xrstor64", area);
    else
        LOAD("fxrstor64", area);
}
