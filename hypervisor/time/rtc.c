/* The real-time clock (Motorola MC146818 and its heirs): the time of day, in whole seconds. */
#include "time/clock.h"

#include "cpu/asm.h"
#include "irq/acpi.h"
#include "time/rtc.h"

#define RTC_INDEX   0x70
#define RTC_DATA    0x71
#define RTC_NMI_OFF 0x80 /* bit 7 of the index port masks NMIs; we leave them on */

#define RTC_STATUS_A 10
#define RTC_STATUS_B 11
#define RTC_UPDATING 0x80 /* status A: registers change within 244 us, for up to 1984 us */
#define RTC_BINARY   0x04 /* status B */
#define RTC_24_HOURS 0x02

static u8 rtc_register(u8 reg)
{
    outb(RTC_INDEX, reg & (u8)~RTC_NMI_OFF);
    return inb(RTC_DATA);
}

static void wait_stable(void)
{
    ns_t end = time_now() + 3 * (ns_t)NS_PER_MS;

    while ( (rtc_register(RTC_STATUS_A) & RTC_UPDATING) && time_now() < end )
        cpu_relax();
}

static void read_registers(struct rtc_registers *regs)
{
    *regs = (struct rtc_registers){
        .second = rtc_register(0),
        .minute = rtc_register(2),
        .hour = rtc_register(4),
        .day = rtc_register(7),
        .month = rtc_register(8),
        .year = rtc_register(9),
        .century = irq_acpi.century_register ? rtc_register(irq_acpi.century_register) : 0,
    };
    regs->binary = rtc_register(RTC_STATUS_B) & RTC_BINARY;
    regs->hours24 = rtc_register(RTC_STATUS_B) & RTC_24_HOURS;
}

/* An update may slip in between two registers: read until two readings agree on the second. */
u64 rtc_read(void)
{
    struct rtc_registers regs;

    for ( int tries = 0; tries < 4; tries++ )
    {
        wait_stable();
        read_registers(&regs);
        if ( rtc_register(0) == regs.second )
            break;
    }
    return rtc_seconds(&regs);
}
