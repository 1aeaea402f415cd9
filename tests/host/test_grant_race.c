/*
 * Grants on several CPUs at once, under ThreadSanitizer, over the real page-type engine: mappers map, unmap, copy and
 * change their tables while the granter changes its entries and gives its frames away. When all is undone nothing is
 * left, and each frame is where it belongs.
 *
 * LINK: hypervisor/grant/[cmoptv]*.c tests/host/fake/stolen.c
 * LINK: tests/host/fake/machine*.c tests/host/fake/rooms.c tests/host/fake/tables.c
 * LINK: hypervisor/mm/frame.c hypervisor/pv/pagetable/[a-z]*.c
 * LINK: hypervisor/pv/emulate/decode.c hypervisor/pv/emulate/store.c hypervisor/pv/segment/lookup.c
 * FLAGS: -O2 -fsanitize=thread -Wno-tsan
 */
#include "tests/host/fake/rooms.h"
#include "tests/host/fake/tables.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "grant/maptrack.h"
#include "lib/atomic.h"

#define PAGES  8
#define SLOTS  6
#define ROUNDS 3000
#define PAIRS  2000

/* Who grants; who maps, with two vcpus; another who maps. */
static struct domain *front, *back, *third;
static struct space spaces[2];
static mfn_t page[PAGES]; /* front's frames now */

static u64 next_random(u64 *state)
{
    *state = *state * 6364136223846793005UL + 1442695040888963407UL;
    return *state >> 33;
}

static struct grant_entry_v1 *table(void)
{
    return (struct grant_entry_v1 *)front->grant.table->shared[0];
}

/* The granter's write of an entry: what is granted, then to whom and how. */
static void grant(u32 ref, const struct domain *to, u16 flags)
{
    struct grant_entry_v1 *entry = &table()[ref];

    WRITE_ONCE(entry->frame, (u32)page[ref].n);
    atomic_store((u32 *)entry, (u32)(GTF_permit_access | flags) | (u32)to->id << 16);
}

static void set_up(void)
{
    fake_machine();
    back = fake_guest(1, false, 2);
    front = fake_guest(2, false, 1);
    third = fake_guest(3, false, 4);
    for ( unsigned int i = 0; i < 2; i++ )
    {
        struct domain *d = i ? third : back;

        fake_run(d->vcpus[0]);
        space_build(&spaces[i], d, 8);
        for ( unsigned int j = 4; j < 8; j++ )
        {
            *slot_of(spaces[i].l1, j) = 0;
            memset(fake_words(spaces[i].page[j]), 0, PAGE_SIZE);
        }
        d->dirty_cpus = (1UL << FAKE_CPUS) - 1;
        for ( u32 v = 0; v < d->max_vcpus; v++ )
        {
            fake_run(d->vcpus[v]);
            require(new_baseptr(spaces[i].l4) == 0);
        }
    }
    for ( u32 i = 0; i < PAGES; i++ )
    {
        page[i] = fake_frame(front);
        grant(i, i % 2 ? back : third, 0);
    }
}

static s16 map(u32 ref, u64 host_addr, u32 flags, u32 *handle)
{
    struct gnttab_map_grant_ref op = {
        .host_addr = host_addr, .flags = flags, .ref = ref, .dom = front->id
    };

    require(grant_table_op(GNTTABOP_map_grant_ref, (unsigned long)&op, 1) == 0);
    *handle = op.handle;
    return op.status;
}

static s16 unmap(u32 handle, u64 host_addr, u64 dev_bus_addr)
{
    struct gnttab_unmap_grant_ref op = { .host_addr = host_addr,
                                         .dev_bus_addr = dev_bus_addr,
                                         .handle = handle };

    require(grant_table_op(GNTTABOP_unmap_grant_ref, (unsigned long)&op, 1) == 0);
    return op.status;
}

