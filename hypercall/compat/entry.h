/*
 * Layouts of 32-bit guests: how they are entered, and multicalls. Sizes and offsets as measured
 * with gcc -m32.
 */
#ifndef HYPERCALL_COMPAT_ENTRY_H
#define HYPERCALL_COMPAT_ENTRY_H

#include <hypercall/compat/layouts.h>

/* A callback's address is a far one. */
struct compat_callback_register {
    uint16_t type;
    uint16_t flags;
    uint32_t cs;
    uint32_t eip;
};
_Static_assert(sizeof(struct compat_callback_register) == 12, "measured");
_Static_assert(offsetof(struct compat_callback_register, cs) == 4, "measured");

struct compat_nmi_callback {
    uint32_t handler_address;
    uint32_t pad;
};
_Static_assert(sizeof(struct compat_nmi_callback) == 8, "measured");

struct compat_multicall_entry {
    uint32_t op;
    int32_t result;
    uint32_t args[6];
};
_Static_assert(sizeof(struct compat_multicall_entry) == 32, "measured");

/* The frame of the hypercall iret: esp and ss only where cs is of ring 2 or 3. */
struct compat_iret_frame {
    uint32_t eax;
    uint32_t eip;
    uint32_t cs;
    uint32_t eflags;
    uint32_t esp;
    uint32_t ss;
};

#endif
