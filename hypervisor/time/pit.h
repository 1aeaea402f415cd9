/*
 * The PIT's second channel (i8254), as a domain that drives devices sees it: kernels calibrate their TSC by it
 * early in boot. It counts by system time; it has no interrupt and no speaker, and the other channels are the
 * hypervisor's.
 */
#ifndef TIME_PIT_H
#define TIME_PIT_H

#include "lib/types.h"

#define PIT_PORT_CHANNEL2 0x42
#define PIT_PORT_MODE     0x43
#define PIT_PORT_GATE     0x61

struct pit {
    s64 started; /* system time when it began to count down */
    u16 reload;
    u16 latched;      /* what a latch command froze */
    u8 bytes_latched; /* ... of it yet to be read */
    u8 access;        /* 1 low byte, 2 high byte, 3 low then high */
    bool high_next;   /* access 3: the next byte read, and the next written, is the high one */
    bool write_high_next;
    u8 gate; /* the low bits of port 61 */
};

static inline bool pit_port(u16 port)
{
    return port == PIT_PORT_CHANNEL2 || port == PIT_PORT_MODE || port == PIT_PORT_GATE;
}

/* One byte from or to a port for which pit_port() is true, at system time @now. Pure but for *@pit. */
u8 pit_in(struct pit *pit, u16 port, s64 now);
void pit_out(struct pit *pit, u16 port, u8 value, s64 now);

#endif
