/*
 * What page tables allow, by a look at tables that may be none any more.
 *
 * LINK: tests/host/fake/machine*.c hypervisor/mm/frame.c hypervisor/pv/bounce/walk.c
 */
#include "tests/host/fake/machine.h"

#include "pv/bounce/internal.h"

#define VA        0x0000123456789000UL
#define READABLE  (PTE_P | PTE_US)
#define WRITABLE  (READABLE | PTE_RW)
#define NO_MEMORY (FAKE_FRAMES + 0x100000000UL) /* beyond RAM, by far */

static mfn_t tables[5]; /* by level; 0: the page */

static u64 *entry(unsigned int level)
{
    return &fake_words(tables[level])[pte_index(VA, level)];
}

/* Four levels that allow all. Their contents are numbers to the walk, so the frames need no type. */
static void build(void)
{
    struct domain *d;

    fake_machine();
    d = fake_domain(1, false, 1);
    for ( unsigned int level = 0; level < 5; level++ )
        tables[level] = fake_frame(d);
    for ( unsigned int level = 1; level < 5; level++ )
    {
        memset(fake_words(tables[level]), 0, PAGE_SIZE);
        *entry(level) = mfn_to_maddr(tables[level - 1]).n | WRITABLE;
    }
}

static bool allow(u64 need)
{
    return bounce_tables_allow(mfn_to_maddr(tables[4]).n, VA, need);
}

TEST(all_levels_must_allow)
{
    build();
    expect(allow(PTE_P));
    expect(allow(WRITABLE));
    for ( unsigned int level = 1; level < 5; level++ )
    {
        u64 was = *entry(level);

        *entry(level) = was & ~PTE_RW;
        expect(!allow(WRITABLE));
        expect(allow(READABLE));
        *entry(level) = was & ~PTE_P;
        expect(!allow(PTE_P));
        *entry(level) = was;
    }
}

TEST(what_lies_in_the_root_beside_its_address)
{
    build();
    expect(bounce_tables_allow(mfn_to_maddr(tables[4]).n | 0x8000000000000fffUL, VA, WRITABLE));
}

/* A table that another vcpu has turned into a page, and filled with what it likes, while we walk. */
TEST(tables_that_lead_nowhere)
{
    build();
    for ( unsigned int level = 2; level < 5; level++ )
    {
        u64 was = *entry(level);

        *entry(level) = to_maddr(NO_MEMORY << PAGE_SHIFT).n | WRITABLE;
        expect(!allow(PTE_P));
        *entry(level) = was;
    }
    *entry(1) = to_maddr(NO_MEMORY << PAGE_SHIFT).n | WRITABLE; /* a page: nobody reads it */
    expect(allow(WRITABLE));
}

TEST(a_large_page_ends_the_walk)
{
    build();
    *entry(2) = to_maddr(NO_MEMORY << PAGE_SHIFT).n | WRITABLE | PTE_PS;
    expect(allow(WRITABLE));
    *entry(2) &= ~PTE_RW;
    expect(!allow(WRITABLE));
}

HOST_TEST_MAIN