/* Nothing of the granter's is in use, nor anything of the mappers'. */
static void expect_unused(void)
{
    for ( u32 i = 0; i < PAGES; i++ )
    {
        expect_eq(fake_refs(page[i]), 1);
        expect_eq(fake_count(page[i]), 0);
        expect_eq(table()[i].flags & (GTF_reading | GTF_writing), 0);
    }
    expect_eq(front->refs, 1);
    expect_eq(grant_entries_in_use(front), 0);
    expect_eq(maptrack_mappings(back), 0);
    expect_eq(maptrack_mappings(third), 0);
    expect_sane(back);
    expect_sane(third);
}

/* --- One mapping, two who unmap it --- */

static u32 arrived, handle_of_both;
static s16 statuses[2];

/* Both have come here as often. */
static void meet(void)
{
    u32 all = (atomic_add_return(&arrived, 1) + 1) / 2 * 2;

    for ( u32 spins = 1; atomic_load(&arrived) < all; spins++ )
        if ( spins % 1000 == 0 )
            sched_yield();
}

static void *unmap_too(void *arg)
{
    u64 me = (u64)arg;

    fake_cpu_join((u32)me);
    fake_run(back->vcpus[me]);
    for ( u32 round = 0; round < 8 * PAIRS; round++ ) /* few of them come at once */
    {
        if ( me == 0 && map(1, 0, GNTMAP_device_map, &handle_of_both) )
            fail_now("not mapped");
        meet();
        statuses[me] = unmap(handle_of_both, 0, mfn_to_maddr(page[1]).n);
        meet();
        if ( me == 0 && (statuses[0] == GNTST_okay) + (statuses[1] == GNTST_okay) != 1 )
            fail_now("unmapped %d and %d", statuses[0], statuses[1]);
    }
    return NULL;
}

static void run_threads(unsigned int n, void *(*body)(void *))
{
    pthread_t thread[FAKE_CPUS];

    for ( unsigned long cpu = 0; cpu < n; cpu++ )
        pthread_create(&thread[cpu], NULL, body, (void *)cpu);
    for ( unsigned int cpu = 0; cpu < n; cpu++ )
        pthread_join(thread[cpu], NULL);
}

/* XSA-218: of two vcpus that unmap the same handle at once one does it, and the other is told that it is gone. */
TEST(an_unmap_happens_once)
{
    set_up();
    run_threads(2, unmap_too);
    expect_unused();
}

/* --- All of it --- */

struct slot {
    u64 va;
    u32 handle;
    bool mapped;
};

static void map_or_unmap(struct slot *slot, u64 random)
{
    if ( slot->mapped )
    {
        if ( unmap(slot->handle, slot->va, 0) )
            fail_now("could not unmap what was mapped");
        slot->mapped = false;
    }
    else
        slot->mapped =
            map(random % PAGES, slot->va, GNTMAP_host_map | (random & 8 ? GNTMAP_readonly : 0),
                &slot->handle) == GNTST_okay;
}

/* To a page of the CPU's own: what one domain's vcpus write is its own business. */
static void copy(const struct space *s, u32 cpu, u64 random)
{
    struct gnttab_copy op = {
        .source = { .u.ref = random % PAGES, .domid = front->id },
        .dest = { .u.gmfn = s->page[cpu % 2].n, .domid = DOMID_SELF, .offset = (random & 7) * 8 },
        .len = 8,
        .flags = GNTCOPY_source_gref,
    };

    require(grant_table_op(GNTTABOP_copy, (unsigned long)&op, 1) == 0);
}

/* Pages 4 to 7 are tables for a while, and mapped writable for another. */
static void retype(const struct space *s, u64 random)
{
    unsigned int n = 4 + random % 4;
    struct mmuext_op op = { .cmd = random & 4 ? MMUEXT_PIN_L1_TABLE : MMUEXT_UNPIN_TABLE,
                            .arg1.mfn = s->page[n].n };
    struct mmu_update req = { mfn_to_maddr(s->l1).n + n * 8, pte_make(s->page[n], RWD) };

    pagetable_mmuext_op((u64)&op, 1, 0, DOMID_SELF);
    pagetable_mmu_update((u64)&req, 1, 0, DOMID_SELF);
    req.val = 0;
    pagetable_mmu_update((u64)&req, 1, 0, DOMID_SELF);
}

