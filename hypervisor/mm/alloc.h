/*
 * The page allocator (buddies, by order) and the frames of domains.
 */
#ifndef MM_ALLOC_H
#define MM_ALLOC_H

#include "lib/types.h"
#include "mm/frame.h"

#define MM_MAX_ORDER 18 /* 1 GiB */

struct domain;
struct boot_info;

/*
 * From the loader's memory map to a working allocator and the real page tables; panics if there is
 * too little.
 */
void mm_init(const struct boot_info *info);

/*
 * Hand over RAM that mm_init kept, as it does modules: whole frames that hold any of these bytes,
 * once.
 */
void mm_give(maddr_t start, u64 size);

/* A page below 640 KiB that nothing of value is in, for starting CPUs; INVALID_MFN: none. */
mfn_t mm_low_page(void);

/*
 * Hand over what only boot needed: .init and boot_info. Nothing __init may be called or read any
 * more.
 */
void mm_free_init(void);

/*
 * 2^order contiguous frames for the hypervisor itself, zeroed; NULL if there are none. mm_free
 * gives them back.
 */
void *mm_alloc(unsigned int order);
void *mm_alloc_below(unsigned int order, unsigned int max_bits); /* of their machine addresses */
void mm_free(void *va, unsigned int order);

/*
 * 2^order contiguous frames for @d, assigned to it: owner, FRAME_ALLOCATED, one reference each, on
 * its list and counted against max_pages; scrubbed unless they were @d's last. @max_bits: of their
 * machine addresses (0: any). @pfn: what the M2P shall call the first of them; INVALID_PFN: nothing.
 * INVALID_MFN if there are none, the limit is reached or @d is dying.
 */
mfn_t mm_alloc_domain(struct domain *d, unsigned int order, unsigned int max_bits, pfn_t pfn);
mfn_t mm_alloc_domain_page(struct domain *d,
                           pfn_t pfn); /* a single one, anywhere: the same in fewer instructions */

/*
 * Make a frame from mm_alloc (one page) @d's, FRAME_SHARED typed, so that the guest may map it; the
 * hypervisor keeps it.
 */
void mm_share_with_domain(void *va, struct domain *d);
/*
 * Take it back: true when no mapping is left and @va may be freed with mm_free. False: it isn't the
 * hypervisor's any more, nor @d's, and will be freed when those who still map it let go.
 */
bool mm_unshare(void *va);

/*
 * Let the tools map @pages frames from mm_alloc, read-only, as DOMID_XEN's. For good: there is no way back.
 */
void mm_show_to_tools(void *va, u32 pages);

/* Does anybody hold a reference to it besides us? True as of some moment. */
bool mm_shared_in_use(const void *va);

/*
 * Drop the owner's reference of a frame (once: -EINVAL if it was already dropped, or the frame isn't @d's); freed when
 * the others are gone. The caller needs no reference of its own. Takes LOCK_MEMORY.
 */
long mm_release_owner_ref(struct domain *d, struct frame *frame);

/*
 * The same for the frames on @d's list from @from on (NULL: from the first), @most of them. Returns the frame to go on
 * from, with a reference that keeps it on the list, and drops that to @from; NULL at the end. Frames that others still
 * map stay on the list, and theirs to release. The caller holds @d. Takes LOCK_MEMORY.
 */
struct frame *mm_release_frames(struct domain *d, struct frame *from, unsigned int most);

/*
 * Take an unused frame of @d away from it, for exchange and transfer: it must hold no reference but
 * the owner's and no type. Until it is given or freed it is nobody's (DOMID_NOBODY, no references,
 * on no list, counted for no domain) and keeps its contents, its TLB stamp tells when its last
 * mapping went, and its link is the thief's. -EINVAL it isn't so.
 */
long mm_steal(struct domain *d, struct frame *frame);

/*
 * Give a stolen frame to @d, as mm_alloc_domain does: -ENOMEM beyond max_pages, or @d is dying. Or
 * return it to @d, whose it was, as it was; it is freed if @d is dying.
 */
long mm_give_stolen(struct domain *d, struct frame *frame, pfn_t pfn);
void mm_return_stolen(struct domain *d, struct frame *frame);

/* Or give it to the allocator. */
void mm_free_stolen(struct frame *frame);

/*
 * Set frames aside so that @d as a whole will have @pages; 0 drops the claim. -EINVAL: it has one,
 * or @pages are fewer than it has or more than it may have; -ENOMEM: so many are not free. A dying
 * domain's claim must be dropped.
 */
long mm_claim(struct domain *d, u64 pages);

u64 mm_free_pages(void);  /* frames that can be allocated */
u64 mm_total_pages(void); /* frames of RAM that the machine has */

/*
 * Zero the free frames that still hold guests' data; a little at each call from the idle loop:
 * false when none is left.
 */
bool mm_scrub_some(void);

/* The largest contiguous physical range limit: the number of address bits that all RAM fits in. */
unsigned int mm_address_bits(void);

#endif
