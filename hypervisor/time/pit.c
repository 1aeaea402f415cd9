/* Modes are not told apart: it counts down from what was written, through zero and on, as mode 0 does. */
#include "time/pit.h"

#define PIT_HZ 1193182UL

#define MODE_CHANNEL2(value) (((value)&0xc0) == 0x80)
#define MODE_ACCESS(value)   (((value) >> 4) & 3) /* 0: latch */
#define ACCESS_LOW           1
#define ACCESS_HIGH          2

#define GATE_MASK    0x0f /* what can be read back of a write */
#define GATE_COUNTS  0x01
#define GATE_REFRESH 0x10 /* toggles every 15 us */
#define GATE_OUTPUT  0x20 /* the counter has reached zero */
#define REFRESH_NS   15085

static u64 elapsed(const struct pit *pit, s64 now)
{
    u64 ns = (u64)(now - pit->started);

    return ns / NS_PER_S * PIT_HZ + ns % NS_PER_S * PIT_HZ / NS_PER_S;
}

static u16 current_count(const struct pit *pit, s64 now)
{
    return (u16)(pit->reload - (pit->gate & GATE_COUNTS ? elapsed(pit, now) : 0));
}

static u8 read_counter(struct pit *pit, s64 now)
{
    u16 count = pit->bytes_latched ? pit->latched : current_count(pit, now);
    bool high = pit->access == ACCESS_HIGH || (pit->access != ACCESS_LOW && pit->high_next);

    pit->high_next = !pit->high_next;
    if ( pit->bytes_latched )
        pit->bytes_latched--;
    return (u8)(high ? count >> 8 : count);
}

static void write_counter(struct pit *pit, u8 value, s64 now)
{
    bool high = pit->access == ACCESS_HIGH || (pit->access != ACCESS_LOW && pit->write_high_next);

    pit->write_high_next = !pit->write_high_next;
    pit->reload =
        high ? (u16)((pit->reload & 0xff) | value << 8) : (u16)((pit->reload & 0xff00) | value);
    pit->started = now;
}

static void command(struct pit *pit, u8 value, s64 now)
{
    if ( !MODE_CHANNEL2(value) )
        return;
    if ( MODE_ACCESS(value) == 0 )
    {
        if ( pit->bytes_latched ) /* the first latch holds until it is read */
            return;
        pit->latched = current_count(pit, now);
        pit->bytes_latched = pit->access == ACCESS_LOW || pit->access == ACCESS_HIGH ? 1 : 2;
        return;
    }
    pit->access = MODE_ACCESS(value);
    pit->high_next = pit->write_high_next = false;
    pit->bytes_latched = 0;
}

static u8 read_gate(const struct pit *pit, s64 now)
{
    bool done = (pit->gate & GATE_COUNTS) && elapsed(pit, now) >= pit->reload;
    bool refresh = now / REFRESH_NS & 1;

    return (u8)(pit->gate | (done ? GATE_OUTPUT : 0) | (refresh ? GATE_REFRESH : 0));
}

u8 pit_in(struct pit *pit, u16 port, s64 now)
{
    if ( port == PIT_PORT_CHANNEL2 )
        return read_counter(pit, now);
    return port == PIT_PORT_GATE ? read_gate(pit, now) : 0xff;
}

void pit_out(struct pit *pit, u16 port, u8 value, s64 now)
{
    if ( port == PIT_PORT_CHANNEL2 )
        write_counter(pit, value, now);
    else if ( port == PIT_PORT_MODE )
        command(pit, value, now);
    else
    {
        if ( value & ~pit->gate & GATE_COUNTS ) /* the gate opens: from the start */
            pit->started = now;
        pit->gate = value & GATE_MASK;
    }
}
