/*
 * Grants, over the real page-type engine: what a mapper gets, what a granter sees, and that nothing is left of either.
 *
 * LINK: hypervisor/grant/[cmoptv]*.c tests/host/fake/grants.c tests/host/fake/stolen.c
 * LINK: tests/host/fake/machine*.c tests/host/fake/rooms.c tests/host/fake/tables.c
 * LINK: hypervisor/mm/frame.c hypervisor/pv/pagetable/[a-z]*.c
 * LINK: hypervisor/pv/emulate/decode.c hypervisor/pv/emulate/store.c hypervisor/pv/segment/lookup.c
 */
#include "tests/host/fake/grants.h"

/* --- The table --- */

TEST(tables)
{
    u64 frames[64];
    struct gnttab_setup_table setup = { .dom = DOMID_SELF, .nr_frames = 3 };
    struct gnttab_query_size size = { .dom = DOMID_SELF };
    struct gnttab_get_version get = { .dom = DOMID_SELF };

    set_up();
    set_xen_guest_handle(setup.frame_list, frames);
    expect_eq(call(GNTTABOP_query_size, &size, 1), 0);
    expect_eq(size.nr_frames, 1);
    expect_eq(size.max_nr_frames, 64);
    expect_eq(call(GNTTABOP_setup_table, &setup, 1), 0);
    expect_eq(setup.status, GNTST_okay);
    expect_eq(frames[2], virt_to_mfn(back->grant.table->shared[2]).n);
    setup.nr_frames = 65;
    expect_eq(call(GNTTABOP_setup_table, &setup, 1), 0);
    expect_eq(setup.status, GNTST_general_error);
    expect_eq(call(GNTTABOP_setup_table, &setup, 2), -EINVAL);
    setup.dom = front->id;
    expect_eq(call(GNTTABOP_setup_table, &setup, 1), 0);
    expect_eq(setup.status, GNTST_permission_denied);
    setup.dom = 99;
    expect_eq(call(GNTTABOP_setup_table, &setup, 1), 0);
    expect_eq(setup.status, GNTST_bad_domain);
    setup = (struct gnttab_setup_table){ .dom = DOMID_SELF, .nr_frames = 1 };
    expect_eq(call(GNTTABOP_setup_table, &setup, 1), 0);
    expect_eq(setup.status, GNTST_bad_virt_addr);
    expect_eq(call(GNTTABOP_query_size, &size, 1), 0);
    expect_eq(size.nr_frames, 3);

    expect_eq(call(GNTTABOP_get_version, &get, 1), 0);
    expect_eq(get.version, 1);
    expect_eq(call(GNTTABOP_dump_table, &get, 1), -ENOSYS);
    expect_eq(call(13, &get, 1), -ENOSYS);
    expect_eq(call(GNTTABOP_map_grant_ref, (void *)8, 1), -EFAULT);
    expect_eq(call(GNTTABOP_map_grant_ref, (void *)8, 0), 0);
    expect_eq(call(GNTTABOP_map_grant_ref, (void *)8, 0x80000000u), -EINVAL);
}

TEST(swap)
{
    struct gnttab_swap_grant_ref op = { .ref_a = 1, .ref_b = 2 };

    set_up();
    fake_run(front->vcpus[0]);
    expect_eq(call(GNTTABOP_swap_grant_ref, &op, 1), 0);
    expect_eq(op.status, GNTST_okay);
    expect_eq(entry(1)->frame, page[2].n);
    op.ref_b = 512;
    expect_eq(call(GNTTABOP_swap_grant_ref, &op, 1), 0);
    expect_eq(op.status, GNTST_bad_gntref);
    fake_run(back->vcpus[0]);
    map(1, VA(10), GNTMAP_host_map);
    fake_run(front->vcpus[0]);
    op.ref_b = 2;
    expect_eq(call(GNTTABOP_swap_grant_ref, &op, 1), 0);
    expect_eq(op.status, GNTST_eagain);
}

/* --- Mapping --- */

TEST(map_by_address_and_unmap)
{
    struct gnttab_map_grant_ref op;

    set_up();
    op = map(3, VA(10), GNTMAP_host_map);
    expect_eq(op.status, GNTST_okay);
    expect_eq(op.dev_bus_addr, page[3].n << PAGE_SHIFT);
    expect_eq(pte_mfn(*slot_of(s.l1, 10)).n, page[3].n);
    expect((*slot_of(s.l1, 10) & PTE_RW) && (*slot_of(s.l1, 10) & PTE_NX));
    expect_eq(entry(3)->flags, GTF_permit_access | GTF_reading | GTF_writing);
    expect_eq(fake_type(page[3]), FRAME_WRITABLE);
    expect(fake_count(page[3]) == 2 && fake_refs(page[3]) == 3);
    expect_eq(front->refs, 1); /* its frame keeps it */
    expect_eq(grant_entries_in_use(front), 1);
    expect_eq(maptrack_mappings(back), 1);
    expect_eq(unmap(op.handle, VA(10), 0), GNTST_okay);
    expect_eq(*slot_of(s.l1, 10), 0);
    expect_eq(unmap(op.handle, VA(10), 0), GNTST_bad_handle);
    expect_unused();
}

