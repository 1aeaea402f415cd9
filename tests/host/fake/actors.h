/*
 * Vcpus with a life of their own, for simulations of the scheduler: they run, sleep and wake up at random times over
 * the clock of fake/cpus.h, and whatever they do, the scheduler's states are checked on the way.
 *
 * RUNS=N in the environment runs N workloads of each kind, SEED=N starts with the Nth, so that SEED=N RUNS=1 repeats
 * one; FIGURES=1 tells what was measured.
 */
#ifndef TESTS_HOST_FAKE_ACTORS_H
#define TESTS_HOST_FAKE_ACTORS_H

#include "tests/host/fake/cpus.h"

#define US ((s64)NS_PER_US)
#define MS ((s64)NS_PER_MS)
#define S  ((s64)NS_PER_S)

#define DOMAINS 24U
#define VCPUS   4U /* of a domain */
#define ACTORS  (DOMAINS * VCPUS)

#define IPI_MAX (8 * US)
/* So long may a CPU be idle while somebody waits who may run there: a few kicks. */
#define IDLE_MAX (5 * IPI_MAX)

/* --- Workloads --- */

/* The workloads of a kind, @n unless RUNS says otherwise: each begins with its own random numbers. */
#define for_each_workload(i, n) for ( u64 i = workload_first(); workload_begin(i, n); i++ )
u64 workload_first(void);
bool workload_begin(u64 i, u64 n);

void figure(const char *format, ...) __attribute__((format(printf, 1, 2)));

s64 between(s64 low, s64 high);
bool one_in(u32 n);

u16 usual_weight(void); /* from 64 to 1024 */
u16 any_weight(void);   /* from 1 to 65535 */
cpumask_t any_cpus(void);
u32 any_cpu(void); /* that is there */

/* --- Actors --- */

/* From @low to @high ns. */
struct span {
    s64 low, high;
};

struct actor {
    struct vcpu *v; /* NULL: there is none */
    bool sleeps;    /* else it runs whenever it can */
    struct span run, sleep;
    s64 left;       /* it goes to sleep when it has run for so long */
    s64 since, ran; /* on its CPU now since; ran before */
    s64 measured;   /* actors_measure(): ... meanwhile */
    s64 asked;      /* it waits since then; 0: it doesn't */
    s64 longest;    /* ... and has so long */
    u32 cpu;        /* where it ran last */
    bool paused;    /* by the test */
    struct timer wake;
};

extern struct actor actors[ACTORS];
extern struct domain *domains[DOMAINS];
extern u32 nr_cpus;

/* What was counted since actors_begin(); trace: of all switches, and when they were. */
extern u64 actors_moves, actors_switches, actors_trace;

/* Called in the middle of each switch, and between the choice of one who lingers and his going on. */
extern void (*actors_meanwhile)(void);

struct actor *actors_next(struct actor *a);
#define for_each_actor(a) for ( struct actor *a = actors_next(actors); a; a = actors_next(a + 1) )

struct actor *actor_of(const struct vcpu *v); /* NULL: idle */
s64 actor_ran(const struct actor *a);

/* A machine without domains. */
void actors_begin(u32 cpus);

/* Hogs, until somebody says otherwise. They don't run before actor_start(). */
struct domain *actors_create(domid_t id, u32 vcpus, u16 weight, u16 cap);
void actor_sleeps(struct actor *a, struct span run, struct span sleep);
void actor_start(struct actor *a);

void actors_destroy(struct domain *d);
void actors_destroy_all(void);

/* The CPUs that @v may use. */
cpumask_t actors_cpus(const struct vcpu *v);

/* A CPU leaves, true: has left; comes back. CPU 0 always stays. */
bool actors_cpu_leave(u32 cpu);
void actors_cpu_join(u32 cpu);
bool actors_cpu_gone(u32 cpu);

/* Let @ns pass; all states are checked after each of @every steps, that no CPU idles in vain after each. */
void actors_pass(s64 ns, u32 every);
void actors_measure(s64 ns, u32 every);

/* Since @begun, all CPUs were there: time that isn't idle is somebody's. */
void actors_check_sums(s64 begun);

#endif
