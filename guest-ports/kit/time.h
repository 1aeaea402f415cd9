/*
 * Time: nanoseconds since boot by the hypervisor's clock page, and waiting.
 */
#ifndef KIT_TIME_H
#define KIT_TIME_H

#include <stdint.h>

#define NS_PER_US 1000UL
#define NS_PER_MS 1000000UL
#define NS_PER_S  1000000000UL

static inline uint64_t rdtsc(void)
{
    uint32_t low, high;

    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/* System time of this vcpu. */
uint64_t time_now(void);

/* Seconds since 1970. */
uint64_t time_wall(void);

/* Blocks until system time @deadline; events are handled meanwhile. Binds VIRQ_TIMER at first use, on vcpu 0 only. */
void time_wait_until(uint64_t deadline);

/* Spins. */
void time_spin(uint64_t ns);

#endif
