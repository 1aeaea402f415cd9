/*
 * The frames of domains: giving, taking, sharing.
 *
 * A domain with frames is held by one reference for all of them, so that whoever drops the last
 * reference to a frame finds its owner. LOCK_MEMORY guards the list and the numbers.
 */
#include "console/console.h"
#include "cpu/percpu.h"
#include "domain/domain.h"
#include "lib/atomic.h"
#include "lib/bits.h"
#include "lib/guard.h"
#include "mm/alloc.h"
#include "mm/frame_inline.h"
#include "mm/hot.h"
#include "mm/internal.h"
#include "mm/map.h"
#include "mm/tlb.h"

#define SHARED_STATE                                                                               \
    (FRAME_HYPERVISOR | FRAME_VALIDATED | (u64)FRAME_SHARED << FRAME_TYPE_SHIFT | FRAME_TYPE_ONE | \
     FRAME_REF_ONE)
#define HYPERVISOR_STATE (FRAME_HYPERVISOR | FRAME_REF_ONE)

static struct frame *frame_at(u64 mfn)
{
    return mfn_to_frame(to_mfn(mfn));
}

static u32 tag_of(struct domain *d)
{
    static u32 last_tag =
        FRAME_FIRST_TAG; /* after 4 billion domains tags end: FRAME_DIRTY, scrubbed always */

    if ( !d->memory.tag )
    {
        u32 tag = READ_ONCE(last_tag);

        while ( tag != ~0u && !atomic_cmpxchg(&last_tag, &tag, tag + 1) )
            ;
        d->memory.tag = tag == ~0u ? FRAME_DIRTY : tag;
    }
    return d->memory.tag;
}

/* The list */

static inline void list_remove(struct domain_memory *memory, struct frame *frame)
{
    u32 next = frame->next, prev = frame->prev;

    if ( next )
        frame_at(next)->prev = prev;
    if ( prev )
        frame_at(prev)->next = next;
    else
        memory->first = next;
}

/* The reference that a domain's frames hold to it */

static void drop_frames_hold(struct softirq_job *job)
{
    struct domain *d = container_of(job, struct domain, memory.put);
    u32 puts = atomic_xchg(&d->memory.puts, 0);

    while ( puts-- )
        domain_put(d);
}

/*
 * Not here and now: the last reference takes the domain apart, and who knows what locks are held.
 * While the job is queued there is a reference that only it will drop.
 */
static void release_hold(struct domain *d)
{
    if ( atomic_fetch_add(&d->memory.puts, 1) )
        return;
    d->memory.put.run = drop_frames_hold;
    softirq_queue(&d->memory.put);
}

/* Giving */

static inline void use_claim(struct domain_memory *memory, u64 count)
{
    u64 used = min(memory->claimed, count);

    if ( __builtin_expect(!used, 1) )
        return;
    frames_unclaim(used);
    memory->claimed -= used;
}

/*
 * May @d have @count more? What others have claimed it may not, what it has claimed itself it may. A dying domain gets
 * nothing: who takes its frames away has the lock after us, or may be through already.
 */
static inline bool may_have(const struct domain *d, u64 count)
{
    const struct domain_memory *memory = &d->memory;

    return !GUARD(dying_gets_nothing, READ_ONCE(d->life) != DOMAIN_ALIVE) &&
           memory->tot_pages + count <= memory->max_pages &&
           (memory->claimed >= count || frames_unclaimed(count - memory->claimed));
}

/* Before they are assigned: who frees one takes its number away, and that must be the last word. */
static inline void number(u64 first, u64 count, pfn_t pfn)
{
    for ( u64 i = 0; pfn.n != INVALID_PFN.n && i < count; i++ )
        m2p_set(to_mfn(first + i), to_pfn(pfn.n + i));
}

/*
 * With the lock held: put @count frames from @first on the list of a domain that has some, in order. Each state comes
 * last: from then on others may take references.
 */
