#include "tests/host/fake/guests.h"

#include <sys/mman.h>

#include "cpu/segments.h"
#include "mm/alloc.h"
#include "mm/heap.h"
#include "pv/bounce/bounce.h"
#include "pv/bounce/internal.h"
#include "pv/compat/compat.h"
#include "pv/compat/internal.h"
#include "sched/sched.h"

/* --- hypercalls --- */

#define AFTER  0x1002UL /* rip when the instruction is done ... */
#define BEFORE 0x1000UL /* ... and when it is to be done again */

static u64 *argument(struct vcpu *v, unsigned int i)
{
    return (u64 *)((u8 *)whole_regs() + v->cpu.mode.arguments[i]);
}

void guest_set_call(unsigned int nr, const u64 *args)
{
    struct vcpu *v = current_vcpu();

    whole_regs()->rax = nr;
    for ( unsigned int i = 0; i < 5; i++ )
        *argument(v, i) = args[i];
}

extern const void *const hypercall_table[]; /* pv/bounce/hypercall.c, for entry.S */

static long call_64(struct vcpu *v)
{
    u64 nr = whole_regs()->rax;

    if ( nr >= HYPERCALL_TABLE )
        return hypercall_unknown();
    return ((hypercall_fn *)hypercall_table[nr])(*argument(v, 0), *argument(v, 1), *argument(v, 2),
                                                 *argument(v, 3), *argument(v, 4));
}

bool guest_step(long *rc)
{
    struct vcpu *v = current_vcpu();
    struct regs *regs = whole_regs();

    regs->rip = AFTER;
    if ( v->domain->pv32 )
    {
        compat_hypercall(v, regs);
        *rc = (s32)regs->rax;
    }
    else
        regs->rax = (u64)(*rc = call_64(v));
    return regs->rip == AFTER;
}

bool guest_must_go_on(void)
{
    return whole_regs()->rip == BEFORE;
}

long guest_call(unsigned int nr, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5)
{
    const u64 args[] = { a1, a2, a3, a4, a5 };
    long rc;

    guest_set_call(nr, args);
    while ( !guest_step(&rc) )
        ;
    return rc;
}

void guest_run(struct vcpu *v)
{
    if ( current_vcpu() != v )
        vcpu_switch(current_vcpu(), v);
}

/* --- domains --- */

static u8 *arena_of(domid_t id)
{
    void *at = (void *)(0x40000000UL + 0x1000000UL * id);
    void *got = mmap(at, GUEST_ARENA, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

    if ( got == MAP_FAILED && errno == EEXIST ) /* from the domain before */
        got = at;
    require(got == at);
    memset(got, 0, GUEST_ARENA);
    return got;
}

static long get_frames(struct guest *g)
{
    for ( unsigned int i = 0; i < GUEST_FRAMES; i++ )
    {
        g->frame[i] = mm_alloc_domain(g->d, 0, 0, INVALID_PFN);
        if ( mfn_eq(g->frame[i], INVALID_MFN) )
            return -ENOMEM;
        m2p_set(g->frame[i], to_pfn(i));
    }
    return 0;
}

#define TABLE (PTE_P | PTE_RW | PTE_US | PTE_A)
#define PAGE  (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)

static u64 *words(const struct guest *g, unsigned int frame)
{
    return mfn_to_virt(g->frame[frame]);
}

static void write_tables(const struct guest *g)
{
    bool pv32 = g->d->pv32;
    unsigned int l3 = pv32 ? 0 : 1;

    if ( pv32 )
        words(g, 0)[3] = pte_make(g->frame[1], PTE_P); /* the last GiB's L2 */
    else
        words(g, 0)[pte_index(GUEST_VA, 4)] = pte_make(g->frame[1], TABLE);
    words(g, l3)[pte_index(GUEST_VA, 3)] = pte_make(g->frame[2], pv32 ? PTE_P : TABLE);
    words(g, 2)[pte_index(GUEST_VA, 2)] = pte_make(g->frame[3], TABLE);
    for ( unsigned int i = 0; i < GUEST_FRAMES - GUEST_LOOSE; i++ )
        words(g, 3)[i] = pte_make(g->frame[i], i < GUEST_TABLES ? PAGE & ~PTE_RW : PAGE);
}

static long start_vcpus(struct guest *g)
{
    static struct vcpu_guest_context context;
    long rc = pagetable_pin_root(g->d, g->frame[0]);

    context = (struct vcpu_guest_context){
        .flags = VGCF_in_kernel | VGCF_online,
        .user_regs = { .rip = AFTER, .cs = g->d->pv32 ? SEL_RING1_CS : SEL_USER_CS64 },
        .ctrlreg = { [3] = mfn_to_maddr(g->frame[0]).n },
    };
    for ( unsigned int i = 0; !rc && i < GUEST_VCPUS; i++ )
    {
        rc = domain_vcpu_create(g->d, i) ? 0 : -ENOMEM;
        if ( !rc )
            rc = vcpu_set_context(g->d->vcpus[i], &context);
    }
    return rc;
}

static long furnish(struct guest *g, bool pv32)
{
    long rc = pv32 ? pv_domain_set_pv32(g->d) : 0;

    g->d->memory.max_pages = GUEST_FRAMES * 2;
    if ( !rc )
        rc = get_frames(g);
    if ( rc )
        return rc;
    write_tables(g);
    return start_vcpus(g);
}

long guest_begin(struct guest *g, domid_t id, bool privileged, bool pv32)
{
    struct xen_domctl_createdomain config = { .max_vcpus = GUEST_VCPUS,
                                              .max_evtchn_port = -1,
                                              .max_grant_frames = 4,
                                              .max_maptrack_frames = 4,
                                              .grant_opts = XEN_DOMCTL_GRANT_version(2) };
    long rc = domain_create(id, &config, privileged, &g->d);

    if ( rc )
        return rc;
    if ( privileged )
        domain_zero = g->d;
    g->arena = arena_of(id);
    rc = furnish(g, pv32);
    if ( rc )
    {
        guest_end(g);
        return rc;
    }
    domain_unpause(g->d);
    return 0;
}

void guest_end(struct guest *g)
{
    struct vcpu *v;
    long rc;

    if ( g->d == domain_zero )
        domain_zero = NULL;
    /* Nobody here is another CPU: idle, it may keep a vcpu's state, and can't wait for itself to let go. */
    for_each_vcpu(g->d, v)
        sched_pause_nosync(v);
    whole_leave();
    while ( (rc = domain_kill(g->d)) == -ERESTART )
        ;
    expect_eq(rc, 0);
    whole_leave();
    g->d = NULL;
}
