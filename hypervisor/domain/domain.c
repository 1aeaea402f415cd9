/*
 * Domains: their directory, references, creation and end.
 *
 * The directory holds a reference to each domain until it is dead; so does every user in between, and
 * mm/ for as long as the domain owns frames (others may still map them). The last one out unlinks
 * and frees it: until then its id is taken.
 */
#include "domain/domain.h"
#include "console/console.h"
#include "domain/rooms.h"
#include "event/event.h"
#include "lib/atomic.h"
#include "lib/bitmap.h"
#include "lib/bits.h"
#include "lib/guard.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/heap.h"
#include "mm/map.h"
#include "sched/sched.h"
#include "trace/buffer.h"

struct domain *domain_zero;
struct domain *domain_idle;
struct domain *domain_io;
struct domain *domain_xen;

#define NR_IDS   (DOMID_MASK + 1)
#define NR_WORDS (NR_IDS / BITS_PER_LONG)

/*
 * The directory: buckets to find a domain by its id; and which ids are taken, and which words of that are not empty,
 * so that the next one is found in a few steps, however many there are and however far apart. The lock is for those who
 * change it, or look for the next one; who looks up one id takes none, and uses at once what he finds: a domain that is
 * unlinked is freed when every CPU has done with what it had found until then.
 */
static struct lock list_lock = LOCK_INIT(LOCK_LIST);
struct domain *domain_buckets[DOMAIN_BUCKETS];
static DECLARE_BITMAP(ids, NR_IDS);
static DECLARE_BITMAP(words, NR_WORDS);

