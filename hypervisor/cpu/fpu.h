/* FPU, SSE and AVX state of vcpus. CR0.TS must be clear. */
#ifndef CPU_FPU_H
#define CPU_FPU_H

#include "lib/types.h"

extern u32 fpu_area_size;   /* bytes; areas are 64-byte aligned, zeroed ones hold the initial state once fpu_area_init ran */
extern u64 fpu_features;    /* XCR0 bits that the CPU has and guests may use; 0: FXSAVE only */

void fpu_area_init(void *area);     /* reset state: FCW 0x37f, MXCSR 0x1f80 */
void fpu_save(void *area);
void fpu_restore(const void *area); /* a malformed area loads the initial state instead of faulting */
void fpu_set_xcr0(u64 xcr0);

#endif
