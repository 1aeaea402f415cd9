#include "cpu/fpu.h"
#include "console/options.h"
#include "cpu/asm.h"
#include "cpu/cpu.h"
#include "cpu/extable.h"
#include "cpu/internal.h"
#include "cpu/percpu.h"

#define XSTATE_KNOWN 0xe7UL /* x87, SSE, AVX, the three of AVX-512 */

#define FXSAVE_SIZE    512
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

/* Where the last guest's FOP, FIP and FDP would stay, a load of any integer overwrites them. */
static void forget_pointers(void)
{
    static const u32 zero;

    if ( cpu_features.fpu_pointers_stay )
        __asm__ volatile("fnclex; ffree %%st(7); fildl %0" ::"m"(zero));
}

/*
 * All of the state is switched, whatever XCR0 the guest chose: what it doesn't use now it may turn
 * on later, and must not find another's there.
 */
static void load(const void *area, u64 xcr0)
{
    fpu_set_xcr0(fpu_features);
    forget_pointers();
    fpu_restore(area);
    fpu_set_xcr0(xcr0);
}

static void set_ts(void)
{
    write_cr0(read_cr0() | CR0_TS);
}

static void clear_ts(void)
{
    __asm__ volatile("clts");
}

void fpu_leave(void *area, bool ts)
{
    if ( this_cpu()->fpu_waiting )
        return;
    if ( ts )
        clear_ts();
    fpu_set_xcr0(fpu_features);
    fpu_save(area);
}

/* What waited for the guest before, which never used the FPU, has left CR0.TS set. */
void fpu_enter(const void *area, u64 xcr0, bool ts)
{
    struct percpu *cpu = this_cpu();

    if ( !options.lazy_fpu )
        load(area, xcr0);
    else
    {
        fpu_set_xcr0(xcr0);
        ts = !cpu->fpu_waiting;
        cpu->fpu_waiting = area;
    }
    if ( ts )
        set_ts();
}

void fpu_set_ts(bool ts)
{
    if ( this_cpu()->fpu_waiting )
        return;
    if ( ts )
        set_ts();
    else
        clear_ts();
}

void fpu_use(u64 xcr0)
{
    struct percpu *cpu = this_cpu();
    const void *area = cpu->fpu_waiting;

    if ( !area )
        return;
    cpu->fpu_waiting = NULL;
    clear_ts();
    load(area, xcr0);
}
