/*
 * memory_op: how much memory a domain has.
 *
 * The operations on reservations work extent by extent and return how many were done: the first that fails ends the
 * call, and what was done stays done. Each extent is done wholly or not at all. So there is no error to return: who has
 * no rights over the domain named, or can't be read, is told that none was done.
 */
#include "access/access.h"
#include "domain/memory.h"
#include "lib/atomic.h"
#include "mm/alloc.h"
#include "mm/frame_inline.h"
#include "mm/map.h"
#include "smp/smp.h"

/* How many single pages are done between two looks at pending work: a power of 2. */
#define STRIDE 32

bool memory_address_bits(unsigned int flags, unsigned int *bits)
{
    *bits = XENMEMF_get_address_bits(flags);
    if ( *bits == 0 )
        return true;
    if ( *bits >= mm_address_bits() )
        *bits = 0;
    return *bits == 0 || *bits > PAGE_SHIFT;
}

/* A reservation call: whose it is, and what is asked. */
struct reservation {
    struct domain *d;
    unsigned int bits; /* of addresses, 0 any */
    struct xen_memory_reservation ask;
};

/* Entry @i of the caller's list. @wide is the caller's, and known to the compiler. */
static inline bool extent_load(bool wide, const struct reservation *r, unsigned long i, u64 *pfn)
{
    return guest_load_pfn(wide, pfn, handle_gva(r->ask.extent_start), i);
}

static inline bool extent_store(bool wide, const struct reservation *r, unsigned long i, mfn_t mfn)
{
    return guest_store_pfn(wide, handle_gva(r->ask.extent_start), i, mfn.n);
}

/* Drop the owner's reference: the frame is freed with its last mapping. A pin, too, keeps it until it is undone. */
bool memory_release_page(struct domain *d, mfn_t mfn)
{
    return mfn_has_frame(mfn) && !mm_release_owner_ref(d, mfn_to_frame(mfn));
}

static void release_extent(struct domain *d, mfn_t mfn, unsigned int order)
{
    for ( unsigned long i = 0; i < 1UL << order; i++ )
        (void)memory_release_page(d, mfn_add(mfn, i));
}

/* What is done of an operation at extent @i: false, not at all, which ends the call. */
typedef bool (*one_extent)(bool wide, unsigned int order, const struct reservation *r,
                           unsigned long i);

/* More frames. The M2P tells nothing of them until the guest writes it. A caller that wants no list is told none. */
static inline __attribute__((always_inline)) bool
increase_one(bool wide, unsigned int order, const struct reservation *r, unsigned long i)
{
    mfn_t mfn = mm_alloc_domain(r->d, order, r->bits, INVALID_PFN);

    if ( mfn_eq(mfn, INVALID_MFN) )
        return false;
    if ( !r->ask.extent_start.p || extent_store(wide, r, i, mfn) )
        return true;

    release_extent(r->d, mfn, order); /* the guest could never name them */
    return false;
}

static inline __attribute__((always_inline)) bool
populate_one(bool wide, unsigned int order, const struct reservation *r, unsigned long i)
{
    u64 pfn;
    mfn_t mfn;

    if ( !extent_load(wide, r, i, &pfn) )
        return false;
    mfn = order || r->bits ? mm_alloc_domain(r->d, order, r->bits, to_pfn(pfn))
                           : mm_alloc_domain_page(r->d, to_pfn(pfn));
    if ( mfn_eq(mfn, INVALID_MFN) )
        return false;
    if ( extent_store(wide, r, i, mfn) )
        return true;

    release_extent(r->d, mfn, order);
    return false;
}

static inline __attribute__((always_inline)) bool
decrease_one(bool wide, unsigned int order, const struct reservation *r, unsigned long i)
{
    u64 mfn;

    if ( !extent_load(wide, r, i, &mfn) )
        return false;
    for ( unsigned long k = 0; k < 1UL << order; k++ )
    {
        if ( !memory_release_page(r->d, to_mfn(mfn + k)) )
            return false;
    }
    return true;
}

