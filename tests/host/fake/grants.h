/*
 * For tests of grants: two domains over the real page-type engine, one of which grants frames to the other, and the
 * calls by which that one uses them.
 */
#ifndef TESTS_HOST_FAKE_GRANTS_H
#define TESTS_HOST_FAKE_GRANTS_H

#include "tests/host/fake/rooms.h"
#include "tests/host/fake/tables.h"

#include "grant/maptrack.h"

#define PAGES 8

extern struct domain *front, *back; /* who grants, and who maps: it runs */
extern struct space s;              /* back's */
extern mfn_t page[PAGES];           /* front's frames; page i is full of bytes i */
extern u32 stops;                   /* times that a call was continued */

#define VA(n) (SPACE_VA + (u64)(n)*PAGE_SIZE) /* entry n of s.l1 */

/* All of the above; front's entries 0 to 7 grant its pages. */
void set_up(void);

/* The same with a table of version 2. */
void set_up_v2(void);

/*
 * From now on things are as they mostly are: one CPU knows back's tables, which have had frames of others; and a
 * mapping by a vcpu that keeps a handle.
 */
void set_up_usual(void);
struct gnttab_map_grant_ref map_usual(u32 ref, u64 host_addr, u32 flags);

/* Entry @ref of front's table, in version 1 and in version 2. */
struct grant_entry_v1 *entry(u32 ref);
union grant_entry_v2 *entry_v2(u32 ref);

/* In either version: grant back a frame; an entry's flags; which of GTF_reading and GTF_writing are set for it. */
void grant(u32 ref, mfn_t mfn, u16 flags);
u16 *flags_of(u32 ref);
u16 marks_of(u32 ref);

/* The pins on it. */
const struct grant_active *active_of(u32 ref);

/* Nothing of front's is in use. */
void expect_unused(void);

/* The hypercall, by whoever runs, to its end. */
long call(unsigned int cmd, void *ops, u32 count);

/* Single operations; those that name a domain name front. */
struct gnttab_map_grant_ref map(u32 ref, u64 host_addr, u32 flags);
s16 unmap(u32 handle, u64 host_addr, u64 dev_bus_addr);
s16 copy(struct gnttab_copy op);

/* The ends of a copy. */
#define REF(r, off)                                                                                \
    {                                                                                              \
        { .ref = (r) }, front->id, (off)                                                           \
    }
#define OWN(mfn, off)                                                                              \
    {                                                                                              \
        { .gmfn = (mfn).n }, DOMID_SELF, (off)                                                     \
    }

#endif
