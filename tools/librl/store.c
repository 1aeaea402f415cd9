#include "store.h"

#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <xenstore.h>

#include "domain.h"
#include "lib/bits.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "message.h"
#include "record.h"

#define PATH_SIZE  256
#define VALUE_SIZE 3072 /* with its path it must fit into XENSTORE_PAYLOAD_MAX */

/* --- single entries --- */

char *store_read(struct rl *rl, const char *path, ...)
{
    char full[PATH_SIZE];
    unsigned int length;
    va_list args;

    va_start(args, path);
    vsnprintf(full, sizeof(full), path, args);
    va_end(args);
    return rl_store(rl) ? xs_read(rl->store, XBT_NULL, full, &length) : NULL;
}

static int write_at(struct rl *rl, uint32_t t, const char *path, const char *value)
{
    if ( !rl_store(rl) )
        return -EIO;
    if ( !xs_write(rl->store, t, path, value, (unsigned int)strlen(value)) )
        return rl_error(errno, "the store does not take %s: %s", path, strerror(errno));
    return 0;
}

int store_write(struct rl *rl, uint32_t t, const char *value, const char *path, ...)
{
    char full[PATH_SIZE];
    va_list args;

    va_start(args, path);
    vsnprintf(full, sizeof(full), path, args);
    va_end(args);
    return write_at(rl, t, full, value);
}

/* --- a new domain's entries --- */

/* Entries get the rights of the folder that they are put into, so only folders and exceptions need to be told. */
enum rights {
    INHERITED,
    SHOWN, /* dom0's; the guest may read */
    GIVEN, /* the guest's own */
};

/* Where dom0's backends have their entries. */
#define BACKENDS "/local/domain/0/backend"

/* The folders, below which entries lie. The console backend is made by xl alone, and goes with any domain. */
enum place { HOME, VM, LIBXL, RECORD, CONSOLE, PLACES };

struct writer {
    struct batch *batch;
    const struct rl_build *build;
    const struct rl_config *config;
    const char *settings; /* config as text */
    char place[PLACES][PATH_SIZE];
    int rc; /* of the first entry that could not be put in */
};

static void put_rights(struct writer *w, const char *path, enum rights rights)
{
    domid_t id = w->build->id;
    struct xs_permissions shown[] = { { 0, XS_PERM_NONE }, { id, XS_PERM_READ } };
    struct xs_permissions given[] = { { id, XS_PERM_NONE } };

    if ( rights == SHOWN )
        batch_rights(w->batch, path, shown, ARRAY_SIZE(shown));
    else if ( rights == GIVEN )
        batch_rights(w->batch, path, given, ARRAY_SIZE(given));
}

static void put(struct writer *w, enum place place, const char *name, enum rights rights,
                const char *fmt, ...) __attribute__((format(printf, 5, 6)));

static void put(struct writer *w, enum place place, const char *name, enum rights rights,
                const char *fmt, ...)
{
    char path[PATH_SIZE * 2], value[VALUE_SIZE];
    va_list args;
    int length;

    if ( w->rc )
        return;
    va_start(args, fmt);
    length = vsnprintf(value, sizeof(value), fmt, args);
    va_end(args);
    if ( length >= VALUE_SIZE )
    {
        w->rc = rl_error(E2BIG, "the store can't hold the domain's %s: it is too long",
                         *name ? name : "settings");
        return;
    }
    snprintf(path, sizeof(path), "%s%s%s", w->place[place], *name ? "/" : "", name);
    batch_write(w->batch, path, value);
    put_rights(w, path, rights);
}

static void put_identity(struct writer *w)
{
    char uuid[RL_UUID_TEXT];
    struct timespec now;

    rl_uuid_text(w->config->uuid, uuid);
    clock_gettime(CLOCK_REALTIME, &now);

    put(w, HOME, "vm", INHERITED, "%s", w->place[VM]);
    put(w, HOME, "name", INHERITED, "%s", w->config->name);
    put(w, HOME, "domid", INHERITED, "%u", w->build->id);
    put(w, VM, "", SHOWN, "%s", "");
    put(w, VM, "name", INHERITED, "%s", w->config->name);
    put(w, VM, "uuid", INHERITED, "%s", uuid);
    put(w, VM, "start_time", INHERITED, "%lld.%02ld", (long long)now.tv_sec,
        now.tv_nsec / 10000000);
    put(w, LIBXL, "type", INHERITED, "pv");
    put(w, LIBXL, "dm-version", INHERITED,
        "qemu_xen"); /* what xl shows of a domain without a device model */
}

static void put_machine(struct writer *w)
{
    char name[64];

    for ( u64 i = 0; i < w->config->maxvcpus; i++ )
    {
        snprintf(name, sizeof(name), "cpu/%llu/availability", (unsigned long long)i);
        put(w, HOME, name, INHERITED, i < w->config->vcpus ? "online" : "offline");
    }
    put(w, HOME, "memory/static-max", INHERITED, "%llu",
        (unsigned long long)w->config->maxmem_mib << 10);
    put(w, HOME, "memory/target", INHERITED, "%llu",
        (unsigned long long)w->config->memory_mib << 10);
}

/*
 * The domain's home, and where the guest may write what it likes. Rights aren't set one by one, since each request
 * costs: the home is the guest's own while these are made, which hands them down, and then the folders on the way are
 * taken back. The guest isn't introduced yet, so it can't make use of it.
 */
