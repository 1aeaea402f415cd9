/*
 * The page-type engine: guests' page tables, validated entry by entry. ABI.md S1, 'Page typing'.
 */
#ifndef PV_PAGETABLE_PAGETABLE_H
#define PV_PAGETABLE_PAGETABLE_H

#include "domain/domain.h"
#include "mm/map.h"

long pagetable_mmu_update(unsigned long ureqs, unsigned long count, unsigned long pdone,
                          unsigned long foreigndom);
long pagetable_mmuext_op(unsigned long uops, unsigned long count, unsigned long pdone,
                         unsigned long foreigndom);
long pagetable_update_va_mapping(unsigned long va, unsigned long val64, unsigned long flags);
long pagetable_update_va_mapping_otherdomain(unsigned long va, unsigned long val64,
                                             unsigned long flags, unsigned long domid);

/* mmu_update of guests of both widths, with boot option batching=off. */
long pagetable_mmu_update_singly(unsigned long ureqs, unsigned long count, unsigned long pdone,
                                 unsigned long foreigndom);

/* The same for 32-bit guests. An entry comes in two words, low and high. */
long compat_mmu_update(unsigned long ureqs, unsigned long count, unsigned long pdone,
                       unsigned long foreigndom);
long compat_mmuext_op(unsigned long uops, unsigned long count, unsigned long pdone,
                      unsigned long foreigndom);
long compat_update_va_mapping(unsigned long va, unsigned long low, unsigned long high,
                              unsigned long flags);
long compat_update_va_mapping_otherdomain(unsigned long va, unsigned long low, unsigned long high,
                                          unsigned long flags, unsigned long domid);

/*
 * A kernel-mode write fault of current, a protection fault at @va: emulate it if it is a write to a
 * read-only mapped L1 of its domain, in one of the forms that VMASST_TYPE_writable_pagetables
 * promises, and this assist is on; or if it is one to a higher table that leaves the entry as it is.
 * What it isn't goes on to pagetable_write_refused(), by a jump. Takes the domain's LOCK_PAGETABLE.
 */
void pagetable_emulate_write(struct vcpu *v, struct regs *regs, u64 va);
void pagetable_emulate_write_decoded(struct vcpu *v, struct regs *regs,
                                     u64 va); /* direct_stores=off */

/* Declared here, defined by pv/bounce: no such write. No lock is held. */
void pagetable_write_refused(struct vcpu *v, struct regs *regs, u64 va);

/*
 * Likewise for writes to I/O memory that is mapped read-only because the hypervisor wants it so:
 * dropped, but for MCFG, where irq/ takes them as configuration writes. No assist is needed.
 */
bool pagetable_emulate_mmio_write(struct vcpu *v, struct regs *regs, u64 va);

/*
 * The present L1 entry that maps @va under @root, a root of the current domain; *l1_mfn the table's
 * frame. False: none. It was so at that time: before using the frame that it maps, take a
 * reference. Takes the domain's LOCK_PAGETABLE.
 */
bool pagetable_walk(mfn_t root, u64 va, u64 *l1e, mfn_t *l1_mfn);

/*
 * A grant mapping: put @pte into the entry that maps host address @va of the current vcpu, or into
 * the entry at machine address @pte_maddr (GNTMAP_contains_pte). The caller holds references of its
 * own to the frame, with a writable type if @pte has RW, and gives the entry the same once more, so
 * that a guest that overwrites it does no harm. What was there before is released. 0; -EINVAL no such
 * entry in a table of the domain. And the way back: clear it only if it still maps @mfn with those
 * rights, else -EINVAL; the entry's references are the caller's then, and so is flushing TLBs. Take
 * the domain's LOCK_PAGETABLE.
 */
long pagetable_grant_map_va(struct vcpu *v, u64 va, u64 pte);
long pagetable_grant_map_pte(struct vcpu *v, maddr_t pte_maddr, u64 pte);
long pagetable_grant_unmap_va(struct vcpu *v, u64 va, mfn_t mfn, bool readonly);
long pagetable_grant_unmap_pte(struct vcpu *v, maddr_t pte_maddr, mfn_t mfn, bool readonly);

/*
 * The same, but the entry of @from_va takes its place, and is empty then. -EINVAL too if either has no entry in a
 * table of the domain, or both have the same one: nothing has changed.
 */
long pagetable_grant_replace_va(struct vcpu *v, u64 va, u64 from_va, mfn_t mfn, bool readonly);

/*
 * Install roots: MMUEXT_NEW_BASEPTR and contexts. @mfn INVALID_MFN: none (user root only). Takes a
 * type reference, loads CR3 if the root is in use on this CPU. 0; -EINVAL, or why validation
 * refused; -ERESTART: it stopped half-way, call again.
 */
long pagetable_set_root(struct vcpu *v, mfn_t mfn, bool user);
void pagetable_drop_roots(struct vcpu *v);

/* Take apart those tables of @d that are in use no more, as operations on its tables do first. 0; -ERESTART: again. */
long pagetable_drain(struct domain *d);

/*
 * Make @d a 32-bit guest, for good. The caller has the lock of control operations. 0, if it is one already
 * too; -EACCES it has frames; -ENOMEM; -ERESTART call again.
 */
long pagetable_set_pv32(struct domain *d);

/* A new domain: whether its vcpus are isolated. */
void pagetable_domain_create(struct domain *d);

/* What pagetable_set_root needs of a vcpu, for @v's width. -ENOMEM. */
long pagetable_vcpu_create(struct vcpu *v);
void pagetable_vcpu_destroy(struct vcpu *v);

/* A root as a guest of @v's width has it in CR3, and back. */
u64 pagetable_cr3_of(const struct vcpu *v, mfn_t root);
mfn_t pagetable_root_of(const struct vcpu *v, u64 cr3);

/* dom0's builder: promote the finished tables, pinning the root. */
long pagetable_pin_root(struct domain *d, mfn_t root);

/* Teardown: unpin and drop all of a dying domain's tables and frames; -ERESTART. */
long pagetable_domain_relinquish(struct domain *d);

/*
 * Debug builds, before the first domain has frames: from now on compare what each call touches, and
 * everything every so often, with counts of our own (audit_running.c). A difference is a BUG.
 */
#ifdef NDEBUG
static inline void pagetable_audit_start(void)
{
}
#else
void pagetable_audit_start(void);
#endif

/*
 * Recompute the counts of every frame of @d from the page tables of all domains and compare: how
 * many frames are wrong, each logged. For host tests, where nothing but the engine holds
 * references: then all counts are exact.
 */
unsigned long pagetable_audit_exact(struct domain *d);

/* Debug key: audit all domains, and log what was found. */
void pagetable_audit_all(void);

#endif
