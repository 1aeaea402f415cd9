/* Between console/'s files. */
#ifndef CONSOLE_INTERNAL_H
#define CONSOLE_INTERNAL_H

#include "cpu/regs.h"

/* From now on show everything and wait for no lock: the end is near. */
void console_crashing(void);

void crash_print_registers(const struct regs *regs);

#endif
