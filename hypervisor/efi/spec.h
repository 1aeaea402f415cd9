/*
 * What the UEFI Specification (2.10) lays down, as far as we use it. Its time and GUID are those of
 * public/platform.h.
 */
#ifndef EFI_SPEC_H
#define EFI_SPEC_H

#include <hypercall/abi.h>

#include "lib/bits.h"
#include "lib/types.h"

/* Status codes: appendix D. */
#define EFI_SUCCESS           0UL
#define EFI_ERROR(n)          ((1UL << 63) | (n))
#define EFI_INVALID_PARAMETER EFI_ERROR(2)
#define EFI_UNSUPPORTED       EFI_ERROR(3)
#define EFI_BUFFER_TOO_SMALL  EFI_ERROR(5)
#define EFI_DEVICE_ERROR      EFI_ERROR(7)
#define EFI_OUT_OF_RESOURCES  EFI_ERROR(9)

/* 4.2: all tables begin so. */
struct efi_header {
    u64 signature;
    u32 revision;
    u32 size; /* of the table, its header included */
    u32 crc32;
    u32 reserved;
};

#define EFI_SYSTEM_SIGNATURE  0x5453595320494249UL /* "IBI SYST" */
#define EFI_RUNTIME_SIGNATURE 0x56524553544e5552UL /* "RUNTSERV" */
#define EFI_REVISION_2_00     0x00020000u

struct efi_system_table { /* 4.3 */
    struct efi_header header;
    u64 vendor; /* UCS-2, ends at a NUL */
    u32 vendor_revision;
    u32 padding;
    u64 consoles[6]; /* of boot services */
    u64 runtime;
    u64 boot;
    u64 nr_tables;
    u64 tables;
};
BUILD_BUG_ON(sizeof(struct efi_system_table) != 120);

struct efi_config_table { /* 4.6 */
    struct xenpf_efi_guid guid;
    u64 address;
};

/* 4.6.4: how runtime services' memory may be protected; followed by the descriptors. */
struct efi_attributes_table {
    u32 version;
    u32 nr;
    u32 descriptor_size;
    u32 flags;
};

#define EFI_ATTRIBUTES_GUID                                                                        \
    {                                                                                              \
        0xdcfa911d, 0x26eb, 0x469f,                                                                \
        {                                                                                          \
            0xa2, 0x20, 0x38, 0xb7, 0xdc, 0x46, 0x12, 0x20                                         \
        }                                                                                          \
    }

/* 7.2: attributes of memory, beside those of boot/efi/memory.h. */
#define EFI_MEM_XP (1UL << 14) /* not to be executed */
#define EFI_MEM_RO (1UL << 17) /* not to be written */

/* 8.3 */
struct efi_clock {
    u32 resolution;
    u32 accuracy;
    u8 sets_to_zero;
};

enum efi_reset_type { EFI_RESET_COLD, EFI_RESET_WARM, EFI_RESET_SHUTDOWN };

/* The firmware's calling convention is Microsoft's. */
#define EFI_CALL __attribute__((ms_abi))

struct efi_runtime_services { /* 4.5 */
    struct efi_header header;
    u64(EFI_CALL *get_time)(struct xenpf_efi_time *time, struct efi_clock *clock);
    u64(EFI_CALL *set_time)(const struct xenpf_efi_time *time);
    u64(EFI_CALL *get_wakeup_time)(u8 *enabled, u8 *pending, struct xenpf_efi_time *time);
    u64(EFI_CALL *set_wakeup_time)(u8 enable, const struct xenpf_efi_time *time);
    void *set_virtual_address_map;
    void *convert_pointer;
    u64(EFI_CALL *get_variable)(const u16 *name, const struct xenpf_efi_guid *vendor,
                                u32 *attributes, u64 *size, void *data);
    u64(EFI_CALL *get_next_variable_name)(u64 *size, u16 *name, struct xenpf_efi_guid *vendor);
    u64(EFI_CALL *set_variable)(const u16 *name, const struct xenpf_efi_guid *vendor,
                                u32 attributes, u64 size, const void *data);
    u64(EFI_CALL *get_next_high_monotonic_count)(u32 *count);
    void(EFI_CALL *reset_system)(u32 type, u64 status, u64 size, const void *data);
    void *update_capsule; /* from here on since 2.00 */
    void *query_capsule_capabilities;
    u64(EFI_CALL *query_variable_info)(u32 attributes, u64 *max_store, u64 *remaining, u64 *max);
};
BUILD_BUG_ON(sizeof(struct efi_runtime_services) != 136);

#endif
