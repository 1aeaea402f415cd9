/* The first domain. */
#ifndef CONTROL_DOM0_H
#define CONTROL_DOM0_H

#include "boot/boot_info.h"

/*
 * Build dom0 from @kernel and, if not NULL, @initrd, which lie in RAM that the direct map covers.
 * It stays paused. False: it can't be built, and the log says why.
 */
bool dom0_build(const struct boot_module *kernel, const struct boot_module *initrd);

/* Let it run: sched_run() finds it next. */
void dom0_start(void);

#endif
