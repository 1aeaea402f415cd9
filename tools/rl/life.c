/* destroy, shutdown, reboot, pause, unpause, wait, daemon: what is done to domains that run. */
#include <stdio.h>

#include "json.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "librl/daemon.h"
#include "librl/message.h"
#include "librl/record.h"
#include "librl/wait.h"
#include "verb.h"

/* --- at once --- */

static int destroy_one(struct rl *rl, struct rl_domain *domain, const struct arguments *arguments)
{
    (void)arguments;
    if ( domain->id && *domain->name )
        record_end(rl, domain, domain->shutdown ? domain->reason : RL_REASON_DESTROYED, RL_DESTROY);
    return rl_domain_destroy(rl, domain);
}

static int destroy(struct rl *rl, const struct arguments *arguments)
{
    return for_each_word(rl, arguments, destroy_one);
}

const struct verb verb_destroy = {
    .name = "destroy",
    .synopsis = "DOMAIN...",
    .summary = "End domains at once, as if pulling the plug",
    .least = 1,
    .most = -1,
    .run = destroy,
};

static int pause_one(struct rl *rl, struct rl_domain *domain, const struct arguments *arguments)
{
    (void)arguments;
    return rl_domain_pause(rl, domain);
}

static int pause_all(struct rl *rl, const struct arguments *arguments)
{
    return for_each_word(rl, arguments, pause_one);
}

const struct verb verb_pause = {
    .name = "pause",
    .synopsis = "DOMAIN...",
    .summary = "Stop domains where they are",
    .help = "Pauses add up: as many unpauses let the domain run again.\n",
    .least = 1,
    .most = -1,
    .run = pause_all,
};

static int unpause_one(struct rl *rl, struct rl_domain *domain, const struct arguments *arguments)
{
    (void)arguments;
    return rl_domain_unpause(rl, domain);
}

static int unpause_all(struct rl *rl, const struct arguments *arguments)
{
    return for_each_word(rl, arguments, unpause_one);
}

const struct verb verb_unpause = {
    .name = "unpause",
    .synopsis = "DOMAIN...",
    .summary = "Let paused domains go on",
    .least = 1,
    .most = -1,
    .run = unpause_all,
};

/* --- with the guest's help --- */

static void report_end(const char *name, domid_t id, const char *reason,
                       const struct arguments *arguments)
{
    struct json_object *o;

    if ( !arguments->option['j'] )
    {
        printf("%s (domain %u) has ended: %s\n", name, id, reason);
        return;
    }
    o = json_object_new_object();
    json_add_text(o, "name", name);
    json_add_number(o, "domid", id);
    json_add_text(o, "reason", reason);
    json_print(o);
}

static int wait_for_end(struct rl *rl, const struct rl_domain *domain, enum wait_state state,
                        const struct arguments *arguments)
{
    char reason[16];
    int seconds, rc = option_number(arguments, 't', WAIT_FOREVER, &seconds);

    if ( !rc )
        rc = wait_domain(rl, domain, state, seconds, reason);
    if ( !rc )
        report_end(domain->name, domain->id, reason, arguments);
    return rc;
}

static int request(struct rl *rl, struct rl_domain *domain, const struct arguments *arguments,
                   const char *what)
{
    int rc;

    if ( !daemon_runs() )
        daemon_start();
    rc = rl_domain_request(rl, domain, what);
    if ( !rc && arguments->option['w'] )
        rc = wait_for_end(rl, domain, WAIT_ENDED, arguments);
    return rc;
}

static int shutdown_one(struct rl *rl, struct rl_domain *domain, const struct arguments *arguments)
{
    return request(rl, domain, arguments, "poweroff");
}

static int shutdown_all(struct rl *rl, const struct arguments *arguments)
{
    return for_each_word(rl, arguments, shutdown_one);
}

const struct verb verb_shutdown = {
    .name = "shutdown",
    .synopsis = "DOMAIN...",
    .summary = "Ask guests to shut down",
    .help = "The guest decides when it does so. `rl destroy` ends one that does not listen.\n",
    .least = 1,
    .most = -1,
    .run = shutdown_all,
    .options = { OPTION_WAIT, OPTION_TIMEOUT, OPTION_JSON },
};

static int reboot_one(struct rl *rl, struct rl_domain *domain, const struct arguments *arguments)
{
    return request(rl, domain, arguments, "reboot");
}

static int reboot_all(struct rl *rl, const struct arguments *arguments)
{
    return for_each_word(rl, arguments, reboot_one);
}

const struct verb verb_reboot = {
    .name = "reboot",
    .synopsis = "DOMAIN...",
    .summary = "Ask guests to reboot",
    .help = "A domain of the same name follows, with another number, if the settings have "
            "on_reboot=restart.\n",
    .least = 1,
    .most = -1,
    .run = reboot_all,
    .options = { OPTION_WAIT, OPTION_TIMEOUT, OPTION_JSON },
};

/* --- wait --- */

static int wait_state_from(const char *text, enum wait_state *state)
{
    static const char *const names[] = {
        [WAIT_ENDED] = "ended",
        [WAIT_SHUTDOWN] = "shutdown",
        [WAIT_DESTROYED] = "destroyed",
    };

    for ( size_t i = 0; i < ARRAY_SIZE(names); i++ )
        if ( !strcmp(names[i], text) )
        {
            *state = i;
            return 0;
        }
    rl_error(EINVAL, "`%s` is no state that can be waited for", text);
    return VERB_USAGE;
}

/* It has gone already; what is known of its end is as good as having waited. False: nothing is known. */
static bool ended_before(struct rl *rl, const char *name, const struct arguments *arguments)
{
    struct record_end end;

    if ( record_get_end(rl, name, &end) )
        return false;
    report_end(end.name, end.id, end.reason, arguments);
    return true;
}

static int wait(struct rl *rl, const struct arguments *arguments)
{
    const char *name = arguments->words[0];
    enum wait_state state = WAIT_ENDED;
    struct rl_domain domain;
    int rc = arguments->count > 1 ? wait_state_from(arguments->words[1], &state) : 0;

    if ( rc )
        return rc;
    rc = rl_domain_named(rl, name, &domain);
    if ( !rc )
        return wait_for_end(rl, &domain, state, arguments);
    if ( rc != -ESRCH )
        return rc;
    if ( ended_before(rl, name, arguments) )
        return 0;
    rc = rl_domain_find(rl, name, &domain); /* by its number, or not at all */
    return rc ? rc : wait_for_end(rl, &domain, state, arguments);
}

const struct verb verb_wait = {
    .name = "wait",
    .synopsis = "DOMAIN [ended|shutdown|destroyed]",
    .summary = "Wait until a domain has ended, and tell why it did",
    .help = "ended      it is gone, or has stopped and is kept because its settings say so (the "
            "default)\n"
            "shutdown   it has stopped\n"
            "destroyed  it is gone\n",
    .least = 1,
    .most = 2,
    .run = wait,
    .options = { OPTION_TIMEOUT, OPTION_JSON },
};

/* --- daemon --- */

static int run_daemon(struct rl *rl, const struct arguments *arguments)
{
    (void)arguments;
    return daemon_run(rl);
}

const struct verb verb_daemon = {
    .name = "daemon",
    .synopsis = "",
    .summary = "Do what on_poweroff, on_reboot and on_crash say",
    .help = "`rl create` starts it in the background when it does not run. Its log and those of "
            "the domains are in\n"
            "/var/log/ringleader.\n",
    .run = run_daemon,
};
