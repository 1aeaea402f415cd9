/*
 * Page-table entries: what they may say and what they hold.
 *
 *  level  refuses            names                            holds
 *  L1     PAT, PCD, PWT (1)  a frame of the domain, or of     a reference; with RW also a type
 *                            the one that the call names      reference, WRITABLE
 *                            I/O memory that it may access    nothing
 *  L2-L4  see kinds.c         a table one level down, its own  a reference and a type reference
 *                            one of its own level, not RW     linear.c
 *
 *  (1) unless the domain drives devices.
 *
 * Entries that are not present hold nothing and may say anything: guests keep swap addresses there.
 * But on processors with the L1 terminal fault they may name no memory: l1tf.h.
 *
 * What the guest wrote and what the hardware sees differ in a few bits, which the guest may read
 * back (for 32-bit guests: see kinds.c):
 *  - US is set at all levels, since both the guest's kernel and its processes run in ring 3.
 *  - An L1 entry of a process (US set, bit 52 clear) gets G; any other one is the kernel's: it gets
 *    bit 52 and loses G. That is what guests find under Xen. CR4.PGE stays clear, so that G means
 *    nothing to the hardware: every flush here relies on a CR3 load flushing all.
 *  - I/O memory is not cached: WB, WT and WP become UC. Some of it is mapped without RW: the guest
 *    believes that it writes.
 *
 * Cacheability: only domains that drive devices choose it, since the direct map stays write-back.
 * RAM that they map otherwise is marked: frame_mapped_uncached().
 */
#include "access/access.h"
#include "pv/pagetable/entry_l1.h"
#include "pv/pagetable/l1tf.h"
#include "pv/pagetable/shadow.h"

/* Bits of which a change changes what an entry holds; or needs a check, with those that are refused. */
#define TABLE_COUNTED (PTE_P | GUARD(upper_rw_counts, PTE_RW) | PTE_FRAME)

#define L1_ALL_ONES (PTE_FRAME >> PAGE_SHIFT) /* what a guest's INVALID_MFN becomes */

static u64 io_cacheability(u64 pte)
{
    switch ( pte & L1_CACHE )
    {
    case 0:                 /* WB */
    case PTE_PWT:           /* WT */
    case PTE_PAT | PTE_PWT: /* WP */
        return (pte & ~PTE_PAT) | PTE_PCD | PTE_PWT;
    default:
        return pte;
    }
}

/*
 * What is not @from's, so that the answer is @rc. But tools map whole chunks of the M2P: for what the
 * last one lacks they get what guests see there.
 */
static __attribute__((noinline)) long get_l1_lacking(const struct domain *from, u64 *pte, long rc)
{
    mfn_t hole = m2p_hole();

    if ( from->id != DOMID_XEN || !m2p_lacks(pte_mfn(*pte)) )
        return rc;
    if ( GUARD(m2p_hole_read_only, *pte & PTE_RW) || !frame_get(mfn_to_frame(hole), DOMID_XEN) )
        return -EBUSY;
    *pte = pte_make(hole, *pte & ~PTE_FRAME);
    return 0;
}

/*
 * @from lends its rights; DOMID_IO names no domain but says that only I/O memory is meant: then it
 * is the caller's.
 */
static long get_l1_io(const struct domain *from, u64 *pte)
{
    mfn_t mfn = pte_mfn(*pte);

    if ( mfn.n == L1_ALL_ONES )
        return -EINVAL;
    if ( from == domain_io )
        from = current_vcpu()->domain;
    if ( !access_iomem(from, mfn) )
        return get_l1_lacking(from, pte, -EPERM);

    if ( (*pte & PTE_RW) && access_iomem_read_only(mfn) )
        *pte &= ~PTE_RW;
    *pte = io_cacheability(*pte);
    return 0;
}

/* A writable mapping: of a shared frame by its own type. */
static long get_writable(struct frame *frame, domid_t owner)
{
    bool shared = frame_type_of(READ_ONCE(frame->state)) == FRAME_SHARED;

    return frame_get_used(frame, owner, shared ? FRAME_SHARED : FRAME_WRITABLE) ? -EBUSY : 0;
}

