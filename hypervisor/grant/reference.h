/* Inside grant/: references to frames that grants and copies use. */
#ifndef GRANT_REFERENCE_H
#define GRANT_REFERENCE_H

#include "grant/table.h"
#include "mm/frame_inline.h"

/*
 * @n references to @mfn, with a writable type each if it will be written: what is in use like that already takes one
 * compare-exchange. GNTST_bad_page it isn't @owner's, GNTST_general_error it is in use otherwise. No lock.
 */
static inline __attribute__((always_inline)) s16 grant_frame_get(mfn_t mfn, domid_t owner,
                                                                 bool write, unsigned int n)
{
    long rc;

    if ( !mfn_has_frame(mfn) )
        return GNTST_bad_page;
    if ( !write )
        return frame_get_several(mfn_to_frame(mfn), owner, n) ? GNTST_okay : GNTST_bad_page;
    rc = frame_get_used_several(mfn_to_frame(mfn), owner, FRAME_WRITABLE, n);
    if ( __builtin_expect(rc, 0) )
        return rc == -EBUSY ? GNTST_bad_page : GNTST_general_error;
    return GNTST_okay;
}

static inline __attribute__((always_inline)) void grant_frame_put(mfn_t mfn, bool write)
{
    if ( write )
        frame_put_used(mfn_to_frame(mfn));
    else
        frame_put_inline(mfn_to_frame(mfn));
}

/* What a pin and the entry made for it hold. */
static inline void grant_frame_put_both(mfn_t mfn, bool write)
{
    if ( __builtin_expect(frame_put_several(mfn_to_frame(mfn), write, 2), 1) )
        return;
    grant_frame_put(mfn, write);
    grant_frame_put(mfn, write);
}

#endif