static void mapper(u32 cpu, u64 *state)
{
    const struct space *s = &spaces[cpu == 2];
    struct slot slots[SLOTS];

    fake_run(cpu == 2 ? third->vcpus[2] : back->vcpus[cpu]);
    for ( u32 i = 0; i < SLOTS; i++ )
        slots[i] = (struct slot){ .va = SPACE_VA + (20 + cpu * SLOTS + i) * PAGE_SIZE };
    for ( u32 round = 0; round < ROUNDS; round++ )
    {
        u64 what = next_random(state) % 8;

        if ( what == 0 )
            copy(s, cpu, next_random(state));
        else if ( what == 1 )
            retype(s, next_random(state));
        else
            map_or_unmap(&slots[next_random(state) % SLOTS], next_random(state));
    }
    for ( u32 i = 0; i < SLOTS; i++ )
        if ( slots[i].mapped )
            map_or_unmap(&slots[i], 0);
}

/* Entries mean something else, for somebody else, are taken back, or swapped; a mapped frame is given up. */
static void granter(u64 *state)
{
    struct gnttab_swap_grant_ref swap = { 0 };

    fake_run(front->vcpus[0]);
    for ( u32 round = 0; round < ROUNDS; round++ )
    {
        u64 random = next_random(state);
        u32 ref = random % PAGES;

        if ( random & 0x300 )
            grant(ref, random & 0x1000 ? back : third, random & 0x2000 ? GTF_readonly : 0);
        else if ( random & 0x400 )
        {
            mfn_t old = page[ref];

            page[ref] = fake_frame(front);
            grant(ref, back, 0);
            fake_release(old);
        }
        else
        {
            swap.ref_a = ref;
            swap.ref_b = (random >> 3) % PAGES;
            require(grant_table_op(GNTTABOP_swap_grant_ref, (unsigned long)&swap, 1) == 0);
        }
    }
}

static void *everybody(void *arg)
{
    u64 cpu = (u64)arg, state = cpu + 11;

    fake_cpu_join((u32)cpu);
    if ( cpu < 3 )
        mapper((u32)cpu, &state);
    else
        granter(&state);
    return NULL;
}

TEST(everything_at_once)
{
    unsigned long frames;

    set_up();
    frames = fake_frames_in_use();
    run_threads(4, everybody);
    expect_unused();
    expect_eq(fake_frames_in_use(), frames);
}

/* --- The granter's end --- */

static u32 mapped_since; /* maps that succeeded after the granter had died */

static void *map_or_die(void *arg)
{
    u64 cpu = (u64)arg, state = cpu + 29;
    u32 handle;

    fake_cpu_join((u32)cpu);
    if ( cpu < 3 )
    {
        mapper((u32)cpu, &state);
        while ( READ_ONCE(front->life) == DOMAIN_ALIVE )
            sched_yield();
        if ( map(1, SPACE_VA + 19 * PAGE_SIZE, GNTMAP_host_map, &handle) == GNTST_okay )
            atomic_inc(&mapped_since);
        return NULL;
    }
    fake_run(front->vcpus[0]);
    for ( u32 i = 0; i < ROUNDS; i++ )
        grant(next_random(&state) % PAGES, i % 2 ? back : third, 0);
    while ( !fake_guest_relinquish(front) )
        ;
    return NULL;
}

/* Others hold its frames while it dies, and let them go when they like; there is nothing new to be had of it. */
TEST(the_granter_dies)
{
    set_up();
    run_threads(4, map_or_die);
    expect_eq(mapped_since, 0);
    expect_unused();
}

/* --- Version 2 --- */

static union grant_entry_v2 *table_v2(void)
{
    return (union grant_entry_v2 *)front->grant.table->shared[0];
}

static u32 front_uses(void)
{
    struct grant_table *t = front->grant.table;
    u32 uses;

    lock_acquire(&t->lock);
    uses = t->uses;
    lock_release(&t->lock);
    return uses;
}

