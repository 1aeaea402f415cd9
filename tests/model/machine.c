#include "tests/model/machine.h"
#include "tests/host/fake/slots.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "access/access.h"
#include "console/console.h"
#include "cpu/percpu.h"
#include "cpu/uaccess.h"
#include "domain/memory.h"
#include "grant/grant.h"
#include "irq/irq.h"
#include "irq/lapic.h"
#include "mm/alloc.h"
#include "mm/internal.h"
#include "mm/tlb.h"
#include "pv/pagetable/audit.h"
#include "pv/pagetable/hw.h"
#include "pv/pagetable/pagetable.h"
#include "pv/segment/segment.h"
#include "smp/internal.h"
#include "smp/smp.h"
#include "trace/trace.h"

/* ---- memory */

static u8 ram[MODEL_FRAMES * PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static struct frame frames[MODEL_FRAMES];

u8 *host_ram = ram;
struct frame *frame_table = frames;
u64 frame_limit;
maddr_t map_idle_root = { PAGE_SIZE };

bool mfn_valid(mfn_t mfn)
{
    return mfn.n >= MODEL_FIRST && mfn.n < frame_limit;
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

void m2p_set(mfn_t mfn, pfn_t pfn)
{
    (void)mfn;
    (void)pfn;
}

long m2p_compat_create(void)
{
    return -ENOMEM;
}

u64 *machine_words(mfn_t mfn)
{
    return mfn_to_virt(mfn);
}

/* ---- CPUs */

static struct {
    struct regs regs;
    struct percpu cpu;
} cpus[MODEL_CPUS];

static struct vcpu idle[MODEL_CPUS];
static bool in_guest[MODEL_CPUS];
__thread struct percpu *host_cpu;

static struct percpu *cpu_of_actor(unsigned int actor)
{
    return &cpus[actor % MODEL_CPUS].cpu;
}

void lapic_send_ipi(u32 apic_id, u32 vector)
{
    (void)apic_id;
    (void)vector;
}

void softirq_queue(struct softirq_job *job)
{
    (void)job;
}

void smp_watch_waiting(void)
{
}

/* In the hypervisor's windows what is pending is taken. */
void irq_window(void)
{
    smp_poll();
}

/* An interrupt handler has the CPU until it returns; it can begin only while the guest runs. */
bool machine_may_run(unsigned int actor)
{
    unsigned int cpu = actor % MODEL_CPUS;

    if ( actor >= ACTOR_HARDWARE )
        return true;
    if ( actor < ACTOR_INTERRUPTS )
        return model_is_at(ACTOR_INTERRUPTS + cpu, "begin") ||
               model_is_at(ACTOR_INTERRUPTS + cpu, "interrupts");
    return model_is_at(actor, "begin") || !model_is_at(actor, "interrupts") ||
           ((in_guest[cpu] || model_has_ended(cpu)) && smp_cpus[cpu].flush_asked);
}

void machine_resumed(unsigned int actor)
{
    host_cpu = cpu_of_actor(actor);
    memset(host_cpu->counters, 0,
           sizeof(host_cpu->counters)); /* no state differs by what was counted before */
}

void machine_interrupts(void)
{
    for ( ;; )
    {
        model_rest("interrupts");
        smp_poll();
    }
}

void machine_interrupt(unsigned int cpu)
{
    cpus[cpu].cpu.exit_work = WORK_TIMER;
}

/* ---- the TLB */

#define TLB_LEAVES 4
#define TLB_STEPS  6

struct tlb_leaf {
    u64 page, mfn;
    bool rw;
};

/* The table of @level that translates addresses whose upper part is @prefix. */
struct tlb_step {
    u64 prefix, table;
    u32 level;
    bool rw;
};

static struct tlb {
    struct tlb_leaf leaf[TLB_LEAVES];
    struct tlb_step step[TLB_STEPS];
    u32 leaves, steps;
} tlbs[MODEL_CPUS];

void write_cr3(u64 value)
{
    (void)value;
    memset(&tlbs[host_cpu->cpu], 0, sizeof(struct tlb));
}

void invlpg(u64 va)
{
    struct tlb *tlb = &tlbs[host_cpu->cpu];

    memset(tlb->step, 0, sizeof(tlb->step));
    tlb->steps = 0;
    for ( u32 i = 0; i < tlb->leaves; i++ )
        if ( tlb->leaf[i].page == va >> PAGE_SHIFT )
        {
            tlb->leaf[i--] = tlb->leaf[--tlb->leaves];
            tlb->leaf[tlb->leaves] = (struct tlb_leaf){ 0 };
        }
}

static u64 prefix_of(u64 va, u32 level)
{
    return va >> (PAGE_SHIFT + 9 * level);
}

static const struct tlb_leaf *tlb_find(const struct tlb *tlb, u64 va)
{
    for ( u32 i = 0; i < tlb->leaves; i++ )
        if ( tlb->leaf[i].page == va >> PAGE_SHIFT )
            return &tlb->leaf[i];
    return NULL;
}

/* The lowest table that @tlb remembers for @va: where a walk begins. */
static struct tlb_step walk_start(const struct tlb *tlb, u64 root, u64 va)
{
    for ( u32 level = 1; level < 4; level++ )
        for ( u32 i = 0; i < tlb->steps; i++ )
            if ( tlb->step[i].level == level && tlb->step[i].prefix == prefix_of(va, level) )
                return tlb->step[i];
    return (struct tlb_step){ .table = root >> PAGE_SHIFT, .level = 4, .rw = true };
}

static void remember_step(struct tlb *tlb, const struct tlb_step *step)
{
    if ( tlb->steps == TLB_STEPS )
        model_fails("the model's TLB is too small");
    tlb->step[tlb->steps++] = *step;
}

bool machine_walk(unsigned int cpu, u64 va)
{
    struct tlb *tlb = &tlbs[cpu];
    struct tlb_step at = walk_start(tlb, cpus[cpu].cpu.cr3, va);
    u64 pte;

    if ( tlb_find(tlb, va) )
        return true;
    for ( ;; )
    {
        pte = machine_words(to_mfn(at.table))[pte_index(va, at.level)];
        if ( !(pte & PTE_P) || !mfn_valid(pte_mfn(pte)) )
            return false;
        at.rw = at.rw && (pte & PTE_RW);
        if ( at.level == 1 )
            break;
        at.level--;
        at.table = pte_mfn(pte).n;
        at.prefix = prefix_of(va, at.level);
        remember_step(tlb, &at);
    }
    if ( tlb->leaves == TLB_LEAVES )
        model_fails("the model's TLB is too small");
    tlb->leaf[tlb->leaves++] = (struct tlb_leaf){ va >> PAGE_SHIFT, pte_mfn(pte).n, at.rw };
    return true;
}

/* ---- what must never be */

static bool is_in_use_as(u64 state, enum frame_type type)
{
    return frame_type_count(state) && frame_type_of(state) == type;
}

/* No guest may write to it, nor any TLB know how. While it is LOCKED the TLBs are only being flushed. */
static bool is_table_for_guests(u64 state)
{
    return frame_type_count(state) && frame_type_of(state) != FRAME_NONE &&
           frame_type_of(state) <= FRAME_SEGDESC;
}

static u32 level_of(u64 state)
{
    return is_table_for_guests(state) ? (u32)frame_type_of(state) : 0;
}

static bool is_zeroed(const struct frame *frame)
{
    return frame->owner == DOMID_NOBODY && !frame->state && frame->link == FRAME_ZEROED;
}

static const char *wrong_in_tlb(const struct tlb *tlb, domid_t whose)
{
    for ( u32 i = 0; i < tlb->leaves; i++ )
    {
        const struct frame *frame = &frames[tlb->leaf[i].mfn];

        if ( tlb->leaf[i].rw && is_table_for_guests(frame->state) &&
             !(frame->state & FRAME_LOCKED) )
            return "a frame is a table, and a TLB still lets a guest write to it";
        if ( whose == DOMAIN_A && frame->owner == DOMAIN_B )
            return "a frame is another domain's, and a TLB still shows it to the one that had it";
        if ( tlb->leaf[i].rw && is_zeroed(frame) )
            return "a free frame was zeroed, and a TLB still lets a guest write to it";
    }
    for ( u32 i = 0; i < tlb->steps; i++ )
    {
        u64 state = frames[tlb->step[i].table].state;

        if ( is_in_use_as(state, FRAME_WRITABLE) && !(state & FRAME_LOCKED) )
            return "a frame is writable, and a TLB still leads through it as a table";
        if ( level_of(state) && level_of(state) != tlb->step[i].level && !(state & FRAME_LOCKED) )
            return "a frame is a table of one level, and a TLB still leads through it as another";
    }
    return NULL;
}

/* An entry of a table that counts: what it maps has the references. */
static const char *wrong_in_entry(u64 pte)
{
    u64 state;

    if ( !(pte & PTE_P) || !mfn_valid(pte_mfn(pte)) )
        return NULL;
    state = frames[pte_mfn(pte).n].state;
    if ( !frame_refs(state) )
        return "an entry maps a frame that nobody has";
    if ( (pte & PTE_RW) && !is_in_use_as(state, FRAME_WRITABLE) )
        return "an entry maps a frame writable that is none";
    return NULL;
}

static const char *wrong_in_l1(const u64 *table)
{
    const char *why = NULL;

    for ( unsigned int i = 0; i < PTES_PER_TABLE && !why; i++ )
        if ( table[i] )
            why = wrong_in_entry(table[i]);
    return why;
}

static const char *wrong_in_frame(const struct frame *frame)
{
    u64 state = frame->state;

    if ( frame_type_count(state) > frame_refs(state) )
        return "a frame has more type references than references";
    if ( is_in_use_as(state, FRAME_L1) && (state & FRAME_VALIDATED) )
        return wrong_in_l1(mfn_to_virt(frame_to_mfn(frame)));
    return NULL;
}

static bool is_root_of(mfn_t mfn, const struct domain *d)
{
    const struct frame *frame = &frames[mfn.n];

    return mfn_eq(mfn, INVALID_MFN) ||
           (frame->owner == d->id && frame->state & FRAME_VALIDATED && level_of(frame->state) == 4);
}

static const char *wrong_in_roots(const struct domain *d)
{
    const struct vcpu *v;

    for_each_vcpu(d, v)
        if ( !is_root_of(v->pv.root_kernel, d) || !is_root_of(v->pv.root_user, d) )
            return "a vcpu is on a frame that is no root of its domain";
    return NULL;
}

/*
 * Who writes to a page, or reads it, by its number: it must be @whose then, or have been and hold what that one wrote;
 * and no table if it is written to. (Tables that are LOCKED still wait for who may write.)
 */
static void access_page(const void *page, bool write, domid_t whose)
{
    const struct frame *frame = mfn_to_frame(virt_to_mfn(page));

    model_reads(&frame->state);
    if ( frame->owner != whose && (frame->owner != DOMID_NOBODY || is_zeroed(frame)) )
        model_fails("the hypervisor uses a page for one who hasn't got it");
    if ( write && is_table_for_guests(frame->state) && !(frame->state & FRAME_LOCKED) )
        model_fails("the hypervisor writes to a table as if it were a page");
}

static domid_t named[MODEL_CPUS]; /* whose pages each CPU was asked to use */

void hw_clear_page(void *page)
{
    access_page(page, true, named[host_cpu->cpu]);
    memset(page, 0, PAGE_SIZE);
}

void hw_copy_page(void *to, const void *from)
{
    copy_inline(to, from, PAGE_SIZE);
}

void copy_inline(void *to, const void *from, size_t n)
{
    access_page(to, true, named[host_cpu->cpu]);
    access_page(from, false, named[host_cpu->cpu]);
    memmove(to, from, n);
}

const char *machine_wrong(void)
{
    const char *why = NULL;

    for ( unsigned int i = MODEL_FIRST; i < frame_limit && !why; i++ )
        why = wrong_in_frame(&frames[i]);
    for ( unsigned int cpu = 0; cpu < MODEL_CPUS && !why; cpu++ )
        why = wrong_in_tlb(&tlbs[cpu], cpus[cpu].cpu.current->domain->id);
    if ( !why )
        why = wrong_in_roots(domain_a);
    return why ? why : wrong_in_roots(domain_b);
}

bool machine_always(const volatile void *at)
{
    size_t offset = (size_t)((const volatile u8 *)at - (const u8 *)frames);

    return offset < sizeof(frames) && offset % sizeof(frames[0]) == offsetof(struct frame, state);
}

void machine_ignores(struct model *m, u64 nr_frames)
{
    u64 limit = MODEL_FIRST + nr_frames;

    m->ignored[0].from = &ram[limit * PAGE_SIZE];
    m->ignored[0].size = (MODEL_FRAMES - limit) * PAGE_SIZE;
    m->ignored[1].from = idle;
    m->ignored[1].size = sizeof(idle);
}

const char *machine_name(const volatile void *at, char *buffer, size_t size)
{
    size_t offset = (size_t)((const volatile u8 *)at - (const u8 *)frames);

    if ( offset < sizeof(frames) )
        snprintf(buffer, size, "frame %zu %s", offset / sizeof(struct frame),
                 offset % sizeof(struct frame) == 0 ? "state" : "");
    else if ( (size_t)((const volatile u8 *)at - ram) < sizeof(ram) )
        snprintf(buffer, size, "entry %zu of frame %zu",
                 (size_t)((const volatile u8 *)at - ram) % PAGE_SIZE / 8,
                 (size_t)((const volatile u8 *)at - ram) / PAGE_SIZE);
    else
        snprintf(buffer, size, "%p", (const void *)at);
    return buffer;
}

/* ---- domains */

static struct domain domains[4];
static struct vcpu vcpus[3];
static struct vcpu *vcpus_of_a[2] = { &vcpus[0], &vcpus[1] }, *vcpus_of_b[1] = { &vcpus[2] };

struct domain *domain_a = &domains[0], *domain_b = &domains[1], *domain_idle = &domains[2],
              *domain_io = &domains[3], *domain_zero;

struct domain *domain_buckets[DOMAIN_BUCKETS];

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
        model_fails("a domain lost its last reference");
}

struct domain *domain_first_at_or_above(domid_t id)
{
    return id <= DOMAIN_B ? domain_get(id > DOMAIN_A ? id : DOMAIN_A) : NULL;
}

/* Each may name the other. */
long access_check(const struct domain *who, const struct domain *target, enum access_right right)
{
    (void)who;
    (void)target;
    (void)right;
    return 0;
}

long access_domain(struct domain *who, domid_t id, enum access_right right, struct domain **out)
{
    struct domain *d = domain_get(id);

    if ( !d )
        return -ESRCH;
    if ( access_check(who, d, right) )
    {
        domain_put(d);
        return -EPERM;
    }
    *out = d;
    return 0;
}

bool access_iomem(const struct domain *d, mfn_t mfn)
{
    (void)d;
    (void)mfn;
    return false;
}

bool access_iomem_read_only(mfn_t mfn)
{
    (void)mfn;
    return false;
}

static void domain_set_up(struct domain *d, domid_t id, struct vcpu **its_vcpus, u32 nr)
{
    *d = (struct domain){
        .id = id,
        .refs = 1,
        .max_vcpus = nr,
        .vcpus = its_vcpus,
        .memory.max_pages = MODEL_FRAMES,
        .grant.max_grant_frames = 1,
        .grant.max_maptrack_frames = 1,
    };
    lock_init(&d->pv.pagetable_lock, LOCK_PAGETABLE);
    lock_init(&d->memory.lock, LOCK_MEMORY);
    for ( u32 i = 0; i < nr; i++ )
    {
        struct vcpu *v = d->vcpus[i];

        *v = (struct vcpu){ .domain = d, .id = i, .processor = id == DOMAIN_B ? 1 : i };
        v->cpu.kernel_mode = 1;
        v->cpu.info = &v->no_info;
        v->pv.root_kernel = v->pv.root_user = INVALID_MFN;
        v->pv.walked.region = WALKED_NONE;
        for ( unsigned int n = 0; n < ARRAY_SIZE(v->pv.gdt_mfn); n++ )
            v->pv.gdt_mfn[n] = INVALID_MFN;
    }
}

/* ---- what the engine asks of other rooms */

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
    char why[160];
    va_list args;

    va_start(args, format);
    vsnprintf(why, sizeof(why), format, args);
    va_end(args);
    model_fails(why);
}

