/* From the RTC's registers to seconds since the epoch: pure, for host tests too. */
#ifndef TIME_RTC_H
#define TIME_RTC_H

#include "lib/types.h"

struct rtc_registers {
    u8 second, minute, hour, day, month, year, century; /* as read; century 0: not known */
    bool binary, hours24;
};

static inline u32 rtc_number(u8 value, bool binary)
{
    return binary ? value : (value >> 4) * 10u + (value & 15);
}

static inline u32 rtc_hour(const struct rtc_registers *regs)
{
    bool afternoon = !regs->hours24 && (regs->hour & 0x80);
    u32 hour = rtc_number(regs->hours24 ? regs->hour : regs->hour & 0x7f, regs->binary);

    if ( regs->hours24 )
        return hour;
    return hour % 12 + (afternoon ? 12 : 0);
}

static inline u32 rtc_year(const struct rtc_registers *regs)
{
    u32 year = rtc_number(regs->year, regs->binary);
    u32 century = rtc_number(regs->century, regs->binary);

    if ( century >= 19 && century <= 29 )
        return century * 100 + year;
    return year < 70 ? 2000 + year : 1900 + year;
}

/* Days from 1970-01-01; months are counted from March, so that the leap day comes last. */
static inline u64 rtc_days(u32 year, u32 month, u32 day)
{
    u32 y = month <= 2 ? year - 1 : year;
    u32 m = month <= 2 ? month + 9 : month - 3;

    return 365UL * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

/* Nonsense (month 0, day 99) gives a wrong time, but a time. */
static inline u64 rtc_seconds(const struct rtc_registers *regs)
{
    u32 month = rtc_number(regs->month, regs->binary);
    u64 days = rtc_days(rtc_year(regs), month ? month : 1, rtc_number(regs->day, regs->binary));

    return ((days * 24 + rtc_hour(regs)) * 60 + rtc_number(regs->minute, regs->binary)) * 60 +
           rtc_number(regs->second, regs->binary);
}

#endif
