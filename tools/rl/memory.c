/* mem-set: how much memory a guest has. */
#include "librl/memory.h"

#include "lib/string.h"
#include "librl/message.h"
#include "verb.h"

#define MIB (1ULL << 20)

static int mem_set(struct rl *rl, const struct arguments *arguments)
{
    struct rl_domain domain;
    uint64_t bytes;
    int rc;

    if ( !parse_size_all(arguments->words[1], MIB, &bytes) )
    {
        rl_error(EINVAL, "`%s` is no size: MiB, or a number with K, M, G or T",
                 arguments->words[1]);
        return VERB_USAGE;
    }
    rc = rl_domain_find(rl, arguments->words[0], &domain);
    return rc ? rc : rl_memory_set(rl, &domain, bytes >> 10);
}

const struct verb verb_mem_set = {
    .name = "mem-set",
    .synopsis = "DOMAIN SIZE",
    .summary = "Have a guest use so much memory, up to its maxmem",
    .help = "SIZE is in MiB, or has a K, M, G or T behind it. The guest's balloon driver gives "
            "back or takes\n"
            "what is more or less; how fast, and how far, is up to it.\n",
    .least = 2,
    .most = 2,
    .run = mem_set,
};