TEST(map_by_pte)
{
    u64 slot;
    struct gnttab_map_grant_ref op;

    set_up();
    slot = mfn_to_maddr(s.l1).n + 20 * 8;
    op = map(0, slot,
             GNTMAP_host_map | GNTMAP_contains_pte | GNTMAP_readonly | GNTMAP_application_map |
                 1u << 16);
    expect_eq(op.status, GNTST_okay);
    expect_eq(pte_mfn(*slot_of(s.l1, 20)).n, page[0].n);
    expect(!(*slot_of(s.l1, 20) & PTE_RW) && (*slot_of(s.l1, 20) & 0x200));
    expect_eq(entry(0)->flags, GTF_permit_access | GTF_reading);
    expect_eq(fake_count(page[0]), 0);
    expect_eq(unmap(op.handle, slot + 8, 0), GNTST_general_error);
    expect_eq(unmap(op.handle, slot, 0), GNTST_okay);
    expect_unused();

    expect_eq(map(0, slot + 4, GNTMAP_host_map | GNTMAP_contains_pte).status, GNTST_general_error);
    expect_eq(map(0, mfn_to_maddr(s.l2).n, GNTMAP_host_map | GNTMAP_contains_pte).status,
              GNTST_general_error);
    expect_eq(map(0, mfn_to_maddr(page[1]).n, GNTMAP_host_map | GNTMAP_contains_pte).status,
              GNTST_general_error);
    expect_eq(map(0, ~7UL, GNTMAP_host_map | GNTMAP_contains_pte).status, GNTST_general_error);
    expect_unused();
}

/* A mapping for devices keeps the handle until it is undone, too. */
TEST(map_for_devices)
{
    struct gnttab_map_grant_ref op;

    set_up();
    op = map(2, 0, GNTMAP_device_map);
    expect_eq(op.status, GNTST_okay);
    expect_eq(unmap(op.handle, 0, op.dev_bus_addr + PAGE_SIZE), GNTST_general_error);
    expect_eq(unmap(op.handle, 0, op.dev_bus_addr), GNTST_okay);
    expect_unused();

    op = map(2, VA(10), GNTMAP_device_map | GNTMAP_host_map);
    expect_eq(unmap(op.handle, VA(10), 0), GNTST_okay);
    expect_eq(entry(2)->flags, GTF_permit_access | GTF_reading | GTF_writing);
    expect_eq(fake_refs(page[2]), 2);
    expect_eq(unmap(op.handle, 0, op.dev_bus_addr), GNTST_okay);
    expect_unused();

    op = map(2, VA(10), GNTMAP_device_map | GNTMAP_host_map); /* the other way around */
    expect_eq(unmap(op.handle, 0, op.dev_bus_addr), GNTST_okay);
    expect_eq(fake_refs(page[2]), 3);
    expect_eq(unmap(op.handle, VA(10), 0), GNTST_okay);
    expect_unused();

    op = map(2, 0, GNTMAP_device_map);
    expect_eq(unmap(op.handle, VA(10), 0), GNTST_okay); /* undoes what is not there */
    expect_eq(fake_refs(page[2]), 2);
    expect_eq(unmap(op.handle, 0, op.dev_bus_addr), GNTST_okay);
    expect_unused();
}

static s16 map_of(domid_t granter)
{
    struct gnttab_map_grant_ref op = { .host_addr = VA(10),
                                       .flags = GNTMAP_host_map,
                                       .dom = granter };

    expect_eq(call(GNTTABOP_map_grant_ref, &op, 1), 0);
    return op.status;
}

