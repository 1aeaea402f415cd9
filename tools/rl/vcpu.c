/* vcpu-list, vcpu-set, vcpu-pin, sched: virtual CPUs, and what share of the machine they get. */
#include "librl/vcpu.h"

#include <inttypes.h>
#include <stdio.h>

#include "json.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "librl/message.h"
#include "librl/wait.h"
#include "verb.h"

/* --- vcpu-list --- */

static unsigned int nr_cpus;       /* the machine's */
static struct json_object *listed; /* what --json prints */

static const char *vcpu_state(const struct rl_vcpu *info)
{
    if ( !info->online )
        return "offline";
    return info->running ? "running" : info->blocked ? "blocked" : "ready";
}

static int print_vcpus(struct rl *rl, struct rl_domain *domain, const struct arguments *arguments)
{
    struct rl_vcpu info;
    char hard[CPUS_TEXT], soft[CPUS_TEXT];

    (void)arguments;
    for ( unsigned int i = 0; i < domain->vcpus; i++ )
    {
        if ( rl_vcpu_get(rl, domain->id, i, &info) )
            continue;
        cpus_text(&info.hard, nr_cpus, hard, sizeof(hard));
        cpus_text(&info.soft, nr_cpus, soft, sizeof(soft));
        printf("%-20s %5u %5u %4u  %-8s %9.1f  %-12s %s\n", *domain->name ? domain->name : "(none)",
               domain->id, i, info.cpu, vcpu_state(&info), (double)info.cpu_ns / NS_PER_S, hard,
               soft);
    }
    return 0;
}

static struct json_object *json_cpus(const struct cpus *cpus)
{
    struct json_object *a = json_object_new_array();

    for ( unsigned int cpu = 0; cpu < nr_cpus; cpu++ )
        if ( cpus_has(cpus, cpu) )
            json_object_array_add(a, json_object_new_uint64(cpu));
    return a;
}

static int add_vcpus(struct rl *rl, struct rl_domain *domain, const struct arguments *arguments)
{
    struct rl_vcpu info;

    (void)arguments;
    for ( unsigned int i = 0; i < domain->vcpus; i++ )
    {
        struct json_object *o;

        if ( rl_vcpu_get(rl, domain->id, i, &info) )
            continue;
        o = json_object_new_object();
        json_add_text(o, "name", domain->name);
        json_add_number(o, "domid", domain->id);
        json_add_number(o, "vcpu", i);
        json_add_number(o, "cpu", info.cpu);
        json_add_text(o, "state", vcpu_state(&info));
        json_add_number(o, "cpu_ns", info.cpu_ns);
        json_object_object_add(o, "hard", json_cpus(&info.hard));
        json_object_object_add(o, "soft", json_cpus(&info.soft));
        json_object_array_add(listed, o);
    }
    return 0;
}

static int vcpu_list(struct rl *rl, const struct arguments *arguments)
{
    int rc;

    nr_cpus = rl_nr_cpus(rl);
    if ( !nr_cpus )
        return -EIO;
    if ( arguments->option['j'] )
    {
        listed = json_object_new_array();
        rc = for_listed(rl, arguments, add_vcpus);
        json_print(listed);
        return rc;
    }
    printf("%-20s %5s %5s %4s  %-8s %9s  %-12s %s\n", "NAME", "ID", "VCPU", "CPU", "STATE", "CPU-S",
           "HARD", "SOFT");
    return for_listed(rl, arguments, print_vcpus);
}

const struct verb verb_vcpu_list = {
    .name = "vcpu-list",
    .synopsis = "[DOMAIN...]",
    .summary = "List virtual CPUs, the CPUs they may run on (hard) and would like (soft)",
    .most = -1,
    .run = vcpu_list,
    .options = { OPTION_JSON },
};

/* --- vcpu-set --- */

static int word_number(const char *what, const char *word, unsigned int *value)
{
    uint64_t number;

    if ( !parse_u64_all(word, &number) || number > UINT_MAX )
    {
        rl_error(EINVAL, "%s must be a number, not `%s`", what, word);
        return VERB_USAGE;
    }
    *value = (unsigned int)number;
    return 0;
}

