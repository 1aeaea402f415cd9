/*
 * The rooms that control operations direct, played; and the operations' envelopes.
 */
#ifndef TESTS_HOST_FAKE_CONTROL_H
#define TESTS_HOST_FAKE_CONTROL_H

#include "tests/host/fake/machine.h"

#include <setjmp.h>

#include "control/control.h"

/* The caller, another domain, and the one that was created last, with what it was created from. */
extern struct domain *dom0, *domu, *made;
extern struct xen_domctl_createdomain made_from;
/* What the rooms below answer. */
extern long create_result, kill_result, context_result;
/* The context that was set last, and that is read. */
extern struct vcpu_guest_context context;
/* How often a vcpu lost its context. */
extern u32 resets;
/* Who got an NMI last. */
extern struct vcpu *nmi_for;
/* CPUs that there are: FAKE_CPUS, unless a test says otherwise, and back again. */
extern u32 fake_cpus;
/* Did EFI start the machine? */
extern bool by_efi;
/* What was done to the machine. */
extern u64 wall_seconds;
extern const char ring[26];
extern bool ring_cleared;
extern char keys_seen[8];
/* Where machine_power_off returns to. */
extern jmp_buf off;
/* How many ranges of resources were given, less those taken away; and the last one. */
extern u64 given_first, given_last;
extern int given;
/* Begin: two domains, all answers 0. */
void control_start(void);
/* A new domctl for domain @id, to be filled further; and issue it: no reference to a domain may be left. */
struct xen_domctl *domctl_for(u32 cmd, domid_t id);
long run_domctl(void);
/* The same for sysctl. */
struct xen_sysctl *sysctl_for(u32 cmd);
long run_sysctl(void);
extern struct xen_domctl dop;
extern struct xen_sysctl sop;

#endif
