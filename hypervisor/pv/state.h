/* What pv/'s rooms keep in a domain and a vcpu. */
#ifndef PV_STATE_H
#define PV_STATE_H

#include <hypercall/abi.h>
#include "lib/types.h"
#include "mm/frame.h"
#include "mm/shown.h"
#include "smp/lock.h"

struct domain_pv {
    struct lock pagetable_lock;
    u32 dead_tables;       /* pv/pagetable: list by frame.link of tables to be taken apart */
    u32 relinquish_cursor; /* pv/pagetable: frame that teardown has reached, referenced; 0 none */
    u8 kinds;              /* pv/pagetable: what its tables may say: kinds.h */
    bool isolated;         /* pv/pagetable: its vcpus have shadow roots */
    bool bars_l1tf; /* pv/pagetable: no entry of its tables leads the L1 terminal fault to memory */
    bool l4_maps_itself; /* pv/pagetable: an isolated domain's does, or did */
    bool roots_indirect; /* pv/pagetable: these, or monitors, are loaded in its roots' place */
    u8 relinquish_pass;  /* pv/pagetable: enum pass in relinquish.c */
    bool maps_strangers; /* pv/pagetable: mm/tlb.h knows that its tables may map others' frames */
    u64 upper_changes;   /* pv/pagetable: of present entries of its higher tables, so far: walk.h */
    u64 hypercall_page_mfn;
    struct cpuid_policy *cpuid; /* pv/emulate: leaves that the guest sees */
    u32 relinquish_stage;
    u32 pci_address; /* what the domain last wrote to port 0xcf8 */
};

/* A multicall in progress: hypercall_continue() then rewrites the entry instead of registers. */
struct multicall_state {
    bool active;
    bool look;      /* before the next entry: see hypercall_long_step() */
    bool continued; /* look too: the current entry is to be issued again, as it stands in entry */
    bool left;      /* look too: iret has left by a frame of its own */
    struct multicall_entry entry;
};

/* pv/pagetable/walk.h: the L1 table that the last walk under root_kernel came to, and what for. */
struct walked {
    u64 region;        /* the address without its lower 21 bits; WALKED_NONE */
    u64 upper_changes; /* the domain's then */
    u64 *l1;
};

#define WALKED_NONE (~0UL)

struct vcpu_pv {
    struct multicall_state multicall;
    struct trap_info traps[256]; /* handlers registered by set_trap_table */
    u64 failsafe_rip;
    u16 event_cs; /* 32-bit guests' callbacks are far addresses */
    u16 failsafe_cs;
    u64 syscall32_rip;
    u64 syscall32_cs;
    u64 sysenter_rip;
    u64 sysenter_cs;
    bool failsafe_mask_events;
    bool syscall32_mask_events;
    bool sysenter_mask_events;
    u64 iobitmap; /* guest address, 0 none */
    u32 iobitmap_limit;
    u64 cr4;        /* the guest's bits of CR4 ... */
    u64 cr4_loaded; /* ... and what the hardware's are while it runs: EMULATE_CR4_LOADED */
    u64 dr[8];
    u64 window; /* linear address of this vcpu's GDT and LDT window: mm/map.h */
    u64 *window_ptes;
    mfn_t gdt_mfn[14]; /* INVALID_MFN: none */
    u32 gdt_entries;
    u64 ldt_base; /* guest address */
    u32 ldt_entries;
    u32 ldt_mapped;    /* bit a page */
    mfn_t root_kernel; /* typed references to L4 frames; to an L3 of a 32-bit guest */
    mfn_t root_user;
    struct walked walked;
    u64 *monitor;       /* a 32-bit vcpu's L4: pv/pagetable/roots.c */
    struct shown shown; /* pv/pagetable/shadow.c */
    u32 shown_groups[2];
    void *xstate; /* FPU, SSE, AVX state while it is not on a CPU */
    u64 xcr0;
    u64 tsc_aux;
};

#endif
