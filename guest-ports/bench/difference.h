/*
 * What a longer loop takes more than a shorter one: of each the least of some rounds, which an interrupt may lengthen.
 * Not the least of the differences: what disturbs a shorter one makes that too small.
 */
#ifndef BENCH_DIFFERENCE_H
#define BENCH_DIFFERENCE_H

#include <stdint.h>

/* @shorter and @longer are evaluated anew in each round. */
#define DIFFERENCE_OF_LEAST(rounds, shorter, longer)                                               \
    ({                                                                                             \
        uint64_t little_ = UINT64_MAX, much_ = UINT64_MAX;                                         \
        for ( int round_ = 0; round_ < (rounds); round_++ )                                        \
        {                                                                                          \
            uint64_t short_ = (shorter), long_ = (longer);                                         \
            little_ = short_ < little_ ? short_ : little_;                                         \
            much_ = long_ < much_ ? long_ : much_;                                                 \
        }                                                                                          \
        much_ - little_;                                                                           \
    })

#endif
