/*
 * The verbs of the command line. A row of each table serves the parser, --help, and shells' completion.
 */
#ifndef RL_VERB_H
#define RL_VERB_H

#include "librl/domain.h"
#include "librl/handle.h"

/* What rl ends with; rl.1 lists them. */
enum exit_code {
    EXIT_OK = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_NO_DOMAIN = 3,
    EXIT_TIMED_OUT = 4,
    EXIT_NO_HYPERVISOR = 5,
};

struct verb_option {
    char letter;
    const char *name;
    const char *argument; /* NULL if it takes none */
    const char *help;
};

struct arguments {
    const char *option[128]; /* by letter: NULL if it was not given, else its argument or "" */
    int count;
    char **words; /* NULL behind the last */
};

struct verb {
    const char *name;
    const char *synopsis; /* of the words behind the options */
    const char *summary;  /* one line */
    const char *help;     /* more lines; NULL if there is nothing to add */
    int least, most;      /* words; most -1: any number */
    bool alone;           /* works without a hypervisor; run() gets NULL */
    int (*run)(struct rl *rl, const struct arguments *arguments); /* 0 or a negative errno, told */
    struct verb_option options[8];
};

/* All verbs, by the order of `rl help`; NULL ends it. */
extern const struct verb *const verbs[];

extern const struct verb verb_info, verb_list, verb_vcpu_list, verb_create, verb_destroy,
    verb_shutdown, verb_reboot, verb_pause, verb_unpause, verb_console, verb_wait, verb_vcpu_set,
    verb_vcpu_pin, verb_sched, verb_mem_set, verb_dmesg, verb_perf, verb_daemon, verb_help;

#define OPTION_JSON                                                                                \
    {                                                                                              \
        'j', "json", NULL, "print JSON"                                                            \
    }
#define OPTION_WAIT                                                                                \
    {                                                                                              \
        'w', "wait", NULL, "wait until the guest has done it"                                      \
    }
#define OPTION_TIMEOUT                                                                             \
    {                                                                                              \
        't', "timeout", "SECONDS", "give up after that long"                                       \
    }

/* Told by usage(): what a verb's run() returns when its words make no sense. */
#define VERB_USAGE (-EDOM)

/* The option's number: @fallback if it was not given; VERB_USAGE, told, if it is none. */
int option_number(const struct arguments *arguments, char letter, int fallback, int *value);

/* Call @show for the domains that the words name, or for all. */
int for_listed(struct rl *rl, const struct arguments *arguments,
               int (*show)(struct rl *rl, struct rl_domain *domain,
                           const struct arguments *arguments));

/* Run @act for each domain that the words name; goes on after a failure and returns the first. */
int for_each_word(struct rl *rl, const struct arguments *arguments,
                  int (*act)(struct rl *rl, struct rl_domain *domain,
                             const struct arguments *arguments));

#endif
