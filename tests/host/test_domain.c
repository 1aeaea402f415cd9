/*
 * The life of a domain, with every room played: created whole or not at all, taken apart in steps,
 * gone with its last reference and not before.
 *
 * LINK: hypervisor/domain/domain.c
 */
#include "tests/host/host.h"

#include "cpu/percpu.h"
#include "domain/domain.h"
#include "domain/rooms.h"
#include "event/event.h"
#include "lib/bits.h"
#include "mm/alloc.h"
#include "mm/heap.h"
#include "sched/sched.h"
#include "time/time.h"

/* --- rooms that are played: each counts what it has made --- */

static struct percpu cpu;
__thread struct percpu *host_cpu = &cpu;

static long blocks;          /* allocated and not freed */
static long rooms_open;      /* creates less destroys */
static int calls, fail_call; /* creates, and which one of them fails; 0 none */
static int relinquish_stops; /* how often the last room to give back says -ERESTART */
static int virqs;

static long create(int counts)
{
    if ( ++calls == fail_call )
        return -ENOMEM;
    rooms_open += counts;
    return 0;
}

/* Some rooms have one of the two hooks only: what counts is what has both. */
#define PLAY_CREATE_NO(name, hook, type, counts)
#define PLAY_CREATE_YES(name, hook, type, counts)                                                  \
    long name##_##hook(type *it)                                                                   \
    {                                                                                              \
        (void)it;                                                                                  \
        return create(counts);                                                                     \
    }
#define PLAY_DESTROY_NO(name, hook, type, counts)
#define PLAY_DESTROY_YES(name, hook, type, counts)                                                 \
    void name##_##hook(type *it)                                                                   \
    {                                                                                              \
        (void)it;                                                                                  \
        rooms_open -= counts;                                                                      \
    }
#define PLAY_RELINQUISH_NO(name)
#define PLAY_RELINQUISH_YES(name)                                                                  \
    long name##_domain_relinquish(struct domain *d)                                                \
    {                                                                                              \
        expect_eq(d->life, DOMAIN_DYING);                                                          \
        return relinquish_stops && relinquish_stops-- ? -ERESTART : 0;                             \
    }
#define COUNT_YES_YES 1
#define COUNT_YES_NO  0
#define COUNT_NO_YES  0
#define COUNT_NO_NO   0
#define ROOM(name, create, relinquish, destroy, vcreate, vdestroy)                                 \
    PLAY_CREATE_##create(name, domain_create, struct domain,                                       \
                         COUNT_##create##_##destroy) PLAY_RELINQUISH_##relinquish(name)            \
        PLAY_DESTROY_##destroy(name, domain_destroy, struct domain, COUNT_##create##_##destroy)    \
            PLAY_CREATE_##vcreate(name, vcpu_create, struct vcpu, COUNT_##vcreate##_##vdestroy)    \
                PLAY_DESTROY_##vdestroy(name, vcpu_destroy, struct vcpu,                           \
                                        COUNT_##vcreate##_##vdestroy)
#include "domain/rooms.def"
#undef ROOM

void *heap_alloc(size_t size)
{
    blocks++;
    return calloc(1, size);
}

void heap_free(void *p)
{
    blocks -= p != NULL;
    free(p);
}

void *mm_alloc(unsigned int order)
{
    void *p = aligned_alloc(PAGE_SIZE, PAGE_SIZE << order);

    blocks++;
    return memset(p, 0, PAGE_SIZE << order);
}

void *mm_alloc_below(unsigned int order, unsigned int max_bits)
{
    (void)max_bits;
    return mm_alloc(order);
}

void mm_free(void *p, unsigned int order)
{
    (void)order;
    blocks -= p != NULL;
    free(p);
}

static void (*on_synchronize)(void);

void smp_synchronize(void)
{
    if ( on_synchronize )
        on_synchronize();
}

void mm_share_with_domain(void *va, struct domain *d)
{
    (void)va;
    (void)d;
}

bool mm_unshare(void *va)
{
    (void)va;
    return true;
}

