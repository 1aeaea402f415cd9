/*
 * The local APIC: primitives for time/ and smp/, which come before irq/ and therefore see no more of it than this.
 *
 * xAPIC by its page of registers, x2APIC by MSRs. All act on the calling CPU.
 */
#ifndef IRQ_LAPIC_H
#define IRQ_LAPIC_H

#include "lib/types.h"

/* Fixed vectors; device interrupts use VECTOR_DEVICE_FIRST..LAST. */
#define VECTOR_DEVICE_FIRST 0x20
#define VECTOR_DEVICE_LAST  0xef
#define VECTOR_INT80        0x80 /* not used for devices */
#define VECTOR_INT82        0x82
#define VECTOR_TIMER        0xf8
#define VECTOR_KICK         0xf9 /* look at exit_work */
#define VECTOR_TLB          0xfa
#define VECTOR_LAPIC_ERROR  0xfe
#define VECTOR_SPURIOUS     0xff

/* Map the registers (boot CPU, from irq_acpi's address or the MSR's) and enable this CPU's, its timer masked. */
void lapic_init_cpu(void);

u32 lapic_id(void);
void lapic_eoi(void);
u32 lapic_take_error(void); /* read and clear the error register */

/* The highest id that xAPIC can send to, and devices without interrupt remapping: 255 means all. */
#define LAPIC_ID_MAX_8BIT 254u

/* Can the CPU with this id be sent to? */
bool lapic_reaches(u32 apic_id);

/* Send to one CPU by its APIC id; returns when the request is accepted. */
void lapic_send_ipi(u32 apic_id, u32 vector);
void lapic_send_nmi(u32 apic_id);
void lapic_send_init(u32 apic_id);
void lapic_send_startup(u32 apic_id, u32 page);

/* The timer, one shot, raising VECTOR_TIMER. */
void lapic_timer_set(u32 count); /* in bus ticks; 0 stops */
u32 lapic_timer_current(void);

/*
 * The same by TSC values, where the CPU can: after lapic_timer_use_deadline() returned true, lapic_timer_set is
 * void.
 */
bool lapic_timer_use_deadline(void);
void lapic_timer_set_deadline(u64 tsc); /* 0 stops */

#endif
