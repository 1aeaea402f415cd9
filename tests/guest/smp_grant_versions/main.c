/*
 * One vcpu changes the version of our grant table, again and again, while the others map and copy what its reserved
 * entries grant: which is the same in both versions. None of them ever fails, and none meets an entry of the wrong
 * layout.
 */
#define TEAM_MAX 3U
#include "team.h"

#include "../grant_v2.h"

#define ROUNDS 300

static domid_t self;
static ulong windows[TEAM_MAX];
static char *pages[TEAM_MAX], *granted;
static unsigned int changes;
static bool over;

static void change(void)
{
    for ( unsigned int round = 0; round < ROUNDS || !changes; round++ )
    {
        struct gnttab_get_version get = { .dom = DOMID_SELF };
        struct gnttab_set_version set;
        long rc;

        team_wrong(hypercall(grant_table_op, GNTTABOP_get_version, &get, 1));
        set.version = 3 - get.version;
        rc = hypercall(grant_table_op, GNTTABOP_set_version, &set, 1);
        team_wrong(rc && rc != -EBUSY);
        changes += !rc;
        team_relax();
    }
    __atomic_store_n(&over, true, __ATOMIC_SEQ_CST);
}

static void use(unsigned int me)
{
    struct gnttab_map_grant_ref map = {
        .host_addr = windows[me], .flags = GNTMAP_host_map, .ref = me, .dom = self
    };
    struct gnttab_unmap_grant_ref unmap = { .host_addr = windows[me] };
    struct gnttab_copy copy = { .source = { .u.ref = me, .domid = self },
                                .dest = { .u.gmfn = virt_to_mfn(pages[me]), .domid = DOMID_SELF },
                                .len = 64,
                                .flags = GNTCOPY_source_gref };

    team_wrong(hypercall(grant_table_op, GNTTABOP_map_grant_ref, &map, 1) || map.status);
    team_wrong(*(volatile char *)windows[me] != 'g');
    unmap.handle = map.handle;
    team_wrong(hypercall(grant_table_op, GNTTABOP_unmap_grant_ref, &unmap, 1) || unmap.status);
    team_wrong(hypercall(grant_table_op, GNTTABOP_copy, &copy, 1) || copy.status);
    team_wrong(pages[me][63] != 'g');
    pages[me][63] = 0;
    team_relax();
}

static void work(unsigned int me)
{
    team_meet();
    if ( me == 0 )
        change();
    else
        while ( !__atomic_load_n(&over, __ATOMIC_SEQ_CST) )
            use(me);
    team_meet();
}

void test_main(void)
{
    self = own_domid();
    granted = page_alloc();
    memset(granted, 'g', PAGE_SIZE);
    need_version_2();
    for ( unsigned int i = 0; i < TEAM_MAX; i++ )
    {
        windows[i] = table_window();
        table_make(windows[i], 1);
        pages[i] = page_alloc();
        grant_frame(i, 0, self, virt_to_mfn(granted));
    }
    team_run(work);
    expect_eq(team.wrong, 0, "uses of grants while the version changes");
    need(set_version(2, NULL));
    for ( unsigned int i = 0; i < TEAM_MAX; i++ )
        table_v2()[i].hdr.flags = 0;
    need(set_version(1, NULL));
}
