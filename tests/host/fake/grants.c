#include "tests/host/fake/grants.h"

struct domain *front, *back;
struct space s;
mfn_t page[PAGES];
u32 stops;

struct grant_entry_v1 *entry(u32 ref)
{
    return (struct grant_entry_v1 *)front->grant.table->shared[ref / 512] + ref % 512;
}

union grant_entry_v2 *entry_v2(u32 ref)
{
    return (union grant_entry_v2 *)front->grant.table->shared[ref / 256] + ref % 256;
}

u16 *flags_of(u32 ref)
{
    return front->grant.table->version == 1 ? &entry(ref)->flags : &entry_v2(ref)->hdr.flags;
}

u16 marks_of(u32 ref)
{
    const struct grant_table *t = front->grant.table;

    return (GTF_reading | GTF_writing) &
           (t->version == 1 ? *flags_of(ref) : t->status[ref / 2048][ref % 2048]);
}

const struct grant_active *active_of(u32 ref)
{
    const struct grant_table *t = front->grant.table;

    return t->version == 1 ? grant_active_of(t->shared[ref / 512]) + ref % 512
                           : grant_active_of(t->shared[ref / 256]) + ref % 256 * 2;
}

void grant(u32 ref, mfn_t mfn, u16 flags)
{
    if ( front->grant.table->version == 1 )
        *entry(ref) = (struct grant_entry_v1){ .flags = GTF_permit_access | flags,
                                               .domid = back->id,
                                               .frame = (u32)mfn.n };
    else
        entry_v2(ref)->full_page = (typeof(entry_v2(ref)->full_page)){
            .hdr = { .flags = GTF_permit_access | flags, .domid = back->id }, .frame = mfn.n
        };
}

void set_up(void)
{
    fake_machine();
    back = fake_guest(1, false, 2);
    front = fake_guest(2, false, 1);
    back->dirty_cpus = 3;
    space_build(&s, back, 4);
    require(pin(4, s.l4) == 0);
    require(new_baseptr(s.l4) == 0);
    for ( u32 i = 0; i < PAGES; i++ )
    {
        page[i] = fake_frame(front);
        memset(fake_words(page[i]), (int)i, PAGE_SIZE);
        grant(i, page[i], 0);
    }
}

void set_up_usual(void)
{
    back->dirty_cpus = 1;
    require(unmap(map(0, VA(99), GNTMAP_host_map | GNTMAP_readonly).handle, VA(99), 0) ==
            GNTST_okay);
}

struct gnttab_map_grant_ref map_usual(u32 ref, u64 host_addr, u32 flags)
{
    struct vcpu *v = back->vcpus[0];

    if ( !v->grant.spare )
        maptrack_give_back(v, maptrack_new(v));
    return map(ref, host_addr, flags);
}

void set_up_v2(void)
{
    set_up();
    require(grant_set_version(front, 2) == 0);
}

void expect_unused(void)
{
    for ( u32 i = 0; i < PAGES; i++ )
    {
        expect_eq(fake_refs(page[i]), 1);
        expect_eq(fake_count(page[i]), 0);
        expect_eq(marks_of(i), 0);
    }
    expect_eq(front->refs, 1);
    expect_eq(grant_entries_in_use(front), 0);
    expect_eq(maptrack_mappings(back), 0);
    expect_sane(back);
}

long call(unsigned int cmd, void *ops, u32 count)
{
    unsigned long uop = (unsigned long)ops;
    long rc;

    while ( (rc = grant_table_op(cmd, uop, count)) == -ERESTART )
    {
        require(fake_continuation.set && fake_continuation.nr == __HYPERVISOR_grant_table_op);
        fake_continuation.set = false;
        stops++;
        require(fake_continuation.arg[0] == cmd && fake_continuation.arg[2] < count);
        uop = fake_continuation.arg[1];
        count = (u32)fake_continuation.arg[2];
    }
    return rc;
}

struct gnttab_map_grant_ref map(u32 ref, u64 host_addr, u32 flags)
{
    struct gnttab_map_grant_ref op = {
        .host_addr = host_addr, .flags = flags, .ref = ref, .dom = front->id, .status = 1
    };

    expect_eq(call(GNTTABOP_map_grant_ref, &op, 1), 0);
    return op;
}

s16 unmap(u32 handle, u64 host_addr, u64 dev_bus_addr)
{
    struct gnttab_unmap_grant_ref op = {
        .host_addr = host_addr, .dev_bus_addr = dev_bus_addr, .handle = handle, .status = 1
    };

    expect_eq(call(GNTTABOP_unmap_grant_ref, &op, 1), 0);
    return op.status;
}

s16 copy(struct gnttab_copy op)
{
    op.status = 1;
    expect_eq(call(GNTTABOP_copy, &op, 1), 0);
    return op.status;
}
