/* What control operations tell of the boot. */
#include "control/control.h"
#include "lib/string.h"

char control_cmdline[1024];

void control_init(const struct boot_info *boot)
{
    strlcpy(control_cmdline, boot->cmdline, sizeof(control_cmdline));
}
