/*
 * What tools save of a vcpu beside its context: callbacks, extended state, model-specific registers; and the events of
 * a suspend.
 *
 * LINK: hypervisor/control/domctl.c hypervisor/control/domain_[a-z]*.c hypervisor/control/shared.c
 * LINK: hypervisor/control/sysctl*.c hypervisor/trace/latency.c hypervisor/control/platform.c hypervisor/control/mca.c
 * LINK: hypervisor/control/version.c tests/host/fake/control.c hypervisor/cpu/fpu_area.c hypervisor/sched/pool.c
 * LINK: hypervisor/pv/emulate/cpuid[a-z_]*.c hypervisor/mm/frame.c tests/host/fake/machine*.c hypervisor/time/tsc.c
 */
#include "tests/host/fake/control.h"

#include "cpu/asm.h"
#include "cpu/cpu.h"
#include "cpu/fpu.h"

#define AREA_FULL   832 /* x87, SSE, AVX */
#define AREA_LEGACY 576 /* x87, SSE and the header */
#define XSTATE_BV   (512 / 8)
#define YMM         (576 / 8)
#define XMM         (160 / 8)

static struct vcpu *v;
static u64 area[AREA_FULL / 8] __attribute__((aligned(64)));

static void start(void)
{
    control_start();
    v = domu->vcpus[0];
    memset(area, 0, sizeof(area));
    fpu_area_init(area);
    v->pv.xstate = area;
    v->pv.xcr0 = XSTATE_X87_SSE;
}

/* --- callbacks --- */

TEST(other_callbacks)
{
    start();
    domctl_for(XEN_DOMCTL_set_ext_vcpucontext, 5)->u.ext_vcpucontext =
        (struct xen_domctl_ext_vcpucontext){ .size = sizeof(dop.u.ext_vcpucontext),
                                             .syscall32_callback_eip = 0xffffffff81000000,
                                             .syscall32_disables_events = 1,
                                             .sysenter_callback_eip = 0x1000,
                                             .sysenter_callback_cs = 0xe033 };
    expect_eq(run_domctl(), 0);
    expect(v->pv.syscall32_rip == 0xffffffff81000000 && v->pv.syscall32_mask_events);
    expect(v->pv.sysenter_rip == 0x1000 && !v->pv.sysenter_mask_events);

    domctl_for(XEN_DOMCTL_get_ext_vcpucontext, 5);
    expect_eq(run_domctl(), 0);
    expect_eq(dop.u.ext_vcpucontext.size, sizeof(dop.u.ext_vcpucontext));
    expect_eq(dop.u.ext_vcpucontext.syscall32_callback_eip, 0xffffffff81000000);
    expect_eq(dop.u.ext_vcpucontext.sysenter_callback_cs, 0xe033);
    expect(dop.u.ext_vcpucontext.syscall32_disables_events);
    expect_eq(v->sched.pause_count, 0);
}

TEST(other_callbacks_that_cannot_be)
{
    start();
    domctl_for(XEN_DOMCTL_set_ext_vcpucontext, 5)->u.ext_vcpucontext.size = 29;
    expect_eq(run_domctl(), -EINVAL); /* ends before the last member that counts */
    dop.u.ext_vcpucontext.size = sizeof(dop.u.ext_vcpucontext) + 1;
    expect_eq(run_domctl(), -EINVAL);
    dop.u.ext_vcpucontext.size = 30;
    expect_eq(run_domctl(), 0);
    dop.u.ext_vcpucontext.syscall32_callback_eip = 1UL << 47;
    expect_eq(run_domctl(), -EINVAL);
    dop.u.ext_vcpucontext.syscall32_callback_eip = 0;
    dop.u.ext_vcpucontext.sysenter_callback_eip = 1UL << 47;
    expect_eq(run_domctl(), -EINVAL);
    dop.u.ext_vcpucontext.sysenter_callback_eip = 0;
    dop.u.ext_vcpucontext.vcpu = 2;
    expect_eq(run_domctl(), -ESRCH);
}

/* What runs now isn't in memory: its own vcpu is refused to whoever asks. */
TEST(ones_own_vcpu)
{
    static const u32 cmds[] = { XEN_DOMCTL_getvcpuextstate, XEN_DOMCTL_get_vcpu_msrs,
                                XEN_DOMCTL_set_vcpu_msrs };

    start();
    domu->privileged = true;
    fake_run(v);
    domctl_for(XEN_DOMCTL_get_ext_vcpucontext, 5);
    expect_eq(run_domctl(), -ESRCH);
    for ( unsigned int i = 0; i < ARRAY_SIZE(cmds); i++ )
    {
        domctl_for(cmds[i], 5);
        expect_eq(run_domctl(), -EINVAL);
    }
}

