/*
 * The table of names, beside a store and a hypervisor of ours: who is asked when, and what is believed. The files that
 * should be in /run lie in a folder of the test's own, by an open() of ours.
 *
 * FLAGS: -D_GNU_SOURCE -Itools -Dopen=open_in_folder
 * LINK: tools/librl/names.c tools/librl/message.c tools/librl/config.c tools/librl/cpus.c
 * LINK: tools/librl/syntax.c tools/librl/file.c
 */
#include "tests/host/host.h"

#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>

#include "librl/names.h"
#include "librl/store.h"

#define DOMAINS 3

/* What there is; domain @i has number FIRST + i, and a UUID of its number repeated. */
#define FIRST 10
static char local_names[DOMAINS][RL_NAME_SIZE]; /* /local/domain/ID/name */
static char vm_names[DOMAINS][RL_NAME_SIZE];    /* /vm/UUID/name */

static struct rl rl, daemon_rl;
static char folder[] = "/tmp/rl-names-XXXXXX";
static unsigned int reads; /* of local_names */
static domid_t asked[DOMAINS];
static unsigned int nr_asked;
static void (*after_reading)(void); /* what happens before the reader goes on; once */
static bool list_fails;

int open_in_folder(const char *path, int flags, ...)
{
    char own[64];

    snprintf(own, sizeof(own), "%s/%s", folder, strrchr(path, '/') + 1);
    return openat(AT_FDCWD, own, flags, 0600);
}

/* --- the store --- */

void batch_read(struct batch *batch, const char *path)
{
    unsigned int id;

    (void)batch;
    require(sscanf(path, "/local/domain/%u/name", &id) == 1);
    asked[nr_asked++] = (domid_t)id;
}

int batch_run(struct batch *batch, batch_answer *answer, void *arg)
{
    (void)batch;
    for ( unsigned int i = 0; i < nr_asked; i++, reads++ )
    {
        const char *name = local_names[asked[i] - FIRST];

        answer(arg, i, "", *name ? 0 : ENOENT, name, strlen(name));
    }
    nr_asked = 0;
    if ( after_reading )
    {
        void (*happens)(void) = after_reading;

        after_reading = NULL;
        happens();
    }
    return 0;
}

/* "/vm/XXX...": the UUID's first digits are the domain's number. */
char *store_read(struct rl *of, const char *format, ...)
{
    char path[128];
    unsigned int id;
    va_list args;

    (void)of;
    va_start(args, format);
    vsnprintf(path, sizeof(path), format, args);
    va_end(args);
    require(sscanf(path, "/vm/%2x", &id) == 1);
    return *vm_names[id - FIRST] ? strdup(vm_names[id - FIRST]) : NULL;
}

/* --- the hypervisor --- */

static struct rl_domain domain(unsigned int i)
{
    struct rl_domain d = { .id = (domid_t)(FIRST + i) };

    memset(d.uuid, FIRST + (int)i, sizeof(d.uuid));
    return d;
}

int rl_domain_list(struct rl *of, domid_t first, struct rl_domain *domains, unsigned int max)
{
    int count = 0;

    (void)of, (void)max;
    if ( list_fails )
        return -1;
    for ( unsigned int i = 0; i < DOMAINS; i++ )
        if ( FIRST + i >= first )
            domains[count++] = domain(i);
    return count;
}

/* --- steps --- */

static void promise(unsigned int i, const char *name)
{
    struct rl_domain d = domain(i);

    snprintf(d.name, sizeof(d.name), "%s", name);
    names_promise(&rl, &d);
}

static void write_store(unsigned int i, const char *name)
{
    snprintf(local_names[i], RL_NAME_SIZE, "%s", name);
    snprintf(vm_names[i], RL_NAME_SIZE, "%s", name);
}

/* What makes a domain does. */
static void name_it(unsigned int i, const char *name)
{
    promise(i, name);
    write_store(i, name);
}

/* As xl does. */
static void rename_behind_our_back(unsigned int i, const char *name)
{
    write_store(i, name);
}

/* The daemon hears of it. */
static void tell_daemon(unsigned int i)
{
    char path[64], uuid[RL_UUID_TEXT];
    struct rl_domain d = domain(i);

    rl_uuid_text(d.uuid, uuid);
    snprintf(path, sizeof(path), NAMES_WATCH "/%s/name", uuid);
    names_changed(&daemon_rl, path);
}

static const char *name_of(unsigned int i)
{
    static struct rl_domain d;

    d = domain(i);
    names_get(&rl, &d, 1);
    return d.name;
}