static void map_in_vain(void)
{
    expect_eq(map(0, VA(10), 0).status, GNTST_bad_gntref);
    expect_eq(map(512, VA(10), GNTMAP_host_map).status, GNTST_bad_gntref);
    expect_eq(map(~0u, VA(10), GNTMAP_host_map).status, GNTST_bad_gntref);
    expect_eq(map(100, VA(10), GNTMAP_host_map).status, GNTST_general_error); /* an empty entry */
    entry(0)->domid = 7;
    expect_eq(map(0, VA(10), GNTMAP_host_map).status, GNTST_general_error);
    grant(0, page[0], GTF_readonly);
    expect_eq(map(0, VA(10), GNTMAP_host_map).status, GNTST_general_error);
    grant(0, page[0], GTF_sub_page);
    expect_eq(map(0, VA(10), GNTMAP_host_map).status, GNTST_general_error);
    grant(0, s.page[0], 0); /* not the granter's own */
    expect_eq(map(0, VA(10), GNTMAP_host_map).status, GNTST_bad_page);
    expect_eq(map(0, VA(10), GNTMAP_host_map | GNTMAP_readonly).status, GNTST_bad_page);
    grant(0, to_mfn(FAKE_FRAMES), 0);
    expect_eq(map(0, VA(10), GNTMAP_host_map).status, GNTST_bad_page);
    grant(0, page[0], 0);
    expect_eq(map(0, VA(1000), GNTMAP_host_map).status,
              GNTST_general_error); /* no page table there */
    expect_eq(map(0, ~0UL, GNTMAP_host_map).status, GNTST_general_error);

    expect_eq(map_of(99), GNTST_bad_domain);
    expect_eq(map_of(DOMID_SELF), GNTST_bad_domain);
    expect_eq(map_of(DOMID_IO), GNTST_bad_domain);
    front->life = DOMAIN_DYING;
    expect_eq(map_of(front->id), GNTST_bad_domain);
    front->life = DOMAIN_ALIVE;
}

/* Nor if all else is as it mostly is, so that few questions are asked. */
TEST(what_is_not_granted_is_not_mapped)
{
    set_up();
    fake_domain(DOMID_IO, false, 0); /* is found by its number, and has no table */
    map_in_vain();
    expect_unused();
    set_up_usual();
    require(frame_get_and_type(mfn_to_frame(page[0]), front->id, FRAME_WRITABLE) == 0);
    map_in_vain();
    frame_put_and_type(mfn_to_frame(page[0]));
    expect_unused();
}

/* A page table of the granter's can't be mapped writable; and a frame that is mapped so can't become one. */
TEST(tables_and_writable_grants_exclude_each_other)
{
    struct gnttab_map_grant_ref op;

    set_up();
    memset(fake_words(page[0]), 0, PAGE_SIZE);
    memset(fake_words(page[1]), 0, PAGE_SIZE);
    fake_run(front->vcpus[0]);
    expect_eq(pin(1, page[0]), 0);
    fake_run(back->vcpus[0]);
    expect_eq(map(0, VA(10), GNTMAP_host_map).status, GNTST_general_error);
    op = map(1, VA(11), GNTMAP_host_map);
    fake_run(front->vcpus[0]);
    expect_eq(pin(1, page[1]), -EINVAL);
    expect_eq(unpin(page[0]), 0);
    fake_run(back->vcpus[0]);
    expect_eq(unmap(op.handle, VA(11), 0), GNTST_okay);
    fake_run(front->vcpus[0]);
    expect_eq(pin(1, page[1]), 0);
    expect_eq(unpin(page[1]), 0);
    expect_unused();
}

/* While it is in use, the entry is what it was when it was pinned, whatever the granter writes. */
TEST(a_pinned_entry_can_not_be_changed)
{
    struct gnttab_map_grant_ref a, b;
    struct domain *other;

    set_up();
    a = map(0, VA(10), GNTMAP_host_map | GNTMAP_readonly);
    entry(0)->frame = (u32)page[5].n;
    entry(0)->flags = 0;
    b = map(0, VA(11), GNTMAP_host_map | GNTMAP_readonly);
    expect_eq(b.status, GNTST_okay);
    expect_eq(b.dev_bus_addr, page[0].n << PAGE_SHIFT);
    expect_eq(map(0, VA(12), GNTMAP_host_map).status,
              GNTST_general_error); /* writing needs a look */
    /* Nor does it come to be for somebody else, whom it names now. */
    other = fake_guest(3, false, 1);
    entry(0)->flags = GTF_permit_access | GTF_readonly | GTF_reading;
    entry(0)->domid = 3;
    fake_run(other->vcpus[0]);
    expect_eq(map(0, 0, GNTMAP_device_map | GNTMAP_readonly).status, GNTST_general_error);
    fake_run(back->vcpus[0]);
    expect_eq(unmap(a.handle, VA(10), 0), GNTST_okay);
    expect_eq(unmap(b.handle, VA(11), 0), GNTST_okay);
    expect_unused();
}

TEST(an_overwritten_mapping)
{
    struct gnttab_map_grant_ref op;

    set_up();
    op = map(0, VA(10), GNTMAP_host_map);
    expect_eq(set_pte(s.l1, 10, 0), 0);
    expect_eq(fake_refs(page[0]), 2);
    expect_eq(unmap(op.handle, VA(10), 0), GNTST_general_error);
    expect_eq(entry(0)->flags & GTF_writing, GTF_writing);
    /*
     * The same frame through another handle takes its place: either handle may undo it, and then the books are even.
     */
    expect_eq(map(0, VA(10), GNTMAP_host_map).status, GNTST_okay);
    expect_eq(unmap(op.handle, VA(10), 0), GNTST_okay);
    expect_eq(set_pte(s.l1, 10, pte_make(page[0], RWD)),
              -EBUSY); /* by ordinary means: somebody else's frame */
    expect_sane(back);
}

