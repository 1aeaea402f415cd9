/*
 * Domains and their virtual CPUs.
 *
 * Both embed one small struct of each room, which only that room touches (ROOM/state.h). A domain
 * lives as long as somebody holds a reference; a vcpu as long as its domain.
 */
#ifndef DOMAIN_DOMAIN_H
#define DOMAIN_DOMAIN_H

#include <hypercall/abi.h>
#include <hypercall/compat/layouts.h>
#include <hypercall/limits.h>
#include "access/state.h"
#include "cpu/state.h"
#include "event/state.h"
#include "grant/state.h"
#include "irq/state.h"
#include "lib/atomic.h"
#include "lib/list.h"
#include "lib/types.h"
#include "mm/frame.h"
#include "pv/state.h"
#include "sched/state.h"
#include "smp/lock.h"
#include "smp/smp.h"
#include "smp/softirq.h"
#include "time/state.h"

/* Sizes of struct domain and struct vcpu, in page orders. */
#define DOMAIN_ORDER      0
#define VCPU_ORDER        1
#define DOMID_IDLE_DOMAIN ((domid_t)DOMID_IDLE)

enum domain_life {
    DOMAIN_ALIVE,
    DOMAIN_DYING, /* being taken apart: nothing new may be attached to it */
    DOMAIN_DEAD,  /* everything relinquished; gone with its last reference */
};

struct domain_memory {
    struct lock lock;
    u32 first;         /* list of frames, by frame number; 0 ends */
    u64 tot_pages;     /* frames that it owns */
    u64 max_pages;     /* ... and may own */
    u64 claimed;       /* frames set aside for it and not yet taken */
    u32 shared_frames; /* of ours that it may map */
    u8 max_bits;       /* of its frames' machine addresses; 0 any */
    /* mm/: names the domain for all time, in frames that it wrote and gave back; 0 none yet. */
    u32 tag;
    u32 puts; /* mm/: references to the domain that job put is to drop; atomic */
    struct softirq_job put;
    void *map; /* E820 entries that the toolstack set, for XENMEM_memory_map; NULL none */
    u32 nr_map;
};

struct domain {
    domid_t id;
    bool privileged;            /* dom0: access/ derives its rights from this */
    bool pv32;                  /* a 32-bit PAE guest, in ring 1; chosen while it has no frames */
    u32 refs;                   /* atomic */
    struct domain *bucket_next; /* of the directory */
    xen_domain_handle_t handle;
    struct lock lock; /* lifecycle: LOCK_DOMAIN */

    u32 max_vcpus;
    struct vcpu **vcpus; /* max_vcpus entries; NULL until created */

    /* What stops all of its vcpus, each of it unless it is 0: sched/ looks at all at once. */
    union {
        struct {
            u32 pause_count; /* by control/ and debuggers */
            u8 life;         /* enum domain_life */
            bool shut_down;  /* by SCHEDOP_shutdown or a crash */
            bool throttled;  /* by sched/: its cap is used up */
        };
        u64 stops;
    };
    bool unpaused; /* by control/, once at least: it may have run */
    bool debugged; /* by control/: its kernel's #DB and #BP pause it */
    u8 shutdown_reason;
    u32 options; /* XEN_DOMCTL_CDF_* */
    u32 ssidref;

    struct shared_info *shared_info; /* FRAME_SHARED page of ours */
    u64 vm_assist;                   /* bits VMASST_TYPE_* */
    /* CPUs whose TLB may hold its entries: atomic, set and cleared by vcpu_switch. */
    cpumask_t dirty_cpus;

    struct domain_memory memory;
    struct domain_access access;
    struct domain_event event;
    struct domain_grant grant;
    struct domain_irq irq;
    struct domain_pv pv;
    struct domain_time time;
    struct domain_sched sched;
};

struct vcpu_runstate {
    struct vcpu_runstate_info info;
    u32 version; /* atomic: odd while info changes */
    u64 area;    /* guest address registered, 0 none */
};

struct vcpu {
    struct vcpu_cpu cpu; /* first: the entry code knows its offsets */
    struct domain *domain;
    u32 id;
    u32 processor;    /* physical CPU that it runs on, or ran on last */
    bool initialised; /* has a context: VCPUOP_initialise or setvcpucontext */
    bool down;        /* VCPUOP_down, or never up */
    u32 work;         /* VCPU_WORK_*: atomic; WORK_VCPU tells the CPU to look */
    mfn_t info_mfn;   /* frame of a registered vcpu_info, INVALID_MFN while it is in shared_info */
    struct vcpu_info *info_mapped;
    /* In its place while the guest has given none: the vcpu's own, since it may run with it. */
    struct vcpu_info no_info;
    struct vcpu_runstate runstate;

