/*
 * A page that is a table has no writer, on no processor (XSA-401, XSA-408).
 *
 * The other vcpus keep writing to it: through a mapping that they have in their TLBs, and by the page's number, which
 * the hypervisor finds to be that of a page and then writes to. We drop the mapping without a flush, and make the page
 * a table at once: from then on it must not change any more, until it is no table, and the mapping is back.
 * What they write would do as entries that are not present, so that the table can be one whatever it holds.
 */
#include "team.h"

#define ROUNDS 60
#define LOOKS  300

static volatile ulong *page;
static ulong mfn, view;
static volatile bool stop;
static ulong *sources[TEAM_MAX]; /* what each copies to the page */

static bool copy_page(unsigned int me)
{
    struct mmuext_op op = {
        .cmd = MMUEXT_COPY_PAGE,
        .arg1.mfn = mfn,
        .arg2.src_mfn = virt_to_mfn(sources[me]),
    };

    return hypercall(mmuext_op, &op, 1, NULL, DOMID_SELF) == 0;
}

static bool copy_word(unsigned int me)
{
    struct gnttab_copy op = {
        .source = { .u.gmfn = virt_to_mfn(sources[me]), DOMID_SELF, me * sizeof(ulong) },
        .dest = { .u.gmfn = mfn, DOMID_SELF, me * sizeof(ulong) },
        .len = sizeof(ulong),
    };

    return hypercall(grant_table_op, GNTTABOP_copy, &op, 1) == 0 && op.status == GNTST_okay;
}

/* In any of three ways; false: it is no page just now. */
static bool write_word(unsigned int me, ulong value)
{
    struct fault f;

    sources[me][me] = value;
    if ( value % 6 == 2 )
        return copy_page(me);
    if ( value % 6 == 4 )
        return copy_word(me);
    f = fault_of(page[me] = value);
    return f.vector == TRAP_NONE;
}

static void keep_writing(unsigned int me)
{
    for ( ulong value = me << 20; !stop; value += 2 )
        if ( !write_word(me, value) )
            team_relax();
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
        while ( mmuext_mfn(MMUEXT_PIN_L1_TABLE, mfn) == -EINVAL ) /* just now it is copied to */
            ;
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
    for ( unsigned int i = 0; i < TEAM_MAX; i++ )
        sources[i] = page_alloc();
    team_run(work);
    for ( unsigned int i = 0; i < TEAM_MAX; i++ )
        page_free(sources[i]);
    need(table_unmap(view));
    page_free((void *)page);
}