unsigned long copy_from_guest(void *to, gva_t from, unsigned long len)
{
    memcpy(to, (const void *)from.n, len);
    return 0;
}

unsigned long copy_to_guest(gva_t to, const void *from, unsigned long len)
{
    memcpy((void *)to.n, from, len);
    return 0;
}

long segment_validate_page(u64 *descriptors, domid_t owner)
{
    (void)descriptors;
    (void)owner;
    return 0;
}

long segment_set_ldt(struct vcpu *v, u64 base, u32 entries)
{
    (void)v;
    (void)base;
    (void)entries;
    return -EINVAL;
}

void segment_ldt_drop(struct vcpu *v)
{
    (void)v;
}

void pagetable_write_refused(struct vcpu *v, struct regs *regs, u64 va)
{
    (void)v;
    (void)regs;
    (void)va;
}

bool irq_pci_mcfg_write(maddr_t maddr, unsigned int bytes, u64 value)
{
    (void)maddr;
    (void)bytes;
    (void)value;
    return false;
}

/* The model looks for itself, after each step. */
void audit_entry(const u64 *slot, u64 old, u64 new)
{
    (void)slot;
    (void)old;
    (void)new;
}

void audit_gain(const u64 *table, unsigned int first, unsigned int end)
{
    (void)table;
    (void)first;
    (void)end;
}

