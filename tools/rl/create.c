/* create. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "console.h"
#include "json.h"
#include "lib/string.h"
#include "librl/create.h"
#include "librl/daemon.h"
#include "librl/message.h"
#include "verb.h"

#define PAGE_KIB (PAGE_SIZE >> 10)

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

static void print_area(const struct rl_plan_area *a)
{
    u64 first = a->area.pfn, last = first + a->area.pages - 1;
    char at[32] = "not mapped";

    if ( a->area.va )
        snprintf(at, sizeof(at), "at %#" PRIx64, a->area.va);
    printf("  %-12s pages %#8" PRIx64 "-%#-8" PRIx64 " %s\n", a->name, first, last, at);
}

static void print_plan(const struct rl_plan *plan, const char *settings)
{
    printf("settings:\n%s", settings);
    printf("kernel: %s %s, entry %#" PRIx64 "\n", plan->guest_os, plan->guest_version, plan->entry);
    printf("layout: %" PRIu64 " KiB are needed, %" PRIu64 " KiB are given\n",
           plan->pages_needed * PAGE_KIB, plan->pages_given * PAGE_KIB);
    for ( unsigned int i = 0; i < plan->nr_areas; i++ )
        print_area(&plan->areas[i]);
    printf("steps:\n");
    for ( unsigned int i = 0; rl_create_step(i); i++ )
        puts(rl_create_step(i));
}

static struct json_object *json_areas(const struct rl_plan *plan)
{
    struct json_object *list = json_object_new_array();

    for ( unsigned int i = 0; i < plan->nr_areas; i++ )
    {
        const struct rl_plan_area *a = &plan->areas[i];
        struct json_object *o = json_object_new_object();

        json_add_text(o, "name", a->name);
        json_add_number(o, "first_frame", a->area.pfn);
        json_add_number(o, "frames", a->area.pages);
        if ( a->area.va )
            json_add_number(o, "address", a->area.va);
        json_object_array_add(list, o);
    }
    return list;
}

static void print_plan_json(const struct rl_plan *plan, const char *settings)
{
    struct json_object *o = json_object_new_object(), *list = json_object_new_array();

    json_add_text(o, "settings", settings);
    json_add_text(o, "guest_os", plan->guest_os);
    json_add_text(o, "guest_version", plan->guest_version);
    json_add_number(o, "entry", plan->entry);
    json_add_number(o, "frames_needed", plan->pages_needed);
    json_add_number(o, "frames_given", plan->pages_given);
    json_object_object_add(o, "layout", json_areas(plan));
    for ( unsigned int i = 0; rl_create_step(i); i++ )
        json_object_array_add(list, json_object_new_string(rl_create_step(i)));
    json_object_object_add(o, "steps", list);
    json_print(o);
}

static int dry_run(struct rl *rl, const struct rl_config *config, const struct arguments *arguments)
{
    char *settings = rl_config_text(config);
    struct rl_plan plan;
    int rc = settings ? rl_create_dry(rl, config, &plan) : rl_no_memory();

    if ( !rc )
        (arguments->option['j'] ? print_plan_json : print_plan)(&plan, settings);
    free(settings);
    return rc;
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
        rc =
            arguments->option['n'] ? dry_run(rl, &config, arguments) : make(rl, &config, arguments);
    rl_config_free(&config);
    return rc;
}

const struct verb verb_create = {
    .name = "create",
    .synopsis = "[FILE] [NAME=VALUE...]",
    .summary = "Make a domain and start it",
    .help = "FILE has xl.cfg's syntax; settings on the command line win. Known are name, kernel,\n"
            "ramdisk, root, extra, cmdline, memory, maxmem (MiB), vcpus, maxvcpus, cpus, cpus_soft,\n"
            "cpu_weight, cap, max_grant_version, tsc_mode, domid, uuid, type (pv), and on_poweroff,\n"
            "on_reboot, on_crash: destroy, restart, rename-restart or preserve.\n",
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