/* How many of the domains may have the name @name, for all that the table tells. */
static unsigned int left_by_sift(const char *name)
{
    struct xen_domctl_getdomaininfo infos[DOMAINS] = { 0 };

    for ( unsigned int i = 0; i < DOMAINS; i++ )
    {
        struct rl_domain d = domain(i);

        infos[i].domain = d.id;
        memcpy(infos[i].handle, d.uuid, sizeof(d.uuid));
    }
    return names_sift(&rl, name, infos, DOMAINS);
}

static void remove_folder(void)
{
    char path[64];
    static const char *const names[] = { "ringleader.names", "ringleader.vouched" };

    names_close(&rl);
    names_close(&daemon_rl);
    for ( unsigned int i = 0; i < 2; i++ )
    {
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

static void start(bool vouched)
{
    require(mkdtemp(folder));
    if ( vouched )
        names_vouch(&daemon_rl);
    name_it(0, "zero");
    name_it(1, "one");
    name_it(2, "two");
}

/* --- the tests --- */

/* The watch tells of our own writing as well: the store is asked neither then nor later. */
TEST(what_rl_names_is_known)
{
    start(true);
    for ( unsigned int i = 0; i < DOMAINS; i++ )
        tell_daemon(i);
    expect_str(name_of(1), "one");
    expect_eq(left_by_sift("new"), 0);
    expect_eq(left_by_sift("two"), 1);
    expect_eq(reads, 0);
    remove_folder();
}

TEST(what_another_renames_is_forgotten)
{
    start(true);
    rename_behind_our_back(1, "other");
    tell_daemon(1);
    expect_eq(left_by_sift("other"), 1);
    expect_str(name_of(1), "other");
    expect_eq(reads, 1);
    expect_str(name_of(1), "other"); /* known again */
    expect_eq(reads, 1);
    remove_folder();
}

/* Whose folder has gone from the store has lost his name, too. */
TEST(what_has_gone_is_forgotten)
{
    start(true);
    tell_daemon(1);
    rename_behind_our_back(1, "");
    tell_daemon(1);
    expect_str(name_of(1), "");
    remove_folder();
}

TEST(without_a_daemon_all_is_read)
{
    start(false);
    rename_behind_our_back(1, "other");
    expect_eq(left_by_sift("new"), DOMAINS);
    expect_str(name_of(1), "other");
    expect_eq(reads, 1);
    remove_folder();
}

/*
 * A domain is made with the UUID of one that was destroyed, and the daemon hears late of the latter's end: when the
 * store has no name, that of the former counts nevertheless; when it has one, that is the former's.
 */
TEST(a_predecessor_of_the_same_uuid)
{
    start(true);
    tell_daemon(1);
    write_store(1, ""); /* the predecessor is destroyed */
    promise(1, "new");
    tell_daemon(1);
    expect_eq(left_by_sift("new"), 1);
    expect_str(name_of(1), "new");
    expect_eq(reads, 0);

    write_store(1, "new");
    tell_daemon(1);
    expect_str(name_of(1), "new");
    expect_eq(reads, 0);
    write_store(1, ""); /* its own end, before the list says so */
    tell_daemon(1);
    expect_str(name_of(1), "");
    remove_folder();
}

/* ... as it does when another name is in the store, which is newer. */
TEST(a_predecessor_of_another_name)
{
    start(true);
    promise(1, "new");
    tell_daemon(1); /* "one" */
    expect_str(name_of(1), "one");
    expect_eq(reads, 1);
    remove_folder();
}

/* A name that was found is read before it is believed, daemon or not. */
TEST(found_and_not_so)
{
    struct rl_domain d = domain(1);

    start(true);
    rename_behind_our_back(1, "other");
    names_get(&rl, &d, 1);
    expect_str(d.name, "one");
    expect(!names_verify(&rl, &d));
    expect_str(d.name, "other");
    expect_str(name_of(1), "other");
    remove_folder();
}

static void renamed_meanwhile(void)
{
    rename_behind_our_back(1, "third");
    tell_daemon(1);
}

/* What was read before a change that the daemon has told of is not kept. */
TEST(renamed_while_it_is_read)
{
    struct rl_domain d = domain(1);

    start(true);
    rename_behind_our_back(1, "other");
    names_get(&rl, &d, 1);
    after_reading = renamed_meanwhile;
    expect(!names_verify(&rl, &d));
    expect_str(d.name, "other");
    expect_str(name_of(1), "third");
    remove_folder();
}

/* Whose name has changed, where there is no list of domains? Perhaps anybody's. */
TEST(what_can_not_be_told_is_forgotten)
{
    start(true);
    rename_behind_our_back(1, "other");
    list_fails = true;
    tell_daemon(1);
    list_fails = false;
    expect_str(name_of(1), "other");
    remove_folder();
}

HOST_TEST_MAIN