/*
 * Run @one over the extents left, of which there are some. Inlined into each operation, so that the call in the loop is
 * direct; the compiler knows @order where it is 0, as most are: then there is no loop in it.
 */
static inline __attribute__((always_inline)) long each_extent(bool wide, unsigned int order,
                                                              const struct memory_call *call,
                                                              const struct reservation *r,
                                                              one_extent one)
{
    unsigned long stride = order ? 1 : STRIDE, i = call->start;

    if ( 1UL << order >= STRIDE )
        hypercall_long_step();
    while ( one(wide, order, r, i) && ++i < r->ask.nr_extents )
    {
        if ( (i & (stride - 1)) == 0 && preempt_pending() )
            return memory_continue(call, i);
    }
    return (long)i;
}

/* Can this be started, or gone on with, at all? If not, the number done so far is the answer. */
static inline bool reservation_possible(const struct memory_call *call, struct reservation *r)
{
    return r->ask.nr_extents <= ~0UL >> 6 && call->start < r->ask.nr_extents &&
           r->ask.extent_order <= MEMORY_MAX_ORDER &&
           memory_address_bits(r->ask.mem_flags, &r->bits) && READ_ONCE(r->d->life) == DOMAIN_ALIVE;
}

/* A ballooning guest names itself, again and again: no need to look it up, nor to hold what current holds. */
static inline long reservation_begin(const struct memory_call *call, struct reservation *r)
{
    if ( call->wide ? !guest_load_struct(&r->ask, call->arg)
                    : !compat_load_memory_reservation(&r->ask, call->arg) )
        return -EFAULT;
    if ( r->ask.domid != DOMID_SELF )
        return access_domain(call->v->domain, r->ask.domid, ACCESS_CONTROL, &r->d);
    r->d = call->v->domain;
    return 0;
}

static void reservation_end(const struct reservation *r)
{
    if ( r->ask.domid != DOMID_SELF )
        domain_put(r->d);
}

/* Each tells how many extents are done in all: none more where the caller may not, or names nobody. */
#define RESERVATION_OP(name, one)                                                                  \
    long name(const struct memory_call *call)                                                      \
    {                                                                                              \
        struct reservation r;                                                                      \
        long rc = (long)call->start;                                                               \
                                                                                                   \
        if ( reservation_begin(call, &r) )                                                         \
            return rc;                                                                             \
        if ( reservation_possible(call, &r) )                                                      \
            rc = each_extent(call->wide, r.ask.extent_order, call, &r, one);                       \
        reservation_end(&r);                                                                       \
        return rc;                                                                                 \
    }

RESERVATION_OP(memory_increase, increase_one)
RESERVATION_OP(memory_decrease, decrease_one)
RESERVATION_OP(memory_populate, populate_one)

/* Single pages of one's own, anywhere, from the first extent of @list on. */
static inline __attribute__((always_inline)) long
balloon_each(unsigned long op, gva_t arg, u64 list, u64 nr_extents, one_extent one)
{
    struct memory_call call = { .wide = true, .op = op, .arg = arg };
    struct reservation r = { .d = current_vcpu()->domain };

    r.ask.extent_start.p = (void *)list;
    r.ask.nr_extents = nr_extents;
    return each_extent(true, 0, &call, &r, one);
}

static __attribute__((noinline)) long balloon_out_many(gva_t arg, u64 list, u64 nr_extents)
{
    return balloon_each(XENMEM_decrease_reservation, arg, list, nr_extents, decrease_one);
}

static __attribute__((noinline)) long balloon_in_many(gva_t arg, u64 list, u64 nr_extents)
{
    return balloon_each(XENMEM_populate_physmap, arg, list, nr_extents, populate_one);
}

