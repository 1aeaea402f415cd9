/* Work of a known number of instructions, the same in a guest and in a process. */
#ifndef BENCH_BUSY_H
#define BENCH_BUSY_H

/* @millions of instructions: four a round, two of them stores. */
static inline void busy(unsigned long millions)
{
    unsigned long rounds = millions * 250000, place = 0;

    if ( rounds )
        asm volatile("1: mov %0, %1\n   addq $1, %1\n   dec %0\n   jnz 1b"
                     : "+r"(rounds), "+m"(place));
}

#endif
