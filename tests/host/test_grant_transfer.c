/*
 * Grants that take the place of other things: GNTTABOP_unmap_and_replace and GNTTABOP_transfer.
 *
 * LINK: hypervisor/grant/[cmoptv]*.c tests/host/fake/grants.c tests/host/fake/stolen.c
 * LINK: tests/host/fake/machine*.c tests/host/fake/rooms.c tests/host/fake/tables.c
 * LINK: hypervisor/mm/frame.c hypervisor/pv/pagetable/[a-z]*.c
 * LINK: hypervisor/pv/emulate/decode.c hypervisor/pv/emulate/store.c hypervisor/pv/segment/lookup.c
 */
#include "tests/host/fake/grants.h"
#include "tests/host/fake/stolen.h"

/* --- Unmapping with a replacement --- */

static s16 replace(u32 handle, u64 host_addr, u64 new_addr)
{
    struct gnttab_unmap_and_replace op = { .host_addr = host_addr,
                                           .new_addr = new_addr,
                                           .handle = handle };

    expect_eq(call(GNTTABOP_unmap_and_replace, &op, 1), 0);
    return op.status;
}

TEST(unmap_and_replace)
{
    struct gnttab_map_grant_ref op;
    u64 mine, pte;

    set_up();
    mine = *slot_of(s.l1, 1);
    op = map(0, VA(10), GNTMAP_host_map);
    expect(fake_tlb_walk(0, s.l4, VA(10), &pte) && fake_tlb_walk(1, s.l4, VA(1), &pte));
    expect_eq(replace(op.handle, VA(10), VA(1)), GNTST_okay);
    expect_eq(pte_mfn(*slot_of(s.l1, 10)).n, pte_mfn(mine).n);
    expect_eq(*slot_of(s.l1, 1), 0);
    expect(fake_tlb_walk(0, s.l4, VA(10), &pte) && mfn_eq(pte_mfn(pte), pte_mfn(mine)));
    expect(!fake_tlb_walk(1, s.l4, VA(1), &pte));
    expect_eq(replace(op.handle, VA(10), VA(1)), GNTST_bad_handle);
    expect_unused();

    op = map(0, VA(11), GNTMAP_host_map | GNTMAP_readonly);
    expect_eq(replace(op.handle, VA(11), VA(12)), GNTST_okay); /* by an empty entry */
    expect_eq(*slot_of(s.l1, 11), 0);
    op = map(0, VA(11), GNTMAP_host_map);
    expect_eq(replace(op.handle, VA(11), 0), GNTST_okay); /* by none */
    expect_eq(*slot_of(s.l1, 11), 0);
    op = map(0, VA(11), GNTMAP_host_map | GNTMAP_device_map);
    expect_eq(replace(op.handle, VA(11), VA(10)), GNTST_okay); /* devices still use it */
    expect_eq(fake_refs(page[0]), 2);
    expect_eq(replace(op.handle, VA(11), VA(10)), GNTST_okay); /* no entry is its own any more */
    expect_eq(unmap(op.handle, 0, op.dev_bus_addr), GNTST_okay);
    expect_unused();

    op = map(0, VA(11), GNTMAP_host_map);
    expect_eq(replace(op.handle, 0, VA(10)), GNTST_okay); /* of nothing */
    expect_eq(fake_refs(page[0]), 3);
    expect_eq(unmap(op.handle, VA(11), 0), GNTST_okay);
    expect_unused();
}

TEST(unmap_and_replace_refuses)
{
    struct gnttab_map_grant_ref op, by_pte;
    u64 slot;

    set_up();
    slot = mfn_to_maddr(s.l1).n + 20 * 8;
    op = map(0, VA(10), GNTMAP_host_map);
    by_pte = map(1, slot, GNTMAP_host_map | GNTMAP_contains_pte);
    expect_eq(replace(77, VA(10), VA(1)), GNTST_bad_handle);
    expect_eq(replace(op.handle, VA(10), VA(10)), GNTST_general_error);
    expect_eq(replace(op.handle, VA(10), VA(1000)), GNTST_general_error); /* no page table there */
    expect_eq(replace(op.handle, VA(1000), VA(1)), GNTST_general_error);
    expect_eq(replace(op.handle, VA(10), ~0UL), GNTST_general_error);
    expect_eq(replace(op.handle, VA(10), HYPERVISOR_VIRT_START), GNTST_general_error);
    expect_eq(replace(op.handle, VA(1), VA(2)), GNTST_general_error); /* not what it made */
    expect_eq(replace(by_pte.handle, slot, VA(1)), GNTST_general_error);
    expect_eq(replace(by_pte.handle, VA(20), VA(1)), GNTST_general_error);
    expect(*slot_of(s.l1, 1) & PTE_P);
    expect_sane(back);
    expect_eq(replace(by_pte.handle, slot, 0), GNTST_okay);
    expect_eq(replace(op.handle, VA(10), VA(1)), GNTST_okay);
    expect_unused();
}

