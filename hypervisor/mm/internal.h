/* Between mm/'s files. */
#ifndef MM_INTERNAL_H
#define MM_INTERNAL_H

#include "lib/rangeset.h"
#include "lib/types.h"
#include "mm/alloc.h"

struct boot_info;

/*
 * ranges.c: RAM as boot found it, in frames: from 1 MiB up (what lies below is the firmware's and
 * dom0's), whole frames that nothing else claims, as far as the direct map reaches.
 */
void ranges_from_boot(struct rangeset *ram, const struct boot_info *info);
void ranges_init(struct rangeset *rs); /* nodes from a pool that is freed after boot */

/*
 * init.c, until the allocator works: contiguous frames from the top of what is free, below frame
 * @limit. Panics if none.
 */
mfn_t early_take(u64 frames, u64 align, u64 limit);

/*
 * map.c: build the real tables and load them; take tables from mm_alloc from now on; unmap what
 * only boot needed. m2p_chunk_pages: so many frames a chunk of the M2P has, of 512.
 */
void map_init(const struct rangeset *ram, const struct boot_info *info);
void map_use_allocator(void);
void map_drop_init(void);
u64 m2p_chunk_pages(u64 index);

/*
 * buddy.c: free blocks of frames, by order and by the highest bit of their frame number. LOCK_ALLOC
 * is the caller's.
 */
/* The smallest block of 2^*order frames or more, of 2^@most at most: its order, and its first frame; 0: none. */
u64 buddy_take(unsigned int *order, unsigned int most, unsigned int max_bits);
void buddy_give(u64 mfn, unsigned int order);
void buddy_give_range(u64 first, u64 end);
u64 buddy_free_frames(void);

/*
 * What a free frame holds, in its link: what ran before us left, zeroes, anything at all, or what
 * the domain with this tag wrote. Tags are never used again, unlike domids.
 */
#define FRAME_LEFTOVER  0
#define FRAME_ZEROED    1
#define FRAME_DIRTY     2
#define FRAME_FIRST_TAG 3

/*
 * alloc.c: 2^order frames for whoever has @tag: they hold zeroes, or what that domain wrote, or
 * with @leftovers what was there before us. Their states are 0. Returns the first one's number, 0:
 * none. And back: state and owner are reset; @hot: the domain may soon want it again.
 */
u64 frames_take(unsigned int order, unsigned int max_bits, u32 tag, bool leftovers);
void frames_put(u64 mfn, u32 tag, bool hot);
void frames_add(u64 first, u64 end); /* that had been kept from the allocator */
void frames_set_total(u64 frames);

/* Keep @frames for a claim, or no longer. False: so many are not free. */
bool frames_claim(u64 frames);
void frames_unclaim(u64 frames);
bool frames_unclaimed(u64 count); /* may who has no claim take so many? */

#endif
