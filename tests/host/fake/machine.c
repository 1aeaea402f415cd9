#include "tests/host/fake/machine.h"
#include "tests/host/fake/slots.h"

#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>

#include "access/access.h"
#include "console/console.h"
#include "cpu/percpu.h"
#include "cpu/uaccess.h"
#include "lib/atomic.h"
#include "irq/irq.h"
#include "mm/alloc.h"
#include "mm/frame_inline.h"
#include "pv/pagetable/pagetable.h"
#include "pv/segment/segment.h"
#include "smp/smp.h"
#include "trace/trace.h"

/* Only some tests have the engine. */
void pagetable_audit_start(void) __attribute__((weak));

/* ---- memory */

u8 *host_ram;
struct frame *frame_table;
u64 frame_limit;
maddr_t map_idle_root = { 0x1000 };

unsigned int fake_address_bits = 25;
static u64 m2p[FAKE_FRAMES];
static u64 next_frame;
static pthread_mutex_t frames_mutex = PTHREAD_MUTEX_INITIALIZER;

bool mfn_valid(mfn_t mfn)
{
    return mfn.n < frame_limit && READ_ONCE(frame_table[mfn.n].owner) != FRAME_NO_RAM;
}

void m2p_set(mfn_t mfn, pfn_t pfn)
{
    m2p[mfn.n] = pfn.n;
}

pfn_t m2p_get(mfn_t mfn)
{
    return to_pfn(m2p[mfn.n]);
}

bool m2p_lacks(mfn_t mfn)
{
    (void)mfn;
    return false;
}

mfn_t m2p_hole(void)
{
    return INVALID_MFN;
}

long m2p_compat_create(void)
{
    return 0;
}

__attribute__((weak)) unsigned int mm_address_bits(void)
{
    return fake_address_bits;
}

static void unlink_frame(struct domain *d, struct frame *frame)
{
    u32 me = frame_to_mfn(frame).n;

    if ( frame->prev )
        frame_table[frame->prev].next = frame->next;
    else
    {
        if ( d->memory.first != me )
            abort();
        d->memory.first = frame->next;
    }
    if ( frame->next )
        frame_table[frame->next].prev = frame->prev;
    d->memory.tot_pages--;
}

void mm_frame_of_unused(struct domain *d, struct frame *frame)
{
    u64 state = READ_ONCE(frame->state);

    if ( frame_refs(state) || frame_type_count(state) ||
         (state & (FRAME_LOCKED | FRAME_PARTIAL | FRAME_DEAD | FRAME_PINNED)) || frame->linear ||
         !d )
        panic("a frame freed in state %lx, linear %d", state, frame->linear);
    if ( frame->owner != d->id )
        panic("a frame freed in another's name");
    tlb_stamp(frame);
    pthread_mutex_lock(&frames_mutex);
    unlink_frame(d, frame);
    WRITE_ONCE(frame->owner, DOMID_NOBODY);
    atomic_store(&frame->state, 0);
    pthread_mutex_unlock(&frames_mutex);
}

void mm_frame_unused(struct frame *frame)
{
    mm_frame_of_unused(domain_look_up(frame->owner), frame);
}

/* Round the memory, so that a freed frame rests for a while. */
mfn_t fake_frame(struct domain *d)
{
    struct frame *frame;

    pthread_mutex_lock(&frames_mutex);
    for ( u64 tries = 0;; tries++ )
    {
        if ( tries == FAKE_FRAMES )
            fail_now("the fake machine has no memory left");
        frame = &frame_table[next_frame];
        next_frame = next_frame + 1 < FAKE_FRAMES ? next_frame + 1 : FAKE_IO_FRAMES;
        if ( frame->owner == DOMID_NOBODY )
            break;
    }
    tlb_flush_stamped(frame);
    WRITE_ONCE(frame->owner, d->id);
    frame->next = d->memory.first;
    frame->prev = 0;
    if ( frame->next )
        frame_table[frame->next].prev = frame_to_mfn(frame).n;
    d->memory.first = frame_to_mfn(frame).n;
    d->memory.tot_pages++;
    atomic_store(&frame->state, FRAME_ALLOCATED | FRAME_REF_ONE);
    pthread_mutex_unlock(&frames_mutex);
    return frame_to_mfn(frame);
}