/* --- Transfer --- */

static s16 transfer(mfn_t mfn, domid_t taker, u32 ref)
{
    struct gnttab_transfer op = { .mfn = mfn.n, .domid = taker, .ref = ref };

    expect_eq(call(GNTTABOP_transfer, &op, 1), 0);
    return op.status;
}

/* Entry @ref of @front's is for a frame of @giver's, to be its frame @number. */
static void accept(u32 ref, domid_t giver, u32 number)
{
    *entry(ref) = (struct grant_entry_v1){ GTF_accept_transfer, giver, number };
}

#define TRANSFER_DONE (GTF_accept_transfer | GTF_transfer_committed | GTF_transfer_completed)

TEST(transfers)
{
    struct gnttab_transfer ops[100];

    set_up();
    fake_preempt_at = fake_preempt_every = 3;
    for ( u32 i = 0; i < 100; i++ )
    {
        accept(100 + i, back->id, 5000 + i);
        ops[i] = (struct gnttab_transfer){ fake_frame(back).n, front->id, 100 + i, 0 };
    }
    expect_eq(call(GNTTABOP_transfer, ops, 100), 0);
    expect(stops >= 30);
    for ( u32 i = 0; i < 100; i++ )
    {
        expect_eq(ops[i].status, GNTST_okay);
        expect_eq(entry(100 + i)->flags, TRANSFER_DONE);
        expect_eq(entry(100 + i)->frame, ops[i].mfn);
        expect_eq(mfn_to_frame(to_mfn(ops[i].mfn))->owner, front->id);
        expect_eq(m2p_get(to_mfn(ops[i].mfn)).n, 5000 + i);
    }
    expect_eq(fake_stolen_freed, 0);
    expect_unused();
}

TEST(transfers_refused)
{
    mfn_t mfn;

    set_up();
    fake_stolen_freed = 0;
    accept(100, back->id, 1);
    expect_eq(transfer(to_mfn(FAKE_FRAMES + 5), front->id, 100), GNTST_bad_page);
    expect_eq(transfer(page[0], front->id, 100), GNTST_bad_page);   /* not the giver's */
    expect_eq(transfer(s.l1, front->id, 100), GNTST_bad_page);      /* in use */
    expect_eq(transfer(s.page[0], front->id, 100), GNTST_bad_page); /* mapped */
    expect_eq(entry(100)->flags, GTF_accept_transfer);
    expect_eq(fake_stolen_freed, 0);

    /* The rest costs the frame. */
    expect_eq(transfer(fake_frame(back), 99, 100), GNTST_bad_domain);
    expect_eq(transfer(fake_frame(back), front->id, 512), GNTST_general_error);
    expect_eq(transfer(fake_frame(back), front->id, 0), GNTST_general_error); /* permit_access */
    accept(101, 7, 1);
    expect_eq(transfer(fake_frame(back), front->id, 101), GNTST_general_error);
    expect_eq(fake_stolen_freed, 4);

    /* An entry whose domain has no room for the frame still accepts one. */
    fake_takers_full = true;
    expect_eq(transfer(fake_frame(back), front->id, 100), GNTST_general_error);
    fake_takers_full = false;
    expect_eq(entry(100)->flags, GTF_accept_transfer);
    mfn = fake_frame(back);
    expect_eq(transfer(mfn, front->id, 100), GNTST_okay);
    expect_eq(transfer(fake_frame(back), front->id, 100), GNTST_general_error); /* once */
    expect_eq(entry(100)->frame, mfn.n);
    expect_eq(fake_stolen_freed, 6);
    expect_eq(map(100, VA(10), GNTMAP_host_map).status, GNTST_general_error); /* it is no grant */
    expect_unused();
}

HOST_TEST_MAIN
