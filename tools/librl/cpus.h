/*
 * Sets of the machine's CPUs, as people write them (xl.cfg's CPULIST): "0-3,5,^2", "all", "all,^1", "node:0".
 */
#ifndef LIBRL_CPUS_H
#define LIBRL_CPUS_H

#include "lib/types.h"

#define CPUS_MAX 1024

struct cpus {
    u8 map[CPUS_MAX / 8]; /* bit n: CPU n; the ABI's form */
    int highest;          /* that was named, with or without ^; -1: none */
};

/*
 * Read @text. What is behind ^ is taken away from what was named before it. "all" are all CPUs, those too that there
 * aren't. -EINVAL, told with @where in front: no list, or an empty one.
 */
int cpus_parse(const char *text, const char *where, struct cpus *cpus);

bool cpus_has(const struct cpus *cpus, unsigned int cpu);

/* Room for any list: at worst it has pairs of neighbours, of four digits each, with one CPU missing between them. */
#define CPUS_TEXT (CPUS_MAX / 3 * 10 + 16)

/* Of CPUs 0 to @nr - 1 those in the set: "all", "none", or a list that cpus_parse() reads. */
void cpus_text(const struct cpus *cpus, unsigned int nr, char *text, size_t size);

#endif
