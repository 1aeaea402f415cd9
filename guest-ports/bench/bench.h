/*
 * What each paravirtual operation costs, in instructions, by the TSC of a QEMU that counts them (-icount shift=0).
 *
 * A row runs its operation @count times; main.c runs it for several counts and takes differences, so that neither the
 * call nor the preparation counts, but the loop does: about three instructions, which the row `loop` shows.
 */
#ifndef BENCH_H
#define BENCH_H

#include "repeat.h"

#include <kit/kit.h>

struct bench {
    const char *name;
    void (*prepare)(void);   /* once, or NULL */
    void (*run)(long count); /* the operation, @count times; NULL: cannot be traced */
    unsigned int per;        /* operations that each time does: a batch's size; 0 counts as 1 */
    long (*measure)(void);   /* for rows whose figure is no loop's: the value itself */
    unsigned int tries;      /* how often to measure; 0 counts as 1 */
    bool dom0;               /* no row of an ordinary domain */
};

/* Rows, one array a file, ended by an entry without a name. */
extern const struct bench bench_calls[], bench_memory[], bench_traps[], bench_events_rows[],
    bench_tables[], bench_batches[], bench_switches[], bench_pairs[];

/* What a domain does whose role is to follow another: switches.c. Doesn't return. */
void bench_follow(void);

/* A page of ours for rows to play with, its frame, and an address with the L1 entry that maps it. */
extern void *bench_page;
extern ulong bench_va;
extern pte_t *bench_entry;

#endif
