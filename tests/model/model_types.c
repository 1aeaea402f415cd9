/*
 * A model of the protocol by which frames change their types: two CPUs, few frames, all
 * interleavings.
 *
 * What the CPUs do are the hypervisor's own functions: hypercalls on page tables and grants, from
 * their handlers down to mm/frame.c, with its locks, TLB flushes and the allocator below. Each CPU
 * does a number of operations, each time any of a few; the hardware walks to some address at any
 * time, or an interrupt stops a long operation. After each step, where a step is an atomic access:
 * no frame is a table while somebody can write to it, in an entry or in a TLB (machine_wrong()). In
 * the end the counts are exact, and when both domains have died all memory is back.
 *
 * `make model` lets each CPU do more than `make test` has time for. With a guard off the model must
 * find what the guard is for: a model that can't fail shows nothing.
 *
 * LINK: tests/model/explore.c tests/model/machine.c hypervisor/mm/frame.c hypervisor/mm/tlb.c hypervisor/mm/heap.c
 * LINK: hypervisor/mm/alloc.c hypervisor/mm/assign.c hypervisor/mm/buddy.c hypervisor/smp/smp.c hypervisor/smp/lock.c
 * LINK: hypervisor/pv/pagetable/[b-z]*.c hypervisor/pv/pagetable/audit.c
 * LINK: hypervisor/grant/[cmoptv]*.c hypervisor/domain/reservation.c
 * LINK: hypervisor/pv/emulate/decode.c hypervisor/pv/emulate/store.c hypervisor/pv/segment/lookup.c
 * FLAGS: -O2 -fno-sanitize=all -include tests/model/atomic.h
 */
#include "tests/host/host.h"
#include "tests/model/actions.h"

#include "lib/guard.h"

#include <time.h>

/* ---- scenes: who may do what */

#define OPERATIONS 10

struct operation {
    const char *name;
    void (*run)(void);
};

#define DOES(operation)                                                                            \
    {                                                                                              \
#operation, operation                                                                      \
    }

struct scene {
    const char *name;
    void (*set_up)(void);
    struct operation of_cpu[MODEL_CPUS][OPERATIONS]; /* the first OPERATIONS that have a name */
    struct operation of_hardware[OPERATIONS];        /* none: it does nothing by itself */
    /* Each CPU does its operations one after the other; else any of them, so many times. */
    bool in_order;
    u32 times, times_long;
    u32 frames;
};

static const struct scene *scene;
static u32 times;

/* ---- scenes */

