/* create. */
#include <stdio.h>
#include <stdlib.h>

#include "console.h"
#include "json.h"
#include "lib/string.h"
#include "librl/create.h"
#include "librl/daemon.h"
#include "librl/message.h"
#include "verb.h"

/* The first word is a file, unless it is a setting like the others. */
static int read_settings(struct rl_config *config, const struct arguments *arguments)
{
    char **word = arguments->words;
    int rc = 0;

    if ( !strchr(*word, '=') )
        rc = rl_config_read(config, *word++);
    while ( !rc && *word )
        rc = rl_config_override(config, *word++);
    return rc ? rc : rl_config_finish(config);
}

static void say(const char *line)
{
    puts(line);
}

static int dry_run(struct rl *rl, const struct rl_config *config)
{
    char *text = rl_config_text(config);

    printf("settings:\n%s", text ? text : "");
    free(text);
    return rl_create_dry(rl, config, say);
}

/*
 * Unpaused before anything else: the daemon finds what has happened meanwhile. Without a daemon, told, the
 * domain is well.
 */
static int start(struct rl *rl, const struct rl_domain *domain, const struct arguments *arguments)
{
    int rc = arguments->option['p'] ? 0 : rl_domain_unpause(rl, domain);

    daemon_start();
    return rc;
}

/* Attached before it runs, so that nothing that it says is missed. */
static int start_on_console(struct rl *rl, const struct rl_domain *domain,
                            const struct arguments *arguments)
{
    int fd = console_open(rl, domain), rc;

    if ( fd < 0 )
        return fd;
    rc = start(rl, domain, arguments);
    return rc ? rc : console_run(fd);
}

/* As it is now that it was started; it may have gone again. */
static void report(struct rl *rl, struct rl_domain *domain, const struct arguments *arguments)
{
    struct rl_domain now;

    if ( !arguments->option['j'] )
    {
        printf("%s is domain %u\n", domain->name, domain->id);
        return;
    }
    if ( !rl_domain_get(rl, domain->id, &now) )
    {
        snprintf(now.name, sizeof(now.name), "%s", domain->name);
        *domain = now;
    }
    json_print(json_domain(domain));
}

static int make(struct rl *rl, const struct rl_config *config, const struct arguments *arguments)
{
    struct rl_domain domain;
    domid_t id;
    int rc = rl_create(rl, config, &id);

    if ( !rc )
        rc = rl_domain_get(rl, id, &domain);
    if ( rc )
        return rc;
    snprintf(domain.name, sizeof(domain.name), "%s", config->name);
    if ( arguments->option['c'] )
        return start_on_console(rl, &domain, arguments);
    rc = start(rl, &domain, arguments);
    if ( !rc )
        report(rl, &domain, arguments);
    return rc;
}

static int create(struct rl *rl, const struct arguments *arguments)
{
    struct rl_config config;
    int rc;

    rl_config_init(&config);
    rc = read_settings(&config, arguments);
    if ( !rc )
        rc = arguments->option['n'] ? dry_run(rl, &config) : make(rl, &config, arguments);
    rl_config_free(&config);
    return rc;
}

const struct verb verb_create = {
    .name = "create",
    .synopsis = "[FILE] [NAME=VALUE...]",
    .summary = "Make a domain and start it",
    .help = "FILE has xl.cfg's syntax; settings on the command line win. Known are name, kernel,\n"
            "ramdisk, root, extra, cmdline, memory, maxmem (MiB), vcpus, maxvcpus, cpu_weight, cap,\n"
            "uuid, type (pv), and on_poweroff, on_reboot, on_crash: destroy, restart, rename-restart or preserve.\n",
    .least = 1,
    .most = -1,
    .run = create,
    .options = {
        OPTION_JSON,
        { 'n', "dry-run", NULL, "check everything and say what would be done" },
        { 'p', "paused", NULL, "leave it paused" },
        { 'c', "console", NULL, "attach to its console" },
    },
};