void audit_lose(const u64 *table, unsigned int first, unsigned int end)
{
    (void)table;
    (void)first;
    (void)end;
}

void audit_touch(const struct frame *frame)
{
    (void)frame;
}

void audit_begin(void)
{
}

void audit_end(struct domain *d)
{
    (void)d;
}

/* ---- guests */

void guest_runs(void)
{
    unsigned int cpu = host_cpu->cpu;

    in_guest[cpu] = true;
    model_pause("the guest runs");
    in_guest[cpu] = false;
    host_cpu->exit_work = 0;
}

void guest_writes(u64 va, unsigned int index, u64 value)
{
    unsigned int cpu = host_cpu->cpu;
    const struct tlb_leaf *leaf;

    guest_runs();
    if ( !machine_walk(cpu, va) )
        return;
    leaf = tlb_find(&tlbs[cpu], va);
    if ( leaf->rw )
        machine_words(to_mfn(leaf->mfn))[index] = value;
}

static struct {
    bool set;
    unsigned long arg[4];
} continuation[MODEL_CPUS];

long hypercall_continue(unsigned int nr, unsigned long a1, unsigned long a2, unsigned long a3,
                        unsigned long a4, unsigned long a5)
{
    (void)nr;
    (void)a5;
    continuation[host_cpu->cpu].set = true;
    memcpy(continuation[host_cpu->cpu].arg, (unsigned long[]){ a1, a2, a3, a4 },
           sizeof(continuation[0].arg));
    return -ERESTART;
}