/* What is done in few steps if it is as it mostly is, and isn't. */
TEST(usual_mappings)
{
    struct gnttab_map_grant_ref op, more;

    set_up();
    set_up_usual();
    op = map_usual(1, VA(10), GNTMAP_host_map | GNTMAP_readonly | 2u << 16);
    expect_eq(op.status, GNTST_okay);
    expect_eq(op.dev_bus_addr, page[1].n << PAGE_SHIFT);
    expect_eq(pte_mfn(*slot_of(s.l1, 10)).n, page[1].n);
    expect_eq(*slot_of(s.l1, 10) & (PTE_RW | PTE_NX | 0xe00), PTE_NX | 0x400);
    expect_eq(entry(1)->flags, GTF_permit_access | GTF_reading);
    expect(fake_count(page[1]) == 0 && fake_refs(page[1]) == 3);
    more = map_usual(1, VA(11), GNTMAP_host_map | GNTMAP_readonly); /* is in use */
    expect_eq(active_of(1)->readers, 2);
    expect_eq(unmap(more.handle, VA(11), 0), GNTST_okay);
    expect_eq(entry(1)->flags, GTF_permit_access | GTF_reading);
    more = map_usual(1, VA(11), GNTMAP_host_map);
    expect(active_of(1)->readers == 1 && active_of(1)->writers == 1);
    expect(fake_count(page[1]) == 2 && fake_refs(page[1]) == 5);
    expect_eq(unmap(more.handle, VA(11), 0), GNTST_okay);
    expect_eq(entry(1)->flags, GTF_permit_access | GTF_reading);
    expect_eq(unmap(more.handle, VA(11), 0), GNTST_bad_handle);
    expect_eq(unmap(op.handle, VA(11), 0), GNTST_general_error);
    expect_eq(unmap(op.handle, VA(10), 0), GNTST_okay);
    expect_eq(*slot_of(s.l1, 10), 0);
    expect_unused();

    require(frame_get_and_type(mfn_to_frame(page[4]), front->id, FRAME_WRITABLE) == 0);
    op = map_usual(4, VA(10), GNTMAP_host_map);
    expect_eq(*slot_of(s.l1, 10) & (PTE_RW | PTE_NX | 0xe00), PTE_NX | PTE_RW);
    expect_eq(entry(4)->flags, GTF_permit_access | GTF_reading | GTF_writing);
    expect(fake_count(page[4]) == 3 && fake_refs(page[4]) == 4);
    more = map_usual(4, VA(11), GNTMAP_host_map);
    expect_eq(unmap(more.handle, VA(11), 0), GNTST_okay);
    expect_eq(entry(4)->flags, GTF_permit_access | GTF_reading | GTF_writing);
    expect_eq(unmap(op.handle, VA(10), 0), GNTST_okay);
    frame_put_and_type(mfn_to_frame(page[4]));
    expect_unused();

    op = map_usual(2, VA(10), GNTMAP_host_map | GNTMAP_readonly);
    more = map_usual(3, VA(10), GNTMAP_host_map | GNTMAP_readonly); /* something is there */
    expect_eq(more.status, GNTST_okay);
    expect_eq(fake_refs(page[2]), 2);
    expect_eq(unmap(op.handle, VA(10), 0), GNTST_general_error);
    expect_eq(map_usual(5, VA(512), GNTMAP_host_map | GNTMAP_readonly).status,
              GNTST_general_error); /* no table is */
    expect_eq(fake_refs(page[5]), 1);
    expect_eq(unmap(more.handle, VA(10), 0), GNTST_okay);
    expect(active_of(2)->pins == GRANT_PIN_READER && !active_of(3)->pins);

    grant(20, page[1], 0);
    op = map_usual(20, VA(11), GNTMAP_host_map | GNTMAP_readonly);
    expect_eq(grant_set_version(front, 2), -EBUSY);
    expect_eq(unmap(op.handle, VA(11), 0), GNTST_okay);
    expect_eq(grant_set_version(front, 2), 0);
}