static const struct scene scenes[] = {
    /* Each vcpu does anything. */
    { .name = "vcpus",
      .set_up = set_up_mapped,
      .of_cpu = { { DOES(unmap), DOES(map_writable), DOES(map_read_only), DOES(write_to_x),
                    DOES(pin_x), DOES(unpin_x), DOES(link_x), DOES(unlink_x) },
                  { DOES(unmap), DOES(map_writable), DOES(map_read_only), DOES(write_to_x),
                    DOES(pin_x), DOES(unpin_x), DOES(link_x), DOES(unlink_x) } },
      .of_hardware = { DOES(nothing), DOES(walk_through_x) },
      .frames = 6,
      .times = 1,
      .times_long = 1 },

    /* One makes a table of x, and undoes that; the other maps it, and writes to it. */
    { .name = "retype",
      .set_up = set_up_mapped,
      .of_cpu = { { DOES(pin_x), DOES(unpin_x), DOES(link_x), DOES(unlink_x) },
                  { DOES(map_writable), DOES(unmap), DOES(write_to_x) } },
      .of_hardware = { DOES(nothing), DOES(walk_1), DOES(walk_through_x) },
      .frames = 6,
      .times = 1,
      .times_long = 2 },

    /* B maps x by a grant, and writes to it, while A makes a table of it, or gives it back. */
    { .name = "grant",
      .set_up = set_up_strangers,
      .of_cpu = { { DOES(pin_x), DOES(unpin_x), DOES(give_back), DOES(allocate) },
                  { DOES(map_grant), DOES(unmap_grant), DOES(write_to_x) } },
      .frames = 26,
      .times = 2,
      .times_long = 3 },

    /* ... as most are mapped, which needs that A maps it, too. */
    { .name = "grant_usual",
      .set_up = set_up_usual,
      .of_cpu = { { DOES(unmap), DOES(pin_x), DOES(unpin_x), DOES(give_back), DOES(allocate) },
                  { DOES(map_grant), DOES(unmap_grant), DOES(write_to_x) } },
      .frames = 28,
      .times = 1,
      .times_long = 2 },

    /* B maps x without a grant; x may become B's own. */
    { .name = "foreign",
      .set_up = set_up_strangers,
      .of_cpu = { { DOES(pin_x), DOES(unpin_x), DOES(map_writable), DOES(unmap), DOES(give_back) },
                  { DOES(map_foreign), DOES(unmap_foreign), DOES(allocate) } },
      .of_hardware = { DOES(nothing), DOES(walk_0) },
      .frames = 26,
      .times = 1,
      .times_long = 2 },

    /* A long validation is stopped by an interrupt; others go on with it, or bury it. */
    { .name = "suspended",
      .set_up = set_up_tree,
      .of_cpu = { { DOES(pin_y), DOES(unpin_y) },
                  { DOES(pin_y), DOES(unpin_y), DOES(pin_x), DOES(map_writable) } },
      .of_hardware = { DOES(interrupt_0) },
      .frames = 8,
      .times = 1,
      .times_long = 1 },

    /* A ends the last writable mapping but one that B makes, uses, and ends in the meantime. */
    { .name = "stamp",
      .set_up = set_up_strangers,
      .of_cpu = { { DOES(unmap), DOES(pin_x) },
                  { DOES(map_foreign), DOES(flush), DOES(unmap_foreign) } },
      .of_hardware = { DOES(walk_foreign) },
      .in_order = true,
      .frames = 26 },

    /* A table that a CPU knows becomes a page. */
    { .name = "from_table",
      .set_up = set_up_a,
      .of_cpu = { { DOES(link_x), DOES(unlink_x), DOES(map_writable) }, { DOES(flush) } },
      .of_hardware = { DOES(walk_through_x) },
      .in_order = true,
      .frames = 6 },

    /* A's frame goes, and B takes the next one that comes. */
    { .name = "handed_on",
      .set_up = set_up_strangers,
      .of_cpu = { { DOES(unmap), DOES(give_back) }, { DOES(allocate), DOES(allocate) } },
      .of_hardware = { DOES(walk_0) },
      .in_order = true,
      .frames = 26 },

    /* ... and is zeroed by an idle CPU. */
    { .name = "scrubbed",
      .set_up = set_up_strangers,
      .of_cpu = { { DOES(unmap), DOES(exchange) }, { DOES(scrub) } },
      .of_hardware = { DOES(walk_0) },
      .in_order = true,
      .frames = 26 },

    /* B writes to an entry of x, which is A's table, and then B's page. */
    { .name = "arrives",
      .set_up = set_up_strangers,
      .of_cpu = { { DOES(unmap), DOES(pin_x), DOES(unpin_x), DOES(give_back),
                    DOES(allocate_for_b) },
                  { DOES(update_x) } },
      .in_order = true,
      .frames = 26 },

    /* A page is written to by its number, and becomes a table. */
    { .name = "pages",
      .set_up = set_up_pages,
      .of_cpu = { { DOES(copy_to_x) }, { DOES(unmap), DOES(pin_x) } },
      .in_order = true,
      .frames = 6 },

    { .name = "pages_by_grants",
      .set_up = set_up_pages,
      .of_cpu = { { DOES(grant_copy_to_x) }, { DOES(unmap), DOES(pin_x) } },
      .in_order = true,
      .frames = 6 },

    /* ... is read, and becomes another's. */
    { .name = "page_goes",
      .set_up = set_up_pages,
      .of_cpu = { { DOES(copy_x) }, { DOES(unmap), DOES(give_back), DOES(allocate_for_b) } },
      .in_order = true,
      .frames = 6 },

    { .name = "page_goes_by_grants",
      .set_up = set_up_pages,
      .of_cpu = { { DOES(grant_copy_x) }, { DOES(unmap), DOES(give_back), DOES(allocate_for_b) } },
      .in_order = true,
      .frames = 6 },

    /* ... one that becomes another's, whose CPU it was taken by. */
    { .name = "page_handed_on",
      .set_up = set_up_strangers,
      .of_cpu = { { DOES(unmap), DOES(copy_x) }, { DOES(take_from_a), DOES(allocate) } },
      .in_order = true,
      .frames = 26 },

    /* ... one that isn't the caller's yet, and is its table when it is. */
    { .name = "page_comes",
      .set_up = set_up_strangers,
      .of_cpu = { { DOES(unmap), DOES(flush), DOES(give_back), DOES(allocate_for_b),
                    DOES(pin_x_for_b) },
                  { DOES(copy_to_x_as_b) } },
      .in_order = true,
      .frames = 26 },

    { .name = "page_comes_by_grants",
      .set_up = set_up_strangers,
      .of_cpu = { { DOES(unmap), DOES(flush), DOES(give_back), DOES(allocate_for_b),
                    DOES(pin_x_for_b) },
                  { DOES(grant_copy_to_x_as_b) } },
      .in_order = true,
      .frames = 26 },

    /* ... by one who names the domain that has it. */
    { .name = "page_of_another",
      .set_up = set_up_strangers,
      .of_cpu = { { DOES(unmap), DOES(pin_x) }, { DOES(clear_x) } },
      .in_order = true,
      .frames = 26 },

    /* A root is taken, by any of two, and left, while it becomes other things. */
    { .name = "roots",
      .set_up = set_up_roots,
      .of_cpu = { { DOES(take_root), DOES(leave_root), DOES(unpin_x), DOES(pin_root), DOES(pin_x),
                    DOES(map_writable), DOES(give_back) },
                  { DOES(take_root), DOES(leave_root), DOES(unpin_x), DOES(pin_root), DOES(pin_x),
                    DOES(map_writable), DOES(give_back) } },
      .frames = 6,
      .times = 1,
      .times_long = 1 },

    /* ... by one who may not have it, and may come to own the frame. */
    { .name = "foreign_root",
      .set_up = set_up_root,
      .of_cpu = { { DOES(take_root), DOES(leave_root), DOES(unpin_x), DOES(pin_root),
                    DOES(give_back), DOES(allocate_for_b), DOES(take_from_b), DOES(allocate) },
                  { DOES(take_root), DOES(leave_root), DOES(unpin_x), DOES(pin_root),
                    DOES(give_back), DOES(allocate), DOES(map_foreign), DOES(unmap_foreign) } },
      .frames = 9,
      .times = 1,
      .times_long = 1 },

    /* B takes x for its root, which is A's root, then B's page, then A's root again. */
    { .name = "root_passes_by",
      .set_up = set_up_root,
      .of_cpu = { { DOES(unpin_x), DOES(give_back), DOES(allocate_for_b), DOES(take_from_b),
                    DOES(allocate), DOES(pin_root) },
                  { DOES(take_root) } },
      .in_order = true,
      .frames = 9 },

    /* ... the root of a domain that dies, and of one that gets its number. */
    { .name = "root_outlives",
      .set_up = set_up_root,
      .of_cpu = { { DOES(kill_a), DOES(succeed_a), DOES(pin_root) }, { DOES(take_root) } },
      .in_order = true,
      .frames = 9 },

    /* A dies while its other vcpu takes a root. */
    { .name = "root_of_dying",
      .set_up = set_up_roots,
      .of_cpu = { { DOES(kill_a) }, { DOES(take_root) } },
      .in_order = true,
      .frames = 6 },
};

