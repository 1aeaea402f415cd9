/* destroy, pause, unpause: what is done to domains at once. */
#include <stdio.h>

#include "verb.h"

static int destroy_one(struct rl *rl, struct rl_domain *domain, const struct arguments *arguments)
{
    (void)arguments;
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
