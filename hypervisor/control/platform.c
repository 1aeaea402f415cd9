/* platform_op: the physical machine. */
#include "console/console.h"
#include "control/cpus.h"
#include "control/internal.h"
#include "efi/efi.h"
#include "irq/irq.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "mm/map.h"
#include "pv/emulate/cpuid.h"
#include "sched/sched.h"
#include "time/time.h"

#define SLEEP_OFF 5 /* S5 */

/* --- the wall clock --- */

static long platform_settime64(struct xenpf_settime64 *arg)
{
    if ( arg->mbz )
        return -EINVAL;
    time_set_wallclock(arg->secs, arg->nsecs, (ns_t)arg->system_time);
    return 0;
}

static long platform_settime32(struct xenpf_settime32 *arg)
{
    time_set_wallclock(arg->secs, arg->nsecs, (ns_t)arg->system_time);
    return 0;
}

/* --- power --- */

/*
 * Does not return from S5. -EINVAL no such state or way; -EOPNOTSUPP other states, and machines that have no PM1
 * registers to write.
 */
static long platform_sleep(struct xenpf_enter_acpi_sleep *arg)
{
    if ( arg->sleep_state < 1 || arg->sleep_state > SLEEP_OFF ||
         (arg->flags & ~XENPF_ACPI_SLEEP_EXTENDED) )
        return -EINVAL;
    if ( arg->sleep_state != SLEEP_OFF || (arg->flags & XENPF_ACPI_SLEEP_EXTENDED) )
        return -EOPNOTSUPP;

    log_info("dom0 powers the machine off");
    machine_power_off(arg->val_a, arg->val_b);
}

/* --- processors --- */

/* A number that no CPU has is told as such, not refused: that is how dom0 finds the end. */
static long platform_cpuinfo(struct xenpf_pcpuinfo *arg)
{
    u32 cpu = arg->xen_cpuid;

    arg->max_present = irq_acpi.nr_cpus - 1;
    if ( cpu >= irq_acpi.nr_cpus )
    {
        arg->flags = XEN_PCPU_FLAGS_INVALID;
        return 0;
    }

    arg->flags = smp_is_online(cpu) ? XEN_PCPU_FLAGS_ONLINE : 0;
    arg->apic_id = irq_acpi.apic_ids[cpu];
    arg->acpi_id = irq_acpi.acpi_ids[cpu];
    return 0;
}

/* All are alike; of one that isn't running nothing is told. */
static long platform_cpu_version(struct xenpf_pcpu_version *arg)
{
    *arg = (struct xenpf_pcpu_version){ .xen_cpuid = arg->xen_cpuid,
                                        .max_present = irq_acpi.nr_cpus - 1 };
    if ( !smp_is_online(arg->xen_cpuid) )
        return 0;

    memcpy(arg->vendor_id, cpuid_machine_vendor(), sizeof(arg->vendor_id));
    cpuid_machine_signature(&arg->family, &arg->model, &arg->stepping);
    return 0;
}

/* The CPUs asked for, a byte of the map at a time; those that don't run are cleared in it, and have no idle time. */
static long idle_times_of_byte(const struct xenpf_getidletime *arg, u32 byte)
{
    gva_t at = to_gva(handle_gva(arg->cpumap_bitmap).n + byte);
    u8 asked, found = 0;

    if ( copy_from_guest(&asked, at, 1) )
        return -EFAULT;

    for ( u32 bit = 0; bit < 8; bit++ )
    {
        u32 cpu = byte * 8 + bit;
        bool online = smp_is_online(cpu);

        if ( cpu >= arg->cpumap_nr_cpus || !(asked & (1u << bit)) )
            continue;
        if ( online )
            found |= 1u << bit;
        if ( !guest_store_u64(handle_gva_at(arg->idletime, cpu), online ? sched_idle_ns(cpu) : 0) )
            return -EFAULT;
    }
    return copy_to_guest(at, &found, 1) ? -EFAULT : 0;
}