static int vcpu_set(struct rl *rl, const struct arguments *arguments)
{
    struct rl_domain domain;
    unsigned int count;
    int seconds, rc = word_number("the number of vcpus", arguments->words[1], &count);

    if ( !rc )
        rc = option_number(arguments, 't', WAIT_FOREVER, &seconds);
    if ( !rc )
        rc = rl_domain_find(rl, arguments->words[0], &domain);
    if ( !rc )
        rc = rl_vcpus_set(rl, &domain, count);
    if ( !rc && arguments->option['w'] )
        rc = wait_vcpus(rl, &domain, count, seconds);
    return rc;
}

const struct verb verb_vcpu_set = {
    .name = "vcpu-set",
    .synopsis = "DOMAIN COUNT",
    .summary = "Have the guest use its first COUNT virtual CPUs",
    .help = "The guest takes others off and on while it runs. It can't have more than it was made "
            "with, maxvcpus.\n",
    .least = 2,
    .most = 2,
    .run = vcpu_set,
    .options = { OPTION_WAIT, OPTION_TIMEOUT },
};

/* --- vcpu-pin --- */

/* "-" and what isn't given leave that part as it is: NULL. */
static int parse_part(const char *word, struct cpus *cpus, const struct cpus **part)
{
    *part = NULL;
    if ( !word || !strcmp(word, "-") )
        return 0;
    *part = cpus;
    return cpus_parse(word, "", cpus);
}

static int parse_vcpus(const struct rl_domain *domain, const char *word, unsigned int *first,
                       unsigned int *last)
{
    int rc;

    *first = 0;
    *last = domain->vcpus - 1;
    if ( !strcmp(word, "all") )
        return 0;
    rc = word_number("the vcpu", word, first);
    if ( rc )
        return rc;
    if ( *first > *last )
        return rl_error(EINVAL, "vcpu %u is out of bounds: domain %u has vcpus 0 to %u", *first,
                        domain->id, *last);
    *last = *first;
    return 0;
}

static int vcpu_pin(struct rl *rl, const struct arguments *arguments)
{
    char **words = arguments->words;
    const struct cpus *hard, *soft;
    struct cpus hard_cpus, soft_cpus;
    struct rl_domain domain;
    unsigned int vcpu, last;
    int rc = rl_domain_find(rl, words[0], &domain);

    if ( !rc )
        rc = parse_vcpus(&domain, words[1], &vcpu, &last);
    if ( !rc )
        rc = parse_part(words[2], &hard_cpus, &hard);
    if ( !rc )
        rc = parse_part(words[3], &soft_cpus, &soft);
    for ( ; !rc && vcpu <= last; vcpu++ )
        rc = rl_vcpu_pin(rl, domain.id, vcpu, hard, soft);
    return rc;
}

const struct verb verb_vcpu_pin = {
    .name = "vcpu-pin",
    .synopsis = "DOMAIN VCPU|all HARD|- [SOFT|-]",
    .summary = "Say on which CPUs a virtual CPU may run, and where it would rather",
    .help = "HARD and SOFT are lists of CPUs: 0-3,^2 or all; - leaves that part as it is.\n",
    .least = 3,
    .most = 4,
    .run = vcpu_pin,
};

/* --- sched --- */

/* One that has gone since it was listed is passed over. */
static int print_share(struct rl *rl, struct rl_domain *domain, const struct arguments *arguments)
{
    struct rl_share share;
    int rc = rl_share_get(rl, domain->id, &share);

    (void)arguments;
    if ( !rc )
        printf("%-20s %5u %6u %5u\n", *domain->name ? domain->name : "(none)", domain->id,
               share.weight, share.cap);
    return rc == -ESRCH ? 0 : rc;
}

static int add_share(struct rl *rl, struct rl_domain *domain, const struct arguments *arguments)
{
    struct json_object *o;
    struct rl_share share;
    int rc = rl_share_get(rl, domain->id, &share);

    (void)arguments;
    if ( rc )
        return rc == -ESRCH ? 0 : rc;
    o = json_object_new_object();
    json_add_text(o, "name", domain->name);
    json_add_number(o, "domid", domain->id);
    json_add_number(o, "weight", share.weight);
    json_add_number(o, "cap", share.cap);
    json_object_array_add(listed, o);
    return 0;
}