static inline void assign_more(struct domain *d, u64 first, u64 count)
{
    struct domain_memory *memory = &d->memory;
    struct frame *frame = frame_at(first), *end = frame + count;
    u32 mfn = (u32)first, next = memory->first, previous = 0;
    domid_t id = d->id;

    for ( ; frame < end; frame++ )
    {
        frame->prev = previous;
        previous = mfn;
        frame->next = ++mfn;
        WRITE_ONCE(frame->owner, id);
        atomic_store(&frame->state, FRAME_ALLOCATED | FRAME_REF_ONE);
    }
    end[-1].next = next;
    if ( next )
        frame_at(next)->prev = previous;
    memory->first = (u32)first;
    memory->tot_pages += count;
}

static void assign(struct domain *d, u64 first, u64 count)
{
    if ( !d->memory.tot_pages )
        domain_hold(d);
    assign_more(d, first, count);
}

static inline u64 take_for(struct domain *d, unsigned int order, unsigned int max_bits)
{
    if ( GUARD(frames_in_reach,
               d->memory.max_bits && (!max_bits || max_bits > d->memory.max_bits)) )
        max_bits = d->memory.max_bits;
    return frames_take(order, max_bits, tag_of(d), domain_is_privileged(d));
}

/* mm_alloc_domain, with the lock held, which it releases; without loops if the compiler knows that @order is 0. */
static inline __attribute__((always_inline)) mfn_t
alloc_locked(struct domain *d, unsigned int order, unsigned int max_bits, pfn_t pfn)
{
    struct domain_memory *memory = &d->memory;
    u64 count = 1UL << order, mfn = 0;

    if ( may_have(d, count) )
        mfn = take_for(d, order, max_bits);
    if ( mfn )
    {
        number(mfn, count, pfn);
        assign(d, mfn, count);
        use_claim(memory, count);
    }
    lock_release(&memory->lock);
    return mfn ? to_mfn(mfn) : INVALID_MFN;
}

mfn_t mm_alloc_domain(struct domain *d, unsigned int order, unsigned int max_bits, pfn_t pfn)
{
    lock_acquire(&d->memory.lock);
    return alloc_locked(d, order, max_bits, pfn);
}

static __attribute__((noinline)) mfn_t alloc_page(struct domain *d, pfn_t pfn)
{
    return alloc_locked(d, 0, 0, pfn);
}

/* The frame that was freed last, if @d gave it back and may have it again: what ballooning gets. 0: the general way. */
static inline u64 take_own(const struct domain *d)
{
    const struct domain_memory *memory = &d->memory;

    if ( memory->max_bits || READ_ONCE(d->life) != DOMAIN_ALIVE || !memory->tot_pages ||
         memory->tot_pages >= memory->max_pages )
        return 0;
    return hot_take(memory->tag);
}

mfn_t mm_alloc_domain_page(struct domain *d, pfn_t pfn)
{
    u64 mfn;

    lock_acquire(&d->memory.lock);
    mfn = take_own(d);
    if ( __builtin_expect(!mfn, 0) )
        return alloc_page(d, pfn);
    m2p_set(to_mfn(mfn), pfn);
    assign_more(d, mfn, 1);
    lock_release(&d->memory.lock);
    return to_mfn(mfn);
}

long mm_claim(struct domain *d, u64 pages)
{
    struct domain_memory *memory = &d->memory;
    long rc = -EINVAL;

    lock_acquire(&memory->lock);
    if ( !pages )
    {
        frames_unclaim(memory->claimed);
        memory->claimed = 0;
        rc = 0;
    }
    else if ( READ_ONCE(d->life) == DOMAIN_ALIVE && !memory->claimed &&
              pages >= memory->tot_pages && pages <= memory->max_pages )
    {
        rc = frames_claim(pages - memory->tot_pages) ? 0 : -ENOMEM;
        if ( !rc )
            memory->claimed = pages - memory->tot_pages;
    }
    lock_release(&memory->lock);
    return rc;
}

/* Taking */

/*
 * With @d's lock held: does @d own the frame, whose word was @state just now? Then nobody else will before the lock is
 * released, so that an exchange of that very word can't hit a stranger's frame: frames become @d's under its lock
 * alone, and leave its list under it, before another may have them.
 */
static inline bool owns(const struct domain *d, const struct frame *frame, u64 state)
{
    return !GUARD(owner_reference, !(state & FRAME_ALLOCATED)) && READ_ONCE(frame->owner) == d->id;
}

/* With the lock held: off the list and out of the number; true if it was the last frame. */
static inline bool detach(struct domain *d, struct frame *frame)
{
    list_remove(&d->memory, frame);
    return --d->memory.tot_pages == 0;
}

