#include "tests/host/fake/ideal.h"

static double ideal[ACTORS];

static bool within(cpumask_t cpus, cpumask_t all)
{
    return !(cpus & ~all);
}

/* How much a unit of weight may get until the CPUs of @set are used up by those that can run nowhere else. */
static double level_of_set(cpumask_t set, const bool *fixed)
{
    double weight = 0, left = __builtin_popcountl(set & sched_cpus);

    for_each_actor(a) if ( !within(actors_cpus(a->v), set) ) continue;
    else if ( fixed[a - actors] ) left -= ideal[a - actors];
    else weight += a->v->domain->sched.weight;
    return weight ? left / weight : 1e9;
}

/* Those that can't get more than at this level stay there. */
static void fix(double level, bool *fixed)
{
    bool full[ACTORS] = { false };

    for ( cpumask_t set = 1; set < (cpumask_t)1 << nr_cpus; set++ )
        if ( level_of_set(set, fixed) <= level * (1 + 1e-9) )
            for_each_actor(a) full[a - actors] |= within(actors_cpus(a->v), set);
    for_each_actor(a)
    {
        double want = a->v->domain->sched.weight * level;

        if ( fixed[a - actors] || !(full[a - actors] || want >= 1 - 1e-9) )
            continue;
        ideal[a - actors] = want;
        fixed[a - actors] = true;
    }
}

void ideal_find(void)
{
    bool fixed[ACTORS] = { false };

    for ( ;; )
    {
        double level = 1e9;

        for_each_actor(a) if ( !fixed[a - actors] ) level =
            min(level, 1.0 / a->v->domain->sched.weight);
        if ( level > 1 )
            return;
        for ( cpumask_t set = 1; set < (cpumask_t)1 << nr_cpus; set++ )
            level = min(level, level_of_set(set, fixed));
        fix(level, fixed);
    }
}

double ideal_of(const struct actor *a)
{
    return ideal[a - actors];
}