static void do_one(const struct operation *operations)
{
    const char *names[OPERATIONS];
    u32 n;

    for ( n = 0; n < OPERATIONS && operations[n].name; n++ )
        names[n] = operations[n].name;
    operations[model_choose(n, names)].run();
}

static void cpu(void)
{
    const struct operation *operations = scene->of_cpu[host_cpu->cpu];

    for ( u32 i = 0; i < OPERATIONS && operations[i].name && scene->in_order; i++ )
        operations[i].run();
    for ( u32 i = 0; i < times && !scene->in_order; i++ )
        do_one(operations);
}

static void hardware(void)
{
    do_one(scene->of_hardware);
}

/* Both die, the one that may map the other's frames first: then all is free but for the tables of grants. */
static const char *wrong_in_death(u64 rest)
{
    struct domain *dying[] = { domain_b, domain_a };

    for ( unsigned int i = 0; i < ARRAY_SIZE(dying); i++ )
    {
        die(dying[i]);
        if ( dying[i]->grant.table && grant_domain_relinquish(dying[i]) )
            return "a domain's grants do not end";
    }
    if ( domain_a->memory.tot_pages || domain_b->memory.tot_pages )
        return "a domain has died, and has frames";
    return mm_free_pages() == rest ? NULL : "frames were lost";
}