/* Apart, so that who balloons saves no registers for it. */
static __attribute__((noinline)) void put_any(struct domain *d, mfn_t mfn, bool last)
{
    bool alive = READ_ONCE(d->life) == DOMAIN_ALIVE;

    frames_put(mfn.n, alive ? tag_of(d) : FRAME_DIRTY, alive);
    if ( last )
        release_hold(d);
}

/* The frame was @d's, which is held, and @last of its list. */
static inline __attribute__((always_inline)) void free_detached(struct domain *d,
                                                                struct frame *frame, bool last)
{
    mfn_t mfn = frame_to_mfn(frame);
    u32 tag = d->memory.tag;

    tlb_stamp(frame);
    m2p_set(mfn, INVALID_PFN);
    if ( __builtin_expect(last || !tag || READ_ONCE(d->life) != DOMAIN_ALIVE || !hot_put(mfn, tag),
                          0) )
        put_any(d, mfn, last);
}

/* With the lock held: drop the owner's reference. False if @d's is not there; *@unused: that was the last one. */
static inline bool disown(const struct domain *d, struct frame *frame, bool *unused)
{
    u64 old = READ_ONCE(frame->state), left;

    do
    {
        if ( !owns(d, frame, old) )
            return false;
        left = (old & ~FRAME_ALLOCATED) - FRAME_REF_ONE;
    } while ( !atomic_cmpxchg(&frame->state, &old, left) );
    *unused = !frame_refs(left);
    return true;
}

long mm_release_owner_ref(struct domain *d, struct frame *frame)
{
    bool owned, unused = false, last;

    lock_acquire(&d->memory.lock);
    owned = disown(d, frame, &unused);
    if ( __builtin_expect(!unused, 0) )
    {
        lock_release(&d->memory.lock);
        return owned ? 0 : -EINVAL;
    }
    last = detach(d, frame);
    lock_release(&d->memory.lock);
    free_detached(d, frame, last);
    return 0;
}

struct frame *mm_release_frames(struct domain *d, struct frame *from, unsigned int most)
{
    struct domain_memory *memory = &d->memory;
    bool unused, last = false;
    u32 mfn, next;

    lock_acquire(&memory->lock);
    if ( from )
        disown(d, from, &unused); /* never: there is our reference */
    for ( mfn = from ? from->next : memory->first; mfn; mfn = next )
    {
        struct frame *frame = frame_at(mfn);

        next = frame->next;
        if ( !most )
        {
            if ( frame_get_internal(frame) )
                break;
            continue; /* whoever dropped its last reference waits for the lock */
        }
        most--;
        if ( disown(d, frame, &unused) && unused )
        {
            last = detach(d, frame);
            free_detached(d, frame, false);
        }
    }
    lock_release(&memory->lock);

    if ( last )
        release_hold(d);
    if ( from && !frame_refs(atomic_sub_return(&from->state, FRAME_REF_ONE)) )
        mm_frame_of_unused(d, from);
    return mfn ? frame_at(mfn) : NULL;
}

/*
 * The owner of a frame on its list: current's domain most of the time, else it is looked up, and
 * held.
 */
static inline struct domain *owner_get(domid_t id, bool *held)
{
    struct vcpu *v = current_vcpu();

    *held = !(v && v->domain->id == id);
    return *held ? domain_get(id) : v->domain;
}

void mm_frame_of_unused(struct domain *d, struct frame *frame)
{
    bool last;

    lock_acquire(&d->memory.lock);
    last = detach(d, frame);
    lock_release(&d->memory.lock);
    free_detached(d, frame, last);
}

void mm_frame_unused(struct frame *frame)
{
    bool held;
    struct domain *d;

    if ( READ_ONCE(frame->owner) == DOMID_NOBODY ) /* it had been shared: mm_unshare */
    {
        tlb_stamp(frame);
        frames_put(frame_to_mfn(frame).n, FRAME_DIRTY, false);
        return;
    }

    d = owner_get(frame->owner, &held);
    BUG_ON(!d);
    mm_frame_of_unused(d, frame);
    if ( held )
        domain_put(d);
}

