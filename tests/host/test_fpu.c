/*
 * FPU areas as bytes: what is told of registers that XSAVE did not write.
 *
 * LINK: hypervisor/cpu/fpu_area.c
 */
#include "tests/host/host.h"

#include "cpu/fpu.h"

u64 fpu_features = 7;
u32 fpu_area_size = 832;

#define LEGACY 512

/* Offsets in the legacy area, and of the word that tells which components the area holds. */
#define FCW   0
#define ST0   32
#define XMM0  160
#define MXCSR 24
#define BV    512

static u8 area[832] __attribute__((aligned(64)));

/* An area that holds @components, with what was there before still in the rest of it. */
static void saved(u64 components)
{
    u32 mxcsr = 0x1f80;

    memset(area, 0xaa, sizeof(area));
    memcpy(area + MXCSR, &mxcsr, sizeof(mxcsr));
    memcpy(area + BV, &components, sizeof(components));
}

static u16 fcw_of(const u8 *legacy)
{
    u16 fcw;

    memcpy(&fcw, legacy + FCW, sizeof(fcw));
    return fcw;
}

/*
 * XSAVE leaves out what is in its initial state: then the area has old values there, of this vcpu or of whoever had the
 * memory before, and the context must tell the initial ones.
 */
TEST(what_xsave_left_out_is_initial)
{
    u8 legacy[LEGACY];

    saved(3);
    fpu_area_get_legacy(area, legacy);
    expect(legacy[ST0] == 0xaa && legacy[XMM0] == 0xaa);

    saved(2);
    fpu_area_get_legacy(area, legacy);
    expect_eq(fcw_of(legacy), 0x37f);
    expect(legacy[ST0] == 0 && legacy[XMM0] == 0xaa);

    saved(1);
    fpu_area_get_legacy(area, legacy);
    expect(legacy[ST0] == 0xaa && legacy[XMM0] == 0);
    expect_eq(legacy[LEGACY - 1], 0);

    saved(0);
    fpu_area_get_legacy(area, legacy);
    expect_eq(fcw_of(legacy), 0x37f);
    expect(legacy[ST0] == 0 && legacy[XMM0] == 0);
    expect_eq(legacy[MXCSR + 1], 0x1f); /* always saved */
}

HOST_TEST_MAIN