    struct vcpu_event event;
    struct vcpu_pv pv;
    struct vcpu_grant grant;
    struct vcpu_sched sched;
    struct vcpu_time time;
};

/* vcpu.work */
#define VCPU_WORK_NMI 0x1u /* an NMI is pending for the guest */

#define DOMAIN_BUCKETS 256

extern struct domain *domain_buckets[DOMAIN_BUCKETS]; /* domain.c: the directory */

/*
 * Without a reference; NULL: no such domain. It is there for as long as nothing is waited for, no lock and no other
 * CPU: who frees it has unlinked it, and waits until this CPU looks up from what it is doing.
 */
static inline struct domain *domain_look_up(unsigned long id)
{
    struct domain *d = READ_ONCE(domain_buckets[id % DOMAIN_BUCKETS]);

    while ( d && d->id != id )
        d = READ_ONCE(d->bucket_next);
    return d;
}

/* With a reference. NULL: no such domain. Dying ones are found, dead ones too until gone. Takes no lock. */
struct domain *domain_get(domid_t id);

/* The same for guests alone: special domains own frames, and have no rooms for anything else. */
static inline struct domain *domain_get_guest(domid_t id)
{
    return id < DOMID_FIRST_RESERVED ? domain_get(id) : NULL;
}

void domain_hold(struct domain *d); /* for who has a reference */

/* The last one frees @d, which waits for all CPUs: not for interrupts' handlers. */
void domain_put(struct domain *d);
struct domain *domain_first_at_or_above(domid_t id); /* with a reference; NULL: none */
struct domain *domain_after(struct domain *d);       /* likewise; @d's reference is given back */

/*
 * The guest after @d, whose reference is given back; the first for NULL. With a reference; NULL: there is no other.
 */
static inline struct domain *domain_next_guest(struct domain *d)
{
    struct domain *next = d ? domain_after(d) : domain_first_at_or_above(0);

    if ( !next || next->id < DOMID_FIRST_RESERVED )
        return next;
    domain_put(next);
    return NULL;
}

/* Registers and state of every vcpu: debug key 'q'. */
void domain_dump_all(void);

/*
 * The same for a crash report, when no other CPU runs any more: takes no lock, since one that was stopped, or we, may
 * hold it.
 */
void domain_dump_stopped(void);

/* The domain after @d, without a reference, for domain_dump_stopped; the first for NULL; NULL: there is no other. */
struct domain *domain_next_unlocked(const struct domain *d);

extern struct domain *domain_zero; /* dom0; NULL until built */
extern struct domain *domain_idle; /* owns the idle vcpus */
extern struct domain *domain_io;   /* DOMID_IO, owner of what is not RAM */
extern struct domain *domain_xen;  /* DOMID_XEN, owner of frames that the hypervisor shows */

/*
 * Create a domain: all rooms' hooks run forward, or none is left behind. @max_vcpus at most
 * DOMAIN_MAX_VCPUS. The domain starts with pause count 1 and no vcpu. 0, -EEXIST, -EINVAL, -ENOMEM.
 */
long domain_create(domid_t id, const struct xen_domctl_createdomain *config, bool privileged,
                   struct domain **out);
struct vcpu *domain_vcpu_create(struct domain *d, u32 id); /* NULL: no memory */

static inline struct vcpu *domain_vcpu(const struct domain *d, u32 id)
{
    return index_below(&id, d->max_vcpus) ? d->vcpus[id] : NULL;
}

/* In pv/: v->cpu.info is another one now; @v doesn't run, or is current. */
void pv_vcpu_info_moved(struct vcpu *v);

static inline bool domain_is_privileged(const struct domain *d)
{
    return d->privileged;
}

/* The domains that are no guests, at boot; and the idle vcpu of a CPU. */
void domain_init(void);
struct vcpu *domain_create_idle_vcpu(u32 cpu);

/*
 * @d, which has not run, has another width now: its shared_info changes layout, and what was in it but for vcpu_info is
 * lost. A part of pv_domain_set_pv32.
 */
void domain_width_chosen(struct domain *d);

