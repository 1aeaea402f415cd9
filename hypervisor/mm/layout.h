/*
 * The hypervisor's half of every address space, L4 slots 256-271, as plain numbers: for C, assembly
 * and the linker script. docs/memory-layout.md draws it.
 */
#ifndef MM_LAYOUT_H
#define MM_LAYOUT_H

#define HV_SLOT_FIRST 256
#define HV_SLOTS      16

#define M2P_RO_BASE 0xffff800000000000 /* slot 256: the M2P as guests see it, read-only */
#define M2P_BASE    0xffff808000000000 /* slot 257: the same frames, ours to write */
#define M2P_COMPAT_BASE                                                                            \
    0xffff80c000000000 /* ... and that of 32-bit guests, in the slot's upper half */
#define FRAME_TABLE_BASE 0xffff810000000000 /* slot 258 */
#define VCPU_MAP_BASE    0xffff818000000000 /* slot 259: VCPU_MAP_SIZE bytes a vcpu: GDT, LDT */
#define HV_DYNAMIC_BASE  0xffff820000000000 /* slot 260: devices; at its top CPUs' stack areas */
#define HV_IMAGE_BASE    0xffff828000000000 /* slot 261: the image, at its physical offset */
#define DIRECT_MAP_BASE  0xffff830000000000 /* slots 262-271: all RAM, 5 TiB */
#define DIRECT_MAP_END   0xffff880000000000

/*
 * In a 32-bit guest's address space: the M2P with entries of 4 bytes begins here, where the ABI has
 * it, and from here on the guest maps nothing. In the L2 of its last GiB that are the slots from 428
 * on; the last of them stays empty.
 */
#define HV32_START      0xf5800000
#define HV32_SLOT_FIRST 428
#define HV32_SLOTS      84

/*
 * The last GiB of slot 260, so that a CPU's stacks, its syscall stub and the text are within 2 GiB
 * of each other.
 */
#define STACK_AREAS_BASE 0xffff827fc0000000

/*
 * The last 2 MiB of slot 260: in a shadow root the vcpu's window, with struct vcpu's first page and
 * vcpu_info's behind it (mm/shown.h); in all others a page of zeros where struct vcpu would be.
 */
#define SHOWN_BASE 0xffff827fffe00000
#define SHOWN_VCPU (SHOWN_BASE + 32 * 0x1000)

/* Where the loader puts the image. */
#define HV_IMAGE_PHYS 0x100000

#endif