static void ask_for_all_kinds(struct gnttab_map_grant_ref (*how)(u32, u64, u32))
{
    /* Two bits that mean nothing to the ABI, but to us. */
    const u32 plain = GNTMAP_host_map | GNTMAP_readonly | HANDLE_BUSY | HANDLE_HOLDS;
    u64 pte = mfn_to_maddr(s.l1).n + 10 * sizeof(u64);
    struct gnttab_map_grant_ref op = how(1, pte, plain | GNTMAP_contains_pte);

    expect_eq(op.status, GNTST_okay);
    expect_eq(unmap(op.handle, pte, 0), GNTST_okay);
    op = how(1, VA(10), plain | GNTMAP_application_map);
    expect(*slot_of(s.l1, 10) & PTE_G); /* a process's page */
    expect_eq(unmap(op.handle, VA(10), 0), GNTST_okay);
    op = how(1, VA(10), plain | GNTMAP_device_map);
    expect_eq(unmap(op.handle, VA(10), 0), GNTST_okay);
    expect_eq(entry(1)->flags, GTF_permit_access | GTF_reading);
    expect_eq(unmap(op.handle, 0, op.dev_bus_addr), GNTST_okay);
    op = how(1, VA(10), plain);
    expect_eq(unmap(op.handle, VA(10), mfn_to_maddr(page[2]).n), GNTST_general_error);
    expect_eq(unmap(op.handle, VA(10), 0), GNTST_okay);
    expect_unused();
}

TEST(mappings_of_all_kinds)
{
    set_up();
    ask_for_all_kinds(map);
    set_up_usual();
    ask_for_all_kinds(map_usual);
}

/*
 * A page that the hypervisor shares with a domain is no frame of its own, which it would be there for: mapped, it needs
 * the granter. By a first mapping, for which there is no handle yet, and by one as most are.
 */
TEST(a_shared_page_holds_its_granter)
{
    struct gnttab_map_grant_ref op;

    set_up();
    back->pv.maps_strangers = true;
    mfn_to_frame(page[5])->state = FRAME_HYPERVISOR | FRAME_VALIDATED | FRAME_REF_ONE |
                                   (u64)FRAME_SHARED << FRAME_TYPE_SHIFT | FRAME_TYPE_ONE;
    for ( u32 i = 0; i < 2; i++ )
    {
        op = (i ? map_usual : map)(5, VA(10), GNTMAP_host_map | GNTMAP_readonly);
        expect_eq(op.status, GNTST_okay);
        expect_eq(front->refs, 2);
        expect_eq(unmap(op.handle, VA(10), 0), GNTST_okay);
        expect_eq(front->refs, 1);
    }
    expect_eq(fake_refs(page[5]), 1);
    map(5, VA(10), GNTMAP_host_map | GNTMAP_readonly);
    expect_eq(front->refs, 2);
    expect_eq(grant_domain_relinquish(back), 0);
    expect_eq(front->refs, 1);
}

/* A handle undoes what it made: not an entry with other rights, nor one for another frame. */
TEST(an_unmap_takes_its_own_entry)
{
    struct gnttab_map_grant_ref writable, readable, of_another;

    set_up();
    writable = map(0, VA(10), GNTMAP_host_map);
    readable = map(0, VA(11), GNTMAP_host_map | GNTMAP_readonly);
    of_another = map(1, VA(12), GNTMAP_host_map);
    expect_eq(unmap(readable.handle, VA(10), 0), GNTST_general_error);
    expect_eq(unmap(writable.handle, VA(11), 0), GNTST_general_error);
    expect_eq(unmap(writable.handle, VA(12), 0), GNTST_general_error);
    expect_sane(back);
    expect_eq(unmap(writable.handle, VA(10), 0), GNTST_okay);
    expect_eq(unmap(readable.handle, VA(11), 0), GNTST_okay);
    expect_eq(unmap(of_another.handle, VA(12), 0), GNTST_okay);
    expect_unused();
}

TEST(what_was_there_before_is_released)
{
    struct gnttab_map_grant_ref op;

    set_up();
    op = map(0, VA(0), GNTMAP_host_map); /* over one of back's own pages */
    expect_eq(op.status, GNTST_okay);
    expect_eq(fake_refs(s.page[0]), 1);
    expect_eq(unmap(op.handle, VA(0), 0), GNTST_okay);
    expect_unused();
}

TEST(no_cpu_remembers_an_unmapped_grant)
{
    struct gnttab_map_grant_ref op;
    u64 pte;

    set_up();
    op = map(0, VA(10), GNTMAP_host_map);
    expect(fake_tlb_walk(0, s.l4, VA(10), &pte) && fake_tlb_walk(1, s.l4, VA(10), &pte));
    expect_eq(unmap(op.handle, VA(10), 0), GNTST_okay);
    expect(!fake_tlb_walk(0, s.l4, VA(10), &pte) && !fake_tlb_walk(1, s.l4, VA(10), &pte));
    set_up_usual();
    op = map_usual(0, VA(10), GNTMAP_host_map | GNTMAP_readonly);
    expect(fake_tlb_walk(0, s.l4, VA(10), &pte));
    expect_eq(unmap(op.handle, VA(10), 0), GNTST_okay);
    expect(!fake_tlb_walk(0, s.l4, VA(10), &pte));
}

