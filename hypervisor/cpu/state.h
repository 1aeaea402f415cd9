/*
 * What the entry code needs of a vcpu, at fixed offsets: the first member of struct vcpu.
 */
#ifndef CPU_STATE_H
#define CPU_STATE_H

#include <hypercall/abi.h>
#include "cpu/mode.h"
#include "cpu/regs.h"
#include "lib/types.h"

struct vcpu_cpu {
    struct vcpu_info *
        info; /* the guest's vcpu_info, in the hypervisor's mapping; the guest writes it at any time */
    u8 syscall_mask_events; /* VGCF_syscall_disables_events */
    u8 ts;                  /* virtual CR0.TS */
    u8 iopl;                /* set_iopl: 0-3 */
    /*
     * KERNEL_GS_BASE is gs_base_other, as it was loaded: whoever changes it, by SWAPGS or otherwise,
     * says so. entry.S writes this with kernel_mode.
     */
    u8 gs_other_kept;
    /*
     * The guest runs as kernel: decides where a syscall goes. A 64-bit guest's CPL is 3 either way;
     * for a 32-bit one, which may change its ring by itself, this is renewed when it comes in.
     */
    u8 kernel_mode;
    u8 nmi_masked;     /* an NMI was delivered and its iret has not come yet */
    u8 iopl_in_rflags; /* bounces show IOPL, iret sets it: VMASST_TYPE_architectural_iopl */
    u8 iret_plain;     /* 0: entry.S looks at these four bytes at once */
    u64 kernel_rsp;    /* stack_switch */
    u64 kernel_ss;
    u64 syscall_rip; /* 0: none registered */
    u64 event_rip;
    u64 cr3_kernel; /* machine addresses of the two roots; cr3_user is 0 when there is none */
    u64 cr3_user;
    struct regs regs;  /* while the vcpu is not on a CPU */
    u64 fs_base;       /* likewise */
    u64 gs_base;       /* of the mode that the vcpu is in */
    u64 gs_base_other; /* of the other mode: what KERNEL_GS_BASE holds */
    u16 ds, es, fs, gs;
    struct guest_mode mode; /* by the domain's width */
    /* cpu/isolation.h: in CR3 while the guest runs, user's and kernel's; 0: the roots themselves */
    u64 shadow[2];
    struct vcpu_info *info_shown; /* where these show vcpu_info */
    bool isolated;
};

#endif
