/*
 * A frame has one type at a time, whoever asks for it and when.
 *
 * At the same moment one vcpu pins a page as an L1 table, another one too, a third as an L2 table, and a fourth maps it
 * writable. One kind of them wins, and is granted once; when all is undone the page is like new.
 */
#include "team.h"

#define ROUNDS 300

static ulong mfn, window;
static long results[TEAM_MAX];

/* In an order that lets two vcpus already want different things. */
static long ask(unsigned int me)
{
    switch ( me )
    {
    case 0:
        return mmuext_mfn(MMUEXT_PIN_L1_TABLE, mfn);
    case 1:
        return hypercall(update_va_mapping, window, pte_make(mfn, PTE_KERNEL_RW), UVMF_NONE);
    case 2:
        return mmuext_mfn(MMUEXT_PIN_L2_TABLE, mfn);
    default:
        return mmuext_mfn(MMUEXT_PIN_L1_TABLE, mfn);
    }
}

static void undo(unsigned int me)
{
    if ( results[me] )
        return;
    if ( me == 1 )
        team_wrong(hypercall(update_va_mapping, window, 0, UVMF_INVLPG | UVMF_ALL));
    else
        team_wrong(mmuext_mfn(MMUEXT_UNPIN_TABLE, mfn));
}

static void work(unsigned int me)
{
    for ( int round = 0; round < ROUNDS; round++ )
    {
        unsigned int granted = 0;

        team_meet();
        results[me] = ask(me);
        team_meet();
        for ( unsigned int i = 0; i < team.size; i++ )
            granted += !results[i];
        team_wrong(me == 0 && granted != 1);
        undo(me);
    }
}

void test_main(void)
{
    void *page = page_alloc();

    mfn = virt_to_mfn(page);
    window = table_window();
    need(table_map(window, mfn, PTE_KERNEL_RO)); /* so that the table above is there */
    need(table_unmap(window));
    need(hypercall(update_va_mapping, page, 0, UVMF_INVLPG | UVMF_ALL));
    team_run(work);
    expect_eq(team.wrong, 0, "a frame had two types, or none");
    for ( int level = 1; level <= (KIT_PV32 ? 2 : 4); level++ )
    {
        expect_eq(mmuext_mfn(MMUEXT_PIN_L1_TABLE + (unsigned int)level - 1, mfn), 0,
                  "nothing is left of it");
        need(mmuext_mfn(MMUEXT_UNPIN_TABLE, mfn));
    }
    need(table_map((ulong)page, mfn, PTE_KERNEL_RW));
    page_free(page);
}