static long get_l1_ram(domid_t owner, u64 pte)
{
    struct frame *frame = mfn_to_frame(pte_mfn(pte));

    if ( pte & PTE_RW )
        return get_writable(frame, owner);
    return frame_get_inline(frame, owner) ? 0 : -EBUSY;
}

/* All checks, for an entry that already is what the hardware will see. */
static long get_l1(const struct domain *d, const struct domain *from, u64 *pte)
{
    long rc;

    if ( (*pte & L1_CACHE) && access_check(d, d, ACCESS_HARDWARE) )
        return -EINVAL;
    if ( !mfn_valid(pte_mfn(*pte)) )
        return get_l1_io(from, pte);

    rc = get_l1_ram(from->id, *pte);
    if ( rc )
        return get_l1_lacking(from, pte, rc);
    if ( (*pte & L1_CACHE) )
        frame_mapped_uncached(mfn_to_frame(pte_mfn(*pte)), *pte & PTE_RW);
    return 0;
}

static void drop(struct frame *frame, bool writable)
{
    if ( writable )
        frame_put_and_type(frame);
    else
        frame_put_inline(frame);
}

/* A valid entry maps RAM, or I/O memory that is not counted. */
long l1_put_slow(u64 pte)
{
    if ( mfn_valid(pte_mfn(pte)) )
        drop(mfn_to_frame(pte_mfn(pte)), pte & PTE_RW);
    return 0;
}

long entry_get_l1(const struct domain *d, u64 *slot, enum l1_take take)
{
    u64 pte = l1_for_hardware(d->pv32, *slot);
    long rc;

    if ( take == L1_MISTAKEN )
        drop(mfn_to_frame(pte_mfn(pte)), pte & PTE_RW);
    rc = get_l1(d, d, &pte);
    if ( !rc )
        *slot = pte;
    return rc;
}

/*
 * Tables that an entry of a @type names: one level down, unless they are in use as tables of its own
 * level.
 */
static bool is_linear(const struct frame *child, enum frame_type type)
{
    u64 state = READ_ONCE(child->state);

    return table_level(frame_type_of(state)) == table_level(type) && frame_type_count(state);
}

static long get_child(struct domain *d, struct frame *table, enum frame_type type,
                      unsigned int index, struct frame *child, u64 pte)
{
    const struct table_kind *kind = table_kind(d, type);

    if ( is_linear(child, type) )
    {
        bool shadowed = kind->care & CARE_SHADOW;

        if ( GUARD(linear_by_kind, !kind->linear) ||
             GUARD(linear_shadowed, shadowed && child != table) )
            return -EINVAL;
        if ( shadowed )
            d->pv.l4_maps_itself = true;
        return linear_get(table, child, pte);
    }
    return table_get(d, child, table_child(kind, index));
}

long entry_get_table(struct domain *d, struct frame *table, enum frame_type type,
                     unsigned int index, u64 *pte)
{
    const struct table_kind *kind = table_kind(d, type);
    struct frame *child;
    long rc;

    if ( entry_refused(kind, *pte) || !mfn_valid(pte_mfn(*pte)) )
        return -EINVAL;
    child = mfn_to_frame(pte_mfn(*pte));
    if ( !frame_get(child, d->id) )
        return -EINVAL;

    rc = get_child(d, table, type, index, child, *pte);
    if ( rc )
        frame_put(child);
    else
        *pte |= kind->set;
    return rc;
}

void entry_put_table(struct domain *d, struct frame *table, enum frame_type type, u64 pte)
{
    struct frame *child = mfn_to_frame(pte_mfn(pte));

    if ( is_linear(child, type) )
        linear_put(d, table, child);
    else
        table_put_used(d, child);
}

/* The references of @pte, by the short way if it is such an entry. */
static inline long get_l1_usual(const struct domain *d, const struct domain *from, u64 *pte)
{
    enum l1_take take = l1_take(from, *pte);

    if ( __builtin_expect(take == L1_TAKEN, 1) )
        return 0;
    if ( take == L1_MISTAKEN )
        drop(mfn_to_frame(pte_mfn(*pte)), *pte & PTE_RW);
    return get_l1(d, from, pte);
}

