/* control/'s own: handlers of the operations, and what they share. */
#ifndef CONTROL_INTERNAL_H
#define CONTROL_INTERNAL_H

#include "control/control.h"
#include "cpu/uaccess.h"
#include "domain/subop.h"

/*
 * One control operation at a time: LOCK_DOMCTL. Whoever finds it taken asks again from its guest, instead of spinning
 * for it here: the one that holds it may be waiting for that very vcpu to leave its CPU.
 */
extern struct lock control_lock;

/*
 * Bitmaps of the toolstack's: @nr_bits of its own choice. to_guest writes ours, cut or filled up with zeros, and
 * nothing beyond its last byte; from_guest reads what fits. -EFAULT; -EINVAL absurdly many, or from_guest: none at
 * all.
 */
long bitmap64_to_guest(const struct xenctl_bitmap *to, u64 map);
long bitmap64_from_guest(u64 *map, const struct xenctl_bitmap *from);

/*
 * A policy into the toolstack's arrays. @nr_leaves and @nr_msrs: how many fit; set to how many were written. A null
 * array is skipped. -ENOBUFS an array is too small, -EFAULT, -ENOMEM.
 */
struct cpuid_policy;
long control_give_policy(const struct cpuid_policy *policy, gva_t leaves, u32 *nr_leaves,
                         gva_t msrs, u32 *nr_msrs);

/* Vcpu @id of @d. -EINVAL out of range, -ESRCH not made yet. */
long control_find_vcpu(struct domain *d, u32 id, struct vcpu **v);

/* CPU numbers end here: of all that were ever up, since one that was taken away may come back. */
u32 control_nr_cpus(void);

/*
 * Handlers of domctl, with LOCK_DOMCTL held and a reference to the domain. Beside what each says: -EINVAL for what
 * one doesn't do to oneself, for a vcpu number that is out of range and for a dying domain; -ESRCH for a vcpu that
 * wasn't made.
 */
long domctl_create(struct xen_domctl *op);
long domctl_info(struct xen_domctl *op);
long domctl_destroy(struct domain *d, void *arg);
long domctl_pause(struct domain *d, void *arg);
long domctl_unpause(struct domain *d, void *arg);
long domctl_resume(struct domain *d, void *arg);
long domctl_set_debugging(struct domain *d, struct xen_domctl_setdebugging *arg);
long domctl_set_handle(struct domain *d, struct xen_domctl_setdomainhandle *arg);
long domctl_max_mem(struct domain *d, struct xen_domctl_max_mem *arg);
long domctl_max_vcpus(struct domain *d, struct xen_domctl_max_vcpus *arg);
long domctl_set_time_offset(struct domain *d, struct xen_domctl_settimeoffset *arg);
long domctl_set_tsc(struct domain *d, struct xen_domctl_tsc_info *arg);
long domctl_get_tsc(struct domain *d, struct xen_domctl_tsc_info *arg);
long domctl_scheduler(struct domain *d, struct xen_domctl_scheduler_op *arg);
long domctl_set_node_affinity(struct domain *d, struct xen_domctl_nodeaffinity *arg);
long domctl_get_node_affinity(struct domain *d, struct xen_domctl_nodeaffinity *arg);

long domctl_set_context(struct domain *d, struct xen_domctl_vcpucontext *arg);
long domctl_get_context(struct domain *d, struct xen_domctl_vcpucontext *arg);
long domctl_vcpu_info(struct domain *d, struct xen_domctl_getvcpuinfo *arg);
long domctl_set_affinity(struct domain *d, struct xen_domctl_vcpuaffinity *arg);
long domctl_get_affinity(struct domain *d, struct xen_domctl_vcpuaffinity *arg);

