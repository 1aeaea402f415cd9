/*
 * dom0's operations of control, for tests of them: each is filled in by the caller, but for what all have in common.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include "test.h"

/* What can be read, and not written, in the argument's place. */
#define CONTROL_READONLY(call, op)                                                                 \
    ({                                                                                             \
        void *page_ = page_copied_readonly((op), sizeof(*(op)));                                   \
        long rc_ = hypercall(call, page_);                                                         \
                                                                                                   \
        page_release(page_);                                                                       \
        rc_;                                                                                       \
    })

static inline long control_domctl(struct xen_domctl *op, unsigned int cmd, domid_t id)
{
    op->cmd = cmd;
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = id;
    return hypercall(domctl, op);
}

/* The same, with no place for the answer. */
static inline long control_domctl_readonly(struct xen_domctl *op, unsigned int cmd, domid_t id)
{
    op->cmd = cmd;
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = id;
    return CONTROL_READONLY(domctl, op);
}

static inline long control_sysctl(struct xen_sysctl *op, unsigned int cmd)
{
    op->cmd = cmd;
    op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return hypercall(sysctl, op);
}

static inline long control_sysctl_readonly(struct xen_sysctl *op, unsigned int cmd)
{
    op->cmd = cmd;
    op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return CONTROL_READONLY(sysctl, op);
}

static inline long control_platform(struct xen_platform_op *op, unsigned int cmd)
{
    op->cmd = cmd;
    op->interface_version = XENPF_INTERFACE_VERSION;
    return hypercall(platform_op, op);
}

static inline long control_platform_readonly(struct xen_platform_op *op, unsigned int cmd)
{
    op->cmd = cmd;
    op->interface_version = XENPF_INTERFACE_VERSION;
    return CONTROL_READONLY(platform_op, op);
}

/* A domain that may have one vcpu, has no memory, and never runs. */
static inline domid_t control_create(struct xen_domctl *op)
{
    memset(op, 0, sizeof(*op));
    op->u.createdomain = (struct xen_domctl_createdomain){
        .max_vcpus = 1,
        .max_evtchn_port = 1023,
        .max_grant_frames = 4,
        .max_maptrack_frames = 4,
        .grant_opts = XEN_DOMCTL_GRANT_version(1),
    };
    need(control_domctl(op, XEN_DOMCTL_createdomain, 0));
    return (domid_t)op->domain;
}

#endif
