/*
 * Several vcpus that work against each other: for tests of what two processors can do at once. They hold on one
 * processor as well, where the hypervisor switches between them.
 *
 * Only vcpu 0 may allocate, print and use expect(); the others count what is wrong with team_wrong().
 */
#ifndef TEAM_H
#define TEAM_H

#include "test.h"

#ifndef TEAM_MAX
#define TEAM_MAX 4U
#endif

static struct {
    unsigned int size;
    void (*work)(unsigned int me);
    unsigned int arrived, wrong;
} team;

/* Waits a little: not long on the only processor, which somebody else needs. */
static inline void team_relax(void)
{
    static unsigned int spins;

    asm volatile("pause" : : : "memory");
    if ( __atomic_fetch_add(&spins, 1, __ATOMIC_RELAXED) % 64 == 0 )
        hypercall(sched_op, SCHEDOP_yield, NULL);
}

static inline void team_wrong(bool wrong)
{
    if ( wrong )
        __atomic_fetch_add(&team.wrong, 1, __ATOMIC_SEQ_CST);
}

/* Returns when all have come here as often. */
static inline void team_meet(void)
{
    unsigned int n = __atomic_fetch_add(&team.arrived, 1, __ATOMIC_SEQ_CST);
    unsigned int all = (n / team.size + 1) * team.size;

    while ( (int)(__atomic_load_n(&team.arrived, __ATOMIC_SEQ_CST) - all) < 0 )
        team_relax();
}

static inline bool team_up(unsigned int vcpu)
{
    return hypercall(vcpu_op, VCPUOP_is_up, vcpu, NULL) == 1;
}

static void team_member(void *arg)
{
    team.work((unsigned int)(ulong)arg);
}

/* How many we can be; SKIP where that is one. */
static inline unsigned int team_count(void)
{
    team.size = 1;
    while ( team.size < TEAM_MAX && hypercall(vcpu_op, VCPUOP_is_up, team.size, NULL) >= 0 )
        team.size++;
    if ( team.size < 2 )
        skip("needs 2 vcpus");
    return team.size;
}

/* Runs @work(number) on all vcpus, up to TEAM_MAX, this one among them; returns when all have come back from it. */
static inline void team_run(void (*work)(unsigned int me))
{
    team_count();
    team.work = work;
    team.arrived = team.wrong = 0;
    for ( unsigned int i = 1; i < team.size; i++ )
    {
        while ( team_up(i) )
            team_relax();
        need(vcpu_start(i, team_member, (void *)(ulong)i));
    }
    work(0);
    for ( unsigned int i = 1; i < team.size; i++ )
        while ( team_up(i) )
            team_relax();
}

/* Numbers that look random, the same in each run; a state for each vcpu, from its number. */
static inline uint32_t team_random(uint64_t *state)
{
    *state = *state * 6364136223846793005UL + 1442695040888963407UL;
    return (uint32_t)(*state >> 33);
}

#endif
