/*
 * The hypervisor's own mappings, in its half of every address space: mm/layout.h.
 */
#ifndef MM_MAP_H
#define MM_MAP_H

#include "lib/types.h"
#include "mm/layout.h"

#define PTE_P     0x001UL
#define PTE_RW    0x002UL
#define PTE_US    0x004UL
#define PTE_PWT   0x008UL
#define PTE_PCD   0x010UL
#define PTE_A     0x020UL
#define PTE_D     0x040UL
#define PTE_PS    0x080UL /* L2, L3 */
#define PTE_PAT   0x080UL /* L1 */
#define PTE_G     0x100UL
#define PTE_AVL   0x7ff0000000000e00UL /* bits 9-11 and 52-62 */
#define PTE_NX    (1UL << 63)
#define PTE_FRAME 0x000ffffffffff000UL

#define PTES_PER_TABLE 512

static inline u64 pte_make(mfn_t mfn, u64 flags)
{
    return (mfn.n << PAGE_SHIFT) | flags;
}

static inline mfn_t pte_mfn(u64 pte)
{
    return (mfn_t){ (pte & PTE_FRAME) >> PAGE_SHIFT };
}

static inline unsigned int pte_index(u64 va, unsigned int level) /* level 1..4 */
{
    return (va >> (PAGE_SHIFT + 9 * (level - 1))) & (PTES_PER_TABLE - 1);
}

/* RAM at its address in the direct map. */
static inline void *mfn_to_virt(mfn_t mfn)
{
#ifdef HOST_TEST
    extern u8 *host_ram;
    return host_ram + (mfn.n << PAGE_SHIFT);
#else
    return (void *)(DIRECT_MAP_BASE + (mfn.n << PAGE_SHIFT));
#endif
}

static inline mfn_t virt_to_mfn(const void *va)
{
#ifdef HOST_TEST
    extern u8 *host_ram;
    return (mfn_t){ (u64)((const u8 *)va - host_ram) >> PAGE_SHIFT };
#else
    return (mfn_t){ ((u64)va - DIRECT_MAP_BASE) >> PAGE_SHIFT };
#endif
}

static inline void *maddr_to_virt(maddr_t maddr)
{
    return (u8 *)mfn_to_virt(to_mfn(0)) + maddr.n;
}

/* Map one frame, or unmap it, in the hypervisor's slots; flushes this CPU's entry. -ENOMEM. */
long map_page(u64 va, mfn_t mfn, u64 flags);
void unmap_page(u64 va);

/* Map @len bytes of device memory uncached for ever; NULL if there is no room. */
void *map_device(maddr_t maddr, u64 len);

/*
 * The hypervisor's entries for L4 slots 256-271, which every guest L4 carries: map_fill_l4 writes
 * them.
 */
void map_fill_l4(u64 *l4);

static inline bool map_is_hypervisor_slot(unsigned int l4_index)
{
    return l4_index - HV_SLOT_FIRST < HV_SLOTS;
}

/* The same for the L2 of a 32-bit guest's last GiB: slots HV32_SLOT_FIRST to the end. */
void map_fill_l2_top(u64 *l2);

/* The L1 entry that maps @va, which is the hypervisor's and mapped by pages. */
u64 map_entry_of(u64 va);

/* The root with nothing but the hypervisor in it, for the idle vcpu. */
extern maddr_t map_idle_root;

/* The PTEs that map the GDT and LDT windows of vcpus: 32 pages each, see VCPU_MAP_BASE. */
#define VCPU_MAP_PAGES    32
#define VCPU_MAP_LDT_PAGE 16
#define VCPU_MAP_SIZE     (VCPU_MAP_PAGES * PAGE_SIZE)

/*
 * Allocate the window of one vcpu: returns its linear address (0: no memory) and, through @ptes,
 * its 32 PTEs to write. Where domains are isolated these are the first of an L1 that nobody shares.
 */
u64 map_vcpu_window(u64 **ptes);
void unmap_vcpu_window(u64 va);

/* The stacks and struct percpu of another CPU; NULL: no memory. */
struct percpu *map_stack_area(u32 cpu);

extern u64
    m2p_compat_frames; /* how many frames the M2P of 32-bit guests tells of: m2p_compat_create */

/* M2P: the guest's number of a machine frame. Only valid frames. */
pfn_t m2p_get(mfn_t mfn);

#ifdef HOST_TEST
void m2p_set(mfn_t mfn, pfn_t pfn);
#else
#include "lib/atomic.h"
static inline void m2p_set(mfn_t mfn, pfn_t pfn)
{
    WRITE_ONCE(((u64 *)M2P_BASE)[mfn.n], pfn.n);
    if ( mfn.n < READ_ONCE(m2p_compat_frames) )
        WRITE_ONCE(((u32 *)M2P_COMPAT_BASE)[mfn.n], (u32)pfn.n);
}
#endif

/*
 * The first of the 512 contiguous frames that hold its @index-th 2 MiB; INVALID_MFN: none. The last
 * chunk may have fewer: for what m2p_lacks, which is anybody's or no RAM, m2p_hole is shown, which
 * reads as all ones.
 */
mfn_t m2p_chunk(u64 index);
bool m2p_lacks(mfn_t mfn);
mfn_t m2p_hole(void);

/*
 * The M2P of 32-bit guests, with entries of 4 bytes. It is made when the first of them is, and stays.
 * The caller has the lock of control operations. 0; -ENOMEM; -ERESTART call again. m2p_compat_chunk as
 * m2p_chunk; m2p_compat_frames are 0 before it is there.
 */
long m2p_compat_create(void);
mfn_t m2p_compat_chunk(u64 index);

/* Machine addresses of a 32-bit guest's frames have so many bits at most: its M2P ends there. */
#define M2P_COMPAT_BITS 37

#define M2P_INVALID (~0UL)
#define M2P_SHARED  0x5555555555555555UL /* a frame that the hypervisor shares: has no pfn */

#endif
