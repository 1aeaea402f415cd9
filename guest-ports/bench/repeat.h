/*
 * The loop of all rows: an add, a compare, a jump.
 */
#ifndef BENCH_REPEAT_H
#define BENCH_REPEAT_H

#define REPEAT(count, ...)                                                                         \
    for ( long i_ = 0; i_ < (count); i_++ )                                                        \
    {                                                                                              \
        __VA_ARGS__;                                                                               \
        asm volatile("" : "+r"(i_));                                                               \
    }

#endif
