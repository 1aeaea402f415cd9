/*
 * A machine for host tests of the page-type engine and its neighbours: RAM as an array, a frame
 * table, CPUs with a TLB that remembers what it should have forgotten, domains without the rest of
 * the hypervisor, guests' addresses that are pointers.
 *
 * A test calls fake_machine() once. Thread 0 is CPU 0; others call fake_cpu_join().
 */
#ifndef TESTS_HOST_FAKE_MACHINE_H
#define TESTS_HOST_FAKE_MACHINE_H

#include "tests/host/host.h"

#include "domain/domain.h"
#include "mm/frame.h"
#include "mm/map.h"
#include "mm/tlb.h"
#include "pv/pagetable/pagetable.h"

#define FAKE_FRAMES    8192UL /* RAM: 32 MiB */
#define FAKE_IO_FRAMES 16     /* the first of them are no RAM, as below 1 MiB */
#define FAKE_CPUS      4

/* I/O memory that privileged domains may map, the last frame of it read-only. */
#define FAKE_IO_FIRST 0x100000UL
#define FAKE_IO_LAST  0x10000fUL

void fake_machine(void);
void fake_cpu_join(u32 cpu);

/* ---- domains */

/*
 * A live domain with @vcpus vcpus; vcpu n belongs to CPU n % FAKE_CPUS. The first one created becomes
 * current, as kernel.
 */
struct domain *fake_domain(domid_t id, bool privileged, u32 vcpus);
void fake_run(struct vcpu *v); /* make it current on this CPU */

/* What others see of a vcpu that runs on a CPU, or has left it. Until then it runs nowhere. */
void fake_place(struct vcpu *v, u32 cpu);
void fake_displace(struct vcpu *v);

/* A frame of @d's own: one reference. Its contents are those that it was freed with. */
mfn_t fake_frame(struct domain *d);
/* Drop the owner's reference. */
void fake_release(mfn_t mfn);

unsigned long fake_frames_in_use(void);

/* ---- what the test may look at and turn */

extern __thread bool fake_write_refused;

/* pagetable_emulate_write(); false: it was refused. */
static inline bool fake_emulate_write(struct vcpu *v, struct regs *regs, u64 va)
{
    fake_write_refused = false;
    pagetable_emulate_write(v, regs, va);
    return !fake_write_refused;
}

u64 *fake_words(mfn_t mfn); /* a frame's contents */
u64 fake_state(mfn_t mfn);
u64 fake_refs(mfn_t mfn);
u64 fake_count(mfn_t mfn);
enum frame_type fake_type(mfn_t mfn);

/*
 * preempt_pending() says true at the n-th look from now (1: the next), then every
 * fake_preempt_every looks. 0: never.
 */
extern unsigned long fake_preempt_at, fake_preempt_every, fake_preempt_looks;

/* What mm_address_bits() says. */
extern unsigned int fake_address_bits;

/* Guest accesses from here on fault. Guest addresses are pointers. */
extern u64 fake_guest_limit;

/* What other CPUs do before smp_synchronize() returns. NULL: nothing. */
extern void (*fake_on_synchronize)(void);

/* What hypercall_continue was given. */
extern struct fake_continuation {
    bool set;
    unsigned int nr;
    unsigned long arg[5];
} fake_continuation;

/* Writes to MCFG pages that reached irq/. */
extern unsigned long fake_config_writes;
extern struct fake_config_write {
    u64 maddr;
    unsigned int bytes;
    u64 value;
} fake_config_write;

/* ---- the TLB model (machine_tlb.c) */

void fake_tlb_init(void); /* fake_machine()'s: they know nothing */

/*
 * CPU @cpu walks to @va under @root, remembering each step as a TLB and its paging-structure caches
 * may: a later walk uses what is remembered. A root that is an L3 is a 32-bit guest's. False: no
 * mapping. *pte: the leaf that the CPU uses, with RW only if all levels have it.
 */
bool fake_tlb_walk(u32 cpu, mfn_t root, u64 va, u64 *pte);

/*
 * What no CPU may remember: a writable entry for a frame in use as a table or descriptors; a table
 * step through a frame that is in use as something else. How many such are there?
 */
unsigned long fake_tlb_violations(void);

extern void (*fake_stamping)(const struct frame *frame); /* called when a frame is stamped */
extern unsigned long fake_cached_pages_flushed;
extern unsigned long fake_tlb_flushes; /* full ones, all CPUs together */
extern cpumask_t fake_tlb_asked;       /* whom tlb_flush_mask was for, when it was last called */
extern bool fake_tlb_ignore_stamped;   /* break tlb_flush_stamped, to see that the model notices */

#endif
