/*
 * Between fuzz_privileged.c, which has the emulator and what it calls, and privileged_reference.c, which says what
 * should come of an input.
 */
#ifndef TESTS_FUZZ_PRIVILEGED_H
#define TESTS_FUZZ_PRIVILEGED_H

#include "pv/emulate/decode.h"
#include "tests/fuzz/processor.h"
#include "tests/host/host.h"

/* ---- what was done, as the functions that the emulator calls put it down */

struct effect {
    const char *what;
    u64 a, b, c;
};

#define EFFECTS 4

extern struct effect effects[EFFECTS];
extern unsigned int nr_effects;

void note(const char *what, u64 a, u64 b, u64 c);

/* What these give, whoever asks. */
#define ANSWER(a) (0x123456789abcdef0UL * ((u64)(a) + 1))

#define FOREIGN_PORTS 0x8000 /* from here on they are somebody else's */

extern bool drives_devices;   /* the guest has rights over the machine */
extern bool kernel_pages;     /* a process may not use the data */
extern bool has_data_segment; /* there is something in DS and ES */

/* ---- the guest's memory: code, and a page of data, both below 4 GiB */

#define CODE_AT 0x10000000UL
#define DATA_AT 0x10010000UL

extern u8 *guest_code;

/* Of @len bytes at @from, how many are there. */
unsigned long there(u64 from, unsigned long len);

/* ---- an input, and a guest as it makes it */

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, REGISTERS = 16 };

#define IN_KERNEL    1 /* input.flags */
#define HAS_OSXSAVE  2
#define ASSISTED     4
#define WITH_DEVICES 8
#define SINGLE_STEP  16
#define DOWN         32
#define KERNEL_PAGES 64
#define BITMAP       128

struct input {
    u8 code[INSN_MAX + 1];
    u8 available; /* bytes of it that can be fetched */
    u8 width;     /* enum width */
    u8 room;      /* bytes of it up to the segment's limit, for code that has one */
    u8 iopl;
    u8 flags;
    u8 data_rights; /* of the data segment's descriptor, bits 40-47 */
    u8 data_room;   /* bytes of the data up to its limit */
    u8 to_data;     /* bit 0: rsi, bit 1: rdi is an offset from the data's end */
    u64 reg[REGISTERS];
};

struct machine {
    struct vcpu v;
    struct domain d;
    struct regs regs;
    u8 data[PAGE_SIZE];
    struct effect effects[EFFECTS];
    unsigned int nr_effects;
    bool taken; /* not the guest's #GP */
};

#define CODE_SELECTOR 0x0b
#define CODE_BASE     (CODE_AT - 0x100) /* of segments: the code is at 0x100 in them */
#define DATA_BASE     (DATA_AT - 0x2000)

static inline enum width width_of(const struct input *in)
{
    return in->width % CODE_WIDTHS;
}

/* ---- the reference */

struct decoded {
    unsigned int length; /* 0: no whole instruction */
    u16 opcode;          /* 0x0f.. of two bytes */
    u8 segment, rex, modrm;
    bool operand, address, lock, repeat;
};

/* How many bytes of code there are. */
unsigned int fetchable(const struct input *in);

/* Do to @m what the guest's instruction should; what that was. */
struct decoded reference(struct machine *m, const struct input *in);

#endif
