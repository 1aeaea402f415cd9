/*
 * What came of a program's calls, by the rows of hypercall/.
 */
#ifndef TESTS_PROGRAMS_REPORT_H
#define TESTS_PROGRAMS_REPORT_H

#include "tests/programs/program.h"

#define PROGRAM_CALLS                                                                              \
    65 /* numbers of hypercalls; the last stands for all that there is no row for */
#define PROGRAM_COMMANDS 96 /* likewise */

struct program_counts {
    unsigned long accepted[PROGRAM_CALLS][PROGRAM_COMMANDS],
        refused[PROGRAM_CALLS][PROGRAM_COMMANDS];
};

/*
 * The call, whose program_command() was @command, was answered by @rc. A batch's operation may tell by itself
 * that it was refused.
 */
void program_count(struct program_counts *counts, const struct program *p,
                   const struct program_call *call, unsigned int command, long rc);

/*
 * Print a line a row that can be called, `row NAME ACCEPTED REFUSED`, and how many were accepted once at least:
 * of these it is known that more than the checks of arguments has run.
 */
void program_report(const struct program_counts *counts);

/* The name of the call's row; NULL if there is none. */
const char *program_name(const struct program_call *call, unsigned int command);

/* An operation on grants may be refused though the hypercall is not: the negative number that tells why, else @rc. */
long program_outcome(const struct program *p, const struct program_call *call, unsigned int command,
                     long rc);

#endif
