/*
 * Structures of 32-bit guests: any bytes, any row of hypercall/compat/layouts.def, as much of it
 * accessible as the input says.
 *
 * What is read is compared with the bytes, field by field, at offsets that are added up here; what is
 * then written back is the same but for what means nothing. What can't be read, or written, as a
 * whole is an error. The guest's memory is a block of its own size, so that the sanitizer sees what
 * lies beyond.
 *
 * LINK: tests/fuzz/fuzz.c
 */
#include "tests/fuzz/fuzz.h"

#include "domain/widen.h"

/* ---- the guest's memory */

static u8 *memory;
static u64 accessible;

#define AT 0x1000UL

unsigned long copy_from_guest(void *to, gva_t from, unsigned long len)
{
    require(from.n == AT);
    if ( len > accessible )
        return len;
    memcpy(to, memory, len);
    return 0;
}

unsigned long copy_to_guest(gva_t to, const void *from, unsigned long len)
{
    require(to.n == AT);
    if ( len > accessible )
        return len;
    memcpy(memory, from, len);
    return 0;
}

/* ---- the fields of a structure, by their offsets */

static u64 aligned(u64 at, u64 size)
{
    u64 to = size < 4 ? size : 4;

    return (at + to - 1) / to * to;
}

/* The number of @size bytes at or after *@at. */
static u64 number(const u8 *bytes, u64 *at, u64 size)
{
    u64 value = 0;

    *at = aligned(*at, size);
    memcpy(&value, bytes + *at, size);
    *at += size;
    return value;
}

#define SAME(what, field, value)                                                                   \
    if ( (field) != (value) )                                                                      \
    fail("%s is not what the guest wrote", what)

/* Sign-extended where the type has a sign, as C does it. */
#define VALUE(type, field)       NAMED(type, field, field)
#define NAMED(type, field, path) SAME(#field, wide->path, (type)number(bytes, &at, sizeof(type)));
#define HANDLE(field)            SAME(#field, (u64)wide->field.p, number(bytes, &at, 4));
#define ARRAY(type, field, count)                                                                  \
    at = aligned(at, sizeof(type));                                                                \
    SAME(#field, memcmp(&wide->field, bytes + at, sizeof(type) * (count)), 0);                     \
    at += sizeof(type) * (count);
#define WORDS(field, count)                                                                        \
    for ( int i = 0; i < (count); i++ )                                                            \
        SAME(#field, wide->field[i], number(bytes, &at, 4));
#define NEST(name, field)                                                                          \
    at = aligned(at, 4);                                                                           \
    at += check_##name(&wide->field, bytes + at);
#define NESTS(name, field, count)                                                                  \
    at = aligned(at, 4);                                                                           \
    for ( int i = 0; i < (count); i++ )                                                            \
        at += check_##name(&wide->field[i], bytes + at);
#define HALF(field, path, shift) SAME(#field, (u32)(wide->path >> (shift)), number(bytes, &at, 4));
#define PAD(bytes)               at += (bytes);
#define SHARED(tag, fields)
#define LAYOUT(name, wide_type, fields)                                                            \
    static u64 check_##name(const wide_type *wide, const u8 *bytes)                                \
    {                                                                                              \
        u64 at = 0;                                                                                \
                                                                                                   \
        fields return aligned(at, sizeof(struct compat_##name) % 4 ? 1 : 4);                       \
    }
#include <hypercall/compat/layouts.def>
#undef VALUE
#undef NAMED
#undef HANDLE
#undef ARRAY
#undef WORDS
#undef NEST
#undef NESTS
#undef HALF
#undef PAD
#undef LAYOUT

/* ---- one row */

struct row {
    const char *name;
    u64 size, wide_size;
    bool (*load)(void *to);
    bool (*store)(const void *from);
    u64 (*check)(const void *wide, const u8 *bytes);
};

#define LAYOUT(name, wide, fields)                                                                 \
    static bool load_##name(void *to)                                                              \
    {                                                                                              \
        return compat_load_##name(to, to_gva(AT));                                                 \
    }                                                                                              \
    static bool store_##name(const void *from)                                                     \
    {                                                                                              \
        return compat_store_##name(to_gva(AT), from);                                              \
    }                                                                                              \
    static u64 check_any_##name(const void *from, const u8 *bytes)                                 \
    {                                                                                              \
        return check_##name(from, bytes);                                                          \
    }
#include <hypercall/compat/layouts.def>
#undef LAYOUT

#define LAYOUT(name, wide, fields)                                                                 \
    {                                                                                              \
        #name,           sizeof(struct compat_##name), sizeof(wide), load_##name, store_##name,    \
        check_any_##name                                                                           \
    },
static const struct row rows[] = {
#include <hypercall/compat/layouts.def>
};
#undef LAYOUT
#undef SHARED

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void check_row(const struct row *row, const u8 *bytes)
{
    void *wide = malloc(row->wide_size), *again = malloc(row->wide_size);
    bool there = accessible >= row->size;

    memset(wide, 0xa5, row->wide_size);
    memcpy(memory, bytes, accessible);
    expect_eq(row->load(wide), there);
    if ( there )
    {
        expect_eq(row->check(wide, bytes), row->size);
        memset(memory, 0x5a, accessible);
        expect(row->store(wide));
        /* What means nothing aside: what is read again is the same. */
        expect(row->load(again));
        expect(row->check(wide, memory) == row->size);
        row->check(again, bytes);
    }
    else
        expect(!row->store(wide));
    free(wide);
    free(again);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    struct fuzz_choices choices = { data, data + size };
    const struct row *row = &rows[fuzz_pick(&choices, ROWS)];
    bool whole = fuzz_byte(&choices) % 8;
    u8 *bytes = malloc(row->size);

    accessible = whole ? row->size : fuzz_word(&choices) % row->size;
    memory = malloc(accessible ? accessible : 1);
    for ( u64 i = 0; i < row->size; i++ )
        bytes[i] = fuzz_byte(&choices);
    check_row(row, bytes);
    free(memory);
    free(bytes);
}

void fuzz_seeds(void)
{
    uint8_t *data = malloc(2 + 4096);

    for ( uint8_t row = 0; row < ROWS; row++ )
        for ( uint8_t whole = 0; whole < 2; whole++ )
        {
            data[0] = row;
            data[1] = whole;
            for ( u64 i = 0; i < rows[row].size && i < 4096; i++ )
                data[2 + i] = (uint8_t)host_test_random();
            fuzz_seed(data, 2 + (rows[row].size < 4096 ? rows[row].size : 4096));
        }
    free(data);
}

FUZZ_TARGET(200)
