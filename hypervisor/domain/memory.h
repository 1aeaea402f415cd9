/* memory_op's own: shared by its files, of no use to others. */
#ifndef DOMAIN_MEMORY_H
#define DOMAIN_MEMORY_H

#include "cpu/uaccess.h"
#include "domain/domain.h"
#include "domain/widen.h"

/* One memory_op being carried out. */
struct memory_call {
    struct vcpu *v;
    bool wide;           /* a 64-bit guest's structures and lists */
    unsigned long op;    /* XENMEM_* */
    unsigned long start; /* the extent to go on at, as the guest's register says: check it */
    gva_t arg;
};

/* The call's argument, of either width: row @name of hypercall/compat/layouts.def. False: not accessible. */
#define memory_load(call, name, to)    guest_load_as((call)->wide, name, to, (call)->arg)
#define memory_store(call, name, from) guest_store_as((call)->wide, name, (call)->arg, from)

/* The largest order of an extent: 2 MiB. What is zeroed or freed in one step must be bounded. */
#define MEMORY_MAX_ORDER 9

/* The frame's limit from XENMEMF_address_bits: 0 none. False: no frame can be that low. */
bool memory_address_bits(unsigned int flags, unsigned int *bits);

/* The command's upper bits are where a continuation goes on. */
#define MEMORY_OP_BITS 6

/* Stop here; the guest will call again and go on at extent @at. The handler returns what this returns. */
static inline long memory_continue(const struct memory_call *call, unsigned long at)
{
    return hypercall_continue(__HYPERVISOR_memory_op, call->op | (at << MEMORY_OP_BITS),
                              call->arg.n, 0, 0, 0);
}

/* memory_op of a 64-bit guest, the general way: what memory_op() has a shorter one for, too. */
long memory_op_any(unsigned long cmd, unsigned long arg);

/* XENMEM_decrease_reservation and XENMEM_populate_physmap, as memory_op() begins them. */
long memory_balloon_out(gva_t arg);
long memory_balloon_in(gva_t arg);

/* Give back a page of @d by its number: false if it isn't @d's, or was given back already. Takes LOCK_MEMORY. */
bool memory_release_page(struct domain *d, mfn_t mfn);

/* In grant/, which is above us: see grant/grant.h. */
long grant_frame(struct domain *d, u32 kind, u32 index, mfn_t *mfn);
u32 grant_max_frames(struct domain *d, u32 kind);

/* Handlers: reservation.c, exchange.c, memory_map.c; what they give and which errors is told there. */
long memory_increase(const struct memory_call *call);
long memory_decrease(const struct memory_call *call);
long memory_populate(const struct memory_call *call);
long memory_claim(const struct memory_call *call);
long memory_current(const struct memory_call *call);
long memory_maximum(const struct memory_call *call);
long memory_maximum_gpfn(const struct memory_call *call);
long memory_exchange(const struct memory_call *call);
long memory_map(const struct memory_call *call);
long memory_set_map(const struct memory_call *call);
long memory_machine_map(const struct memory_call *call);
long memory_acquire_resource(const struct memory_call *call);

#endif