static void pause_a_little(u32 n)
{
    for ( u32 i = 0; i < n; i++ )
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static bool rounds_over;

/* The granter ends its grant: it clears the header, and looks for marks. None there: its frame is its own. */
static void grant_and_end(void)
{
    union grant_entry_v2 *entry = &table_v2()[1];
    grant_status_t *status = &front->grant.table->status[0][1];
    u32 ended = 0;

    while ( ended < PAIRS )
    {
        atomic_store(&entry->hdr.flags, GTF_permit_access);
        pause_a_little(ended % 64);
        atomic_set(&entry->hdr.flags, 0);
        if ( !(atomic_load(status) & (GTF_reading | GTF_writing)) )
        {
            ended++;
            for ( u32 i = 0; i < 20; i++ )
                if ( front_uses() )
                    fail_now("in use after its end");
        }
    }
    WRITE_ONCE(rounds_over, true);
}

static void *end_or_map(void *arg)
{
    u64 me = (u64)arg;
    u32 handle;

    fake_cpu_join((u32)me);
    fake_run(me ? back->vcpus[0] : front->vcpus[0]);
    if ( !me )
        grant_and_end();
    while ( !READ_ONCE(rounds_over) )
    {
        if ( map(1, 0, GNTMAP_device_map, &handle) != GNTST_okay )
            continue;
        pause_a_little(200);
        if ( unmap(handle, 0, mfn_to_maddr(page[1]).n) )
            fail_now("not unmapped");
    }
    return NULL;
}

/* The marks are no part of the header that is checked: one of granter and mapper sees what the other has done. */
TEST(a_grant_that_ends_is_not_pinned)
{
    set_up();
    require(grant_set_version(front, 2) == 0);
    rounds_over = false;
    run_threads(2, end_or_map);
    table_v2()[1].hdr.flags = 0;
    expect_eq(front_uses(), 0);
}

/* The entries outlive a change, in use or not, since they are reserved ones. */
static void switch_versions(u64 *state)
{
    fake_run(front->vcpus[0]);
    for ( u32 round = 0; round < 1000; round++ )
    {
        if ( grant_set_version(front, 3 - grant_version(front)) )
            fail_now("a change refused");
        pause_a_little(next_random(state) % 2000);
    }
    WRITE_ONCE(rounds_over, true);
}

static void map_and_unmap(u32 cpu, u64 *state)
{
    u64 va = SPACE_VA + (20 + cpu) * PAGE_SIZE;
    u32 handle;

    fake_run(back->vcpus[cpu]);
    while ( !READ_ONCE(rounds_over) )
    {
        u64 random = next_random(state);

        copy(&spaces[0], cpu, random);
        if ( map(random % PAGES, va, GNTMAP_host_map, &handle) != GNTST_okay )
            fail_now("could not map what is granted in either version");
        if ( unmap(handle, va, 0) )
            fail_now("could not unmap it");
        pause_a_little(random % 3000);
    }
}

static void *use_or_switch(void *arg)
{
    u64 cpu = (u64)arg, state = cpu + 41;

    fake_cpu_join((u32)cpu);
    if ( cpu < 2 )
        map_and_unmap((u32)cpu, &state);
    else
        switch_versions(&state);
    return NULL;
}

TEST(versions_change)
{
    set_up();
    for ( u32 i = 0; i < PAGES; i++ )
        grant(i, back, 0);
    rounds_over = false;
    run_threads(3, use_or_switch);
    if ( grant_version(front) == 2 )
        expect_eq(grant_set_version(front, 1), 0);
    expect_unused();
}

static void *copy_or_switch(void *arg)
{
    u64 cpu = (u64)arg;
    struct gnttab_copy op = {
        .source = { .u.ref = 1, .domid = front->id },
        .dest = { .u.gmfn = spaces[0].page[0].n, .domid = DOMID_SELF },
        .len = PAGE_SIZE,
        .flags = GNTCOPY_source_gref,
    };

    fake_cpu_join((u32)cpu);
    fake_run(cpu ? front->vcpus[0] : back->vcpus[0]);
    if ( cpu )
        while ( !READ_ONCE(rounds_over) )
            require(grant_set_version(front, 3 - grant_version(front)) == 0);
    for ( u32 round = 0; !cpu && round < ROUNDS; round++ )
        require(grant_table_op(GNTTABOP_copy, (unsigned long)&op, 1) == 0);
    WRITE_ONCE(rounds_over, true);
    return NULL;
}

/* The end of a copy finds its entry where that is by then. */
TEST(versions_change_while_one_copies)
{
    set_up();
    rounds_over = false;
    run_threads(2, copy_or_switch);
    if ( grant_version(front) == 2 )
        expect_eq(grant_set_version(front, 1), 0);
    expect_unused();
}

/* --- An entry that comes and goes, of a frame that isn't the granter's --- */

static void *toggle_or_try(void *arg)
{
    u64 cpu = (u64)arg;
    u16 *flags = &table()[1].flags;
    u32 handle;

    fake_cpu_join((u32)cpu);
    fake_run(cpu ? front->vcpus[0] : back->vcpus[0]);
    while ( cpu && !READ_ONCE(rounds_over) )
    {
        atomic_fetch_and(flags, (u16)~GTF_type_mask);
        atomic_fetch_or(flags, (u16)GTF_permit_access);
    }
    for ( u32 round = 0; !cpu && round < 10 * ROUNDS; round++ )
    {
        if ( map(1, SPACE_VA + 20 * PAGE_SIZE, GNTMAP_host_map | GNTMAP_readonly, &handle) ==
             GNTST_okay )
            fail_now("a stranger's frame is mapped");
        if ( READ_ONCE(*flags) & (GTF_reading | GTF_writing) )
            fail_now("an entry is marked that nobody uses");
    }
    WRITE_ONCE(rounds_over, true);
    return NULL;
}

/* It is marked before the frame is looked at, and again by who may wait, if he still finds it there. */
TEST(what_is_not_mapped_is_not_marked)
{
    u32 handle;

    set_up();
    fake_run(back->vcpus[0]);
    require(map(1, SPACE_VA + 20 * PAGE_SIZE, GNTMAP_host_map, &handle) == GNTST_okay);
    require(unmap(handle, SPACE_VA + 20 * PAGE_SIZE, 0) == GNTST_okay);
    table()[1].frame = (u32)spaces[1].page[0].n;
    rounds_over = false;
    run_threads(2, toggle_or_try);
    expect_unused();
}

/* --- A table that goes while one waits for it --- */

#define LATE_VA (SPACE_VA + 20 * PAGE_SIZE)

static s16 late_status;
static u32 late_handle;

static void *map_late(void *arg)
{
    (void)arg;
    fake_cpu_join(1);
    fake_run(back->vcpus[0]);
    late_status = map(1, LATE_VA, GNTMAP_host_map | GNTMAP_readonly, &late_handle);
    return NULL;
}

static void *unmap_late(void *arg)
{
    (void)arg;
    fake_cpu_join(1);
    fake_run(back->vcpus[0]);
    late_status = unmap(late_handle, LATE_VA, 0);
    return NULL;
}

/* A sibling, who has the tables, takes the one for LATE_VA out of them. */
static s16 without_table(void *(*body)(void *))
{
    u64 *slot = slot_of(spaces[0].l2, (SPACE_VA >> 21) % 512), was = *slot;
    pthread_t thread;

    lock_acquire(&back->pv.pagetable_lock);
    pthread_create(&thread, NULL, body, NULL);
    usleep(20000);
    WRITE_ONCE(*slot, 0);
    back->pv.upper_changes++;
    lock_release(&back->pv.pagetable_lock);
    pthread_join(thread, NULL);
    *slot = was;
    back->pv.upper_changes++;
    return late_status;
}

TEST(tables_are_walked_when_they_stay)
{
    set_up();
    for ( u32 i = 0; i < 2; i++ ) /* by then it has all that mappings as most are need */
    {
        expect_eq(without_table(map_late), GNTST_general_error);
        expect_eq(*slot_of(spaces[0].l1, 20), 0);
        map_late(NULL);
        expect_eq(late_status, GNTST_okay);
        expect_eq(without_table(unmap_late), GNTST_general_error);
        unmap_late(NULL);
        expect_eq(late_status, GNTST_okay);
    }
    expect_unused();
}

HOST_TEST_MAIN