/* @us: NULL if the scheduler has no rate limit. */
static int list_json(struct rl *rl, const struct arguments *arguments, int scheduler,
                     const unsigned int *us)
{
    struct json_object *o = json_object_new_object();
    int rc;

    listed = json_object_new_array();
    json_add_text(o, "scheduler", rl_scheduler_name(scheduler));
    if ( us )
        json_add_number(o, "ratelimit_us", *us);
    json_object_object_add(o, "domains", listed);
    rc = for_listed(rl, arguments, add_share);
    json_print(o);
    return rc;
}

static int list_shares(struct rl *rl, const struct arguments *arguments)
{
    int scheduler = rl_scheduler(rl), rc;
    unsigned int us;

    if ( scheduler < 0 )
        return -EIO;
    rc = rl_ratelimit_get(rl, &us);
    if ( rc && rc != -EOPNOTSUPP )
        return rc;
    if ( arguments->option['j'] )
        return list_json(rl, arguments, scheduler, rc ? NULL : &us);
    printf("scheduler %s", rl_scheduler_name(scheduler));
    if ( !rc )
        printf(", rate limit %u us", us);
    printf("\n");
    printf("%-20s %5s %6s %5s\n", "NAME", "ID", "WEIGHT", "CAP");
    return for_listed(rl, arguments, print_share);
}

/* The share that @domain shall have. What isn't given stays as it is. */
static int wanted_share(struct rl *rl, const struct rl_domain *domain,
                        const struct arguments *arguments, struct rl_share *share)
{
    int weight, cap, rc = rl_share_get(rl, domain->id, share);

    if ( rc == -ESRCH )
        return rl_error(ESRCH, "domain %u has gone meanwhile", domain->id);
    if ( !rc )
        rc = option_number(arguments, 'w', (int)share->weight, &weight);
    if ( !rc )
        rc = option_number(arguments, 'c', (int)share->cap, &cap);
    if ( rc )
        return rc;
    *share = (struct rl_share){ (unsigned int)weight, (unsigned int)cap };
    return rl_share_check(share, domain->vcpus);
}

static int check_share(struct rl *rl, struct rl_domain *domain, const struct arguments *arguments)
{
    struct rl_share share;

    return wanted_share(rl, domain, arguments, &share);
}

static int change_share(struct rl *rl, struct rl_domain *domain, const struct arguments *arguments)
{
    struct rl_share share;
    int rc = wanted_share(rl, domain, arguments, &share);

    if ( !rc )
        rc = rl_share_set(rl, domain->id, domain->vcpus, &share);
    return rc == -ESRCH ? rl_error(ESRCH, "domain %u has gone meanwhile", domain->id) : rc;
}

/* All is checked before any of it is done. */
static int sched(struct rl *rl, const struct arguments *arguments)
{
    bool change = arguments->option['w'] || arguments->option['c'];
    int us, rc = option_number(arguments, 'r', 0, &us);

    if ( rc )
        return rc;
    if ( change && !arguments->count )
    {
        rl_error(EINVAL, "of which domain?");
        return VERB_USAGE;
    }
    if ( change )
        rc = for_each_word(rl, arguments, check_share);
    if ( !rc && arguments->option['r'] )
        rc = rl_ratelimit_set(rl, (unsigned int)us);
    if ( !rc && change )
        rc = for_each_word(rl, arguments, change_share);
    return rc || change || arguments->option['r'] ? rc : list_shares(rl, arguments);
}

const struct verb verb_sched = {
    .name = "sched",
    .synopsis = "[DOMAIN...]",
    .summary = "List or change domains' shares of the CPUs",
    .help = "A domain of twice the weight gets twice the time where they compete. A cap is a limit in\n"
            "hundredths of a CPU, on an idle machine too; 0 is none.\n",
    .most = -1,
    .run = sched,
    .options = {
        { 'w', "weight", "WEIGHT", "give the domains this weight" },
        { 'c', "cap", "CAP", "give the domains this cap" },
        { 'r', "ratelimit", "US", "have vcpus run so long before another takes their CPU" },
        OPTION_JSON,
    },
};
