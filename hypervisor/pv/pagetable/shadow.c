/*
 * Shadow roots: what CR3 holds while an isolated vcpu's guest runs (cpu/isolation.h).
 *
 * A vcpu has two, for its kernel and its user root. Their guest's slots equal those of the root that
 * they stand for, but for the A and D bits, which the hardware sets where it walks: in the shadow.
 * So a root is copied when a vcpu takes it for its own, and nothing is when a process's system call
 * leads from the one to the other. Both happen with the lock of the domain's tables held, and so
 * does each write to an L4 that is in use, which goes to all shadows of it as well, before the
 * references of what the entry held are dropped. A vcpu that runs meanwhile, in its guest, sees the
 * one or the other, as with the table itself, and is flushed like all that use it.
 */
#include "cpu/isolation.h"
#include "lib/string.h"
#include "mm/shown.h"
#include "mm/tlb.h"
#include "pv/pagetable/internal.h"
#include "pv/pagetable/shadow.h"

#define HV_SLOT_END (HV_SLOT_FIRST + HV_SLOTS)

bool shadow_wanted(const struct domain *d)
{
    return !d->pv32 && (domain_is_privileged(d) ? isolation.dom0 : isolation.domu);
}

long shadow_create(struct vcpu *v)
{
    struct vcpu_cpu *c = &v->cpu;
    long rc = shown_create(&v->pv.shown, v, v->pv.window, v->pv.window_ptes);

    if ( rc )
        return rc;
    for ( unsigned int kernel = 0; kernel < 2; kernel++ )
        c->shadow[kernel] = mfn_to_maddr(virt_to_mfn(v->pv.shown.roots[kernel])).n;
    c->isolated = true;
    shadow_move_info(v);
    return 0;
}

void shadow_destroy(struct vcpu *v)
{
    shown_destroy(&v->pv.shown);
    v->cpu.shadow[0] = v->cpu.shadow[1] = 0;
    v->cpu.info_shown = NULL;
    v->pv.shown_groups[0] = v->pv.shown_groups[1] = 0;
    v->cpu.isolated = false;
}

void shadow_move_info(struct vcpu *v)
{
    if ( v->cpu.isolated )
        v->cpu.info_shown = shown_move_info(v->pv.window_ptes, v->cpu.info);
}

/*
 * Most slots of most roots are empty. A group of slots is known to be when it was once, and not
 * written to since: a bit a group, in frame.link, which a table that is valid has no other use for.
 * That of the hypervisor's slots, which are a group, tells that the others are known. The same of
 * what the shadows hold: so it is the groups in use before or after that are copied.
 */
#define GROUP        HV_SLOTS
#define GROUPS_KNOWN (1u << HV_SLOT_FIRST / GROUP)

_Static_assert(PTES_PER_TABLE / GROUP == 32, "a bit a group");
_Static_assert(HV_SLOT_FIRST % GROUP == 0, "the hypervisor's slots are a group");

void shadow_begin(struct frame *frame)
{
    GUARD_STEP(shadow_forgets, frame->link = 0);
}

_Static_assert(GROUP == 2 * SCAN, "a group is looked at in two steps");

static u32 groups_of(struct frame *frame, const u64 *root)
{
    if ( !frame->link )
    {
        u32 groups = GROUPS_KNOWN;

        for ( unsigned int i = 0; i < PTES_PER_TABLE; i += GROUP )
            if ( !all_empty(&root[i]) || !all_empty(&root[i + SCAN]) )
                groups |= 1u << i / GROUP;
        frame->link = groups;
    }
    return frame->link;
}

/*
 * What the shadow has of @root's entry @pte: where the root maps itself the shadow does, too. A walk
 * that went on in the root would find all of the hypervisor, one level further down. For the same
 * reason no L4 of an isolated domain maps another one: entry.c.
 */
static u64 shown_entry(const struct vcpu *v, bool kernel, mfn_t root, u64 pte)
{
    mfn_t shadow = maddr_to_mfn(to_maddr(v->cpu.shadow[kernel]));

    if ( GUARD(shadow_linear, (pte & PTE_P) && mfn_eq(pte_mfn(pte), root)) )
        return pte_make(shadow, pte & ~PTE_FRAME);
    return pte;
}