static const char *wrong_at_end(void)
{
    u64 all = mm_free_pages() + domain_a->memory.tot_pages + domain_b->memory.tot_pages;

    machine_resumed(0);
    if ( !domain_a->grant.table && mm_free_pages() && pagetable_audit_exact(domain_a) )
        return "counts are wrong in the end";
    return wrong_in_death(all);
}

static void set_up(void)
{
    machine_set_up(scene->frames);
    scene->set_up();
}

static struct model_result explore(const struct scene *s, u32 how_often, bool trace)
{
    struct model m = {
        .set_up = set_up,
        .actors = s->of_hardware[0].name ? ACTOR_HARDWARE + 1 : ACTOR_HARDWARE,
        .body = { cpu, cpu, machine_interrupts, machine_interrupts, hardware },
        .cpu = { 0, 1, 0, 1, 2 },
        .may_run = machine_may_run,
        .resumed = machine_resumed,
        .wrong = machine_wrong,
        .wrong_at_end = wrong_at_end,
        .name = machine_name,
        .always = machine_always,
    };
    clock_t begin = clock();
    struct model_result r;

    machine_ignores(&m, s->frames);
    scene = s;
    times = how_often;
    r = model_explore(&m, trace);
    printf("%s: %lu states, %lu steps, %lu ends, the longest way %lu%s%s; %.1f s\n", s->name,
           r.states, r.steps, r.ends, r.longest, r.wrong ? ": " : "", r.message,
           (double)(clock() - begin) / CLOCKS_PER_SEC);
    return r;
}

static const struct scene *scene_of(const char *name)
{
    for ( unsigned int i = 0; i < ARRAY_SIZE(scenes); i++ )
        if ( !strcmp(scenes[i].name, name) )
            return &scenes[i];
    fail_now("there is no scene %s", name);
}

/* ---- nothing is ever wrong */

static void expect_right(const char *name)
{
    const struct scene *s = scene_of(name);
    struct model_result r = explore(s, getenv("MODEL_LONG") ? s->times_long : s->times, true);

    if ( r.wrong )
        fail("%s", r.message);
    expect(r.complete);
}

TEST(vcpus)
{
    expect_right("vcpus");
}

TEST(retype)
{
    expect_right("retype");
}

TEST(grant)
{
    expect_right("grant");
    expect_right("grant_usual");
}

TEST(foreign)
{
    expect_right("foreign");
}

TEST(suspended)
{
    expect_right("suspended");
}

TEST(roots)
{
    expect_right("roots");
    expect_right("foreign_root");
}

TEST(in_order)
{
    for ( unsigned int i = 0; i < ARRAY_SIZE(scenes); i++ )
        if ( scenes[i].in_order )
            expect_right(scenes[i].name);
}

/* ---- but it would be, without ... */

static const struct {
    enum guard guard;
    const char *scene;
    u32 times;
} missed[] = {
    { GUARD_flush_for_type, "retype", 1 },         { GUARD_stamp_of_writable, "retype", 1 },
    { GUARD_stamp_of_tables, "from_table", 0 },    { GUARD_stamp_while_locked, "stamp", 0 },
    { GUARD_flush_for_owner, "handed_on", 0 },     { GUARD_l1_rw_counts, "vcpus", 1 },
    { GUARD_validation_progress, "suspended", 1 }, { GUARD_owner_reference, "grant", 2 },
    { GUARD_flush_for_owner, "arrives", 0 },       { GUARD_flush_for_owner, "root_passes_by", 0 },
    { GUARD_flush_for_owner, "root_outlives", 0 }, { GUARD_flush_for_scrub, "scrubbed", 0 },
    { GUARD_flush_for_type, "pages", 0 },          { GUARD_flush_for_owner, "page_goes", 0 },
    { GUARD_at_once_own, "page_of_another", 0 },
};

TEST(guards_are_missed)
{
    for ( unsigned int i = 0; i < ARRAY_SIZE(missed); i++ )
    {
        struct model_result r;

        guard_off[missed[i].guard] = true;
        r = explore(scene_of(missed[i].scene), missed[i].times, false);
        guard_off[missed[i].guard] = false;
        if ( !r.wrong )
            fail("nothing is wrong in scene %s without guard %u", missed[i].scene, missed[i].guard);
    }
}

HOST_TEST_MAIN