/* ... nor any of several, the first or the last; nor what something else has come to the place of. */
TEST(no_cpu_remembers_several_unmapped_grants)
{
    struct gnttab_unmap_and_replace replace = { .host_addr = VA(10), .new_addr = VA(0) };
    struct gnttab_unmap_grant_ref ops[2];
    u64 pte;

    set_up();
    for ( u32 good = 1; good < 4; good++ )
    {
        for ( u32 i = 0; i < 2; i++ )
        {
            ops[i] = (struct gnttab_unmap_grant_ref){ .host_addr = VA(10 + i), .handle = ~0u };
            if ( good >> i & 1 )
                ops[i].handle = map(i, VA(10 + i), GNTMAP_host_map).handle;
            expect_eq(fake_tlb_walk(1, s.l4, VA(10 + i), &pte), good >> i & 1);
        }
        expect_eq(call(GNTTABOP_unmap_grant_ref, ops, 2), 0);
        for ( u32 i = 0; i < 2; i++ )
        {
            expect_eq(ops[i].status, good >> i & 1 ? GNTST_okay : GNTST_bad_handle);
            expect(!fake_tlb_walk(1, s.l4, VA(10 + i), &pte));
        }
    }

    replace.handle = map(0, VA(10), GNTMAP_host_map).handle;
    expect(fake_tlb_walk(1, s.l4, VA(10), &pte) && mfn_eq(pte_mfn(pte), page[0]));
    expect_eq(call(GNTTABOP_unmap_and_replace, &replace, 1), 0);
    expect_eq(replace.status, GNTST_okay);
    expect(fake_tlb_walk(1, s.l4, VA(10), &pte) && mfn_eq(pte_mfn(pte), s.page[0]));
    expect_unused();
}

/* The mapper has overwritten what it mapped at VA(10), and flushed nothing: a flush for the frame concerns it. */
static void expect_flush_reaches_mapper(void)
{
    struct frame *frame = mfn_to_frame(page[0]);
    u64 pte;

    expect(fake_tlb_walk(1, s.l4, VA(10), &pte));
    expect_eq(set_pte(s.l1, 10, 0), 0);
    expect(fake_tlb_walk(1, s.l4, VA(10), &pte));
    tlb_stamp(frame);
    tlb_flush_stamped(frame);
    expect(!fake_tlb_walk(1, s.l4, VA(10), &pte));
}

TEST(flushes_reach_who_maps_by_address)
{
    set_up();
    expect_eq(map(0, VA(10), GNTMAP_host_map).status, GNTST_okay);
    expect_flush_reaches_mapper();
}

/* A first mapping which is else as most are. */
TEST(flushes_reach_who_maps_at_once)
{
    set_up();
    expect_eq(map_usual(0, VA(10), GNTMAP_host_map | GNTMAP_readonly).status, GNTST_okay);
    expect_flush_reaches_mapper();
}

TEST(flushes_reach_who_maps_by_pte)
{
    set_up();
    expect_eq(map(0, mfn_to_maddr(s.l1).n + 10 * sizeof(u64), GNTMAP_host_map | GNTMAP_contains_pte)
                  .status,
              GNTST_okay);
    expect_flush_reaches_mapper();
}

TEST(pins_and_handles_are_limited)
{
    u32 n = 0;
    s16 status;

    set_up();
    back->grant.table->max_handle_frames = 2;
    do
        status = map(n % 8, 0, GNTMAP_device_map).status;
    while ( status == GNTST_okay && ++n < 100000 );
    expect_eq(status, GNTST_no_space);
    expect_eq(n, 2 * (4096 / 32));
    expect_eq(grant_maptrack_frames(back), 2);
    expect_eq(unmap(5, 0, page[5].n << PAGE_SHIFT), GNTST_okay);
    expect_eq(map(0, 0, GNTMAP_device_map).handle, 5);

    back->grant.table->max_handle_frames = 64;
    for ( n = 0; n < 300; n++ )
        status = map(7, 0, GNTMAP_device_map).status;
    expect_eq(status, GNTST_general_error); /* 255 at a time */
}