/* --- extended state --- */

static struct {
    u64 xcr0;
    u64 used;
    u64 area[AREA_FULL / 8 + 1];
} image;

static long get_image(void)
{
    struct xen_domctl_vcpuextstate *arg =
        &domctl_for(XEN_DOMCTL_getvcpuextstate, 5)->u.vcpuextstate;
    long rc = run_domctl();

    if ( rc )
        return rc;
    arg->buffer.p = (void *)&image;
    memset(&image, 0xee, sizeof(image));
    return run_domctl();
}

static long set_image(u64 size)
{
    struct xen_domctl_vcpuextstate *arg =
        &domctl_for(XEN_DOMCTL_setvcpuextstate, 5)->u.vcpuextstate;

    arg->size = size;
    arg->buffer.p = (void *)&image;
    return run_domctl();
}

/* What a vcpu used is saved and comes back; a component in its initial state doesn't show what the area held before. */
TEST(extended_state)
{
    start();
    v->pv.xcr0 = 7;
    area[XSTATE_BV] = 6;
    area[YMM] = 0x1234;
    area[XMM] = 0x5678;
    area[8] = 0x9abc; /* of the x87, stale */
    expect_eq(get_image(), 0);
    expect_eq(dop.u.vcpuextstate.xfeature_mask, 7);
    expect_eq(dop.u.vcpuextstate.size, 16 + AREA_FULL);
    expect(image.xcr0 == 7 && image.used == 7);
    expect(image.area[YMM] == 0x1234 && image.area[XMM] == 0x5678 && image.area[8] == 0);
    expect_eq(image.area[AREA_FULL / 8], 0xeeeeeeeeeeeeeeee);

    fpu_area_init(area);
    v->pv.xcr0 = 3;
    expect_eq(set_image(16 + AREA_FULL), 0);
    expect(v->pv.xcr0 == 7 && area[YMM] == 0x1234 && area[XSTATE_BV] == 6);
    expect_eq(v->sched.pause_count, 0);
}

/* A vcpu that has used no AVX needs no room for it, and whatever its area held of that is gone. */
TEST(extended_state_without_avx)
{
    start();
    expect_eq(get_image(), 0);
    expect_eq(dop.u.vcpuextstate.size, 16 + AREA_LEGACY);
    expect(image.xcr0 == 3 && image.used == 3);
    area[YMM] = 1;
    expect_eq(set_image(16 + AREA_LEGACY), 0);
    expect_eq(area[YMM], 0);
}

TEST(extended_state_needs_the_size_that_was_told)
{
    start();
    domctl_for(XEN_DOMCTL_getvcpuextstate, 5);
    expect_eq(run_domctl(), 0);
    dop.u.vcpuextstate.buffer.p = (void *)&image;
    dop.u.vcpuextstate.size--;
    expect_eq(run_domctl(), -EINVAL);
    dop.u.vcpuextstate.size++;
    dop.u.vcpuextstate.xfeature_mask = 3;
    expect_eq(run_domctl(), -EINVAL);
    dop.u.vcpuextstate.xfeature_mask = 7;
    dop.u.vcpuextstate.buffer.p = (void *)8;
    expect_eq(run_domctl(), -EFAULT);
    dop.u.vcpuextstate.vcpu = 2;
    expect_eq(run_domctl(), -ESRCH);
}

TEST(extended_state_that_cannot_be)
{
    start();
    expect_eq(get_image(), 0);
    expect_eq(set_image(15), -EINVAL);
    expect_eq(set_image(PAGE_SIZE + 1), -EINVAL);
    expect_eq(set_image(16 + AREA_FULL), -EINVAL);
    image.used = 1UL << 9 | 3; /* a component that this domain hasn't */
    expect_eq(set_image(16 + AREA_LEGACY), -EINVAL);
    image.used = 3;
    image.xcr0 = 7; /* more than was used */
    expect_eq(set_image(16 + AREA_LEGACY), -EINVAL);
    image.xcr0 = 2; /* never without x87 */
    expect_eq(set_image(16 + AREA_LEGACY), -EINVAL);
    image.xcr0 = 3;
    image.area[XSTATE_BV] = 4;
    expect_eq(set_image(16 + AREA_LEGACY), -EINVAL);
    image.area[XSTATE_BV] = 3;
    image.area[XSTATE_BV + 1] = 1UL << 63; /* compacted */
    expect_eq(set_image(16 + AREA_LEGACY), -EINVAL);
    image.area[XSTATE_BV + 1] = 0;
    expect_eq(set_image(16 + AREA_LEGACY), 0);
    dop.u.vcpuextstate.buffer.p = (void *)8;
    expect_eq(run_domctl(), -EFAULT);
}