static __attribute__((noinline)) void show_self_maps(const struct vcpu *v, bool kernel, mfn_t root,
                                                     u64 *shadow)
{
    for ( unsigned int i = 0; i < PTES_PER_TABLE; i++ )
        if ( !map_is_hypervisor_slot(i) )
            shadow[i] = shown_entry(v, kernel, root, shadow[i]);
}

void shadow_show(struct vcpu *v, mfn_t root, bool user)
{
    const u64 *from = mfn_to_virt(root);
    u64 *to = v->pv.shown.roots[!user];
    u32 groups = groups_of(mfn_to_frame(root), from);
    u32 rest = groups | GUARD(shadow_clears, v->pv.shown_groups[!user]);

    for ( rest &= ~GROUPS_KNOWN; rest; rest &= rest - 1 )
    {
        u32 first = (u32)__builtin_ctz(rest) * GROUP;

        memcpy(&to[first], &from[first], GROUP * sizeof(*to));
    }
    if ( __builtin_expect(v->domain->pv.l4_maps_itself, 0) )
        show_self_maps(v, !user, root, to);
    to[HV_SLOT_FIRST] = from[HV_SLOT_FIRST]; /* the M2P, which a process may not see */
    v->pv.shown_groups[!user] = groups;
}

void shadow_hide(struct vcpu *v, bool user)
{
    u64 *to = v->pv.shown.roots[!user];

    memset(to, 0, HV_SLOT_FIRST * sizeof(*to));
    memset(&to[HV_SLOT_END], 0, (PTES_PER_TABLE - HV_SLOT_END) * sizeof(*to));
    v->pv.shown_groups[!user] = 0;
}

static void write_shown(struct vcpu *v, bool kernel, mfn_t root, unsigned int index, u64 pte)
{
    WRITE_ONCE(v->pv.shown.roots[kernel][index], shown_entry(v, kernel, root, pte));
    v->pv.shown_groups[kernel] |= 1u << index / GROUP;
}

void shadow_entry_written(const struct domain *d, struct frame *root, unsigned int index, u64 pte)
{
    mfn_t mfn = frame_to_mfn(root);
    struct vcpu *v;

    if ( root->link )
        GUARD_STEP(shadow_group, root->link |= 1u << index / GROUP);
    for_each_vcpu(d, v)
    {
        if ( mfn_eq(v->pv.root_kernel, mfn) )
            GUARD_STEP(shadow_kernel, write_shown(v, true, mfn, index, pte));
        if ( mfn_eq(v->pv.root_user, mfn) )
            GUARD_STEP(shadow_user, write_shown(v, false, mfn, index, pte));
    }
}

/* The first slot of the guest's in which @v's shadow of @root is wrong; PTES_PER_TABLE: none is. */
static unsigned int first_wrong(const struct vcpu *v, bool kernel, mfn_t root)
{
    const u64 *shadow = v->pv.shown.roots[kernel], *table = mfn_to_virt(root);
    unsigned int i;

    for ( i = 0; i < PTES_PER_TABLE; i++ )
        if ( !map_is_hypervisor_slot(i) &&
             (READ_ONCE(shadow[i]) ^ shown_entry(v, kernel, root, READ_ONCE(table[i]))) &
                 ~(PTE_A | PTE_D) )
            break;
    return i;
}

unsigned long shadow_audit(const struct domain *d)
{
    const struct vcpu *v;
    unsigned long wrong = 0;

    if ( !d->pv.isolated )
        return 0;
    for_each_vcpu(d, v)
        for ( unsigned int kernel = 0; kernel < 2; kernel++ )
        {
            mfn_t root = kernel ? v->pv.root_kernel : v->pv.root_user;
            unsigned int i = PTES_PER_TABLE;

            if ( !mfn_eq(root, INVALID_MFN) )
                i = first_wrong(v, kernel, root);
            if ( i == PTES_PER_TABLE )
                continue;
            log_error("page tables: the shadow of d%uv%u's %s root %lx differs in slot %u", d->id,
                      v->id, kernel ? "kernel" : "user", root.n, i);
            wrong++;
        }
    return wrong;
}
