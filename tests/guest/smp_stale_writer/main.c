/*
 * A page that is a table has no writer, on no processor (XSA-401, XSA-408).
 *
 * The other vcpus keep writing through a mapping that they have in their TLBs. We drop it without a flush, and make the
 * page a table at once: from then on it must not change any more, until it is no table, and the mapping is back.
 * What they write would do as entries that are not present, so that the table can be one whatever it holds.
 */
#include "team.h"

#define ROUNDS 60
#define LOOKS  300

static volatile ulong *page;
static ulong mfn, view;
static volatile bool stop;

static void keep_writing(unsigned int me)
{
    for ( ulong value = me << 20; !stop; value += 2 )
    {
        struct fault f = fault_of(page[me] = value);

        if ( f.vector != TRAP_NONE )
            team_relax();
    }
}

/* Has any word of the table changed? */
static bool changes(void)
{
    const volatile ulong *words = (const volatile ulong *)view;
    ulong before[TEAM_MAX];

    for ( unsigned int i = 0; i < TEAM_MAX; i++ )
        before[i] = words[i];
    for ( unsigned int look = 0; look < LOOKS; look++ )
        for ( unsigned int i = 0; i < TEAM_MAX; i++ )
            if ( words[i] != before[i] )
                return true;
    return false;
}

/* Until the others have the mapping again. */
static void wait_for_writers(void)
{
    for ( unsigned int i = 1; i < team.size; i++ )
    {
        ulong before = page[i];

        while ( page[i] == before )
            team_relax();
    }
}

static void make_tables(void)
{
    unsigned int changed = 0;

    for ( int round = 0; round < ROUNDS; round++ )
    {
        wait_for_writers();
        need(hypercall(update_va_mapping, page, 0, UVMF_NONE));
        need(mmuext_mfn(MMUEXT_PIN_L1_TABLE, mfn));
        changed += changes();
        need(mmuext_mfn(MMUEXT_UNPIN_TABLE, mfn));
        need(table_map((ulong)page, mfn, PTE_KERNEL_RW));
    }
    expect_eq(changed, 0, "a table was written to");
    stop = true;
}

static void work(unsigned int me)
{
    me ? keep_writing(me) : make_tables();
}

void test_main(void)
{
    stop = false;
    page = page_alloc();
    mfn = virt_to_mfn((void *)page);
    view = table_window();
    need(table_map(view, mfn, PTE_KERNEL_RO));
    team_run(work);
    need(table_unmap(view));
    page_free((void *)page);
}
