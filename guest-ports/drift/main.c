/*
 * How far does our clock drift from the machine's? As dom0 we sleep for `seconds=`, ten minutes if that isn't said, and
 * compare what went by with the HPET, whose counter follows QEMU's clock exactly. `RL-DRIFT parts-per-billion`.
 *
 * Under -icount the ten minutes take seconds: nothing runs, so time jumps.
 */
#include <kit/kit.h>

#define HPET_MFN     0xfed00UL
#define HPET_PERIOD  0x04 /* femtoseconds, 32 bits */
#define HPET_COUNTER 0xf0

static const volatile char *hpet;

static uint64_t hpet_count(void)
{
    return *(const volatile uint64_t *)(hpet + HPET_COUNTER);
}

/* Good for some hours. */
static uint64_t hpet_ns(uint64_t count)
{
    return count * *(const volatile uint32_t *)(hpet + HPET_PERIOD) / 1000000;
}

void guest_main(void)
{
    uint64_t sleep = arg_number("seconds", 600) * NS_PER_S, ours, its;
    ulong at = table_window();
    long rc = table_map(at, HPET_MFN, PTE_KERNEL_RO | PTE_PCD);

    if ( rc )
        panic("the HPET can't be mapped: %ld", rc);
    hpet = (const volatile char *)at;
    its = hpet_count();
    ours = time_now();
    time_wait_until(ours + sleep);
    its = hpet_ns(hpet_count() - its);
    ours = time_now() - ours;
    printf("RL-DRIFT %ld\n", (long)(ours - its) * 1000000000 / (long)its);
}
