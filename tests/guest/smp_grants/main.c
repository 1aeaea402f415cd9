/*
 * Grants that are mapped and unmapped by several vcpus at once (XSA-218).
 *
 * All unmap one handle at the same moment: one of them does. All map one entry, each for itself, while its granter
 * changes it: what they get is a frame that it granted at some moment, the one that they are told of. In the end the
 * entry is not in use, and the frames may become tables: no reference was dropped twice, and none was left.
 */
#include "team.h"

#define ROUNDS 200

static ulong windows[TEAM_MAX];
static volatile ulong *pages[2];
static domid_t self;
static grant_ref_t ref, shifty;
static struct gnttab_map_grant_ref shared;
static unsigned int unmapped;

static struct gnttab_map_grant_ref map(grant_ref_t which, ulong where)
{
    struct gnttab_map_grant_ref op = {
        .host_addr = where, .flags = GNTMAP_host_map, .ref = which, .dom = self
    };

    team_wrong(hypercall(grant_table_op, GNTTABOP_map_grant_ref, &op, 1));
    return op;
}

static int unmap(ulong where, grant_handle_t handle)
{
    struct gnttab_unmap_grant_ref op = { .host_addr = where, .handle = handle };

    team_wrong(hypercall(grant_table_op, GNTTABOP_unmap_grant_ref, &op, 1));
    return op.status;
}

static void unmap_one_handle(unsigned int me)
{
    if ( me == 0 )
    {
        shared = map(ref, windows[0]);
        team_wrong(shared.status != GNTST_okay);
        unmapped = 0;
    }
    team_meet();
    switch ( unmap(windows[0], shared.handle) )
    {
    case GNTST_okay:
        __atomic_fetch_add(&unmapped, 1, __ATOMIC_SEQ_CST);
        break;
    case GNTST_bad_handle:
        break;
    default:
        team_wrong(true);
    }
    team_meet();
    if ( me == 0 )
    {
        team_wrong(unmapped != 1);
        team_wrong(grant_table()[ref].flags & (GTF_reading | GTF_writing));
    }
    team_meet();
}

/* The granter: end the grant if nobody uses it, and give another frame, or nothing for a while. */
static void change_entry(unsigned int round)
{
    volatile struct grant_entry_v1 *entry = &grant_table()[shifty];

    if ( !grant_end(shifty) )
        return;
    entry->frame = (uint32_t)virt_to_mfn((void *)pages[round % 2]);
    __atomic_store_n(&entry->flags, GTF_permit_access, __ATOMIC_SEQ_CST);
}

static void map_and_look(unsigned int me)
{
    struct gnttab_map_grant_ref op = map(shifty, windows[me]);
    ulong value;

    if ( op.status == GNTST_general_error )
        return; /* it granted nothing just then */
    team_wrong(op.status != GNTST_okay);
    value = *(volatile ulong *)windows[me];
    team_wrong(value != 0x1110 && value != 0x2220);
    team_wrong(op.dev_bus_addr >> PAGE_SHIFT != virt_to_mfn((void *)pages[value == 0x2220]));
    team_wrong(unmap(windows[me], op.handle) != GNTST_okay);
}

static void work(unsigned int me)
{
    for ( unsigned int round = 0; round < ROUNDS; round++ )
    {
        unmap_one_handle(me);
        if ( me == 0 )
            change_entry(round);
        else
            map_and_look(me);
    }
    team_meet();
}

void test_main(void)
{
    self = own_domid();
    for ( unsigned int i = 0; i < TEAM_MAX; i++ )
    {
        windows[i] = table_window();
        table_make(windows[i], 1);
    }
    for ( unsigned int i = 0; i < 2; i++ )
    {
        pages[i] = page_alloc();
        *pages[i] = (i + 1) * 0x1110;
    }
    ref = grant_give(self, virt_to_mfn((void *)pages[0]), false);
    shifty = grant_give(self, virt_to_mfn((void *)pages[1]), false);
    team_run(work);
    expect_eq(team.wrong, 0, "mappings of grants");
    expect(grant_end(ref) && grant_end(shifty), "none is in use");
    for ( unsigned int i = 0; i < 2; i++ )
    {
        need(page_protect((void *)pages[i], PTE_KERNEL_RO));
        expect_eq(table_pin((void *)pages[i], 1), 0, "nobody can write the frame any more");
        need(table_unpin((void *)pages[i]));
        page_release((void *)pages[i]);
    }
}
