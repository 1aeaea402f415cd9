/* rl: the command line for Ringleader's domains. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/bits.h"
#include "lib/string.h"
#include "librl/clock.h"
#include "librl/message.h"
#include "verb.h"

const struct verb *const verbs[] = {
    &verb_info,     &verb_list,     &verb_vcpu_list, &verb_create,  &verb_destroy,
    &verb_shutdown, &verb_reboot,   &verb_pause,     &verb_unpause, &verb_console,
    &verb_wait,     &verb_vcpu_set, &verb_vcpu_pin,  &verb_sched,   &verb_mem_set,
    &verb_dmesg,    &verb_perf,     &verb_daemon,    &verb_help,    NULL,
};

/* --- help --- */

static void print_verbs(FILE *f)
{
    fprintf(f, "rl VERB [OPTIONS] [WORDS]: domains of this machine\n\n");
    for ( const struct verb *const *verb = verbs; *verb; verb++ )
        fprintf(f, "  %-10s %s\n", (*verb)->name, (*verb)->summary);
    fprintf(f, "\n`rl VERB --help` tells more. A domain is named by its name or its number.\n");
}

static void print_synopsis(FILE *f, const struct verb *verb)
{
    fprintf(f, "rl %s [OPTIONS] %s\n", verb->name, verb->synopsis);
}

static void print_option(const struct verb_option *option)
{
    char name[64];

    snprintf(name, sizeof(name), "-%c, --%s%s%s", option->letter, option->name,
             option->argument ? " " : "", option->argument ? option->argument : "");
    printf("  %-24s %s\n", name, option->help);
}

static void print_help(const struct verb *verb)
{
    print_synopsis(stdout, verb);
    printf("\n%s.\n", verb->summary);
    if ( verb->help )
        printf("\n%s", verb->help);
    printf("\n");
    for ( const struct verb_option *option = verb->options; option->letter; option++ )
        print_option(option);
    print_option(&(struct verb_option){ 'v', "verbose", NULL, "tell more" });
    print_option(&(struct verb_option){ 'h', "help", NULL, "this text" });
}

static const struct verb *find_verb(const char *name)
{
    for ( const struct verb *const *verb = verbs; *verb; verb++ )
        if ( !strcmp((*verb)->name, name) )
            return *verb;
    return NULL;
}

/* For shells: a verb's options, or all verbs. */
static void print_completions(const struct verb *verb)
{
    if ( !verb )
        for ( const struct verb *const *each = verbs; *each; each++ )
            printf("%s\n", (*each)->name);
    else
        for ( const struct verb_option *option = verb->options; option->letter; option++ )
            printf("--%s\n", option->name);
}

static int help(struct rl *rl, const struct arguments *arguments)
{
    const struct verb *verb = arguments->count ? find_verb(arguments->words[0]) : NULL;

    (void)rl;
    if ( arguments->count && !verb )
    {
        rl_error(EINVAL, "there is no verb `%s`: `rl help` lists them", arguments->words[0]);
        return VERB_USAGE;
    }
    if ( arguments->option['l'] )
        print_completions(verb);
    else if ( verb )
        print_help(verb);
    else
        print_verbs(stdout);
    return 0;
}

const struct verb verb_help = {
    .name = "help",
    .synopsis = "[VERB]",
    .summary = "Tell about rl, or about one of its verbs",
    .most = 1,
    .alone = true,
    .run = help,
    .options = { { 'l', "list", NULL,
                   "only the names of verbs, or of the verb's options, one a line" } },
};

/* --- arguments --- */

#define MAX_OPTIONS (ARRAY_SIZE(((struct verb *)0)->options) + 2)

/* getopt's two descriptions of a verb's options. */
static void describe_options(const struct verb *verb, struct option *longs, char *shorts)
{
    *shorts++ = '+'; /* words may look like options behind the first: they are settings' */
    *shorts++ = 'h';
    *shorts++ = 'v';
    *longs++ = (struct option){ "help", no_argument, NULL, 'h' };
    *longs++ = (struct option){ "verbose", no_argument, NULL, 'v' };
    for ( const struct verb_option *option = verb->options; option->letter; option++ )
    {
        *longs++ =
            (struct option){ option->name, option->argument ? required_argument : no_argument, NULL,
                             option->letter };
        *shorts++ = option->letter;
        if ( option->argument )
            *shorts++ = ':';
    }
    *longs = (struct option){ 0 };
    *shorts = '\0';
}