/* CPUs beyond those that we can have are left alone. */
static long platform_idletime(struct xenpf_getidletime *arg)
{
    u32 bytes = DIV_ROUND_UP(min_t(u32, arg->cpumap_nr_cpus, NR_CPUS), 8);
    long rc = 0;

    for ( u32 i = 0; !rc && i < bytes; i++ )
        rc = idle_times_of_byte(arg, i);
    arg->now = (u64)time_now();
    return rc;
}

/* --- firmware --- */

/*
 * The keyboard's shift state as the BIOS keeps it; EFI has none. What else a BIOS tells (disks, the screen's EDID) only
 * its interrupts do, which we never call.
 */
#define BIOS_SHIFT_STATE 0x417

static u8 shift_state(void)
{
    return efi_present() ? 0 : *(const u8 *)maddr_to_virt(to_maddr(BIOS_SHIFT_STATE));
}

/* -EINVAL no such type; -ESRCH nothing is known of it, or no more; for EFI's see there. */
static long platform_firmware_info(struct xenpf_firmware_info *arg)
{
    switch ( arg->type )
    {
    case XEN_FW_EFI_INFO:
        return efi_info(arg->index, &arg->u.efi_info);
    case XEN_FW_KBD_SHIFT_FLAGS:
        if ( arg->index )
            return -ESRCH;
        arg->u.kbd_shift_flags = shift_state();
        return 0;
    case XEN_FW_DISK_INFO:
    case XEN_FW_DISK_MBR_SIGNATURE:
    case XEN_FW_VBEDDC_INFO:
        return -ESRCH;
    default:
        return -EINVAL;
    }
}

/* --- for 32-bit guests --- */

/* EFI's own structures are full of words; no 32-bit dom0 that runs on EFI is known. */
static long platform_efi_call_pv32(void *arg)
{
    (void)arg;
    return -ENOSYS;
}

static long platform_firmware_info_pv32(void *arg)
{
    struct xenpf_firmware_info *info = arg;

    return info->type == XEN_FW_EFI_INFO ? -ENOSYS : platform_firmware_info(info);
}

/* --- dispatch --- */

#define SUBOP(operation, argument, direction, who, status, handler, pv32, summary)                 \
    MACHINE_CASE_##status(operation, argument, direction, handler)

static long call(struct xen_platform_op *op, bool *copy_back)
{
    switch ( op->cmd )
    {
#include <hypercall/ops/platform.def>
    default:
        return -ENOSYS;
    }
}

#undef SUBOP
#define SUBOP(operation, argument, direction, who, status, handler, pv32, summary)                 \
    MACHINE_PV32_CASE_##status(operation, argument, direction, handler, pv32)

static long call_pv32(struct xen_platform_op *op, bool *copy_back)
{
    switch ( op->cmd )
    {
#include <hypercall/ops/platform.def>
    default:
        return -ENOSYS;
    }
}

static inline long platform_op(unsigned long arg,
                               long (*run)(struct xen_platform_op *op, bool *copy_back))
{
    struct xen_platform_op op;
    bool copy_back = false;
    long rc;

    if ( copy_from_guest(&op, to_gva(arg), sizeof(op)) )
        return -EFAULT;
    if ( op.interface_version != XENPF_INTERFACE_VERSION )
        return -EACCES;

    rc = run(&op, &copy_back);
    if ( rc == -ERESTART )
        return hypercall_continue(__HYPERVISOR_platform_op, arg, 0, 0, 0, 0);
    if ( !rc && copy_back && copy_to_guest(to_gva(arg), &op, sizeof(op)) )
        return -EFAULT;
    return rc;
}

long control_platform_op(unsigned long arg)
{
    return platform_op(arg, call);
}

/* The structure around the operations is the same. */
long compat_platform_op(unsigned long arg)
{
    return platform_op(arg, call_pv32);
}
