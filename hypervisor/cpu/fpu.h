/* FPU, SSE and AVX state of vcpus. */
#ifndef CPU_FPU_H
#define CPU_FPU_H

#include "lib/types.h"

#define XSTATE_X87_SSE 0x03UL /* components that every processor has */

extern u32 fpu_area_size; /* bytes of an area, which is to be zeroed and aligned to 64 */
extern u64 fpu_features;  /* XCR0 bits that the CPU has and guests may use; 0: FXSAVE only */

/* Make a zeroed area hold the reset state: FCW 0x37f, MXCSR 0x1f80. */
void fpu_area_init(void *area);

/* Between this CPU and @area, with CR0.TS clear. What can't be loaded is replaced by the reset state. */
void fpu_save(void *area);
void fpu_restore(const void *area);

void fpu_set_xcr0(u64 xcr0);

/*
 * A guest's state, when it leaves this CPU and when it comes: @xcr0 and @ts, its CR0.TS, are its own. With boot option
 * lazy_fpu it waits until the guest uses the FPU, CR0.TS set whatever the guest's is: #NM tells, and fpu_use() loads it
 * if it does wait.
 */
void fpu_leave(void *area, bool ts);
void fpu_enter(const void *area, u64 xcr0, bool ts);
void fpu_use(u64 xcr0);

/* The guest that is here changes its CR0.TS to @ts. */
void fpu_set_ts(bool ts);

/* The legacy part of an area, 512 bytes as FXSAVE writes them: of contexts that the tools see. */
void fpu_area_set_legacy(void *area, const void *fxsave);
void fpu_area_get_legacy(const void *area, void *fxsave);

/*
 * Areas as a whole, with XSAVE: the components that aren't in their initial state; @size bytes from one, components
 * that it doesn't hold made initial as far as the legacy part goes; and into one, cleared beyond. @image must be
 * fpu_area_ok: its header says no more than that it holds some of @features in the standard format.
 */
u64 fpu_area_components(const void *area);
void fpu_area_get(const void *area, void *image, u64 size);
bool fpu_area_ok(const void *image, u64 features);
void fpu_area_set(void *area, const void *image, u64 size);

#endif
