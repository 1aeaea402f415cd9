/* Counters to calibrate by: HPET, ACPI's PM timer, the PIT's second channel. */
#include "time/clock.h"

#include "cpu/asm.h"
#include "irq/acpi.h"
#include "mm/map.h"

#define HPET_PERIOD_HIGH 0x004 /* femtoseconds a tick */
#define HPET_CONFIG      0x010
#define HPET_COUNTER     0x0f0
#define HPET_ENABLE      0x1u
#define HPET_PERIOD_MAX  100000000u /* 10 MHz at least, says the specification */
#define FEMTOSECONDS     1000000000000000ULL

#define PM_TIMER_HZ 3579545

#define PIT_HZ         1193182
#define PIT_CHANNEL2   0x42
#define PIT_MODE       0x43
#define PIT_GATE       0x61
#define PIT_MODE0_CH2  0xb0 /* channel 2, both bytes, count down once */
#define PIT_LATCH_CH2  0x80
#define PIT_GATE_ON    0x01
#define PIT_SPEAKER_ON 0x02

static volatile u32 *hpet;

static u64 hpet_read(void)
{
    return hpet[HPET_COUNTER / 4];
}

void reference_hpet(struct reference *reference)
{
    u32 period;

    if ( !irq_acpi.hpet_base )
        return;
    hpet = map_device(to_maddr(irq_acpi.hpet_base), PAGE_SIZE);
    period = hpet ? hpet[HPET_PERIOD_HIGH / 4] : 0;
    if ( period == 0 || period > HPET_PERIOD_MAX )
        return;

    hpet[HPET_CONFIG / 4] |= HPET_ENABLE;
    *reference = (struct reference){ "HPET", hpet_read, FEMTOSECONDS / period, ~0U, 20 };
}

static u64 pm_timer_read(void)
{
    return inl((u16)irq_acpi.pm_timer_port);
}

void reference_pm_timer(struct reference *reference)
{
    if ( irq_acpi.pm_timer_port )
        *reference = (struct reference){ "PM timer", pm_timer_read, PM_TIMER_HZ, 0xffffff, 30 };
}

/* It counts down from 0xffff. */
static u64 pit_read(void)
{
    u8 low;

    outb(PIT_MODE, PIT_LATCH_CH2);
    low = inb(PIT_CHANNEL2);
    return 0xffff - ((u64)inb(PIT_CHANNEL2) << 8 | low);
}

void reference_pit(struct reference *reference)
{
    outb(PIT_GATE, (u8)((inb(PIT_GATE) & ~PIT_SPEAKER_ON) | PIT_GATE_ON));
    outb(PIT_MODE, PIT_MODE0_CH2);
    outb(PIT_CHANNEL2, 0xff);
    outb(PIT_CHANNEL2, 0xff);
    *reference = (struct reference){ "PIT", pit_read, PIT_HZ, 0xffff, 40 };
}
