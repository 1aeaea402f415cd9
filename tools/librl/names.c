#include "names.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/printf.h"
#include "lib/string.h"
#include "message.h"
#include "store.h"

#define TABLE_PATH   "/run/ringleader.names"
#define VOUCHED_PATH "/run/ringleader.vouched"

struct entry {
    u8 uuid[RL_UUID_SIZE];
    char name[RL_NAME_SIZE]; /* "": not known */
    bool promised;           /* the store will be told, and perhaps hasn't been yet */
};

struct names_table {
    u32 changes; /* counts what the daemon took away */
    struct entry of[DOMID_FIRST_RESERVED];
};

/* --- the file --- */

/* NULL: there is none, and all names are read from the store. */
static struct names_table *open_table(struct rl *rl)
{
    void *at = MAP_FAILED;

    if ( rl->names )
        return rl->names;
    rl->names_fd = open(TABLE_PATH, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if ( rl->names_fd < 0 )
        return NULL;
    if ( !ftruncate(rl->names_fd, sizeof(struct names_table)) )
        at = mmap(NULL, sizeof(struct names_table), PROT_READ | PROT_WRITE, MAP_SHARED,
                  rl->names_fd, 0);
    if ( at == MAP_FAILED )
        close(rl->names_fd);
    else
        rl->names = at;
    return rl->names;
}

void names_close(struct rl *rl)
{
    if ( !rl->names )
        return;
    munmap(rl->names, sizeof(struct names_table));
    close(rl->names_fd);
    rl->names = NULL;
}

/* Held for moments only, never over a talk with the store. */
static void lock(struct rl *rl)
{
    flock(rl->names_fd, LOCK_EX);
}

static void unlock(struct rl *rl)
{
    flock(rl->names_fd, LOCK_UN);
}

/* Does a daemon vouch for the table? It holds a lock for as long as it does. */
static bool trusted(void)
{
    int fd = open(VOUCHED_PATH, O_RDWR | O_CLOEXEC);
    bool held = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;

    if ( fd >= 0 )
        close(fd);
    return held;
}

/* --- entries --- */

/* What the table has of domain @id with @uuid; NULL: nothing. */
static const char *known(const struct names_table *table, domid_t id, const u8 uuid[RL_UUID_SIZE])
{
    const struct entry *entry = &table->of[id];

    return *entry->name && !memcmp(entry->uuid, uuid, sizeof(entry->uuid)) ? entry->name : NULL;
}

static void note(struct names_table *table, const struct rl_domain *domain, bool promised)
{
    struct entry *entry = &table->of[domain->id];

    memcpy(entry->uuid, domain->uuid, sizeof(entry->uuid));
    memcpy(entry->name, domain->name, sizeof(entry->name));
    entry->promised = promised;
}

static void note_locked(struct rl *rl, const struct rl_domain *domain, bool promised)
{
    struct names_table *table = open_table(rl);

    if ( !table )
        return;
    lock(rl);
    note(table, domain, promised);
    unlock(rl);
}

void names_note(struct rl *rl, const struct rl_domain *domain)
{
    note_locked(rl, domain, false);
}

void names_promise(struct rl *rl, const struct rl_domain *domain)
{
    note_locked(rl, domain, true);
}

/* --- reading --- */

struct reading {
    struct rl_domain **asked; /* by the request's index */
};

static void see_name(void *arg, unsigned int index, const char *path, int error, const char *text,
                     size_t length)
{
    struct rl_domain *domain = ((struct reading *)arg)->asked[index];

    (void)path, (void)length;
    snprintf(domain->name, sizeof(domain->name), "%s", error ? "" : text);
}

static void read_names(struct rl *rl, struct rl_domain **asked, unsigned int count)
{
    struct reading reading = { asked };
    char path[64];

    for ( unsigned int i = 0; i < count; i++ )
    {
        snprintf(path, sizeof(path), "/local/domain/%u/name", asked[i]->id);
        batch_read(&rl->batch, path);
    }
    batch_run(&rl->batch, see_name, &reading);
}

/* Of those in @domains that the table knows the name is filled in; the others come to @others. Their number. */
static unsigned int get_known(struct rl *rl, const struct names_table *table,
                              struct rl_domain *domains, unsigned int count,
                              struct rl_domain **others)
{
    unsigned int nr = 0;
    bool trust = trusted();