/*
 * The last reference is the owner's and there is no type in use, so that nobody can take another
 * but by the owner's name: frame_get fails on a word without references.
 */
long mm_steal(struct domain *d, struct frame *frame)
{
    bool stolen, last = false;
    u64 old;

    lock_acquire(&d->memory.lock);
    old = READ_ONCE(frame->state);
    stolen = owns(d, frame, old) && !(old & FRAME_HYPERVISOR) &&
             !GUARD(steal_unused, frame_refs(old) != 1 || frame_type_count(old)) &&
             atomic_cmpxchg(&frame->state, &old, 0);
    if ( stolen )
        last = detach(d, frame);
    lock_release(&d->memory.lock);
    if ( !stolen )
        return -EINVAL;

    tlb_stamp(frame);
    if ( old & FRAME_UNCACHED )
    {
        /* It keeps its contents: what the thief sees must stay. */
        tlb_flush_stamped(frame);
        tlb_flush_cached_page(mfn_to_virt(frame_to_mfn(frame)));
    }
    if ( last )
        release_hold(d);
    WRITE_ONCE(frame->owner, DOMID_NOBODY);
    frame->next = frame->prev = 0;
    frame->linear = 0;
    frame->progress = 0;
    return 0;
}

/* Can @d name the frame? */
static bool may_reach(const struct domain *d, const struct frame *frame)
{
    return !d->memory.max_bits || frame_to_mfn(frame).n < 1UL << (d->memory.max_bits - PAGE_SHIFT);
}

long mm_give_stolen(struct domain *d, struct frame *frame, pfn_t pfn)
{
    bool given;

    tlb_flush_stamped(frame);
    lock_acquire(&d->memory.lock);
    given = may_have(d, 1) && may_reach(d, frame);
    if ( given )
    {
        frame->link = 0;
        m2p_set(frame_to_mfn(frame), pfn);
        assign(d, frame_to_mfn(frame).n, 1);
    }
    lock_release(&d->memory.lock);
    return given ? 0 : -ENOMEM;
}

void mm_return_stolen(struct domain *d, struct frame *frame)
{
    bool alive;

    lock_acquire(&d->memory.lock);
    alive = READ_ONCE(d->life) == DOMAIN_ALIVE;
    if ( alive )
        assign(d, frame_to_mfn(frame).n, 1);
    lock_release(&d->memory.lock);
    if ( !alive )
        mm_free_stolen(frame);
}

void mm_free_stolen(struct frame *frame)
{
    m2p_set(frame_to_mfn(frame), INVALID_PFN);
    frames_put(frame_to_mfn(frame).n, FRAME_DIRTY, false);
}

/* Sharing */

void mm_show_to_tools(void *va, u32 pages)
{
    for ( u32 i = 0; i < pages; i++ )
        WRITE_ONCE(mfn_to_frame(mfn_add(virt_to_mfn(va), i))->owner, DOMID_XEN);
}

void mm_share_with_domain(void *va, struct domain *d)
{
    struct frame *frame = mfn_to_frame(virt_to_mfn(va));

    BUG_ON(frame->state != HYPERVISOR_STATE);
    m2p_set(virt_to_mfn(va), to_pfn(M2P_SHARED));
    lock_acquire(&d->memory.lock);
    WRITE_ONCE(frame->owner, d->id);
    atomic_store(&frame->state, SHARED_STATE);
    d->memory.shared_frames++;
    lock_release(&d->memory.lock);
}

bool mm_shared_in_use(const void *va)
{
    return frame_refs(READ_ONCE(mfn_to_frame(virt_to_mfn(va))->state)) > 1;
}

/*
 * With another owner nobody can take a new reference; then ours goes, and with it what makes the
 * frame the hypervisor's.
 */
bool mm_unshare(void *va)
{
    struct frame *frame = mfn_to_frame(virt_to_mfn(va));

    m2p_set(virt_to_mfn(va), INVALID_PFN);
    WRITE_ONCE(frame->owner, DOMID_NOBODY);
    if ( frame_refs(
             atomic_sub_return(&frame->state, FRAME_HYPERVISOR + FRAME_TYPE_ONE + FRAME_REF_ONE)) )
        return false;

    tlb_stamp(frame);
    atomic_store(&frame->state, HYPERVISOR_STATE);
    return true;
}
