/*
 * What this processor makes of an instruction that a process may not execute: where it ends, and which exception it
 * raises. Only for instructions that have no effect in a process but on registers.
 */
#ifndef TESTS_FUZZ_PROCESSOR_H
#define TESTS_FUZZ_PROCESSOR_H

#include <stdbool.h>
#include <stdint.h>

enum width { CODE_64, CODE_32, CODE_16, CODE_WIDTHS };

enum verdict {
    VERDICT_NONE,      /* this kernel has no segments for code of that width */
    VERDICT_PROTECTED, /* #GP with error code 0 */
    VERDICT_INVALID,   /* #UD */
    VERDICT_RAN,       /* it was executed, up to the end of @bytes */
    VERDICT_LONGER,    /* there are bytes missing */
    VERDICT_OTHER
};

/* Of the @bytes at @code, behind which nothing is. */
enum verdict processor_verdict(enum width width, const uint8_t *code, unsigned int bytes);

/*
 * Load DS and ES with a selector of the LDT, so that it is found there what they name. False: there is no LDT, and they
 * are what they were.
 */
#define PROCESSOR_DATA 0x1f /* entry 3 */
bool processor_load_data(void);

#endif