/* --- model-specific registers --- */

TEST(msrs)
{
    struct xen_domctl_vcpu_msr msr = { .index = MSR_TSC_AUX, .value = 17 };

    start();
    domctl_for(XEN_DOMCTL_get_vcpu_msrs, 5);
    expect_eq(run_domctl(), 0);
    expect_eq(dop.u.vcpu_msrs.msr_count, 1);
    dop.u.vcpu_msrs.msrs.p = &msr;
    expect_eq(run_domctl(), 0);
    expect_eq(dop.u.vcpu_msrs.msr_count, 0); /* nothing to save */

    domctl_for(XEN_DOMCTL_set_vcpu_msrs, 5)->u.vcpu_msrs.msr_count = 1;
    dop.u.vcpu_msrs.msrs.p = &msr;
    expect_eq(run_domctl(), 0);
    expect_eq(v->pv.tsc_aux, 17);

    memset(&msr, 0, sizeof(msr));
    domctl_for(XEN_DOMCTL_get_vcpu_msrs, 5)->u.vcpu_msrs.msrs.p = &msr;
    expect_eq(run_domctl(), -ENOBUFS);
    expect_eq(dop.u.vcpu_msrs.msr_count, 1);
    expect_eq(run_domctl(), 0);
    expect(msr.index == MSR_TSC_AUX && msr.value == 17 && !msr.reserved);
    dop.u.vcpu_msrs.msrs.p = (void *)8;
    expect_eq(run_domctl(), -EFAULT);
}

TEST(msrs_that_cannot_be)
{
    static const struct xen_domctl_vcpu_msr wrong[] = {
        { .index = MSR_EFER, .value = 0 },
        { .index = MSR_TSC_AUX, .value = 1UL << 32 },
        { .index = MSR_TSC_AUX, .reserved = 1 },
    };

    start();
    for ( unsigned int i = 0; i < ARRAY_SIZE(wrong); i++ )
    {
        domctl_for(XEN_DOMCTL_set_vcpu_msrs, 5)->u.vcpu_msrs.msr_count = 1;
        dop.u.vcpu_msrs.msrs.p = (void *)&wrong[i];
        expect_eq(run_domctl(), -EINVAL);
        expect(dop.u.vcpu_msrs.msr_count == 0 && v->pv.tsc_aux == 0);
    }
    domctl_for(XEN_DOMCTL_set_vcpu_msrs, 5)->u.vcpu_msrs.msr_count = 2;
    expect_eq(run_domctl(), -EINVAL);
    dop.u.vcpu_msrs.msr_count = 1;
    expect_eq(run_domctl(), -EFAULT);
    cpu_features.rdtscp = false;
    domctl_for(XEN_DOMCTL_set_vcpu_msrs, 5)->u.vcpu_msrs.msr_count = 1;
    dop.u.vcpu_msrs.msrs.p = (void *)&(struct xen_domctl_vcpu_msr){ .index = MSR_TSC_AUX };
    expect_eq(run_domctl(), -EINVAL);
    cpu_features.rdtscp = true;
}

/* --- events --- */

TEST(suspend_subscription)
{
    start();
    domctl_for(XEN_DOMCTL_subscribe, 5)->u.subscribe.port = 7;
    expect_eq(run_domctl(), 0);
    expect_eq(domu->event.suspend_port, 7);
}

TEST(triggers)
{
    start();
    domctl_for(XEN_DOMCTL_sendtrigger, 5)->u.sendtrigger.vcpu = 1;
    expect_eq(run_domctl(), 0);
    expect(nmi_for == domu->vcpus[1]);
    dop.u.sendtrigger.trigger = XEN_DOMCTL_SENDTRIGGER_RESET;
    expect_eq(run_domctl(), -ENOSYS);
    dop.u.sendtrigger.trigger = XEN_DOMCTL_SENDTRIGGER_POWER;
    expect_eq(run_domctl(), -EINVAL);
    dop.u.sendtrigger.vcpu = 2;
    expect_eq(run_domctl(), -ESRCH);
}

HOST_TEST_MAIN
