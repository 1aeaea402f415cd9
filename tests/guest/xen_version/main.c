/*
 * What xen_version tells: who it is, what it can, and nothing of its stack in the tails of its buffers (XSA-122).
 */
#include "test.h"

static char buffer[4096];

static bool tail_is_zero(size_t size)
{
    size_t length = strlen(buffer);

    for ( size_t i = length; i < size; i++ )
    {
        if ( buffer[i] )
            return false;
    }
    return length < size;
}

static uint32_t features(unsigned int submap)
{
    struct xen_feature_info info = { .submap_idx = submap };

    expect_eq(hypercall(xen_version, XENVER_get_features, &info), 0, "get_features");
    return info.submap;
}

void test_main(void)
{
    struct xen_platform_parameters platform;
    struct xen_feature_info info;
    uint32_t submap;

    memset(buffer, 0x5a, sizeof(buffer));
    expect_eq(hypercall(xen_version, XENVER_version, NULL), 4 << 16 | 17, "version");
    expect_eq(hypercall(xen_version, XENVER_pagesize, NULL), 4096, "pagesize");
    expect_eq(hypercall(xen_version, XENVER_extraversion, buffer), 0, "extraversion");
    expect(tail_is_zero(sizeof(xen_extraversion_t)), "its tail");
    memset(buffer, 0x5a, sizeof(buffer));
    expect_eq(hypercall(xen_version, XENVER_capabilities, buffer), 0, "capabilities");
    expect(strstr(buffer, "xen-3.0-x86_64 "), "64-bit PV guests");
    expect(tail_is_zero(sizeof(xen_capabilities_info_t)), "its tail");
    memset(buffer, 0x5a, sizeof(buffer));
    expect_eq(hypercall(xen_version, XENVER_changeset, buffer), 0, "changeset");
    expect(tail_is_zero(sizeof(xen_changeset_info_t)), "its tail");
    expect_eq(hypercall(xen_version, XENVER_platform_parameters, &platform), 0,
              "platform_parameters");
    expect_eq(platform.virt_start, HYPERVISOR_VIRT_START, "where the hypervisor begins");
    expect_eq(hypercall(xen_version, XENVER_compile_info, buffer), 0, "compile_info");
    expect_eq(hypercall(xen_version, XENVER_guest_handle, buffer), 0, "guest_handle");

    submap = features(0);
    expect_eq(submap >> XENFEAT_mmu_pt_update_preserve_ad & 1, 1, "preserve_ad");
    expect_eq(submap >> XENFEAT_gnttab_map_avail_bits & 1, 1, "gnttab_map_avail_bits");
    expect_eq(submap >> XENFEAT_dom0 & 1, is_dom0(), "dom0");
    expect_eq(submap & (1 << XENFEAT_writable_page_tables | 1 << XENFEAT_auto_translated_physmap |
                        1 << XENFEAT_supervisor_mode_kernel),
              0, "what PV is not");
#ifndef __i386__ /* who may have a root anywhere, and need not say so */
    expect_eq(submap >> XENFEAT_pae_pgdir_above_4gb & 1, 0, "no PAE assist");
    need(hypercall(vm_assist, VMASST_CMD_enable, VMASST_TYPE_pae_extended_cr3));
    expect_eq(features(0) >> XENFEAT_pae_pgdir_above_4gb & 1, 1, "the assist on");
#endif
    info.submap_idx = 1;
    expect_eq(hypercall(xen_version, XENVER_get_features, &info), -EINVAL,
              "there is but one map of features");
    expect_eq(hypercall(xen_version, 99, buffer), -ENOSYS, "99, which is none");
    expect_eq(hypercall(xen_version, XENVER_extraversion, 0x10), -EFAULT, "an answer to nowhere");
    expect_eq(hypercall(xen_version, XENVER_compile_info, 0x10), -EFAULT, "likewise");
    expect_eq(hypercall(xen_version, XENVER_platform_parameters, 0x10), -EFAULT, "likewise");
}
