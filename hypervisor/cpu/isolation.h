/*
 * Isolation from guests that read what they may not by speculation (Meltdown, CVE-2017-5754).
 *
 * While an isolated vcpu's guest runs, CR3 holds one of the vcpu's two shadow roots, which show the
 * guest's own slots, and of the hypervisor's only what the processor and the first instructions of
 * an entry need (mm/shown.c). An entry loads percpu.cr3, the guest's root itself, which all C runs
 * in; an exit loads the shadow of it. The two short ways of entry_short.inc do without the first:
 * what they need of the vcpu is shown, too.
 *
 * Where no domain is isolated nothing of that costs an instruction: where the ways part, the text of
 * cpu/entry.S is patched at boot.
 *
 * 32-bit guests are never isolated: their code forms no address above 4 GiB.
 */
#ifndef CPU_ISOLATION_H
#define CPU_ISOLATION_H

#ifdef __ASSEMBLER__

/* clang-format off */

/* Where domains are isolated, a jump to \to stands here in place of what follows. */
.macro isolation_jump to
661:    .pushsection .isolation, "a"
        .long   661b - .
        .long   \to - .
        .popsection
.endm

/* A member of current, as its shadow roots show it; elsewhere a page of zeros is seen there. */
#define SHOWN(member) shown_vcpu + VCPU_##member(%rip)

/* clang-format on */

#else

#include "lib/types.h"

struct vcpu_cpu;

/* Which domains are, for good: by option xpti, or by what the processor is. */
struct isolation {
    bool dom0, domu;
};
extern struct isolation isolation;

static inline bool isolation_in_use(void)
{
    return isolation.dom0 || isolation.domu;
}

/*
 * The L1 terminal fault (CVE-2018-3620): of an entry that is not present the processor takes the
 * address for a frame's nevertheless, by speculation, and finds what its cache has of it. Whose
 * tables may have no such entries, by option pv-l1tf or by what the processor is; and the bits of
 * addresses that there are.
 */
struct l1tf {
    bool dom0, domu;
    u64 addresses;
};
extern struct l1tf l1tf;

/* At boot, while the text is still writable, when options and features are known. */
void isolation_init(void);
void isolation_log(void);

/* What entry code reads in the guest's address space: pages of their own, shown read-only. */
#define ENTRY_DATA __attribute__((section(".data.entry")))

#endif

#endif
