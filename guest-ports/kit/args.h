/*
 * The command line: words `name` or `name=value`.
 */
#ifndef KIT_ARGS_H
#define KIT_ARGS_H

#include <stdbool.h>

/* The value of the first `name=value`, up to the end of the line (a space ends it); NULL when there is none. */
const char *arg_value(const char *name);

/* The number of `name=number`, or @otherwise. */
unsigned long arg_number(const char *name, unsigned long otherwise);

/* Is the word `name` there? */
bool arg_flag(const char *name);

#endif
