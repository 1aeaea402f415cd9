/*
 * Boot options. Filled once by options_parse(), read-only afterwards.
 */
#ifndef CONSOLE_OPTIONS_H
#define CONSOLE_OPTIONS_H

#include "console/console.h"
#include "lib/types.h"

#define OPTION_TEXT 64

/*
 * An amount of memory in bytes; each 0 when it was not given. A negative value counts from the
 * machine's total.
 */
struct option_memory {
    s64 amount;
    s64 min;
    s64 max;
};

/* A choice for dom0, and one for all other domains. */
enum option_choice { CHOICE_DEFAULT, CHOICE_OFF, CHOICE_ON };

struct option_domains {
    enum option_choice dom0, domu;
};

#define CHOICES_DEFAULT                                                                            \
    {                                                                                              \
    }

#define OPTION_TYPE_FLAG(name)    bool name;
#define OPTION_TYPE_NUMBER(name)  u64 name;
#define OPTION_TYPE_SIZE(name)    u64 name;
#define OPTION_TYPE_LEVEL(name)   enum log_level name;
#define OPTION_TYPE_MEMORY(name)  struct option_memory name;
#define OPTION_TYPE_DOMAINS(name) struct option_domains name;
#define OPTION_TYPE_TEXT(name)    char name[OPTION_TEXT];
#define OPTION_TYPE_IGNORED(name)

struct options {
#define OPTION(kind, name, initial, summary) OPTION_TYPE_##kind(name)
#include "options.def"
#undef OPTION
};

extern struct options options;

/*
 * Read all of @cmdline into options. Each word that is unknown, or has a value that its kind does
 * not take, is passed to @complain and otherwise ignored.
 */
void options_parse(const char *cmdline, void (*complain)(const char *word, const char *why));

/* The list, a line each, through log_info(). */
void options_help(void);

#endif
