/*
 * Selectors of the reserved part of every GDT (public/arch-x86/xen-x86_64.h), and our own ones
 * among them.
 */
#ifndef CPU_SEGMENTS_H
#define CPU_SEGMENTS_H

#define GDT_GUEST_PAGES   14 /* a guest's own frames; page 14 is ours, one physical page a CPU */
#define GDT_RESERVED_BASE 0xe000
#define GDT_LIMIT         0xefff

#define SEL_HV_CODE   0xe008
#define SEL_HV_DATA   0xe010
#define SEL_USER_CS32 0xe023
#define SEL_USER_DS   0xe02b
#define SEL_USER_CS64 0xe033
#define SEL_TSS       0xe040 /* 16 bytes */
#define SEL_LDT       0xe050 /* 16 bytes */

/* While a 32-bit guest runs the same places hold its flat segments (arch-x86/xen-x86_32.h). */
#define SEL_RING1_CS 0xe019
#define SEL_RING1_DS 0xe021
#define SEL_RING3_CS 0xe02b
#define SEL_RING3_DS 0xe033

/* IST numbers, as the gates hold them. */
#define IST_DF  1
#define IST_NMI 2
#define IST_MC  3
#define IST_DB  4

#endif