/* Take the domain apart as far as one call may: 0 done, -ERESTART call again. */
long domain_kill(struct domain *d);

void domain_pause(struct domain *d);
void domain_unpause(struct domain *d);

/*
 * The same unless somebody has paused it already, from a vcpu of its own, which may run on for a moment, as others may:
 * so two of them don't wait for each other.
 */
void domain_pause_oneself(struct domain *d);

/*
 * Stop all vcpus of @d for @reason (SHUTDOWN_*) and tell dom0, or whoever subscribed to its
 * suspending; for dom0, halt or reboot the machine.
 */
void domain_shutdown(struct domain *d, u8 reason);
void domain_resume(struct domain *d);

/* An NMI for @v, wherever it is: delivered when it next enters its guest and isn't handling one. */
void vcpu_raise_nmi(struct vcpu *v);

/*
 * The guest did what the ABI calls fatal: report @why, shut it down with SHUTDOWN_crash. Returns;
 * the vcpu won't run on.
 */
void domain_crash(struct domain *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Load a context into a vcpu that is not running: VCPUOP_initialise and domctl setvcpucontext. In
 * pv/.
 */
long vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *context);

/*
 * Take the context from a vcpu whose domain is paused: it is down, and may be given another, with other tables. What
 * was registered by hypercalls stays: vcpu_info, areas, timers, ports. 0; -ERESTART call again: its tables take long to
 * take apart. In pv/.
 */
long vcpu_reset(struct vcpu *v);
void vcpu_get_context(struct vcpu *v, struct vcpu_guest_context *context);

/*
 * Account a change of runstate (RUNSTATE_*) at time @now. The caller holds the lock under which
 * @v's state changes.
 */
void runstate_change(struct vcpu *v, int state, s64 now);

/*
 * @v's runstate, times up to now included. No lock: consistent although @v may run on another CPU.
 */
void runstate_get(struct vcpu *v, struct vcpu_runstate_info *info);

/*
 * Write @v's runstate into the area that the guest registered, if it did. @v's page tables must be
 * loaded on this CPU: vcpu_switch calls it for the vcpu that leaves before, and for the one that
 * comes after, it changes the root.
 */
void runstate_update_guest(struct vcpu *v);

/*
 * Release the frames of registered vcpu_infos: on the way to a domain's death, when no vcpu of @d
 * runs any more. Others may still send it events.
 */
void vcpu_info_release_all(struct domain *d);

#define for_each_vcpu(d, v)                                                                        \
    for ( u32 v##_i = 0; v##_i < (d)->max_vcpus; v##_i++ )                                         \
        if ( ((v) = (d)->vcpus[v##_i]) != NULL )

/*
 * Re-issue the current hypercall with these arguments once the guest has taken its events. The
 * handler must return the value that this returns, whatever it is. The one place for it: inside a
 * multicall it rewrites the entry instead.
 */
long hypercall_continue(unsigned int nr, unsigned long a1, unsigned long a2, unsigned long a3,
                        unsigned long a4, unsigned long a5);

/*
 * The current hypercall has just done in one step as much as many calls do. A multicall looks at what is pending before
 * its next entry, then; it does after so many short ones anyway.
 */
void hypercall_long_step(void);

void memory_domain_destroy(struct domain *d);

/*
 * Keep the firmware's memory map, sorted by address, for XENMEM_machine_memory_map. Once, at boot;
 * @boot may go after.
 */
struct boot_info;
void memory_keep_machine_map(const struct boot_info *boot);

/*
 * Add a reserved range to that map, unless it overlaps one that is there. Boot only, after the
 * above.
 */
void memory_reserve_machine(u64 start, u64 len);

/* Give @d the assists of which @assists has the bits (VMASST_TYPE_*), as far as they are known. */
void domain_set_assists(struct domain *d, u64 assists);

/* What @v keeps of its domain's assists, for a vcpu that came after they were set. */
void vcpu_follow_assists(struct vcpu *v);

long memory_op(unsigned long cmd, unsigned long arg);
long domain_vcpu_op(unsigned long cmd, unsigned long vcpu, unsigned long arg);
long domain_vm_assist(unsigned long cmd, unsigned long type);

/* For 32-bit guests; where there is none, the one above is theirs too. */
long compat_memory_op(unsigned long cmd, unsigned long arg);
long compat_vcpu_op(unsigned long cmd, unsigned long vcpu, unsigned long arg);

#endif
