/* Between efi/'s files. */
#ifndef EFI_INTERNAL_H
#define EFI_INTERNAL_H

#include "boot/efi/memory.h"
#include "efi/efi.h"
#include "efi/spec.h"

#define VENDOR_MAX 100 /* characters of the firmware's name that we keep */

/* What firmware.c found. */
struct efi_firmware {
    bool present;
    u32 version;         /* of the specification that the system table follows */
    u32 runtime_version; /* ... and the runtime services; 0: there are none that we could call */
    u16 vendor[VENDOR_MAX];
    u32 vendor_revision;
    u64 tables; /* physical address of the configuration table */
    u32 nr_tables;
    struct efi_map map; /* the memory map, ours to keep */
};
extern struct efi_firmware efi_firmware;

/* What QueryVariableInfo said when we started. */
struct efi_variable_info {
    u64 status, max_store, remaining, max;
};
extern struct efi_variable_info efi_variables_at_start;

/* Of variables: non-volatile, seen by boot services, seen at run time; appended to. */
#define EFI_VARIABLE_USUAL  0x07u
#define EFI_VARIABLE_APPEND 0x40u

/* The n-th entry of @map; false behind the last. */
bool efi_map_entry(const struct efi_map *map, size_t n, struct efi_descriptor *entry);

/*
 * space.c: the address space that the firmware runs in.
 *
 * efi_space_build maps all regions of @map that runtime services need, and protects them as @table
 * (NULL: there is none) of @table_size bytes tells. False: no memory, or the map claims what is
 * RAM in use. *@strict: nothing is both writable and executable.
 */
bool efi_space_build(const struct efi_map *map, const void *table, size_t table_size, bool *strict);
extern maddr_t efi_space_root;

/* Are all the @len bytes at @address mapped there? */
bool efi_space_has(u64 address, u64 len);

/*
 * runtime.c: between efi_enter and efi_leave this CPU is in the firmware's address space, with the
 * FPU in its initial state, and holds LOCK_EFI. False: no memory.
 */
struct efi_visit {
    u64 root, xcr0, dr7;
    bool ts;
};
bool efi_enter(struct efi_visit *visit, const char *service);
void efi_leave(const struct efi_visit *visit);

/* The services, as found in the firmware; called by the functions below. */
extern struct efi_runtime_services efi_services;

/*
 * Each asks the firmware and returns its status code. Pointers are ours, and may be NULL where the
 * specification says so.
 */
u64 efi_get_time(struct xenpf_efi_time *time, struct efi_clock *clock);
u64 efi_set_time(const struct xenpf_efi_time *time);
u64 efi_get_wakeup_time(u8 *enabled, u8 *pending, struct xenpf_efi_time *time);
u64 efi_set_wakeup_time(u8 enable, const struct xenpf_efi_time *time);
u64 efi_get_variable(const u16 *name, const struct xenpf_efi_guid *vendor, u32 *attributes,
                     u64 *size, void *data);
u64 efi_get_next_variable_name(u64 *size, u16 *name, struct xenpf_efi_guid *vendor);
u64 efi_set_variable(const u16 *name, const struct xenpf_efi_guid *vendor, u32 attributes, u64 size,
                     const void *data);
u64 efi_get_next_high_monotonic_count(u32 *count);
u64 efi_query_variable_info(u32 attributes, u64 *max_store, u64 *remaining, u64 *max);

#endif