    lock(rl);
    for ( unsigned int i = 0; i < count; i++ )
    {
        const char *name = trust ? known(table, domains[i].id, domains[i].uuid) : NULL;

        memcpy(domains[i].name, name ? name : "", name ? RL_NAME_SIZE : 1);
        if ( !name )
            others[nr++] = &domains[i];
    }
    unlock(rl);
    return nr;
}

/*
 * One that the store has no name for is perhaps being made by another rl, which has put the name into the table. What
 * was read is kept, unless the daemon has told of a change meanwhile.
 */
static void keep_read(struct rl *rl, struct names_table *table, struct rl_domain **read,
                      unsigned int count, u32 changes)
{
    lock(rl);
    for ( unsigned int i = 0; i < count; i++ )
    {
        const char *name = known(table, read[i]->id, read[i]->uuid);

        if ( *read[i]->name )
        {
            if ( table->changes == changes )
                note(table, read[i], false);
        }
        else if ( name )
            memcpy(read[i]->name, name, RL_NAME_SIZE);
    }
    unlock(rl);
}

void names_get(struct rl *rl, struct rl_domain *domains, unsigned int count)
{
    struct names_table *table = open_table(rl);
    struct rl_domain *others[count + 1];
    unsigned int nr = count;
    u32 changes = 0;

    for ( unsigned int i = 0; i < count; i++ )
        others[i] = &domains[i];
    if ( table )
    {
        changes = __atomic_load_n(&table->changes, __ATOMIC_ACQUIRE);
        nr = get_known(rl, table, domains, count, others);
    }
    if ( !nr )
        return;
    read_names(rl, others, nr);
    if ( table )
        keep_read(rl, table, others, nr, changes);
}

unsigned int names_sift(struct rl *rl, const char *name, struct xen_domctl_getdomaininfo *infos,
                        unsigned int count)
{
    const struct names_table *table = open_table(rl);
    unsigned int left = 0;

    if ( !table || !trusted() )
        return count;
    lock(rl);
    for ( unsigned int i = 0; i < count; i++ )
    {
        const char *other = known(table, infos[i].domain, infos[i].handle);

        if ( !other || !strcmp(other, name) )
            infos[left++] = infos[i];
    }
    unlock(rl);
    return left;
}

bool names_verify(struct rl *rl, struct rl_domain *domain)
{
    struct names_table *table = open_table(rl);
    u32 changes = table ? __atomic_load_n(&table->changes, __ATOMIC_ACQUIRE) : 0;
    struct rl_domain now = *domain, *asked = &now;

    read_names(rl, &asked, 1);
    if ( !*now.name || !strcmp(now.name, domain->name) )
        return true;
    *domain = now;
    if ( table )
        keep_read(rl, table, &asked, 1, changes);
    return false;
}

/* --- the daemon's --- */

/* False: errno tells why not. The file takes up no room where nothing is known. */
static bool forget_all(struct rl *rl, const struct names_table *table)
{
    return !fallocate(rl->names_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                      offsetof(struct names_table, of), sizeof(table->of));
}

void names_vouch(struct rl *rl)
{
    struct names_table *table = open_table(rl);
    int fd, rc;

    if ( !table )
        return;
    lock(rl);
    rc = forget_all(rl, table) ? 0 : errno;
    table->changes++;
    unlock(rl);
    if ( rc )
    {
        rl_warn("%s can't be emptied (%s): names are read from the store", TABLE_PATH,
                strerror(rc));
        return;
    }
    fd = open(VOUCHED_PATH, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if ( fd >= 0 )
        flock(fd, LOCK_EX); /* stays open */
}

/* The UUID of a path /vm/UUID/name. */
static bool uuid_of(const char *path, u8 uuid[RL_UUID_SIZE])
{
    char text[RL_UUID_TEXT];

    if ( strncmp(path, NAMES_WATCH "/", strlen(NAMES_WATCH "/")) )
        return false;
    path += strlen(NAMES_WATCH "/");
    if ( strlen(path) < sizeof(text) || strcmp(path + sizeof(text) - 1, "/name") )
        return false;
    snprintf(text, sizeof(text), "%.*s", RL_UUID_TEXT - 1, path);
    return rl_uuid_from_text(text, uuid);
}

/* The store calls who @entry is of @name, or, NULL, nothing: that may be a predecessor's end, of the same UUID. */
static void told(struct entry *entry, const char *name)
{
    if ( name && !strcmp(entry->name, name) )
        entry->promised = false;
    else if ( name || !entry->promised )
        *entry->name = '\0';
}

/* All domains with @uuid are called @name; if nobody tells which there are, nothing is known any more. */
static void tell_all(struct rl *rl, struct names_table *table, const u8 uuid[RL_UUID_SIZE],
                     const char *name)
{
    struct rl_domain some[RL_LIST_CHUNK];
    domid_t first = 0;
    int count;

    do
    {
        count = rl_domain_list(rl, first, some, RL_LIST_CHUNK);
        for ( int i = 0; i < count; i++ )
        {
            if ( known(table, some[i].id, uuid) )
                told(&table->of[some[i].id], name);
            first = some[i].id + 1;
        }
    } while ( count == RL_LIST_CHUNK );
    if ( count < 0 )
        (void)forget_all(rl, table);
}

/*
 * Most changes are those of an rl that makes a domain, and has noted its name before. Were that forgotten, the next one
 * who makes a domain would have to ask the store, and wait.
 */
void names_changed(struct rl *rl, const char *path)
{
    struct names_table *table = open_table(rl);
    u8 uuid[RL_UUID_SIZE];
    char *name;

    if ( !table || !uuid_of(path, uuid) )
        return;
    name = store_read(rl, "%s", path);
    lock(rl);
    __atomic_add_fetch(&table->changes, 1, __ATOMIC_RELEASE);
    tell_all(rl, table, uuid, name);
    unlock(rl);
    free(name);
}
