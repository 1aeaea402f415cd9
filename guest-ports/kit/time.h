/*
 * Time: nanoseconds since boot by the hypervisor's clock page, and waiting.
 */
#ifndef KIT_TIME_H
#define KIT_TIME_H

#include <stdbool.h>
#include <stdint.h>

#define NS_PER_US ((uint64_t)1000)
#define NS_PER_MS (1000 * NS_PER_US)
#define NS_PER_S  (1000 * NS_PER_MS)

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

/* Blocks until system time @deadline; events are handled meanwhile. On vcpu 0 only. */
void time_wait_until(uint64_t deadline);

/*
 * For conditions of event_wait_until(): is @deadline past? Otherwise sets this vcpu's timer, so that it wakes us then:
 * vcpu 0 by time_alarm_init(), any other one by a VIRQ_TIMER of its own.
 */
bool time_passed(uint64_t deadline);

/* Binds vcpu 0's VIRQ_TIMER unless it is bound already; once before time_passed(). */
void time_alarm_init(void);

/* Its port; and that it is closed now, so that the next time_alarm_init() binds it anew. */
uint32_t time_alarm_port(void);
void time_alarm_forget(void);

/* Spins. */
void time_spin(uint64_t ns);

/* NOPs that tell QEMU's plugins (tests/qemu/count) where something begins that they measure, and where it ends. */
static inline void mark_begin(void)
{
    asm volatile(".byte 0x0f, 0x1f, 0x80; .long 0x524c0001" ::: "memory");
}

static inline void mark_end(void)
{
    asm volatile(".byte 0x0f, 0x1f, 0x80; .long 0x524c0002" ::: "memory");
}

#endif
