/*
 * Special domains (DOMID_IO, DOMID_XEN) own frames, and are no guests: they have no grants, no ports and no devices to
 * lend. Whoever names one where a guest is meant is told so.
 *
 * LINK: WHOLE tests/host/fake/guests.c
 */
#include "mm/alloc.h"
#include "tests/host/fake/guests.h"

static const domid_t special[] = { DOMID_IO, DOMID_XEN };

static struct guest dom0, domu;

static void begin(void)
{
    whole_init();
    require(guest_begin(&dom0, 0, true, false) == 0);
    require(guest_begin(&domu, 1, false, false) == 0);
}

#define CALL(g, nr, ...)                                                                           \
    ({                                                                                             \
        u64 args_[5] = { __VA_ARGS__ };                                                            \
        guest_run((g)->d->vcpus[0]);                                                               \
        guest_call(nr, args_[0], args_[1], args_[2], args_[3], args_[4]);                          \
    })

/* Any guest could bring the hypervisor down by that. */
TEST(grant_nothing)
{
    struct gnttab_map_grant_ref *map;
    struct gnttab_copy *copy;

    begin();
    map = (void *)domu.arena;
    copy = (void *)(domu.arena + 256);
    for ( unsigned int i = 0; i < 2; i++ )
    {
        *map = (struct gnttab_map_grant_ref){ .host_addr = GUEST_VA + 20 * PAGE_SIZE,
                                              .flags = GNTMAP_host_map,
                                              .dom = special[i] };
        expect_eq(CALL(&domu, __HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, (u64)map, 1), 0);
        expect_eq(map->status, GNTST_bad_domain);

        *copy = (struct gnttab_copy){ .source.domid = special[i],
                                      .dest = { .domid = DOMID_SELF, .u.gmfn = domu.frame[20].n },
                                      .len = 8,
                                      .flags = GNTCOPY_source_gref };
        expect_eq(CALL(&domu, __HYPERVISOR_grant_table_op, GNTTABOP_copy, (u64)copy, 1), 0);
        expect_eq(copy->status, GNTST_bad_domain);
    }
}

TEST(open_no_ports)
{
    struct evtchn_bind_interdomain *bind;

    begin();
    bind = (void *)domu.arena;
    for ( unsigned int i = 0; i < 2; i++ )
    {
        *bind = (struct evtchn_bind_interdomain){ .remote_dom = special[i], .remote_port = 1 };
        expect_eq(CALL(&domu, __HYPERVISOR_event_channel_op, EVTCHNOP_bind_interdomain, (u64)bind),
                  -ESRCH);
    }
}

/* A mapping of I/O memory in the name of DOMID_XEN, which has none: the answer is a no. */
TEST(lend_no_devices)
{
    u64 pte;

    begin();
    pte = pte_make(to_mfn(WHOLE_FRAMES + 1), PTE_P | PTE_US);
    expect_eq(CALL(&dom0, __HYPERVISOR_update_va_mapping_otherdomain, GUEST_VA + 20 * PAGE_SIZE,
                   pte, UVMF_NONE, DOMID_XEN),
              -EPERM);
}

static long map_as_the_tools(u64 va, mfn_t mfn, u64 flags)
{
    return CALL(&dom0, __HYPERVISOR_update_va_mapping_otherdomain, va,
                pte_make(mfn, PTE_P | PTE_US | flags), UVMF_NONE, DOMID_XEN);
}

/*
 * Of the M2P's last chunk, which tools map whole, the end may be a guest's, or no RAM. They see the hole's frame there,
 * and not to write; elsewhere nothing.
 */
TEST(see_holes_of_the_m2p)
{
    u64 va = GUEST_VA + 20 * PAGE_SIZE;
    mfn_t no_ram = to_mfn(frame_limit);
    struct frame *frame;
    void *hole;

    begin();
    hole = mm_alloc(0);
    require(hole != NULL);
    mm_show_to_tools(hole, 1);
    whole_m2p_hole = virt_to_mfn(hole);
    frame = mfn_to_frame(whole_m2p_hole);

    whole_m2p_missing = domu.frame[20];
    expect_eq(map_as_the_tools(va, domu.frame[20], PTE_RW), -EBUSY);
    expect_eq(map_as_the_tools(va, domu.frame[21], 0), -EBUSY);
    expect_eq(map_as_the_tools(va, no_ram, 0), -EPERM);
    expect_eq(map_as_the_tools(va, domu.frame[20], 0), 0);
    expect_eq(frame_refs(frame->state), 2);

    whole_m2p_missing = no_ram;
    expect_eq(map_as_the_tools(va, no_ram, PTE_RW), -EBUSY);
    expect_eq(map_as_the_tools(va, no_ram, 0), 0);
    expect_eq(frame_refs(frame->state), 2);
    expect_eq(CALL(&dom0, __HYPERVISOR_update_va_mapping, va, 0, UVMF_NONE), 0);
    expect_eq(frame_refs(frame->state), 1);
}

HOST_TEST_MAIN
