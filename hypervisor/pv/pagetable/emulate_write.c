/*
 * Writes that the hardware refused and a guest's kernel may make nevertheless.
 *
 * To L1 tables, which guests map read-only: Linux changes entries by plain and atomic instructions
 * and relies on this. The instruction is decoded and its effect on the entry computed; the entry
 * then goes through the same checks as in mmu_update, and is exchanged against the value that the
 * computation began with: the hardware may set A and D meanwhile, which starts it over. (A plain mov
 * of an entry is mmu_update's plain update.) What the domain may not have, or what isn't such an
 * instruction, becomes the page fault that it was.
 *
 * To tables of higher levels, if that leaves the entry as it is: GNU Mach stores one a second time,
 * the table being read-only already. (Xen makes that a fault, and there Mach ends.) Nothing is
 * written, so nothing needs checking.
 *
 * To I/O memory that is the hypervisor's to write: dropped.
 */
#include "access/access.h"
#include "irq/irq.h"
#include "pv/emulate/direct.h"
#include "pv/emulate/emulate.h"
#include "pv/pagetable/entry_l1.h"
#include "pv/pagetable/walk.h"
#include "trace/buffer.h"
#include "trace/trace.h"

static bool is_table_of(const struct frame *frame, const struct domain *d)
{
    return frame_type_is_table(frame_type_of(READ_ONCE(frame->state))) &&
           READ_ONCE(frame->owner) == d->id;
}

/* A table of @d, but no L1. */
static bool is_upper_of(const struct frame *frame, const struct domain *d)
{
    return is_table_of(frame, d) && frame_type_of(READ_ONCE(frame->state)) != FRAME_L1;
}

typedef bool is_target_fn(const struct frame *frame, const struct domain *d);

/*
 * The entry that the store is to, if @slot, which maps @va, maps a frame that @is_target says of @d: read-only, as
 * all mappings of tables are. The mapping keeps it what it is while the tables are locked.
 */
static inline __attribute__((always_inline)) u64 *
entry_by_slot(const struct domain *d, const u64 *slot, u64 va, is_target_fn *is_target)
{
    u64 pte = slot ? READ_ONCE(*slot) : 0;

    if ( !(pte & PTE_P) || !mfn_has_frame(pte_mfn(pte)) ||
         !is_target(mfn_to_frame(pte_mfn(pte)), d) )
        return NULL;
    return (u64 *)mfn_to_virt(pte_mfn(pte)) + va % PAGE_SIZE / sizeof(u64);
}

static u64 *target_entry(struct vcpu *v, u64 va, is_target_fn *is_target)
{
    return entry_by_slot(v->domain, walk_kernel(v, va), va, is_target);
}

/* @old with @value in the @bytes at @va's place in the entry. */
static u64 merge(u64 old, u64 value, u64 va, unsigned int bytes)
{
    unsigned int shift = va % sizeof(u64) * 8;
    u64 mask = bytes == sizeof(u64) ? ~0UL : ((1UL << (bytes * 8)) - 1) << shift;

    return (old & ~mask) | ((value << shift) & mask);
}

/*
 * Only what stores a value of its own can be taken as a configuration write, or as half of an entry's
 * change: nobody modifies those in place.
 */
static bool is_plain_store(const struct emulate_store *store)
{
    return store->kind == STORE_MOV || store->kind == STORE_STOS || store->kind == STORE_MOVS;
}

/*
 * A 32-bit guest changes an entry in two stores. It should begin with one that makes it not present;
 * if it begins with the upper half, what results may be nothing that it may have. Then the lower half
 * is still to come, so that the entry is not present until then.
 */
static bool is_first_half(const struct domain *d, const struct emulate_store *store, u64 va)
{
    return d->pv32 && store->bytes == sizeof(u32) && (va & sizeof(u32)) && is_plain_store(store);
}

static inline void trace_store(const struct domain *d, u64 pte, u64 va, u64 rip)
{
    if ( __builtin_expect(!trace_events, 1) )
        return;
    if ( d->pv32 )
        trace(TRC_PV_PTWR_EMULATION_PAE, TRACE_LONG(pte), va, rip);
    else
        trace(TRC_PV_PTWR_EMULATION | TRC_64_FLAG, TRACE_LONG(pte), TRACE_LONG(va),
              TRACE_LONG(rip));
}

/* Make the store; false if the entry that results is refused. *after: the registers then. */
static bool do_store(const struct domain *d, u64 *entry, u64 va, const struct emulate_store *store,
                     const struct regs *regs, struct regs *after)
{
    u64 old, new, value, keep = ~0UL;
    bool write, again;
    long rc = 0;

    do
    {
        old = READ_ONCE(*entry);
        value = emulate_store_result(store, old >> (va % sizeof(u64) * 8), regs, after, &write);
        new = merge(old, value, va, store->bytes) & keep;
        again = write && !entry_exchange_l1(d, entry, old, new, &rc);
        if ( rc && keep == ~0UL && is_first_half(d, store, va) )
        {
            keep = ~PTE_P;
            again = true;
        }
    } while ( again );

    if ( rc == 0 && write )
        trace_store(d, new, va, regs->rip);
    return rc == 0;
}

/* Does the store leave @entry as it is, but for A and D, which are the hardware's? *after as above. */
static bool is_idle_store(const u64 *entry, u64 va, const struct emulate_store *store,
                          const struct regs *regs, struct regs *after)
{
    u64 old = READ_ONCE(*entry), value;
    bool write;

    value = emulate_store_result(store, old >> (va % sizeof(u64) * 8), regs, after, &write);
    return !write || !((merge(old, value, va, store->bytes) ^ old) & ~(PTE_A | PTE_D));
}

