/* The fixture of tests of frames and blocks: a machine of 64 MiB, a few domains, and what mm/ asks of other rooms. */
#ifndef FAKE_FRAMES_H
#define FAKE_FRAMES_H

#include "tests/host/host.h"

#include "boot/boot_info.h"
#include "console/console.h"
#include "domain/domain.h"
#include "lib/bits.h"
#include "mm/internal.h"
#include "mm/heap.h"
#include "mm/hot.h"
#include "mm/map.h"
#include "mm/tlb.h"

#define FRAMES   16384UL /* 64 MiB */
#define FIRST    256UL
#define HOLE     5000UL /* ... up to HOLE_END there is no RAM */
#define HOLE_END 5100UL
#define RAM      (FRAMES - FIRST - (HOLE_END - HOLE))

/* --- the machine --- */

u8 *host_ram;
struct frame *frame_table;
u64 frame_limit = FRAMES;
cpumask_t smp_online = 1;
__thread struct percpu *host_cpu;
static struct percpu cpu0;
static struct vcpu running;
static u64 m2p[FRAMES];
static unsigned int flushes, stamps;
static u8 stale_write; /* what a guest writes to a frame until its TLB is flushed */
static struct domain *domains[4];

bool mfn_valid(mfn_t mfn)
{
    return mfn.n >= FIRST && mfn.n < FRAMES && !(mfn.n >= HOLE && mfn.n < HOLE_END);
}

void panic(const char *format, ...)
{
    fail_now("panic: %s", format);
}

void log_print(enum log_level level, const char *format, ...)
{
    (void)level;
    (void)format;
}

void smp_poll(void)
{
}

void tlb_flush_cached_page(const void *page)
{
    (void)page;
}

void tlb_flush_stamped(const struct frame *frame)
{
    flushes++;
    if ( stale_write )
        memset(mfn_to_virt(frame_to_mfn(frame)), stale_write, PAGE_SIZE);
}

void tlb_stamp(struct frame *frame)
{
    frame->tlb_stamp = ++stamps;
}

void m2p_set(mfn_t mfn, pfn_t pfn)
{
    m2p[mfn.n] = pfn.n;
}

void frame_put(struct frame *frame)
{
    if ( !frame_refs(--frame->state) && !(frame->state & FRAME_HYPERVISOR) )
        mm_frame_unused(frame);
}

void softirq_queue(struct softirq_job *job)
{
    job->run(job);
}

void domain_hold(struct domain *d)
{
    d->refs++;
}

void domain_put(struct domain *d)
{
    d->refs--;
}

struct domain *domain_get(domid_t id)
{
    if ( id >= ARRAY_SIZE(domains) || !domains[id] )
        return NULL;
    domains[id]->refs++;
    return domains[id];
}

struct domain *domain_first_at_or_above(domid_t id)
{
    (void)id;
    return NULL;
}

static inline struct domain *new_domain(domid_t id, bool privileged)
{
    struct domain *d = calloc(1, sizeof(*d));

    d->id = id;
    d->privileged = privileged;
    d->refs = 1;
    d->memory.max_pages = ~0UL >> 1;
    lock_init(&d->memory.lock, LOCK_MEMORY);
    free(domains[id]);
    domains[id] = d;
    return d;
}

static inline void machine(void)
{
    host_cpu = &cpu0;
    host_ram = aligned_alloc(PAGE_SIZE, FRAMES * PAGE_SIZE);
    memset(host_ram, 0xaa, FRAMES * PAGE_SIZE);
    frame_table = calloc(FRAMES, sizeof(*frame_table));
    frames_add(FIRST, HOLE);
    frames_add(HOLE_END, FRAMES);
    frames_set_total(RAM);
    expect_eq(mm_free_pages(), RAM);
    running.domain = new_domain(0, true);
    cpu0.current = &running;
}

static inline void finish(void)
{
    free(host_ram);
    free(frame_table);
    for ( unsigned int i = 0; i < ARRAY_SIZE(domains); i++ )
        free(domains[i]);
}

static inline bool page_is(mfn_t mfn, u8 byte)
{
    const u8 *p = mfn_to_virt(mfn);

    for ( unsigned int i = 0; i < PAGE_SIZE; i++ )
        if ( p[i] != byte )
            return false;
    return true;
}

static inline struct frame *frame_of(mfn_t mfn)
{
    return mfn_to_frame(mfn);
}

/* Dirty it and give it up. */
static inline void release(struct domain *d, mfn_t mfn)
{
    memset(mfn_to_virt(mfn), 0x55, PAGE_SIZE);
    expect_eq(mm_release_owner_ref(d, frame_of(mfn)), 0);
}

#endif
