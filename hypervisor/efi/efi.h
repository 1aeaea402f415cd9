/*
 * EFI, where that started the machine: its runtime services, which dom0 uses through platform_op,
 * and what dom0 wants to know of the firmware.
 *
 * The firmware runs in ring 0 with all of the machine in its reach, as it does under any system.
 * What we do against its faults: it is called in an address space of its own, which maps its
 * regions where they are and nothing else below our half; not writable and executable at once where
 * its attributes table allows that; with copies of what a guest hands in. If it faults, the crash
 * report names the service.
 */
#ifndef EFI_EFI_H
#define EFI_EFI_H

#include <hypercall/abi.h>

#include "lib/types.h"

struct boot_info;

/*
 * Before mm_init, which hands out memory that boot services had: keep what the firmware left there
 * for us. Reads through the early mapping.
 */
void efi_init_early(const struct boot_info *boot);

/*
 * After mm_init, before dom0 is built: map the firmware and learn what it offers. Says so in the
 * log; on a machine without EFI does nothing. dom0 may not write the firmware's memory from here
 * on.
 */
void efi_init(const struct boot_info *boot);

/*
 * XENPF_efi_runtime_call (public/platform.h), for who may do that. 0, and the service's own verdict
 * in @call->status; or what the service could not be asked for: -ENOSYS no EFI here, no such
 * function, or one that we don't offer, -EINVAL flags that it has not, or a name without end,
 * -ENOMEM also for sizes beyond what we copy, -EFAULT. Takes LOCK_EFI.
 */
long efi_runtime_call(struct xenpf_efi_runtime_call *call);

/*
 * XEN_FW_EFI_INFO of XENPF_firmware_info, part @index. 0; -ENOSYS no EFI here, -ESRCH no such
 * memory, no such ROM, -ENODATA, -EINVAL no such part, -EFAULT.
 */
long efi_info(u32 index, union xenpf_efi_info *info);

/* Did EFI start this machine? */
bool efi_present(void);

/*
 * Ask the firmware to reset the machine. Returns if it can't, or doesn't. For the end only: other
 * CPUs may be stopped anywhere, so it takes no lock.
 */
void efi_reset(void);

/* The name of the runtime service that this CPU is in, for crash reports; NULL: none. */
const char *efi_running_service(void);

#endif