long mm_release_owner_ref(struct domain *d, struct frame *frame)
{
    bool owns;

    pthread_mutex_lock(&frames_mutex);
    owns = frame->owner == d->id &&
           (atomic_fetch_and(&frame->state, ~FRAME_ALLOCATED) & FRAME_ALLOCATED);
    pthread_mutex_unlock(&frames_mutex);
    if ( !owns )
        return -EINVAL;
    frame_put(frame);
    return 0;
}

struct frame *mm_release_frames(struct domain *d, struct frame *from, unsigned int most)
{
    u32 mfn = from ? from->next : d->memory.first, next;

    if ( from )
        mm_release_owner_ref(d, from);
    for ( ; mfn && most; mfn = next, most-- )
    {
        next = frame_table[mfn].next;
        mm_release_owner_ref(d, &frame_table[mfn]);
    }
    while ( mfn && !frame_get_internal(&frame_table[mfn]) )
        mfn = frame_table[mfn].next;
    if ( from )
        frame_put(from);
    return mfn ? &frame_table[mfn] : NULL;
}

void fake_release(mfn_t mfn)
{
    mm_release_owner_ref(domain_look_up(mfn_to_frame(mfn)->owner), mfn_to_frame(mfn));
}

unsigned long fake_frames_in_use(void)
{
    unsigned long n = 0;

    for ( u64 i = FAKE_IO_FRAMES; i < FAKE_FRAMES; i++ )
        n += frame_table[i].owner != DOMID_NOBODY;
    return n;
}

u64 *fake_words(mfn_t mfn)
{
    return mfn_to_virt(mfn);
}

u64 fake_state(mfn_t mfn)
{
    return READ_ONCE(mfn_to_frame(mfn)->state);
}

u64 fake_refs(mfn_t mfn)
{
    return frame_refs(fake_state(mfn));
}

__thread bool fake_write_refused;

void pagetable_write_refused(struct vcpu *v, struct regs *regs, u64 va)
{
    (void)v, (void)regs, (void)va;
    fake_write_refused = true;
}

u64 fake_count(mfn_t mfn)
{
    return frame_type_count(fake_state(mfn));
}

enum frame_type fake_type(mfn_t mfn)
{
    return frame_type_of(fake_state(mfn));
}

void *mm_alloc(unsigned int order)
{
    return calloc(PAGE_SIZE, 1UL << order);
}

void mm_free(void *va, unsigned int order)
{
    (void)order;
    free(va);
}

/* ---- CPUs */

static struct {
    struct regs regs;
    struct percpu cpu;
} cpus[FAKE_CPUS];

__thread struct percpu *host_cpu;
cpumask_t smp_online = (1UL << FAKE_CPUS) - 1;
static struct vcpu idle[FAKE_CPUS];
static struct domain idle_domain = { .id = DOMID_IDLE_DOMAIN };

void fake_cpu_join(u32 cpu)
{
    host_cpu = &cpus[cpu].cpu;
    host_cpu->cpu = cpu;
    idle[cpu].domain = &idle_domain;
    host_cpu->current = &idle[cpu];
}

void smp_poll(void)
{
}

void (*fake_on_synchronize)(void);

void smp_synchronize(void)
{
    if ( fake_on_synchronize )
        fake_on_synchronize();
}

unsigned long fake_preempt_at, fake_preempt_every, fake_preempt_looks;

bool preempt_pending(void)
{
    atomic_inc(&fake_preempt_looks);
    if ( !READ_ONCE(fake_preempt_at) || --fake_preempt_at )
        return false;
    fake_preempt_at = fake_preempt_every;
    return true;
}

void lock_init(struct lock *lock, enum lock_level level)
{
    *lock = (struct lock)LOCK_INIT(level);
}

void lock_acquire(struct lock *lock)
{
    u64 spins = 0;

    while ( atomic_xchg(&lock->held, 1) )
    {
        sched_yield(); /* there may be fewer processors than CPUs */
        if ( ++spins > 2000000000UL )
            panic("a lock is never released");
    }
}

bool lock_try(struct lock *lock)
{
    return !atomic_xchg(&lock->held, 1);
}