/* What a vcpu gave back last only its own next mapping gets; it is no handle until then. */
TEST(each_vcpu_keeps_a_free_handle)
{
    set_up();
    for ( u32 i = 0; i < 4; i++ )
        expect_eq(map(i, 0, GNTMAP_device_map).handle, i);
    expect_eq(unmap(2, 0, page[2].n << PAGE_SHIFT), GNTST_okay);
    expect_eq(unmap(1, 0, page[1].n << PAGE_SHIFT), GNTST_okay);
    expect_eq(unmap(2, 0, page[2].n << PAGE_SHIFT), GNTST_bad_handle);
    expect_eq(maptrack_mappings(back), 2);

    fake_run(back->vcpus[1]);
    expect_eq(map(5, 0, GNTMAP_device_map).handle, 1);
    expect_eq(map(6, 0, GNTMAP_device_map).handle, 4);
    expect_eq(unmap(4, 0, page[6].n << PAGE_SHIFT), GNTST_okay);

    fake_run(back->vcpus[0]);
    expect_eq(map(100, 0, GNTMAP_device_map).status, GNTST_general_error);
    expect_eq(map(7, 0, GNTMAP_device_map).handle, 2);
    expect_eq(map(7, 0, GNTMAP_device_map).handle, 5);
    expect_eq(unmap(0, 0, page[0].n << PAGE_SHIFT), GNTST_okay);
    expect_eq(unmap(1, 0, page[5].n << PAGE_SHIFT), GNTST_okay);
    expect_eq(unmap(2, 0, page[7].n << PAGE_SHIFT), GNTST_okay);
    expect_eq(unmap(3, 0, page[3].n << PAGE_SHIFT), GNTST_okay);
    expect_eq(unmap(5, 0, page[7].n << PAGE_SHIFT), GNTST_okay);
    expect_eq(maptrack_mappings(back), 0);
    expect_unused();
}

TEST(any_number_may_be_tried_as_a_handle)
{
    set_up();
    expect_eq(unmap(0, VA(10), 0), GNTST_bad_handle);
    map(0, VA(10), GNTMAP_host_map);
    for ( int i = 0; i < 10000; i++ )
        expect_eq(unmap(1 + (u32)host_test_random() % ~1u, VA(10), 0), GNTST_bad_handle);
    expect_eq(unmap(0, VA(10), 0), GNTST_okay);
    expect_unused();
}

TEST(batches_stop_and_resume)
{
    struct gnttab_map_grant_ref ops[200];
    struct gnttab_unmap_grant_ref undo[200];

    set_up();
    fake_preempt_at = fake_preempt_every = 3;
    for ( u32 i = 0; i < 200; i++ )
        ops[i] = (struct gnttab_map_grant_ref){
            VA(100 + i), GNTMAP_host_map, i % 8, front->id, 0, 0, 0
        };
    expect_eq(call(GNTTABOP_map_grant_ref, ops, 200), 0);
    expect(stops >= 60);
    for ( u32 i = 0; i < 200; i++ )
    {
        expect_eq(ops[i].status, GNTST_okay);
        undo[i] =
            (struct gnttab_unmap_grant_ref){ .host_addr = VA(100 + i), .handle = ops[i].handle };
    }
    undo[77].handle = 9999;
    fake_preempt_at = fake_preempt_every = 1;
    stops = 0;
    expect_eq(call(GNTTABOP_unmap_grant_ref, undo, 200), 0);
    expect(stops >= 200 / 32);
    for ( u32 i = 0; i < 200; i++ )
        expect_eq(undo[i].status, i == 77 ? GNTST_bad_handle : GNTST_okay);
    expect_eq(unmap(ops[77].handle, VA(177), 0), GNTST_okay);
    expect_unused();
}

/* Each undoes what the one before left. */
TEST(a_batch_names_a_handle_again)
{
    struct gnttab_map_grant_ref op;
    struct gnttab_unmap_grant_ref undo[4];

    set_up();
    op = map(2, VA(10), GNTMAP_device_map | GNTMAP_host_map);
    for ( u32 i = 0; i < 4; i++ )
        undo[i] = (struct gnttab_unmap_grant_ref){ .handle = i == 3 ? 9999 : op.handle };
    undo[0].host_addr = VA(10);
    undo[1].dev_bus_addr = op.dev_bus_addr;
    expect_eq(call(GNTTABOP_unmap_grant_ref, undo, 4), 0);
    expect(undo[0].status == GNTST_okay && undo[1].status == GNTST_okay);
    expect(undo[2].status == GNTST_bad_handle && undo[3].status == GNTST_bad_handle);
    expect_unused();
}

/* --- The end --- */

TEST(a_mapper_dies)
{
    set_up();
    for ( u32 i = 0; i < 300; i++ )
        require(
            map(i % 8, VA(100 + i % 100), GNTMAP_host_map | (i % 3 ? 0 : GNTMAP_readonly)).status ==
            GNTST_okay);
    map(1, 0, GNTMAP_device_map);
    expect_buried(back);
    fake_preempt_at = fake_preempt_every = 1;
    while ( grant_domain_relinquish(back) == -ERESTART )
        ;
    for ( u32 i = 0; i < 8; i++ )
    {
        expect_eq(fake_refs(page[i]), 1);
        expect_eq(entry(i)->flags, GTF_permit_access);
    }
    expect_eq(front->refs, 1);
    grant_domain_destroy(back);
}