static bool has_assist(const struct domain *d)
{
    return d->vm_assist & (1UL << VMASST_TYPE_writable_pagetables);
}

/* Make the store to what @va maps, if it is one to make; *after: the registers then. */
static bool store_to_table(struct vcpu *v, u64 va, const struct emulate_store *store,
                           const struct regs *regs, struct regs *after)
{
    const struct domain *d = v->domain;
    u64 *entry = has_assist(d) ? target_entry(v, va, is_l1_of) : NULL;

    if ( entry )
        return do_store(d, entry, va, store, regs, after);
    entry = target_entry(v, va, is_upper_of);
    return entry && is_idle_store(entry, va, store, regs, after);
}

/* Is it worthwhile to decode a store to @va? Most others are to pages that processes share until one writes. */
static bool maps_table(struct vcpu *v, u64 va)
{
    bool maps;

    tables_lock(v->domain);
    maps = target_entry(v, va, is_table_of);
    tables_unlock(v->domain);
    return maps;
}

static __attribute__((noinline)) void emulate_any(struct vcpu *v, struct regs *regs, u64 va)
{
    struct emulate_store store;
    struct regs after;
    bool done = false;

    if ( maps_table(v, va) && emulate_decode_store(v, regs, va, &store) &&
         store.bytes <= sizeof(u64) && va % store.bytes == 0 )
    {
        tables_lock(v->domain);
        done = store_to_table(v, va, &store, regs, &after);
        tables_unlock(v->domain);
    }
    if ( !done )
    {
        pagetable_write_refused(v, regs, va);
        return;
    }
    *regs = after;
    count(COUNTER_pte_emulated);
}

/* Exchange the @entry of an L1 of @d and @reg. False: it is refused. */
static bool exchange(const struct domain *d, u64 *entry, u64 *reg)
{
    u64 old;
    long rc;

    if ( !*reg ) /* what is taken out is all that there is to see to */
    {
        *reg = entry_swap(entry, 0);
        if ( *reg & PTE_P )
            l1_put(*reg);
        return true;
    }

    do
        old = READ_ONCE(*entry);
    while ( !entry_exchange_l1(d, entry, old, *reg, &rc) );

    if ( rc == 0 )
        *reg = old;
    return rc == 0;
}

/* The @store of @pte to @va has been made, and the lock is released. */
static inline void direct_done(const struct domain *d, struct regs *regs, u64 va, u64 pte,
                               struct emulate_direct store)
{
    regs->rip += store.length;
    regs->rflags &= ~(u64)EFLAGS_RF;
    count(COUNTER_pte_emulated);
    trace_store(d, pte, va, regs->rip - store.length);
}

/* The rest of pagetable_emulate_write(), with the lock held: an xchg with @entry, or what l1_update() left of a mov. */
static __attribute__((noinline)) void direct_finish(enum l1_left left, struct regs *regs, u64 va,
                                                    u64 *entry, u64 left_pte,
                                                    struct emulate_direct store)
{
    struct vcpu *v = current_vcpu();
    struct domain *d = v->domain;
    u64 pte = *store.reg;
    bool done = store.xchg ? exchange(d, entry, store.reg)
                           : l1_finish(left, d, d, entry, left_pte, false) == 0;

    tables_unlock(d);
    if ( done )
        direct_done(d, regs, va, pte, store);
    else
        emulate_any(v, regs, va);
}

/*
 * What most stores of 64-bit guests are, in few instructions: calls are tail calls, so that no
 * register is saved for one.
 */
void pagetable_emulate_write(struct vcpu *v, struct regs *regs, u64 va)
{
    struct domain *d = v->domain;
    enum l1_left left = L1_REPLACE;
    struct emulate_direct store;
    u64 *slot, *entry, pte;

    if ( d->pv32 || !has_assist(d) || va % sizeof(u64) || !emulate_decode_direct(regs, va, &store) )
    {
        emulate_any(v, regs, va);
        return;
    }

    tables_lock(d);
    slot = walk_kernel_inline(false, d, v, va);
    entry = entry_by_slot(d, slot, va, is_l1_of);
    if ( !entry )
    {
        tables_unlock(d);
        emulate_any(v, regs, va);
        return;
    }
    pte = *store.reg;
    if ( !store.xchg )
        left = l1_update(false, d, d, entry, &pte, false);
    if ( left != L1_DONE )
    {
        direct_finish(left, regs, va, entry, pte, store);
        return;
    }
    tables_unlock(d);
    direct_done(d, regs, va, *store.reg, store);
}

void pagetable_emulate_write_decoded(struct vcpu *v, struct regs *regs, u64 va)
{
    emulate_any(v, regs, va);
}

bool pagetable_emulate_mmio_write(struct vcpu *v, struct regs *regs, u64 va)
{
    struct emulate_store store;
    struct regs after;
    mfn_t table;
    u64 pte, value;
    bool write;

    if ( !pagetable_walk(v->pv.root_kernel, va, &pte, &table) || (pte & PTE_RW) ||
         !access_iomem_read_only(pte_mfn(pte)) )
        return false;
    if ( !emulate_decode_store(v, regs, va, &store) )
        return false;

    value = emulate_store_result(&store, 0, regs, &after, &write);
    if ( write && is_plain_store(&store) )
        irq_pci_mcfg_write(to_maddr((pte & PTE_FRAME) | va % PAGE_SIZE), store.bytes, value);
    *regs = after;
    return true;
}