void lock_release(struct lock *lock)
{
    if ( !lock_held(lock) )
        panic("a lock is released that nobody holds");
    atomic_store(&lock->held, 0);
}

bool lock_held(const struct lock *lock)
{
    return atomic_load(&lock->held);
}

void log_print(enum log_level level, const char *format, ...)
{
    va_list args;

    (void)level;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

void panic(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    abort();
}

unsigned long fake_config_writes;
struct fake_config_write fake_config_write;

bool irq_pci_mcfg_write(maddr_t maddr, unsigned int bytes, u64 value)
{
    fake_config_writes++;
    fake_config_write = (struct fake_config_write){ maddr.n, bytes, value };
    return true;
}

/* ---- domains */

struct domain *domain_zero, *domain_io, *domain_xen, *domain_idle;
struct domain *domain_buckets[DOMAIN_BUCKETS];
static struct domain *domains[8];

struct domain *fake_domain(domid_t id, bool privileged, u32 vcpus)
{
    struct domain *d = calloc(1, sizeof(*d));

    d->id = id;
    d->privileged = privileged;
    d->refs = 1;
    d->max_vcpus = vcpus;
    d->vcpus = calloc(vcpus ? vcpus : 1, sizeof(*d->vcpus));
    lock_init(&d->pv.pagetable_lock, LOCK_PAGETABLE);
    lock_init(&d->memory.lock, LOCK_MEMORY);
    for ( u32 i = 0; i < vcpus; i++ )
    {
        struct vcpu *v = calloc(1, sizeof(*v));

        v->domain = d;
        v->id = i;
        v->processor = i % FAKE_CPUS;
        v->runstate.info.state = RUNSTATE_offline;
        v->cpu.kernel_mode = 1;
        v->pv.root_kernel = v->pv.root_user = INVALID_MFN;
        v->pv.walked.region = WALKED_NONE;
        for ( unsigned int n = 0; n < ARRAY_SIZE(v->pv.gdt_mfn); n++ )
            v->pv.gdt_mfn[n] = INVALID_MFN;
        d->vcpus[i] = v;
    }
    for ( unsigned int i = 0; i < ARRAY_SIZE(domains); i++ )
        if ( !domains[i] )
        {
            domains[i] = d;
            break;
        }
    d->bucket_next = domain_buckets[id % DOMAIN_BUCKETS];
    domain_buckets[id % DOMAIN_BUCKETS] = d;
    if ( vcpus && host_cpu->current->domain == &idle_domain )
        fake_run(d->vcpus[0]);
    return d;
}

void fake_run(struct vcpu *v)
{
    host_cpu->current = v;
}

void fake_place(struct vcpu *v, u32 cpu)
{
    v->processor = cpu;
    v->sched.running = true;
    v->domain->dirty_cpus |= 1UL << cpu;
}

void fake_displace(struct vcpu *v)
{
    v->sched.running = false;
    v->domain->dirty_cpus &= ~(1UL << v->processor);
}

struct domain *domain_get(domid_t id)
{
    struct domain *d = domain_look_up(id);

    if ( d )
        domain_hold(d);
    return d;
}

void domain_hold(struct domain *d)
{
    atomic_inc(&d->refs);
}

void domain_put(struct domain *d)
{
    if ( atomic_dec_and_test(&d->refs) )
        panic("domain %u lost its last reference", d->id);
}

struct domain *domain_first_at_or_above(domid_t id)
{
    struct domain *best = NULL;

    for ( unsigned int i = 0; i < ARRAY_SIZE(domains) && domains[i]; i++ )
        if ( domains[i]->id >= id && domains[i]->id < DOMID_FIRST_RESERVED &&
             (!best || domains[i]->id < best->id) )
            best = domains[i];
    if ( best )
        domain_hold(best);
    return best;
}

struct domain *domain_after(struct domain *d)
{
    struct domain *next = domain_first_at_or_above((domid_t)(d->id + 1));

    domain_put(d);
    return next;
}

long access_check(const struct domain *who, const struct domain *target, enum access_right right)
{
    if ( who->privileged || (who == target && (right == ACCESS_MAP || right == ACCESS_CONTROL)) )
        return 0;
    return -EPERM;
}

long access_domain(struct domain *who, domid_t id, enum access_right right, struct domain **out)
{
    struct domain *d = id == DOMID_SELF ? who : domain_look_up(id);

    if ( !d )
        return -ESRCH;
    if ( id != DOMID_IO && access_check(who, d, right) )
        return -EPERM;
    domain_hold(d);
    *out = d;
    return 0;
}

bool access_iomem(const struct domain *d, mfn_t mfn)
{
    return d->privileged &&
           (mfn.n < FAKE_IO_FRAMES || (mfn.n >= FAKE_IO_FIRST && mfn.n <= FAKE_IO_LAST));
}

bool access_iomem_read_only(mfn_t mfn)
{
    return mfn.n == FAKE_IO_LAST;
}

/* ---- guests */

u64 fake_guest_limit = 0x0000800000000000UL;

unsigned long copy_from_guest(void *to, gva_t from, unsigned long len)
{
    if ( from.n < PAGE_SIZE || from.n + len > fake_guest_limit || from.n + len < from.n )
        return len;
    memcpy(to, (const void *)from.n, len);
    return 0;
}

unsigned long copy_to_guest(gva_t to, const void *from, unsigned long len)
{
    if ( to.n < PAGE_SIZE || to.n + len > fake_guest_limit || to.n + len < to.n )
        return len;
    memcpy((void *)to.n, from, len);
    return 0;
}

struct fake_continuation fake_continuation;

long hypercall_continue(unsigned int nr, unsigned long a1, unsigned long a2, unsigned long a3,
                        unsigned long a4, unsigned long a5)
{
    fake_continuation = (struct fake_continuation){ true, nr, { a1, a2, a3, a4, a5 } };
    return -ERESTART;
}

void hypercall_long_step(void)
{
}

/* ---- descriptors: a page whose first word is FAKE_BAD_DESCRIPTOR is refused */

long segment_validate_page(u64 *descriptors, domid_t owner)
{
    (void)owner;
    return descriptors[0] == 0xbad ? -EINVAL : 0;
}

long segment_set_ldt(struct vcpu *v, u64 base, u32 entries)
{
    if ( base % PAGE_SIZE || entries > 8192 )
        return -EINVAL;
    v->pv.ldt_base = base;
    v->pv.ldt_entries = entries;
    return 0;
}

void segment_ldt_drop(struct vcpu *v)
{
    v->pv.ldt_mapped = 0;
}

/* ---- all of it */

static void free_domain(struct domain *d)
{
    for ( u32 i = 0; i < d->max_vcpus; i++ )
    {
        free(d->vcpus[i]->pv.monitor);
        free(d->vcpus[i]);
    }
    free(d->vcpus);
    free(d);
}

/* RAM between two pages that nobody may touch; the second time it is zeroes again, without being written. */
static void fresh_ram(void)
{
    const size_t size = FAKE_FRAMES * PAGE_SIZE;

    if ( host_ram )
    {
        madvise(host_ram, size, MADV_DONTNEED);
        return;
    }
    host_ram = mmap(NULL, size + 2 * PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if ( host_ram == MAP_FAILED )
        fail_now("no memory for the fake machine");
    host_ram += PAGE_SIZE;
    mprotect(host_ram, size, PROT_READ | PROT_WRITE);
}

void fake_machine(void)
{
    for ( unsigned int i = 0; i < ARRAY_SIZE(domains) && domains[i]; i++ )
    {
        free_domain(domains[i]);
        domains[i] = NULL;
    }
    memset(domain_buckets, 0, sizeof(domain_buckets));
    free(frame_table);
    fake_tlb_init();
    fresh_ram();
    map_fill_l4((u64 *)(host_ram + map_idle_root.n));
    frame_table = calloc(FAKE_FRAMES, sizeof(*frame_table));
    frame_limit = FAKE_FRAMES;
    next_frame = FAKE_IO_FRAMES;
    for ( u64 i = 0; i < FAKE_FRAMES; i++ )
        frame_table[i].owner = i < FAKE_IO_FRAMES ? FRAME_NO_RAM : DOMID_NOBODY;
    fake_cpu_join(0);
    if ( pagetable_audit_start )
        pagetable_audit_start();
    domain_idle = &idle_domain;
    domain_io = fake_domain(DOMID_IO, false, 0);
    domain_xen = fake_domain(DOMID_XEN, false, 0);
}