static void put_home(struct writer *w)
{
    static const char *const own[] = {
        "control/shutdown",
        "control/feature-poweroff",
        "control/feature-reboot",
        "control/feature-suspend",
        "control/sysrq",
        "data",
        "attr",
        "error",
    };
    static const char *const taken_back[] = { "", "/control" };
    char path[PATH_SIZE * 2];

    put(w, HOME, "", GIVEN, "%s", "");
    for ( size_t i = 0; i < ARRAY_SIZE(own); i++ )
        put(w, HOME, own[i], INHERITED, "%s", "");
    for ( size_t i = 0; i < ARRAY_SIZE(taken_back); i++ )
    {
        snprintf(path, sizeof(path), "%s%s", w->place[HOME], taken_back[i]);
        put_rights(w, path, SHOWN);
    }
}

/* xenconsoled serves the console by these alone: it needs no backend's folder. */
static void put_rings(struct writer *w)
{
    const struct builder *b = &w->build->builder;

    put(w, HOME, "console/limit", INHERITED, "1048576");
    put(w, HOME, "console/type", INHERITED, "xenconsoled");
    put(w, HOME, "console/port", INHERITED, "%u", b->console_evtchn);
    put(w, HOME, "console/ring-ref", INHERITED, "%llu", (unsigned long long)b->console_mfn.n);
}

/* For the daemon: see record.h. */
static void put_record(struct writer *w)
{
    put(w, RECORD, "", INHERITED, "%s", w->settings);
}

static void name_places(char place[PLACES][PATH_SIZE], domid_t id, const u8 *uuid)
{
    char text[RL_UUID_TEXT];

    rl_uuid_text(uuid, text);
    snprintf(place[HOME], PATH_SIZE, "/local/domain/%u", id);
    snprintf(place[VM], PATH_SIZE, "/vm/%s", text);
    snprintf(place[LIBXL], PATH_SIZE, "/libxl/%u", id);
    snprintf(place[RECORD], PATH_SIZE, RECORD_DOMAIN "/%u", id);
    snprintf(place[CONSOLE], PATH_SIZE, BACKENDS "/console/%u", id);
}

/*
 * As few entries as will do, and no transaction: what an entry costs xenstored grows with the number of domains, and
 * the copies that it makes for a transaction leave holes in its memory that cost still more. A domain that is half
 * there does no harm: all is there before it is introduced and runs, and whoever makes it takes all away again if
 * anything failed.
 */
int store_add_domain(struct rl *rl, const struct rl_build *build, const struct rl_config *config)
{
    char *settings = rl_config_text(config);
    struct writer w = {
        .batch = &rl->batch, .build = build, .config = config, .settings = settings
    };

    if ( !settings )
        return rl_no_memory();
    name_places(w.place, build->id, config->uuid);
    put_home(&w);
    put_identity(&w);
    put_machine(&w);
    put_rings(&w);
    put_record(&w);
    batch_introduce(w.batch, build->id, build->builder.store_mfn.n, build->builder.store_evtchn);
    free(settings);
    if ( !w.rc )
        return batch_commit(w.batch);
    batch_drop(w.batch);
    return w.rc;
}

/* --- taking entries away --- */

/* The folders that rl makes, and takes away when nothing is in them any more. */
static const char *const folders[] = { "/vm", "/libxl", RECORD_DOMAIN, BACKENDS "/console",
                                       BACKENDS };

static void remove_if_empty(struct rl *rl, uint32_t t, const char *folder)
{
    unsigned int count = 0;
    char **names = xs_directory(rl->store, t, folder, &count);

    if ( names && !count )
        xs_rm(rl->store, t, folder);
    free(names);
}

/* In a transaction, since somebody may be putting something in. -EAGAIN: somebody did, look again. */
static int remove_empty_folders(struct rl *rl)
{
    uint32_t t = rl_store(rl) ? xs_transaction_start(rl->store) : XBT_NULL;

    if ( t == XBT_NULL )
        return -EIO;
    for ( size_t i = 0; i < ARRAY_SIZE(folders); i++ )
        remove_if_empty(rl, t, folders[i]);
    if ( xs_transaction_end(rl->store, t, false) )
        return 0;
    return errno == EAGAIN ? -EAGAIN : -EIO;
}

/* The answer to batch_list(): a number, then names, each with its NUL. A store that can't answer: perhaps. */
static void see_empty(void *arg, unsigned int index, const char *path, int error, const char *text,
                      size_t length)
{
    bool *empty = arg;
    size_t number = strlen(text) + 1;

    (void)index, (void)path;
    if ( error != ENOENT && (error || number >= length || !text[number]) )
        *empty = true;
}

static void see_nothing(void *arg, unsigned int index, const char *path, int error,
                        const char *text, size_t length)
{
    (void)arg, (void)index, (void)path, (void)error, (void)text, (void)length;
}

/* Remove @count of @paths, and then the folders that are empty. */
static void remove_all(struct rl *rl, const char *const *paths, unsigned int count)
{
    bool empty = false;

    for ( unsigned int i = 0; i < count; i++ )
        batch_remove(&rl->batch, paths[i]);
    if ( batch_run(&rl->batch, see_nothing, NULL) )
        return;
    for ( size_t i = 0; i < ARRAY_SIZE(folders); i++ )
        batch_list(&rl->batch, folders[i]);
    if ( batch_run(&rl->batch, see_empty, &empty) || !empty )
        return;
    while ( remove_empty_folders(rl) == -EAGAIN )
        ;
}

void store_remove(struct rl *rl, const char *path)
{
    remove_all(rl, &path, 1);
}

void store_forget_domain(struct rl *rl, domid_t id, const u8 uuid[RL_UUID_SIZE])
{
    char place[PLACES][PATH_SIZE];
    const char *const paths[] = { place[HOME], place[VM], place[LIBXL], place[RECORD],
                                  place[CONSOLE] };

    name_places(place, id, uuid);
    remove_all(rl, paths, ARRAY_SIZE(paths));
}