/* -EINVAL: getopt has told why. Options may come before and between the words. */
static int parse(const struct verb *verb, int argc, char **argv, struct arguments *arguments)
{
    struct option longs[MAX_OPTIONS + 1];
    char shorts[MAX_OPTIONS * 2 + 2];
    int letter, words = 0;

    describe_options(verb, longs, shorts);
    argv[0] = "rl"; /* for getopt's messages */
    for ( ;; )
    {
        while ( (letter = getopt_long(argc, argv, shorts, longs, NULL)) != -1 )
        {
            if ( letter == '?' )
                return -EINVAL;
            arguments->option[letter] = optarg ? optarg : "";
        }
        if ( optind >= argc )
            break;
        arguments->words[words++] = argv[optind++];
    }
    arguments->words[words] = NULL;
    arguments->count = words;
    return 0;
}

static int usage(const struct verb *verb)
{
    fprintf(stderr, "usage: ");
    print_synopsis(stderr, verb);
    fprintf(stderr, "`rl %s --help` tells more.\n", verb->name);
    return EXIT_USAGE;
}

int option_number(const struct arguments *arguments, char letter, int fallback, int *value)
{
    const char *text = arguments->option[(int)letter];
    uint64_t number;

    *value = fallback;
    if ( !text )
        return 0;
    if ( !parse_u64_all(text, &number) || number > 1000000000 )
    {
        rl_error(EINVAL, "-%c takes a number, not `%s`", letter, text);
        return VERB_USAGE;
    }
    *value = (int)number;
    return 0;
}

int for_each_word(struct rl *rl, const struct arguments *arguments,
                  int (*act)(struct rl *rl, struct rl_domain *domain,
                             const struct arguments *arguments))
{
    int first = 0;

    for ( char **word = arguments->words; *word; word++ )
    {
        struct rl_domain domain;
        int rc = rl_domain_find(rl, *word, &domain);

        if ( !rc )
            rc = act(rl, &domain, arguments);
        if ( rc && !first )
            first = rc;
    }
    return first;
}

/* --- running --- */

static int exit_code(int rc)
{
    switch ( rc )
    {
    case 0:
        return EXIT_OK;
    case -ESRCH:
        return EXIT_NO_DOMAIN;
    case -ETIMEDOUT:
        return EXIT_TIMED_OUT;
    default:
        return EXIT_FAILED;
    }
}

static int run(const struct verb *verb, const struct arguments *arguments)
{
    struct rl rl;
    int rc;

    if ( verb->alone )
        rc = verb->run(NULL, arguments);
    else if ( rl_open(&rl) )
    {
        rl_close(&rl);
        return EXIT_NO_HYPERVISOR;
    }
    else
    {
        rc = verb->run(&rl, arguments);
        rl_close(&rl);
    }
    return rc == VERB_USAGE ? usage(verb) : exit_code(rc);
}

static int run_verb(const struct verb *verb, int argc, char **argv)
{
    char *words[argc + 1];
    struct arguments arguments = { .words = words };

    if ( parse(verb, argc, argv, &arguments) )
        return usage(verb);
    if ( arguments.option['h'] )
    {
        print_help(verb);
        return EXIT_OK;
    }
    rl_verbose = arguments.option['v'] != NULL;
    if ( arguments.count < verb->least || (verb->most >= 0 && arguments.count > verb->most) )
        return usage(verb);
    return run(verb, &arguments);
}

int main(int argc, char **argv)
{
    const struct verb *verb;

    rl_began = clock_ns();
    if ( argc < 2 )
    {
        print_verbs(stderr);
        return EXIT_USAGE;
    }
    if ( !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") )
    {
        print_verbs(stdout);
        return EXIT_OK;
    }
    verb = find_verb(argv[1]);
    if ( !verb )
    {
        fprintf(stderr, "rl: there is no verb `%s`: `rl help` lists them\n", argv[1]);
        return EXIT_USAGE;
    }
    return run_verb(verb, argc - 1, argv + 1);
}
