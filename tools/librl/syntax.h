/* xl.cfg's syntax: assignments of strings, numbers and lists, ended by newlines or semicolons; # begins a comment. */
#ifndef LIBRL_SYNTAX_H
#define LIBRL_SYNTAX_H

#include "lib/types.h"

struct syntax_value {
    enum { SYNTAX_STRING, SYNTAX_NUMBER, SYNTAX_LIST } kind;
    char *text;   /* of a string, decoded; of a number as it was written; NULL for a list */
    u64 number;   /* of a number */
    char **items; /* of a list: the texts of its items, NULL for a list within */
    unsigned int nr_items;
};

/*
 * Called for each assignment; @value is the caller's and ends with the call. A result that isn't 0 ends the parse and
 * becomes its own.
 */
typedef int syntax_setter(void *arg, const char *where, unsigned int line, const char *name,
                          const struct syntax_value *value);

/* 0; -EINVAL bad syntax, told with @where and the line; -ENOMEM; the setter's result. */
int syntax_parse(const char *text, const char *where, syntax_setter *set, void *arg);

#endif
