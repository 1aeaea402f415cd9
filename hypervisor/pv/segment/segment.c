/*
 * GDTs and LDTs. A vcpu sees its descriptor tables through a window in the hypervisor's address
 * space: pages 0-13 its GDT frames, 14 the CPU's reserved page, 16-31 its LDT. Frames in a window
 * are of type FRAME_SEGDESC: nobody can write them but through segment_update_descriptor.
 */
#include "pv/segment/segment.h"
#include "cpu/asm.h"
#include "cpu/gdt.h"
#include "cpu/segments.h"
#include "cpu/uaccess.h"
#include "lib/bits.h"
#include "mm/alloc.h"
#include "mm/map.h"
#include "pv/pagetable/pagetable.h"
#include "trace/trace.h"

#define DESCRIPTORS_PER_PAGE (PAGE_SIZE / 8)
#define GDT_GUEST_ENTRIES    (GDT_GUEST_PAGES * DESCRIPTORS_PER_PAGE)
#define LDT_MAX_ENTRIES      8192

#define WINDOW_PTE (PTE_P | PTE_RW | PTE_A | PTE_D | PTE_NX)

static void window_set(struct vcpu *v, unsigned int page, u64 pte)
{
    v->pv.window_ptes[page] = pte;
    if ( v == current_vcpu() )
        invlpg(v->pv.window + page * PAGE_SIZE);
}

static mfn_t zero_page(void)
{
    static void *page;

    if ( !page )
        page = mm_alloc(0);
    return page ? virt_to_mfn(page) : INVALID_MFN;
}

void segment_gdt_drop(struct vcpu *v)
{
    mfn_t zero = zero_page();

    for ( unsigned int i = 0; i < GDT_GUEST_PAGES; i++ )
    {
        window_set(v, i, mfn_eq(zero, INVALID_MFN) ? 0 : pte_make(zero, WINDOW_PTE & ~PTE_RW));
        if ( mfn_eq(v->pv.gdt_mfn[i], INVALID_MFN) )
            continue;
        frame_put_and_type(mfn_to_frame(v->pv.gdt_mfn[i]));
        v->pv.gdt_mfn[i] = INVALID_MFN;
    }
    v->pv.gdt_entries = 0;
}

long segment_gdt_install(struct vcpu *v, const mfn_t *frames, u32 entries)
{
    u32 count = DIV_ROUND_UP(entries, DESCRIPTORS_PER_PAGE);
    u32 taken;
    long rc = 0;

    if ( entries > GDT_GUEST_ENTRIES )
        return -EINVAL;

    for ( taken = 0; taken < count; taken++ )
    {
        if ( !mfn_valid(frames[taken]) )
            rc = -EINVAL;
        else
            rc = frame_get_and_type(mfn_to_frame(frames[taken]), v->domain->id, FRAME_SEGDESC);
        if ( rc )
            break;
    }
    if ( rc )
    {
        while ( taken-- )
            frame_put_and_type(mfn_to_frame(frames[taken]));
        return -EINVAL;
    }

    segment_gdt_drop(v);
    for ( u32 i = 0; i < count; i++ )
    {
        v->pv.gdt_mfn[i] = frames[i];
        window_set(v, i, pte_make(frames[i], WINDOW_PTE));
    }
    v->pv.gdt_entries = entries;
    return 0;
}

/*
 * set_gdt (public/arch-x86/xen.h): @entries at most 7168, one frame for 512 of them. -EINVAL,
 * -EFAULT.
 */
long segment_set_gdt(unsigned long list, unsigned long entries)
{
    struct vcpu *v = current_vcpu();
    u64 numbers[GDT_GUEST_PAGES];
    mfn_t frames[GDT_GUEST_PAGES];
    unsigned int count;

    if ( entries > GDT_GUEST_ENTRIES )
        return -EINVAL;
    count = DIV_ROUND_UP(entries, DESCRIPTORS_PER_PAGE);
    if ( copy_from_guest(numbers, to_gva(list), count * sizeof(numbers[0])) )
        return -EFAULT;
    for ( unsigned int i = 0; i < count; i++ )
        frames[i] = to_mfn(numbers[i]);
    return segment_gdt_install(v, frames, (u32)entries);
}

void segment_ldt_drop(struct vcpu *v)
{
    while ( v->pv.ldt_mapped )
    {
        unsigned int i = (unsigned int)__builtin_ctz(v->pv.ldt_mapped);
        mfn_t mfn = pte_mfn(v->pv.window_ptes[VCPU_MAP_LDT_PAGE + i]);

        window_set(v, VCPU_MAP_LDT_PAGE + i, 0);
        v->pv.ldt_mapped &= ~(1u << i);
        frame_put_and_type(mfn_to_frame(mfn));
    }
}

long segment_set_ldt(struct vcpu *v, u64 base, u32 entries)
{
    if ( entries > LDT_MAX_ENTRIES || (base & ~PAGE_MASK) ||
         (entries && !guest_range_ok(to_gva(base), entries * 8)) )
        return -EINVAL;
    if ( base == v->pv.ldt_base && entries == v->pv.ldt_entries )
        return 0;

    segment_ldt_drop(v);
    v->pv.ldt_base = entries ? base : 0;
    v->pv.ldt_entries = entries;
    if ( v == current_vcpu() )
        gdt_load_ldt(v->pv.window + VCPU_MAP_LDT_PAGE * PAGE_SIZE, entries);
    return 0;
}

bool segment_ldt_fault(struct vcpu *v, u64 offset, u64 *va)
{
    unsigned int page = offset >> PAGE_SHIFT;
    u64 l1e;
    mfn_t table;

    *va = v->pv.ldt_base + offset;
    if ( offset >= (u64)v->pv.ldt_entries * 8 || (v->pv.ldt_mapped & (1u << page)) )
        return false;
    if ( !pagetable_walk(v->pv.root_kernel, *va, &l1e, &table) || !(l1e & PTE_P) ||
         !mfn_valid(pte_mfn(l1e)) )
        return false;
    if ( frame_get_and_type(mfn_to_frame(pte_mfn(l1e)), v->domain->id, FRAME_SEGDESC) )
        return false;

    count(COUNTER_ldt_faulted);
    window_set(v, VCPU_MAP_LDT_PAGE + page, pte_make(pte_mfn(l1e), WINDOW_PTE));
    v->pv.ldt_mapped |= 1u << page;
    return true;
}