/* Its frames live on as long as they are mapped, and so does what is known of them. */
TEST(a_granter_dies)
{
    struct gnttab_map_grant_ref op;

    set_up();
    op = map(3, VA(10), GNTMAP_host_map);
    front->life = DOMAIN_DYING;
    expect_eq(map(4, VA(11), GNTMAP_host_map).status, GNTST_bad_domain);
    expect_eq(grant_domain_relinquish(front), 0);
    for ( u32 i = 0; i < 8; i++ )
        fake_release(page[i]);
    expect_eq(front->memory.tot_pages, 1);
    expect_eq(fake_words(page[3])[0], 0x0303030303030303);
    expect_eq(front->refs, 1); /* its frame keeps it */
    expect_eq(unmap(op.handle, VA(10), 0), GNTST_okay);
    expect_eq(front->memory.tot_pages, 0);
    expect_eq(front->refs, 1);
    grant_domain_destroy(front);
    expect_sane(back);
}

/* --- Anything, in any order --- */

/* What is in use, as the handles tell: pins, marks and references agree with them. */
static void check(void)
{
    const struct grant_table *t = back->grant.table;
    u32 readers[8] = { 0 }, writers[8] = { 0 }, mapped[8] = { 0 };

    for ( u32 i = 0; i < t->nr_handle_frames * (PAGE_SIZE / sizeof(struct grant_handle)); i++ )
    {
        const struct grant_handle *h = &t->handles[i / 128][i % 128];

        if ( !h->flags )
            continue;
        require(!(h->flags & HANDLE_BUSY) && h->granter == front);
        if ( handle_writes(h->flags) )
            writers[h->ref]++;
        else
            readers[h->ref]++;
    }
    for ( u32 i = 0; i < 512; i++ )
        for ( u32 p = 0; p < 8; p++ )
            mapped[p] += (*slot_of(s.l1, i) & PTE_P) && mfn_eq(pte_mfn(*slot_of(s.l1, i)), page[p]);
    require(front->refs == 1);
    for ( u32 i = 0; i < 8; i++ )
    {
        const struct grant_active *active = active_of(i);

        require(active->readers == readers[i] && active->writers == writers[i]);
        require(fake_refs(page[i]) == 1 + readers[i] + writers[i] + mapped[i]);
        require(!(marks_of(i) & GTF_writing) || writers[i]);
    }
}

static void random_operations(void)
{
    struct gnttab_map_grant_ref live[64] = { 0 };

    for ( int step = 0; step < 30000; step++ )
    {
        struct gnttab_map_grant_ref *op = &live[host_test_random() % 64];

        back->dirty_cpus = host_test_random() % 2 ? 1 : 3;
        u32 ref = host_test_random() % 8, slot = 10 + host_test_random() % 40;
        u32 flags = host_test_random() % 2 ? GNTMAP_readonly : 0;

        switch ( host_test_random() % 8 )
        {
        case 0:
        case 1:
            if ( op->flags )
                break;
            flags |= host_test_random() % 4 ? GNTMAP_host_map : GNTMAP_device_map;
            flags |= host_test_random() % 4 ? 0 : GNTMAP_device_map;
            *op = map(ref, VA(slot), flags);
            if ( op->status )
                op->flags = 0;
            break;
        case 2:
        case 3:
            if ( unmap(op->handle, op->host_addr,
                       op->flags & GNTMAP_device_map ? op->dev_bus_addr : 0) == GNTST_okay )
                op->flags = 0;
            break;
        case 4:
            set_pte(s.l1, slot, 0);
            break;
        case 5:
            copy(
                (struct gnttab_copy){ REF(ref, 0), OWN(s.page[1], 0), 64, GNTCOPY_source_gref, 0 });
            copy((struct gnttab_copy){ OWN(s.page[1], 0), REF(ref, 0), 64, GNTCOPY_dest_gref, 0 });
            break;
        case 6: /* the granter changes its mind */
            *flags_of(ref) = host_test_random() % 3 ? GTF_permit_access : 0;
            break;
        default:
            unmap((u32)host_test_random() % 200, VA(slot), 0);
            for ( u32 i = 0; i < 64; i++ ) /* it may have been a live one */
                if ( live[i].flags && !back->grant.table->handles[0][live[i].handle].flags )
                    live[i].flags = 0;
        }
        if ( step % 16 == 0 )
            check();
    }
    check();
    expect_sane(back);
}

TEST(random_operations_v1)
{
    set_up();
    random_operations();
}

TEST(random_operations_v2)
{
    set_up_v2();
    random_operations();
}

HOST_TEST_MAIN