void lock_init(struct lock *lock, enum lock_level level)
{
    (void)lock;
    (void)level;
}

void lock_acquire(struct lock *lock)
{
    (void)lock;
}

void lock_release(struct lock *lock)
{
    (void)lock;
}

void domain_pause(struct domain *d)
{
    d->pause_count++;
}

static bool subscribed;

bool event_send_suspended(struct domain *d)
{
    (void)d;
    return subscribed;
}

void event_send_global_virq(u32 virq)
{
    expect_eq(virq, VIRQ_DOM_EXC);
    virqs++;
}

ns_t time_now(void)
{
    return 1;
}

void panic(const char *format, ...)
{
    fail_now("%s", format);
    abort();
}

/* --- cases --- */

static const struct xen_domctl_createdomain config = { .max_vcpus = 40 };

static struct domain *made(domid_t id)
{
    struct domain *d = NULL;

    require(domain_create(id, &config, false, &d) == 0);
    return d;
}

/* Whichever room fails, those before it are undone, and what it all was made of is freed. */
TEST(create_fails_at_each_room)
{
    struct domain *d;
    int creates;

    calls = 0;
    d = made(1);
    creates = calls;
    require(domain_kill(d) == 0);
    require(blocks == 0);

    for ( fail_call = 1; fail_call <= creates; fail_call++ )
    {
        calls = 0;
        expect_eq(domain_create(1, &config, false, &d), -ENOMEM);
        expect_eq(rooms_open, 0);
        expect_eq(blocks, 0);
        expect(domain_get(1) == NULL);
    }
    fail_call = 0;
}

TEST(vcpu_create_fails_at_each_room)
{
    struct domain *d = made(1);
    long open, had;
    int creates;

    calls = 0;
    require(domain_vcpu_create(d, 0) != NULL);
    creates = calls;
    open = rooms_open;
    had = blocks;
    for ( fail_call = 1; fail_call <= creates; fail_call++ )
    {
        calls = 0;
        expect(domain_vcpu_create(d, 1) == NULL);
        expect(d->vcpus[1] == NULL);
        expect_eq(rooms_open, open);
        expect_eq(blocks, had);
    }
    fail_call = 0;
    expect_eq(domain_kill(d), 0);
    expect_eq(blocks, 0);
    expect_eq(rooms_open, 0);
}

TEST(bad_configurations)
{
    struct xen_domctl_createdomain bad = { .max_vcpus = 0 };
    struct domain *d;

    expect_eq(domain_create(1, &bad, false, &d), -EINVAL);
    bad.max_vcpus = DOMAIN_MAX_VCPUS + 1;
    expect_eq(domain_create(1, &bad, false, &d), -EINVAL);
    expect_eq(blocks, 0);
}

/*
 * An id is taken until the last reference has gone: what still names the domain can't find another.
 */
TEST(an_id_is_taken_until_the_end)
{
    struct domain *first = made(7), *again = NULL;

    expect(domain_get(7) == first);
    expect_eq(domain_create(7, &config, false, &again), -EEXIST);
    expect_eq(domain_kill(first), 0);
    expect_eq(first->life, DOMAIN_DEAD);
    expect_eq(domain_create(7, &config, false, &again), -EEXIST);
    domain_put(first);
    expect_eq(blocks, 0);

    again = made(7);
    expect_eq(domain_kill(again), 0);
    expect_eq(blocks, 0);
    expect_eq(rooms_open, 0);
}

static struct domain *found; /* by another CPU, in the directory */

/* What that CPU does before smp_synchronize() returns here. */
static void look_at_what_was_found(void)
{
    struct domain *other;

    expect_eq(found->refs, 0); /* so that it takes none, of what is there */
    expect(domain_get(found->id) == NULL);
    expect(domain_first_at_or_above(0) == NULL);
    expect_eq(domain_create(found->id, &config, false, &other), -EEXIST);
    found = NULL;
}

