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
    struct rl *rl;
    uint32_t t;
    const struct rl_build *build;
    const struct rl_config *config;
    const char *settings; /* config as text */
    char place[PLACES][PATH_SIZE];
    int rc; /* of the first write that failed */
};

static int set_rights(struct writer *w, const char *path, enum rights rights)
{
    domid_t id = w->build->id;
    struct xs_permissions shown[] = { { 0, XS_PERM_NONE }, { id, XS_PERM_READ } };
    struct xs_permissions given[] = { { id, XS_PERM_NONE } };
    bool ok =
        rights == INHERITED ||
        (rights == SHOWN ? xs_set_permissions(w->rl->store, w->t, path, shown, ARRAY_SIZE(shown))
                         : xs_set_permissions(w->rl->store, w->t, path, given, ARRAY_SIZE(given)));

    return ok ? 0
              : rl_error(errno, "the store does not take the rights of %s: %s", path,
                         strerror(errno));
}

/* Nothing is written once something failed, so that the callers below can go straight on. */
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
    w->rc = write_at(w->rl, w->t, path, value);
    if ( !w->rc )
        w->rc = set_rights(w, path, rights);
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
 * The domain's home, and where the guest may write what it likes. Each entry is a trip to xenstored, so rights
 * aren't set one by one: the home is the guest's own while these are made, which hands them down, and then the
 * folders on the way are taken back. Nobody sees what lies between: it is one transaction.
 */
static void put_home(struct writer *w)
{
    static const char *const own[] = {
        "device/suspend/event-channel",
        "control/shutdown",
        "control/feature-poweroff",
        "control/feature-reboot",
        "control/feature-suspend",
        "control/sysrq",
        "data",
        "attr",
        "error",
    };
    static const char *const taken_back[] = { "", "/control", "/device", "/device/suspend" };
    char path[PATH_SIZE * 2];

    put(w, HOME, "", GIVEN, "%s", "");
    for ( size_t i = 0; i < ARRAY_SIZE(own); i++ )
        put(w, HOME, own[i], INHERITED, "%s", "");
    for ( size_t i = 0; !w->rc && i < ARRAY_SIZE(taken_back); i++ )
    {
        snprintf(path, sizeof(path), "%s%s", w->place[HOME], taken_back[i]);
        w->rc = set_rights(w, path, SHOWN);
    }
    put(w, HOME, "control/platform-feature-multiprocessor-suspend", INHERITED, "1");
    put(w, HOME, "control/platform-feature-xs_reset_watches", INHERITED, "1");
}

/* xenconsoled serves the console by these alone: it needs no backend's folder. */
static void put_rings(struct writer *w)
{
    const struct builder *b = &w->build->builder;

    put(w, HOME, "store/port", INHERITED, "%u", b->store_evtchn);
    put(w, HOME, "store/ring-ref", INHERITED, "%llu", (unsigned long long)b->store_mfn.n);
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

/* One try; -EAGAIN somebody else wrote to the same places, so that it must be done again. */
static int try_add(struct writer *w)
{
    w->t = xs_transaction_start(w->rl->store);
    if ( w->t == XBT_NULL )
        return rl_error(errno, "the store does not begin a transaction: %s", strerror(errno));
    w->rc = 0;
    put_home(w);
    put_identity(w);
    put_machine(w);
    put_rings(w);
    put_record(w);
    if ( !xs_transaction_end(w->rl->store, w->t, w->rc) && !w->rc )
        w->rc = errno == EAGAIN
                    ? -EAGAIN
                    : rl_error(errno, "the store does not take the domain: %s", strerror(errno));
    return w->rc;
}

int store_add_domain(struct rl *rl, const struct rl_build *build, const struct rl_config *config)
{
    char *settings = rl_config_text(config);
    struct writer w = { .rl = rl, .build = build, .config = config, .settings = settings };
    const struct builder *b = &build->builder;
    int rc;

    if ( !settings || !rl_store(rl) )
    {
        free(settings);
        return -EIO;
    }
    name_places(w.place, build->id, config->uuid);
    do
        rc = try_add(&w);
    while ( rc == -EAGAIN );
    free(settings);
    if ( !rc && !xs_introduce_domain(rl->store, build->id, b->store_mfn.n, b->store_evtchn) )
        rc = rl_error(errno, "xenstored does not take the domain in: %s", strerror(errno));
    return rc;
}

/* --- taking entries away --- */

static void remove_if_empty(struct rl *rl, uint32_t t, const char *folder)
{
    unsigned int count = 0;
    char **names = xs_directory(rl->store, t, folder, &count);

    if ( names && !count )
        xs_rm(rl->store, t, folder);
    free(names);
}

/* Remove @count of @paths, and of the folders that rl makes those that are empty then. -EAGAIN as try_add(). */
static int try_remove(struct rl *rl, const char *const *paths, unsigned int count)
{
    static const char *const folders[] = { "/vm", "/libxl", RECORD_DOMAIN, BACKENDS "/console",
                                           BACKENDS };
    uint32_t t = xs_transaction_start(rl->store);

    if ( t == XBT_NULL )
        return -EIO;
    for ( unsigned int i = 0; i < count; i++ )
        xs_rm(rl->store, t, paths[i]);
    for ( size_t i = 0; i < ARRAY_SIZE(folders); i++ )
        remove_if_empty(rl, t, folders[i]);
    if ( xs_transaction_end(rl->store, t, false) )
        return 0;
    return errno == EAGAIN ? -EAGAIN : -EIO;
}

static void remove_all(struct rl *rl, const char *const *paths, unsigned int count)
{
    if ( !rl_store(rl) )
        return;
    while ( try_remove(rl, paths, count) == -EAGAIN )
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