long l1_replace(const struct domain *d, const struct domain *from, u64 *slot, u64 new,
                bool preserve_ad)
{
    u64 old = READ_ONCE(*slot);
    bool same = false;

    if ( new &PTE_P )
    {
        new = l1_for_hardware(d->pv32, new);
        same = !((old ^ new) & L1_COUNTED);
        if ( !same )
        {
            long rc = get_l1_usual(d, from, &new);

            if ( rc )
                return rc;
        }
    }
    else if ( GUARD(l1tf_l1, l1tf_exposes(d, new, false)) )
        return -EINVAL;

    entry_store(slot, old, new, preserve_ad);
    if ( !same && (old & PTE_P) )
        l1_put(old);
    return 0;
}

/* What the hardware sees of an entry is what it sees of that: l1_for_hardware() may come twice. */
long l1_finish(enum l1_left left, const struct domain *d, const struct domain *from, u64 *slot,
               u64 pte, bool preserve_ad)
{
    if ( left == L1_PUT )
        return l1_put_slow(pte);
    if ( left == L1_REPLACE_MISTAKEN )
        drop(mfn_to_frame(pte_mfn(pte)), pte & PTE_RW);
    return l1_replace(d, from, slot, pte, preserve_ad);
}

bool entry_exchange_l1(const struct domain *d, u64 *slot, u64 old, u64 new, long *rc)
{
    bool same;

    *rc = 0;
    if ( new &PTE_P )
        new = l1_for_hardware(d->pv32, new);
    else if ( GUARD(l1tf_store, l1tf_exposes(d, new, false)) )
    {
        *rc = -EINVAL;
        return true;
    }
    same = (old & new &PTE_P) && !((old ^ new) & L1_COUNTED);

    if ( !same && (new &PTE_P) )
    {
        *rc = get_l1_usual(d, d, &new);
        if ( *rc )
            return true;
    }
    if ( !entry_exchange(slot, &old, new) )
    {
        if ( !same && (new &PTE_P) )
            l1_put(new);
        return false;
    }
    if ( !same && (old & PTE_P) )
        l1_put(old);
    return true;
}

static inline __attribute__((always_inline)) long
replace_table(struct domain *d, struct frame *table, enum frame_type type, unsigned int index,
              u64 new, bool preserve_ad, bool shadowed)
{
    const struct table_kind *kind = table_kind(d, type);
    u64 *slot = (u64 *)mfn_to_virt(frame_to_mfn(table)) + index, old = READ_ONCE(*slot);
    long rc;

    if ( new &PTE_P )
    {
        if ( !((old ^ (new | kind->set)) &
               (TABLE_COUNTED | GUARD(upper_flags_count, kind->refuse))) )
        {
            entry_store(slot, old, new | kind->set, preserve_ad);
            if ( shadowed )
                shadow_entry_written(d, table, index, READ_ONCE(*slot));
            return 0;
        }
        rc = entry_get_table(d, table, type, index, &new);
        if ( rc )
            return rc;
    }
    else if ( GUARD(l1tf_upper, l1tf_exposes(d, new, true)) )
        return -EINVAL;

    entry_store(slot, old, new, preserve_ad);
    if ( shadowed )
        shadow_entry_written(d, table, index, READ_ONCE(*slot));
    if ( old & PTE_P )
    {
        GUARD_STEP(walked_changes, d->pv.upper_changes++);
        entry_put_table(d, table, type, old);
    }
    return 0;
}

/* Of L4s where domains are isolated; and nothing for entries that can't be changed. */
static __attribute__((noinline)) long replace_shadowed(struct domain *d, struct frame *table,
                                                       enum frame_type type, unsigned int index,
                                                       u64 new, bool preserve_ad)
{
    if ( !d->pv.isolated || type != FRAME_L4 || is_hypervisor_entry(type, index) )
        return -EINVAL;
    return replace_table(d, table, type, index, new, preserve_ad, true);
}

long entry_replace_table(struct domain *d, struct frame *table, enum frame_type type,
                         unsigned int index, u64 new, bool preserve_ad)
{
    if ( GUARD(hypervisor_slots,
               index >= table_kind(d, type)->changeable || is_hypervisor_entry(type, index)) )
        return replace_shadowed(d, table, type, index, new, preserve_ad);
    return replace_table(d, table, type, index, new, preserve_ad, false);
}
