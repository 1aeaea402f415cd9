/*
 * The filter knows no instruction boundaries. It takes each E8 or E9 byte (call, jmp) for an opcode with a
 * 32-bit operand if the operand's top byte is 00 or FF, as it is for targets near by. An opcode whose
 * operand does not qualify is passed over, but spoils those that start within its would-be operand: they are
 * converted only if it was the one such opcode among the last three bytes and its top byte did not qualify
 * either, neither before nor after the conversion (where it comes to qualify, the bits below it are flipped
 * and the conversion is done once more, which the encoder undoes alike).
 */
#include "lib/endian.h"
#include "lib/unzip/x86_filter.h"

#define OPERAND 4

static bool top_byte(u8 byte)
{
    return byte == 0x00 || byte == 0xff;
}

/* Passed-over opcodes: bit n - 1 stands for one n bytes ago. */
struct passed {
    unsigned int opcodes;
    unsigned int qualifying; /* those of them whose top byte was 00 or FF */
};

static void step(struct passed *passed, size_t bytes)
{
    passed->opcodes = bytes < 3 ? passed->opcodes << bytes & 7 : 0;
    passed->qualifying = bytes < 3 ? passed->qualifying << bytes & 7 : 0;
}

static void pass_over(struct passed *passed, u8 top)
{
    step(passed, 1);
    passed->opcodes |= 1;
    passed->qualifying |= top_byte(top);
}

/* How many bytes ago the only passed-over opcode was: 0 if there was none, -1 if more than one. */
static int distance_to_passed(const struct passed *passed)
{
    switch ( passed->opcodes )
    {
    case 0:
        return 0;
    case 1:
        return 1;
    case 2:
        return 2;
    case 4:
        return 3;
    default:
        return -1;
    }
}

/* The operand, absolute, of an instruction that ends at @end becomes relative. */
static u32 convert(u32 operand, u32 end, int distance)
{
    for ( ;; )
    {
        u32 relative = operand - end;
        unsigned int shift =
            24 - 8 * (unsigned int)distance; /* where the passed-over one has its top byte */

        if ( !distance || !top_byte((u8)(relative >> shift)) )
            /* The top byte is the sign of bit 24, whatever the subtraction left there. */
            return (relative & 0x01ffffff) | (relative & 0x01000000 ? 0xfe000000 : 0);
        operand = relative ^ ((1U << (shift + 8)) - 1);
    }
}

/* The first E8 or E9 at or after @p and before @end; eight bytes at a time while there are so many. */
static u8 *find_opcode(u8 *p, u8 *end)
{
    const u64 ones = 0x0101010101010101ULL;

    for ( ; end - p >= 8; p += 8 )
    {
        u64 x = (get_le64(p) & ~ones) ^ 0xe8 * ones; /* a zero byte where there was an opcode */

        x = (x - ones) & ~x & 0x80 * ones; /* the lowest bit set here is the first such byte's */
        if ( x )
            return p + __builtin_ctzll(x) / 8;
    }
    while ( p < end && (*p & 0xfe) != 0xe8 )
        p++;
    return p;
}

void x86_filter_decode(u8 *data, size_t size, u32 position)
{
    struct passed passed = { 0, 0 };
    u8 *p = data, *end = data + size - OPERAND, *from;

    if ( size <= OPERAND )
        return;
    for ( ;; )
    {
        int distance;

        from = p;
        p = find_opcode(p, end);
        if ( p >= end )
            return;
        step(&passed, (size_t)(p - from));
        distance = distance_to_passed(&passed);
        if ( distance >= 0 && !passed.qualifying && top_byte(p[OPERAND]) )
        {
            u32 next = position + (u32)(p - data) + 1 + OPERAND;

            put_le32(p + 1, convert(get_le32(p + 1), next, distance));
            p += 1 + OPERAND;
            passed = (struct passed){ 0, 0 };
        }
        else
            pass_over(&passed, p++[OPERAND]);
    }
}