/*
 * The same for what balloons ask for. Anything else is read anew, by the general way. That current isn't dying nobody
 * needs to know here: mm/ looks, under the lock. One page alone has no loop to save registers for.
 */
static inline __attribute__((always_inline)) long
balloon(unsigned long op, gva_t arg, one_extent one, long (*many)(gva_t, u64, u64))
{
    struct reservation_words {
        u64 list, nr_extents, order_and_flags, domid;
    } ask;

    _Static_assert(offsetof(struct xen_memory_reservation, mem_flags) == 20 &&
                       offsetof(struct xen_memory_reservation, domid) == 24 &&
                       sizeof(ask) == sizeof(struct xen_memory_reservation),
                   "four words, of which one holds what pages these are");
    if ( !guest_load_struct(&ask, arg) || ask.order_and_flags || (domid_t)ask.domid != DOMID_SELF ||
         ask.nr_extents - 1 >= ~0UL >> 6 )
        return memory_op_any(op, arg.n);
    if ( ask.nr_extents != 1 )
        return many(arg, ask.list, ask.nr_extents);
    return balloon_each(op, arg, ask.list, 1, one);
}

long memory_balloon_out(gva_t arg)
{
    return balloon(XENMEM_decrease_reservation, arg, decrease_one, balloon_out_many);
}

long memory_balloon_in(gva_t arg)
{
    return balloon(XENMEM_populate_physmap, arg, populate_one, balloon_in_many);
}

/*
 * XENMEM_claim_pages: set frames aside so that the domain, all of it, will have nr_extents. 0 frames drop the claim.
 * -EINVAL an ill-formed call, a second claim, or fewer than the domain has or more than it may have; -ENOMEM too few
 * are free.
 */
long memory_claim(const struct memory_call *call)
{
    struct reservation r;
    long rc;

    if ( access_check(call->v->domain, NULL, ACCESS_ADMIN) )
        return -EPERM;
    rc = reservation_begin(call, &r);
    if ( rc )
        return rc;

    if ( r.ask.extent_start.p || r.ask.extent_order || r.ask.mem_flags )
        rc = -EINVAL;
    else
        rc = mm_claim(r.d, r.ask.nr_extents);
    reservation_end(&r);
    return rc;
}

/* The domain that a struct xen_memory_domain names. */
static long named_domain(const struct memory_call *call, struct domain **d)
{
    struct xen_memory_domain arg;

    if ( copy_from_guest(&arg, call->arg, sizeof(arg)) )
        return -EFAULT;
    return access_domain(call->v->domain, arg.domid, ACCESS_CONTROL, d);
}

long memory_current(const struct memory_call *call)
{
    struct domain *d;
    long rc = named_domain(call, &d);

    if ( !rc )
    {
        rc = (long)READ_ONCE(d->memory.tot_pages);
        domain_put(d);
    }
    return rc;
}

long memory_maximum(const struct memory_call *call)
{
    struct domain *d;
    long rc = named_domain(call, &d);

    if ( !rc )
    {
        rc = (long)READ_ONCE(d->memory.max_pages);
        domain_put(d);
    }
    return call->wide || rc < 0 ? rc
                                : min_t(long, rc, INT32_MAX); /* else it would look like an error */
}

static unsigned long max_pfn(const struct domain *d)
{
    const struct compat_shared_info *narrow = (const void *)d->shared_info;

    return d->pv32 ? READ_ONCE(narrow->arch.max_pfn) : READ_ONCE(d->shared_info->arch.max_pfn);
}

/* What the guest itself wrote, or will: nothing relies on it here. Tools that restore a domain ask before it has. */
long memory_maximum_gpfn(const struct memory_call *call)
{
    struct domain *d;
    long rc = named_domain(call, &d);

    if ( !rc )
    {
        unsigned long count = max_pfn(d);

        rc = count ? (long)count - 1 : 0;
        domain_put(d);
    }
    return rc;
}