void hypercall_long_step(void)
{
}

long memory_op_any(unsigned long cmd, unsigned long arg)
{
    (void)cmd;
    (void)arg;
    return -ENOSYS;
}

/* The guest takes its events, then comes again. */
static bool continued(unsigned long *arg)
{
    unsigned int cpu = host_cpu->cpu;

    if ( !continuation[cpu].set )
        return false;
    memcpy(arg, continuation[cpu].arg, sizeof(continuation[cpu].arg));
    memset(&continuation[cpu], 0, sizeof(continuation[cpu]));
    guest_runs();
    return true;
}

long guest_mmu_update(u64 ptr, u64 val, domid_t from)
{
    struct mmu_update req = { ptr, val };
    unsigned long arg[4] = { (unsigned long)&req, 1, 0, from };
    long rc;

    guest_runs();
    do
        rc = pagetable_mmu_update(arg[0], arg[1], arg[2], arg[3]);
    while ( continued(arg) );
    return rc;
}

long guest_mmuext(unsigned int cmd, mfn_t mfn)
{
    return guest_page_op(cmd, mfn, to_mfn(0), current_vcpu()->domain);
}

long guest_page_op(unsigned int cmd, mfn_t mfn, mfn_t from, const struct domain *of)
{
    struct mmuext_op op = { .cmd = cmd, .arg1.mfn = mfn.n, .arg2.src_mfn = from.n };
    unsigned long arg[4] = { (unsigned long)&op, 1, 0,
                             of == current_vcpu()->domain ? DOMID_SELF : of->id };
    long rc;

    guest_runs();
    named[host_cpu->cpu] = of->id;
    do
        rc = pagetable_mmuext_op(arg[0], arg[1], arg[2], arg[3]);
    while ( continued(arg) );
    return rc;
}