/* domain_save.c tells of them. */
long domctl_get_ext_context(struct domain *d, struct xen_domctl_ext_vcpucontext *arg);
long domctl_set_ext_context(struct domain *d, struct xen_domctl_ext_vcpucontext *arg);
long domctl_get_extstate(struct domain *d, struct xen_domctl_vcpuextstate *arg);
long domctl_set_extstate(struct domain *d, struct xen_domctl_vcpuextstate *arg);
long domctl_get_msrs(struct domain *d, struct xen_domctl_vcpu_msrs *arg);
long domctl_set_msrs(struct domain *d, struct xen_domctl_vcpu_msrs *arg);
long domctl_subscribe(struct domain *d, struct xen_domctl_subscribe *arg);
long domctl_send_trigger(struct domain *d, struct xen_domctl_sendtrigger *arg);
long domctl_set_virq_handler(struct domain *d, struct xen_domctl_set_virq_handler *arg);

long domctl_set_address_size(struct domain *d, struct xen_domctl_address_size *arg);
long domctl_get_address_size(struct domain *d, struct xen_domctl_address_size *arg);
long domctl_get_cpu_policy(struct domain *d, struct xen_domctl_cpu_policy *arg);
long domctl_set_cpu_policy(struct domain *d, struct xen_domctl_cpu_policy *arg);
long domctl_hypercall_init(struct domain *d, struct xen_domctl_hypercall_init *arg);
long domctl_iomem(struct domain *d, struct xen_domctl_iomem_permission *arg);
long domctl_ioports(struct domain *d, struct xen_domctl_ioport_permission *arg);
long domctl_irqs(struct domain *d, struct xen_domctl_irq_permission *arg);
long domctl_frame_types(struct domain *d, struct xen_domctl_getpageframeinfo3 *arg);
long domctl_shadow(struct domain *d, struct xen_domctl_shadow_op *arg);

/* Is @d the caller's own, or on its way to death? Both are refused by what changes a domain's life. */
static inline bool control_is_self(const struct domain *d)
{
    return d == current_vcpu()->domain;
}

static inline bool control_is_dying(const struct domain *d)
{
    return __atomic_load_n(&d->life, __ATOMIC_RELAXED) != DOMAIN_ALIVE;
}

/*
 * A row of sysctl.def or platform.def as a case of a switch over op->cmd: its handler gets its member of op->u, and
 * *copy_back is set if the answer goes back to the caller.
 */
#define MACHINE_CASE_DONE(operation, argument, direction, handler)                                 \
    case operation:                                                                                \
        *copy_back = MACHINE_BACK_##direction;                                                     \
        return handler((argument *)&op->u);
#define MACHINE_CASE_SHOW MACHINE_CASE_DONE
#define MACHINE_CASE_SOON(operation, argument, direction, handler)
#define MACHINE_CASE_NEVER(operation, argument, direction, handler)

#define MACHINE_BACK_IN    false
#define MACHINE_BACK_INOUT true

/*
 * The same where the caller is a 32-bit guest: its member of op->u is widened on the way in, and narrowed on the way
 * back.
 */
#define MACHINE_PV32_CASE_DONE(operation, argument, direction, handler, pv32)                      \
    case operation:                                                                                \
        *copy_back = MACHINE_BACK_##direction;                                                     \
        return MACHINE_PV32(argument, handler, SUBOP_PV32_##pv32);
#define MACHINE_PV32_CASE_SHOW MACHINE_PV32_CASE_DONE
#define MACHINE_PV32_CASE_SOON(operation, argument, direction, handler, pv32)
#define MACHINE_PV32_CASE_NEVER(operation, argument, direction, handler, pv32)

#define MACHINE_PV32(...)                            MACHINE_PV32_(__VA_ARGS__)
#define MACHINE_PV32_(argument, handler, kind, what) MACHINE_PV32_##kind(argument, handler, what)
#define MACHINE_PV32_SAME(argument, handler, none)   handler((argument *)&op->u)
#define MACHINE_PV32_OTHER(argument, handler, other) other(&op->u)
#define MACHINE_PV32_WIDEN(argument, handler, layout)                                              \
    ({                                                                                             \
        argument wide_;                                                                            \
        long rc_;                                                                                  \
                                                                                                   \
        compat_widen_##layout(&wide_, (const struct compat_##layout *)&op->u);                     \
        rc_ = handler(&wide_);                                                                     \
        compat_narrow_##layout((struct compat_##layout *)&op->u, &wide_);                          \
        rc_;                                                                                       \
    })

#endif
