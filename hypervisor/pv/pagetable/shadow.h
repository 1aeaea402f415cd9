/*
 * Shadow roots of isolated vcpus: shadow.c. With the lock of the domain's tables held unless a
 * comment says otherwise.
 */
#ifndef PV_PAGETABLE_SHADOW_H
#define PV_PAGETABLE_SHADOW_H

#include "domain/domain.h"
#include "lib/types.h"

/* Are @d's vcpus to be isolated? It may be 32 bits wide, and is not then. No lock needed. */
bool shadow_wanted(const struct domain *d);

/* For a vcpu that has its window and has not run. -ENOMEM. No lock needed. */
long shadow_create(struct vcpu *v);
void shadow_destroy(struct vcpu *v);

/* @v's shadow for kernel or user shows @root from now on, or nothing of the guest's. */
void shadow_show(struct vcpu *v, mfn_t root, bool user);
void shadow_hide(struct vcpu *v, bool user);

/* @frame is to be validated as an L4, which may become a root. */
void shadow_begin(struct frame *frame);

/* Entry @index of @root, an L4 of @d's, was written to be @pte; what it held is still referenced. */
void shadow_entry_written(const struct domain *d, struct frame *root, unsigned int index, u64 pte);

/* v->cpu.info has changed: @v doesn't run, or is current. No lock needed. */
void shadow_move_info(struct vcpu *v);

/* How many of @d's shadows differ from their roots; the log tells where. */
unsigned long shadow_audit(const struct domain *d);

#endif
