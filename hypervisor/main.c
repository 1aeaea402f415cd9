/*
 * From the boot loader's hand-over to dom0's first instruction.
 */
#include "boot/boot_info.h"
#include "console/console.h"
#include "console/options.h"
#include "control/control.h"
#include "control/dom0.h"
#include "cpu/cpu.h"
#include "cpu/init.h"
#include "cpu/isolation.h"
#include "cpu/stub.h"
#include "domain/domain.h"
#include "efi/efi.h"
#include "irq/irq.h"
#include "lib/guard.h"
#include "lib/printf.h"
#include "mm/alloc.h"
#include "sched/sched.h"
#include "smp/smp.h"
#include "switches.h"
#include "time/time.h"
#include "trace/latency.h"

/* hypervisor_main itself is not __init: it goes on after that memory is given back. */

/* Nothing can run: say so and stop, or start over, as the options tell. */
static void __init __attribute__((noreturn)) give_up(void)
{
    if ( options.noreboot )
        machine_halt();
    machine_reboot();
}

static void __init build_dom0(const struct boot_info *boot)
{
    if ( !boot->nr_modules )
    {
        log_error("No dom0: the boot loader gave no module. The first one is dom0's kernel, the "
                  "second its initrd.");
        give_up();
    }
    if ( !dom0_build(&boot->modules[0], boot->nr_modules > 1 ? &boot->modules[1] : NULL) )
        give_up();
}

void hypervisor_main(struct boot_info *boot)
{
    console_init(boot);
    cpu_init_boot();
    switches_apply();
    smp_init_boot();
    log_info("Ringleader, speaking Xen %u.%u's PV ABI", ABI_VERSION_MAJOR, ABI_VERSION_MINOR);
    log_info("started by %s with: %s", boot->loader, boot->cmdline);
    if ( options.guard_off[0] && !guard_turn_off(options.guard_off) )
        log_warning("guard_off: there is no guard %s in this build", options.guard_off);
    cpu_log_features();

    isolation_log();

    efi_init_early(boot);
    mm_init(boot);
    console_open_screen();
    control_init(boot);
    irq_acpi_init(boot->rsdp);
    irq_init();
    time_init();

    efi_init(boot);
    domain_init();
    if ( sched_init_cpu() )
        panic("no memory for the scheduler");
    smp_start_others();

    if ( options.latencies )
        latency_key_begin();
    build_dom0(boot);
    for ( u32 i = 0; i < boot->nr_modules; i++ )
        mm_give(to_maddr(boot->modules[i].start), boot->modules[i].size);
    mm_free_init();
    console_release_screen();
    smp_watch((u32)options.watchdog); /* not before: unpacking dom0's kernel takes a while */
    dom0_start();
    exit_to_idle();
}