void guest_copies(mfn_t to, mfn_t from)
{
    struct gnttab_copy op = { .source = { { .gmfn = from.n }, DOMID_SELF, 0 },
                              .dest = { { .gmfn = to.n }, DOMID_SELF, 0 },
                              .len = PAGE_SIZE };

    guest_runs();
    named[host_cpu->cpu] = current_vcpu()->domain->id;
    grant_table_op(GNTTABOP_copy, (unsigned long)&op, 1);
}

long guest_va_mapping(u64 va, u64 pte, unsigned long flags)
{
    guest_runs();
    return pagetable_update_va_mapping(va, pte, flags);
}

/* ---- set-up */

void machine_run(unsigned int cpu, struct vcpu *v)
{
    host_cpu = &cpus[cpu].cpu;
    host_cpu->current = v;
    v->processor = cpu;
    v->sched.running = true;
    v->domain->dirty_cpus |= 1UL << cpu;
    tlb_switch_root(to_maddr(v->cpu.cr3_kernel), v->domain->id);
}

mfn_t machine_frame(struct domain *d)
{
    mfn_t mfn = mm_alloc_domain_page(d, INVALID_PFN);

    memset(machine_words(mfn), 0, PAGE_SIZE);
    return mfn;
}

void machine_set_up(u64 nr_frames)
{
    frame_limit = MODEL_FIRST + nr_frames;
    for ( unsigned int i = 0; i < frame_limit; i++ )
        frames[i].owner = i < MODEL_FIRST ? FRAME_NO_RAM : DOMID_NOBODY;
    domain_set_up(domain_idle, DOMID_IDLE_DOMAIN, NULL, 0);
    domain_set_up(domain_io, DOMID_IO, NULL, 0);
    domain_set_up(domain_a, DOMAIN_A, vcpus_of_a, 2);
    domain_set_up(domain_b, DOMAIN_B, vcpus_of_b, 1);
    domain_buckets[DOMAIN_A] = domain_a;
    domain_buckets[DOMAIN_B] = domain_b;
    for ( unsigned int cpu = 0; cpu < MODEL_CPUS; cpu++ )
    {
        host_cpu = &cpus[cpu].cpu;
        host_cpu->cpu = cpu;
        host_cpu->current = &idle[cpu];
        idle[cpu].domain = domain_idle;
        smp_set_online(host_cpu);
    }
    map_fill_l4(machine_words(to_mfn(1)));
    frames_add(MODEL_FIRST, frame_limit);
}
