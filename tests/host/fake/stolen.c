/* Frames that go from domain to domain, without mm/assign.c: for tests on fake/machine.c. */
#include "tests/host/fake/stolen.h"

#include "domain/memory.h"
#include "mm/alloc.h"
#include "mm/map.h"

bool fake_takers_full;
void (*fake_on_give)(void);
unsigned int fake_stolen_freed;

long mm_steal(struct domain *d, struct frame *frame)
{
    require(frame >= frame_table && frame < frame_table + FAKE_FRAMES);
    if ( frame->owner != d->id || frame_refs(frame->state) != 1 || frame_type_count(frame->state) ||
         !(frame->state & FRAME_ALLOCATED) )
        return -EINVAL;
    frame->state = 0;
    frame->owner = DOMID_NOBODY;
    return 0;
}

long mm_give_stolen(struct domain *d, struct frame *frame, pfn_t pfn)
{
    require(frame->owner == DOMID_NOBODY && !frame->state);
    if ( fake_on_give )
        fake_on_give();
    if ( fake_takers_full )
        return -ENOMEM;
    frame->owner = d->id;
    frame->state = FRAME_ALLOCATED | FRAME_REF_ONE;
    m2p_set(frame_to_mfn(frame), pfn);
    return 0;
}

void mm_free_stolen(struct frame *frame)
{
    require(frame->owner == DOMID_NOBODY && !frame->state);
    fake_stolen_freed++;
}
