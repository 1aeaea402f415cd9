/* What control operations tell of the boot and the machine. */
#include "control/control.h"
#include "lib/string.h"
#include "pv/emulate/cpuid.h"

char control_cmdline[1024];

void control_init(const struct boot_info *boot)
{
    strlcpy(control_cmdline, boot->cmdline, sizeof(control_cmdline));
    memory_keep_machine_map(boot);
    cpuid_init();
}
