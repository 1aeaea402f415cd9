/*
 * A domain that takes of everything as much as it can get comes to its own limits, not to the machine's: there is
 * still enough for its neighbour.
 *
 * The glutton asks for memory, ports, grant-table frames and mappings until it gets no more. Then the modest one
 * asks for one of each.
 */
#include "roles.h"

#define MAPPINGS 2048

/* --- The glutton --- */

static ulong populate(ulong count)
{
    static xen_pfn_t frames[512];
    struct xen_memory_reservation r = { .domid = DOMID_SELF };
    ulong done = 0, now;

    set_xen_guest_handle(r.extent_start, frames);
    do
    {
        r.nr_extents = count - done < 512 ? count - done : 512;
        for ( unsigned int i = 0; i < r.nr_extents; i++ )
            frames[i] = start_info->nr_pages + done + i;
        now = (ulong)need(hypercall(memory_op, XENMEM_populate_physmap, &r));
        done += now;
    } while ( now && done < count );
    return done;
}

static unsigned int open_ports(void)
{
    unsigned int count = 0;

    while ( event_alloc_unbound(DOMID_SELF, DOMID_SELF) > 0 )
        count++;
    return count;
}

static long grow_table(uint32_t frames)
{
    static xen_pfn_t list[128];
    struct gnttab_setup_table op = { .dom = DOMID_SELF, .nr_frames = frames };

    set_xen_guest_handle(op.frame_list, list);
    need(hypercall(grant_table_op, GNTTABOP_setup_table, &op, 1));
    return op.status;
}

/* Of a few pages of ours again and again. */
static unsigned int take_mappings(void)
{
    ulong window = table_window();
    grant_ref_t ref = 0;
    grant_handle_t handle;
    unsigned int count = 0;

    for ( ; count < MAPPINGS; count++ )
    {
        if ( count % 64 == 0 )
            ref = grant_give(own_domid(), virt_to_mfn(page_alloc()), true);
        if ( grant_take(window + count * PAGE_SIZE, own_domid(), ref, GNTMAP_readonly, &handle) )
            break;
    }
    return count;
}

static void devour(void)
{
    meet();
    expect(populate(1UL << 30) < 4096, "memory ends at what we may have");
    expect(take_mappings() > 1000, "many mappings");
    expect(open_ports() >= (KIT_PV32 ? 1000 : 3000), "many ports");
    expect_eq(event_alloc_unbound(DOMID_SELF, DOMID_SELF), -ENOSPC, "then no more");
    expect_eq(grow_table(64), GNTST_okay, "a large grant table");
    expect_eq(grow_table(65), GNTST_general_error, "no larger one");
    tell(0);
    hear();
}

/* --- The modest one --- */

static void ask(void)
{
    void *page = page_alloc();
    ulong pfn = virt_to_pfn(page);
    xen_pfn_t frame = virt_to_mfn(page);
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = DOMID_SELF };
    grant_handle_t handle;
    grant_ref_t ref;
    ulong window = table_window();

    meet();
    hear();
    expect(event_alloc_unbound(DOMID_SELF, DOMID_SELF) > 0, "a port");
    need(table_unmap((ulong)page));
    set_xen_guest_handle(r.extent_start, &frame);
    expect_eq(hypercall(memory_op, XENMEM_decrease_reservation, &r), 1, "give a frame back");
    frame = pfn;
    expect_eq(hypercall(memory_op, XENMEM_populate_physmap, &r), 1, "get another");
    p2m()[pfn] = frame;
    need(table_map((ulong)page, frame, PTE_KERNEL_RW));
    expect_eq(grow_table(2), GNTST_okay, "a grant table");
    ref = grant_give(own_domid(), frame, false);
    expect_eq(grant_take(window, own_domid(), ref, 0, &handle), GNTST_okay, "a mapping");
    expect_eq(grant_drop(window, handle), GNTST_okay, "and its end");
    tell(0);
}

void test_main(void)
{
    static const struct role roles[] = { { "glutton", devour }, { "modest", ask } };

    ROLES_PLAY(roles);
}
