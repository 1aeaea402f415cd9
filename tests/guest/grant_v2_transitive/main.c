/*
 * A transitive entry passes on what a third domain has granted: the owner grants a page to the middleman, whose entry
 * stands for the owner's and names the user. The user copies by naming the middleman, within what both entries allow;
 * it maps nothing that way. There is one such step and no more, so that no chain and no circle keeps the hypervisor
 * busy (XSA-226); and when all is over no entry is in use, however a copy ended.
 */
#include "../grant_v2.h"
#include "roles.h"

/* The owner's entries, and the middleman's for them: from PASSED on. */
enum { WRITABLE = 20, READABLE, PART, FOR_USER, TO_MIDDLE, TO_USER, OWNERS_END };
#define PASSED(ref)   ((ref) + 20)
#define READONLY(ref) ((ref) + 40)
enum { TO_TRANSITIVE = 100, BEYOND, NOBODY, ITSELF, BY_SELF };

enum { OWNER, MIDDLE, USER, ROLES };
static domid_t ids[ROLES];

static void meet_all(unsigned int me)
{
    ids[me] = own_domid();
    need_version_2();
    tell(me << 16 | ids[me]);
    for ( unsigned int i = 1; i < ROLES; i++ )
    {
        ulong who = hear();

        ids[who >> 16] = (domid_t)who;
    }
}

static void expect_unused(volatile grant_status_t *status)
{
    for ( grant_ref_t ref = 0; ref < 256; ref++ )
    {
        if ( status[ref] )
            failure("entry %u is in use", ref);
    }
}

static void play_owner(void)
{
    char *page = page_alloc();
    ulong mfn = virt_to_mfn(page);
    volatile grant_status_t *status;

    meet_all(OWNER);
    status = map_status();
    memset(page, 'o', PAGE_SIZE);
    grant_frame(WRITABLE, 0, ids[MIDDLE], mfn);
    grant_frame(READABLE, GTF_readonly, ids[MIDDLE], mfn);
    grant_part(PART, 0, ids[MIDDLE], mfn, 100, 50);
    grant_frame(FOR_USER, 0, ids[USER], mfn);
    grant_transitive(TO_MIDDLE, 0, ids[MIDDLE], ids[MIDDLE], WRITABLE);
    grant_transitive(TO_USER, 0, ids[MIDDLE], ids[USER], WRITABLE);
    tell(0);
    hear(); /* the middleman is ready */
    hear(); /* the user is done */
    expect_unused(status);
    expect(page[0] == 'u' && page[1] == 'o' && page[100] == 'u', "what the user has written");
}

static void play_middle(void)
{
    volatile grant_status_t *status;

    meet_all(MIDDLE);
    status = map_status();
    grant_frame(WRITABLE, 0, ids[OWNER], virt_to_mfn(page_alloc()));
    for ( grant_ref_t ref = WRITABLE; ref < OWNERS_END; ref++ )
    {
        grant_transitive(PASSED(ref), 0, ids[USER], ids[OWNER], ref);
        grant_transitive(READONLY(ref), GTF_readonly, ids[USER], ids[OWNER], ref);
    }
    grant_transitive(TO_TRANSITIVE, 0, ids[USER], ids[OWNER], TO_MIDDLE);
    grant_transitive(BEYOND, 0, ids[USER], ids[OWNER], 100000);
    grant_transitive(NOBODY, 0, ids[USER], 999, WRITABLE);
    grant_transitive(ITSELF, 0, ids[USER], ids[MIDDLE], ITSELF);
    grant_transitive(BY_SELF, 0, ids[USER], DOMID_SELF, WRITABLE);
    hear(); /* the owner is ready */
    tell(0);
    hear(); /* the user is done */
    expect_unused(status);
}

static char *page;

static int from(grant_ref_t ref, uint16_t offset, uint16_t len)
{
    return copy_granted(page, ids[MIDDLE], ref, offset, len, false);
}

static int to(grant_ref_t ref, uint16_t offset, uint16_t len)
{
    memset(page, 'u', len);
    return copy_granted(page, ids[MIDDLE], ref, offset, len, true);
}

static void rights(void)
{
    expect_eq(from(PASSED(WRITABLE), 8, 8), GNTST_okay, "read what is writable");
    expect(page[0] == 'o' && page[7] == 'o' && !page[8], "the owner's bytes");
    expect_eq(to(PASSED(WRITABLE), 0, 1), GNTST_okay, "write it");
    expect_eq(from(PASSED(READABLE), 8, 8), GNTST_okay, "read what the owner lets be read");
    expect_eq(to(PASSED(READABLE), 1, 8), GNTST_general_error, "write it");
    expect_eq(from(READONLY(WRITABLE), 8, 8), GNTST_okay, "read what the middleman lets be read");
    expect_eq(to(READONLY(WRITABLE), 1, 8), GNTST_general_error, "write it");
    expect_eq(from(PASSED(PART), 100, 50), GNTST_okay, "read a part");
    expect_eq(from(PASSED(PART), 100, 51), GNTST_general_error, "read a byte more");
    expect_eq(from(PASSED(PART), 99, 1), GNTST_general_error, "read a byte before it");
    expect_eq(to(PASSED(PART), 100, 1), GNTST_okay, "write it");
    expect_eq(from(PASSED(FOR_USER), 0, 8), GNTST_general_error,
              "what is granted to us is not the middleman's to pass on");
}

static void refused(void)
{
    grant_handle_t handle;

    expect_eq(from(TO_TRANSITIVE, 0, 8), GNTST_general_error, "two steps");
    expect_eq(from(PASSED(TO_USER), 0, 8), GNTST_general_error, "two steps that lead to us");
    expect_eq(from(BEYOND, 0, 8), GNTST_bad_gntref, "a step to beyond the owner's table");
    expect_eq(from(NOBODY, 0, 8), GNTST_general_error, "to nobody");
    expect_eq(from(ITSELF, 0, 8), GNTST_general_error, "to where it starts");
    expect_eq(from(BY_SELF, 0, 8), GNTST_general_error, "to the domain `self`");
    expect_eq(grant_take(table_window(), ids[MIDDLE], PASSED(WRITABLE), GNTMAP_readonly, &handle),
              GNTST_general_error, "map it");
}

static void play_user(void)
{
    meet_all(USER);
    page = page_alloc();
    grant_frame(WRITABLE, 0, ids[MIDDLE], virt_to_mfn(page_alloc()));
    hear(); /* owner and middleman are ready */
    hear();
    rights();
    refused();
    tell(0);
}

void test_main(void)
{
    static const struct role roles[] = { { "owner", play_owner },
                                         { "middle", play_middle },
                                         { "user", play_user } };

    ROLES_PLAY(roles);
}