#define HOOK_NO(name, hook)  NULL
#define HOOK_YES(name, hook) name##_##hook
#define ROOM(room, create, relinquish, destroy, vcreate, vdestroy)                                 \
    { #room,                                                                                       \
      HOOK_##create(room, domain_create),                                                          \
      HOOK_##relinquish(room, domain_relinquish),                                                  \
      HOOK_##destroy(room, domain_destroy),                                                        \
      HOOK_##vcreate(room, vcpu_create),                                                           \
      HOOK_##vdestroy(room, vcpu_destroy) },
static const struct room rooms[] = {
#include "domain/rooms.def"
};
#undef ROOM

/* --- references and look-up --- */

static bool hold_unless_gone(struct domain *d)
{
    u32 refs = __atomic_load_n(&d->refs, __ATOMIC_RELAXED);

    do
        if ( !refs )
            return false;
    while ( !__atomic_compare_exchange_n(&d->refs, &refs, refs + 1, false, __ATOMIC_ACQUIRE,
                                         __ATOMIC_RELAXED) );
    return true;
}

void domain_hold(struct domain *d)
{
    __atomic_fetch_add(&d->refs, 1, __ATOMIC_RELAXED);
}

/* The first id at or above @id that is taken; NR_IDS: none. */
static unsigned long next_id(unsigned long id)
{
    unsigned long word = id / BITS_PER_LONG, rest;

    if ( word >= NR_WORDS )
        return NR_IDS;
    rest = ids[word] >> id % BITS_PER_LONG;
    if ( rest )
        return id + (unsigned long)__builtin_ctzl(rest);
    word = find_next_bit(words, NR_WORDS, word + 1);
    return find_next_bit(ids, NR_IDS, word * BITS_PER_LONG);
}

struct domain *domain_get(domid_t id)
{
    struct domain *d = domain_look_up(id);

    return d && hold_unless_gone(d) ? d : NULL;
}

struct domain *domain_next_unlocked(const struct domain *d)
{
    struct domain *next = NULL;

    for ( unsigned long id = next_id(d ? d->id + 1u : 0); id < NR_IDS && !next;
          id = next_id(id + 1) )
        next = domain_look_up(id);
    return next;
}

struct domain *domain_first_at_or_above(domid_t id)
{
    struct domain *d = NULL;

    lock_acquire(&list_lock);
    for ( unsigned long next = next_id(id); next < NR_IDS; next = next_id(next + 1) )
    {
        d = domain_look_up(next);
        if ( d && hold_unless_gone(d) )
            break;
        d = NULL;
    }
    lock_release(&list_lock);
    return d;
}

struct domain *domain_after(struct domain *d)
{
    struct domain *next = domain_first_at_or_above((domid_t)(d->id + 1));

    domain_put(d);
    return next;
}

static bool domains_add(struct domain *d)
{
    bool taken;

    lock_acquire(&list_lock);
    taken = __test_and_set_bit(d->id, ids);
    if ( !taken )
    {
        __set_bit(d->id / BITS_PER_LONG, words);
        d->bucket_next = domain_buckets[d->id % DOMAIN_BUCKETS];
        atomic_store(&domain_buckets[d->id % DOMAIN_BUCKETS], d);
    }
    lock_release(&list_lock);
    return !taken;
}

/* Nobody finds @d any more; its id stays taken. */
static void domains_remove(struct domain *d)
{
    struct domain **at = &domain_buckets[d->id % DOMAIN_BUCKETS];

    lock_acquire(&list_lock);
    while ( *at != d )
        at = &(*at)->bucket_next;
    WRITE_ONCE(*at, d->bucket_next);
    lock_release(&list_lock);
}

static void domains_free_id(domid_t id)
{
    lock_acquire(&list_lock);
    __clear_bit(id, ids);
    if ( !ids[id / BITS_PER_LONG] )
        __clear_bit(id / BITS_PER_LONG, words);
    lock_release(&list_lock);
}

/* --- the end --- */

static void vcpu_free(struct vcpu *v, unsigned int nr_rooms)
{
    while ( nr_rooms-- )
        if ( rooms[nr_rooms].vcpu_destroy )
            rooms[nr_rooms].vcpu_destroy(v);
    mm_free(v, VCPU_ORDER);
}

/* Undo the first @nr_rooms rooms' create. */
static void domain_free(struct domain *d, unsigned int nr_rooms)
{
    struct vcpu *v;

    for_each_vcpu(d, v)
        vcpu_free(v, ARRAY_SIZE(rooms));
    while ( nr_rooms-- )
        if ( rooms[nr_rooms].domain_destroy )
            rooms[nr_rooms].domain_destroy(d);
    if ( d->shared_info && mm_unshare(d->shared_info) )
        mm_free(d->shared_info, 0);
    heap_free(d->vcpus);
    mm_free(d, DOMAIN_ORDER);
}

/* @d's last reference is gone. */
static __attribute__((noinline)) void domain_end(struct domain *d)
{
    domid_t id = d->id;

    domains_remove(d);
    GUARD_STEP(domain_found_unlocked, smp_synchronize());
    domain_free(d, ARRAY_SIZE(rooms));
    domains_free_id(id);
}

void domain_put(struct domain *d)
{
    if ( !__atomic_sub_fetch(&d->refs, 1, __ATOMIC_ACQ_REL) )
        domain_end(d);
}

long domain_kill(struct domain *d)
{
    if ( d->life == DOMAIN_ALIVE )
    {
        atomic_set(&d->life, DOMAIN_DYING);
        domain_pause(d);
    }
    if ( d->life != DOMAIN_DYING )
        return 0;

    for ( unsigned int i = ARRAY_SIZE(rooms); i-- > 0; )
    {
        long rc = rooms[i].domain_relinquish ? rooms[i].domain_relinquish(d) : 0;

        if ( rc )
            return rc;
    }
    d->life = DOMAIN_DEAD;
    trace(TRC_DOM0_DOM_REM, d->id);
    event_send_global_virq(VIRQ_DOM_EXC);
    domain_put(d); /* the directory's */
    return 0;
}

/* --- creation --- */

static long create_rooms(struct domain *d)
{
    for ( unsigned int i = 0; i < ARRAY_SIZE(rooms); i++ )
    {
        long rc = rooms[i].domain_create ? rooms[i].domain_create(d) : 0;

        if ( rc )
        {
            domain_free(d, i);
            return rc;
        }
    }
    return 0;
}

/* The domain without its rooms; NULL: no memory. */
static struct domain *domain_alloc(domid_t id, const struct xen_domctl_createdomain *config,
                                   bool privileged)
{
    struct domain *d = mm_alloc(DOMAIN_ORDER);

    BUILD_BUG_ON(sizeof(*d) > PAGE_SIZE << DOMAIN_ORDER);
    if ( !d )
        return NULL;
    d->id = id;
    d->refs = 1;
    d->privileged = privileged;
    d->pause_count = 1;
    d->max_vcpus = config->max_vcpus;
    d->options = config->flags;
    d->ssidref = config->ssidref;
    memcpy(d->handle, config->handle, sizeof(d->handle));
    lock_init(&d->lock, LOCK_DOMAIN);
    lock_init(&d->memory.lock, LOCK_MEMORY);
    d->vcpus = heap_new_array(struct vcpu *, config->max_vcpus);
    d->shared_info = mm_alloc_below(0, 32); /* its address must fit into a 32-bit guest's word */
    if ( d->vcpus && d->shared_info )
        return d;

    mm_free(d->shared_info, 0);
    heap_free(d->vcpus);
    mm_free(d, DOMAIN_ORDER);
    return NULL;
}

static void shared_info_init(struct domain *d)
{
    for ( unsigned int i = 0; i < XEN_LEGACY_MAX_VCPUS; i++ )
        d->shared_info->vcpu_info[i].evtchn_upcall_mask = 1;
    mm_share_with_domain(d->shared_info, d);
}

long domain_create(domid_t id, const struct xen_domctl_createdomain *config, bool privileged,
                   struct domain **out)
{
    struct domain *d;
    long rc;

    if ( !config->max_vcpus || config->max_vcpus > DOMAIN_MAX_VCPUS )
        return -EINVAL;
    d = domain_alloc(id, config, privileged);
    if ( !d )
        return -ENOMEM;
    d->sched.pool = config->cpupool_id;
    d->event.max_port = config->max_evtchn_port;
    d->grant.max_grant_frames = config->max_grant_frames;
    d->grant.max_maptrack_frames = config->max_maptrack_frames;
    d->grant.max_version = XEN_DOMCTL_GRANT_version(config->grant_opts);
    shared_info_init(d);

    rc = create_rooms(d);
    if ( rc )
        return rc;
    if ( !domains_add(d) )
    {
        domain_free(d, ARRAY_SIZE(rooms));
        return -EEXIST;
    }
    trace(TRC_DOM0_DOM_ADD, d->id);
    *out = d;
    return 0;
}

struct vcpu *domain_vcpu_create(struct domain *d, u32 id)
{
    struct vcpu *v = mm_alloc(VCPU_ORDER);

    BUILD_BUG_ON(sizeof(*v) > PAGE_SIZE << VCPU_ORDER);
    if ( !v )
        return NULL;
    v->domain = d;
    v->id = id;
    v->down = true;
    v->info_mfn = INVALID_MFN;
    v->cpu.info = id < XEN_LEGACY_MAX_VCPUS && d->shared_info
                      ? (struct vcpu_info *)&d->shared_info->vcpu_info[id]
                      : &v->no_info;
    v->no_info.evtchn_upcall_mask = 1;
    v->runstate.info.state = RUNSTATE_offline;
    v->runstate.info.state_entry_time = (u64)time_now();

    for ( unsigned int i = 0; i < ARRAY_SIZE(rooms); i++ )
        if ( rooms[i].vcpu_create && rooms[i].vcpu_create(v) )
        {
            vcpu_free(v, i);
            return NULL;
        }

    lock_acquire(&d->lock);
    v->sched.pause_count =
        d->pause_count + d->shut_down; /* what will be undone for all vcpus alike */
    atomic_store(&d->vcpus[id], v);
    lock_release(&d->lock);
    return v;
}

/*
 * A domain that is no guest: it owns frames (DOMID_IO, DOMID_XEN) or the idle vcpus. It is found by
 * its id where it is listed, has no rooms and never ends.
 */
static struct domain *domain_create_special(domid_t id, bool listed)
{
    static const struct xen_domctl_createdomain config = { .max_vcpus = NR_CPUS };
    struct domain *d = domain_alloc(id, &config, false);

    BUG_ON(!d);
    mm_free(d->shared_info, 0);
    d->shared_info = NULL;
    d->memory.max_pages = ~0UL;
    if ( listed )
        domains_add(d);
    return d;
}

struct vcpu *domain_create_idle_vcpu(u32 cpu)
{
    struct vcpu *v = mm_alloc(VCPU_ORDER);

    BUG_ON(!v);
    v->domain = domain_idle;
    v->id = cpu;
    v->processor = cpu;
    v->cpu.info = &v->no_info;
    v->no_info.evtchn_upcall_mask = 1;
    domain_idle->vcpus[cpu] = v;
    return v;
}

void domain_init(void)
{
    domain_idle = domain_create_special(DOMID_IDLE_DOMAIN, false);
    domain_io = domain_create_special(DOMID_IO, true);
    domain_xen = domain_create_special(DOMID_XEN, true);
}