/* Who looks a domain up holds no lock: nothing of it is freed before all have done with what they found. */
TEST(it_is_there_while_somebody_may_have_found_it)
{
    found = made(9);
    on_synchronize = look_at_what_was_found;
    expect_eq(domain_kill(found), 0);
    on_synchronize = NULL;
    expect(found == NULL);
    expect_eq(blocks, 0);
}

/*
 * Destroy stops and goes on where it was; asked again of a dead domain it does nothing: one pause,
 * one put, one VIRQ.
 */
TEST(kill_resumes_and_ends_once)
{
    struct domain *d = made(3);

    domain_hold(d);
    virqs = 0;
    relinquish_stops = 3;
    for ( int i = 0; i < 3; i++ )
        expect_eq(domain_kill(d), -ERESTART);
    expect_eq(d->life, DOMAIN_DYING);
    expect_eq(d->pause_count, 2);
    expect_eq(domain_kill(d), 0);
    expect_eq(domain_kill(d), 0);
    expect_eq(virqs, 1);
    expect_eq(d->refs, 1);
    domain_put(d);
    expect_eq(blocks, 0);
}

TEST(all_are_found_in_order)
{
    static const domid_t ids[] = { 5, 64, 1, 261, 3, DOMID_FIRST_RESERVED - 1, 63 };
    static const domid_t want[] = { 1, 3, 5, 63, 64, 261, DOMID_FIRST_RESERVED - 1 };
    struct domain *d;
    domid_t at = 0;

    for ( unsigned int i = 0; i < ARRAY_SIZE(ids); i++ )
        made(ids[i]);
    for ( unsigned int i = 0; i < ARRAY_SIZE(want); i++ )
    {
        d = domain_first_at_or_above(at);
        require(d != NULL);
        expect_eq(d->id, want[i]);
        at = (domid_t)(d->id + 1);
        domain_put(d);
    }
    expect(domain_first_at_or_above(at) == NULL);
    expect(domain_first_at_or_above(DOMID_INVALID) == NULL);
    expect(domain_first_at_or_above((domid_t)~0) == NULL);
    d = domain_first_at_or_above(0);
    for ( unsigned int i = 0; i < ARRAY_SIZE(want); i++ )
    {
        require(d != NULL);
        expect_eq(d->id, want[i]);
        d = domain_after(d);
    }
    expect(d == NULL);
    for ( unsigned int i = 0; i < ARRAY_SIZE(ids); i++ ) /* 5 and 261 share a bucket */
    {
        d = domain_get(ids[i]);
        require(d != NULL);
        domain_put(d);
        expect_eq(domain_kill(d), 0);
        expect(domain_get(ids[i]) == NULL);
    }
    expect_eq(blocks, 0);
}

/*
 * A vcpu beyond those of shared_info has its events masked until it registers a vcpu_info, and
 * whatever it does to that mask is seen by no other: contexts from the toolstack can make it run
 * before.
 */
TEST(vcpus_without_a_vcpu_info_share_none)
{
    struct domain *one = made(1), *two = made(2);
    struct vcpu *a = domain_vcpu_create(one, 33), *b = domain_vcpu_create(two, 33);

    require(a && b);
    expect(a->cpu.info != b->cpu.info);
    expect_eq(a->cpu.info->evtchn_upcall_mask, 1);
    a->cpu.info->evtchn_upcall_mask = 0;
    expect_eq(b->cpu.info->evtchn_upcall_mask, 1);
    expect_eq(domain_kill(one), 0);
    expect_eq(domain_kill(two), 0);
    expect_eq(blocks, 0);
}

/*
 * What unpausing and resuming will take away of all vcpus, one that comes later must have as well.
 */
TEST(vcpus_made_late_are_paused_like_the_others)
{
    struct domain *d = made(1);
    struct vcpu *v;

    d->shut_down = true;
    d->pause_count = 2;
    v = domain_vcpu_create(d, 0);
    require(v != NULL);
    expect_eq(v->sched.pause_count, 3);
    expect(v->down);
    expect_eq(domain_kill(d), 0);
    expect_eq(blocks, 0);
}

HOST_TEST_MAIN
