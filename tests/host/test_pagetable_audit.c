/*
 * The running audit of debug builds: a count that goes wrong stops the hypervisor at the end of the
 * call that touched it, or at the next recount. Every test of the engine runs under it; here it is
 * given something to find.
 *
 * LINK: tests/host/fake/machine*.c tests/host/fake/tables.c hypervisor/mm/frame.c
 * LINK: hypervisor/pv/pagetable/[a-z]*.c
 * LINK: hypervisor/pv/emulate/decode.c hypervisor/pv/emulate/store.c hypervisor/pv/segment/lookup.c
 */
#include "tests/host/fake/tables.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define RECOUNT_WITHIN 5000 /* calls */

static struct domain *d;
static struct space s;

static void setup(void)
{
    fake_machine();
    d = fake_domain(1, false, 1);
    space_build(&s, d, 4);
    require(pin(4, s.l4) == 0);
    require(new_baseptr(s.l4) == 0);
}

/* Does the hypervisor stop if @story is done to it? In a process of its own. */
static bool stops(void (*story)(void))
{
    int status = 0;
    pid_t pid = fork();

    if ( pid == 0 )
    {
        if ( !freopen("/dev/null", "w", stderr) )
            _exit(2);
        story();
        _exit(0);
    }
    require(pid > 0 && waitpid(pid, &status, 0) == pid);
    require(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void touch_page_0(void)
{
    (void)set_pte(s.l1, 10, pte_make(s.page[0], RO));
}

static void touch_table(void)
{
    (void)pin(1, s.l1);
}

static void touch_nothing(void)
{
    for ( unsigned int i = 0; i < RECOUNT_WITHIN; i++ )
        (void)set_pte(s.l1, 20, 0);
}

/* ---- what is planted */

static void nothing(void)
{
}

/* The mapping of page 0 is there, and what it holds is not. */
static void lose_a_reference(void)
{
    frame_put_and_type(mfn_to_frame(s.page[0]));
}

static void lose_a_reference_to_a_table(void)
{
    mfn_to_frame(s.l1)->state -= FRAME_TYPE_ONE + FRAME_REF_ONE;
}

static void leak_a_type_reference_to_a_table(void)
{
    mfn_to_frame(s.l1)->state += FRAME_TYPE_ONE + FRAME_REF_ONE;
}

/* XSA-182's end: a page that the guest can write to becomes a table. */
static void make_a_writable_page_a_table(void)
{
    struct frame *frame = mfn_to_frame(s.page[0]);

    frame->state = (frame->state & ~FRAME_TYPE_MASK) | (u64)FRAME_L1 << FRAME_TYPE_SHIFT;
}

/* As through a writable mapping of the table that nobody knew of. */
static void forge_an_entry(void)
{
    *slot_of(s.l1, 30) = pte_make(s.page[0], RO);
}

static void (*planted)(void), (*then)(void);

static void story(void)
{
    planted();
    then();
}

static bool found(void (*plant)(void), void (*by)(void))
{
    planted = plant;
    then = by;
    return stops(story);
}

/* ---- and what finds it */

TEST(nothing_is_found_where_nothing_is_wrong)
{
    setup();
    expect(!found(nothing, touch_page_0));
    expect(!found(nothing, touch_table));
    expect(!found(nothing, touch_nothing));
}

TEST(the_call_that_touches_a_frame_finds_its_counts_wrong)
{
    setup();
    expect(found(lose_a_reference, touch_page_0));
    expect(found(make_a_writable_page_a_table, touch_page_0));
    expect(found(lose_a_reference_to_a_table, touch_table));
    expect(found(leak_a_type_reference_to_a_table, touch_table));
}

TEST(a_recount_finds_what_no_call_touches)
{
    setup();
    expect(found(lose_a_reference, touch_nothing));
    expect(found(make_a_writable_page_a_table, touch_nothing));
    expect(found(leak_a_type_reference_to_a_table, touch_nothing));
    expect(found(forge_an_entry, touch_nothing));
}

static void drop_all(void)
{
    (void)unpin(s.l4);
    expect_buried(d);
}

TEST(an_entry_that_changed_behind_the_engines_back_is_found_when_its_table_goes)
{
    setup();
    expect(!found(nothing, drop_all));
    expect(found(forge_an_entry, drop_all));
}

HOST_TEST_MAIN
