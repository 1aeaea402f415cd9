/*
 * The decompressors, against the tools that compress: xz, gzip, zstd and lz4 of the packages of these names. Then
 * the same files cut short and damaged: any answer will do, but nothing outside of the buffers may be
 * touched (each lives in a block of its own, so the sanitizer sees that), and damage that a checksum covers
 * must not go unnoticed.
 * LINK: hypervisor/lib/unzip/[a-z]*.c
 */
#include "tests/host/host.h"

#include <unistd.h>

#include "lib/bits.h"
#include "lib/crc.h"
#include "lib/unzip/unzip.h"

struct bytes {
    uint8_t *data;
    size_t size;
};

static void *copy_of(const void *data, size_t size)
{
    void *copy = malloc(size ? size : 1);

    memcpy(copy, data, size);
    return copy;
}

/* ---- What is compressed ---- */

/* Words out of a small stock: what a text is to a compressor. */
static void fill_words(uint8_t *data, size_t size)
{
    static const char *const words[] = { "page ", "frame ", "guest ", "table\n",
                                         "the ",  "of ",    "event " };

    for ( size_t at = 0; at < size; )
    {
        const char *word = words[host_test_random() % ARRAY_SIZE(words)];
        size_t n = min(strlen(word), size - at);

        memcpy(data + at, word, n);
        at += n;
        if ( host_test_random() % 16 == 0 && at < size )
            data[at++] = (uint8_t)host_test_random();
    }
}

static void fill_noise(uint8_t *data, size_t size)
{
    for ( size_t i = 0; i < size; i++ )
        data[i] = (uint8_t)host_test_random();
}

/* Calls and jumps in all kinds of neighbourhoods, for the x86 filter. */
static void fill_calls(uint8_t *data, size_t size)
{
    for ( size_t i = 0; i < size; i++ )
        switch ( host_test_random() % 6 )
        {
        case 0:
            data[i] = 0xe8 + host_test_random() % 2;
            break;
        case 1:
            data[i] = 0xff;
            break;
        case 2:
            data[i] = 0;
            break;
        default:
            data[i] = (uint8_t)(host_test_random() % 64);
        }
}

static struct bytes make_input(const char *kind, size_t size)
{
    struct bytes b = { malloc(size ? size : 1), size };

    memset(b.data, 0, size);
    if ( !strcmp(kind, "words") )
        fill_words(b.data, size);
    else if ( !strcmp(kind, "noise") )
        fill_noise(b.data, size);
    else if ( !strcmp(kind, "calls") )
        fill_calls(b.data, size);
    else if ( !strcmp(kind, "mixed") )
    {
        fill_words(b.data, size / 3);
        fill_noise(b.data + size / 3, size / 3);
    }
    return b;
}

/* The first part of this program: real x86 code. */
static struct bytes own_code(void)
{
    struct bytes b;

    b.data = host_test_read_file("/proc/self/exe", &b.size);
    b.size = min(b.size, (size_t)250000);
    return b;
}

/* Run @command on @input, from a file or a pipe; the compressors behave differently. */
static struct bytes compress(struct bytes input, const char *command)
{
    char in_name[] = "/tmp/unzip-in-XXXXXX", out_name[] = "/tmp/unzip-out-XXXXXX", line[512];
    int in = mkstemp(in_name), out = mkstemp(out_name);
    struct bytes packed = { NULL, 0 };
    uint8_t *data;

    if ( in < 0 || out < 0 || write(in, input.data, input.size) != (ssize_t)input.size )
        fail_now("cannot write %s", in_name);
    snprintf(line, sizeof(line), "%s < %s > %s", command, in_name, out_name);
    if ( system(line) )
        fail_now("cannot run: %s (are xz-utils, gzip, zstd and lz4 installed?)", command);
    data = host_test_read_file(out_name, &packed.size);
    packed.data = copy_of(data, packed.size);
    free(data);
    close(in);
    close(out);
    unlink(in_name);
    unlink(out_name);
    return packed;
}

/* ---- Unpacking ---- */

static long unpack(const void *in, size_t in_size, struct bytes out)
{
    static uint64_t work[UNZIP_WORK_SIZE / 8]; /* the sanitizer watches globals too */

    return unzip(in, in_size, out.data, out.size, work);
}

static void expect_round_trip(struct bytes input, struct bytes packed, bool exact, const char *what)
{
    uint64_t size = unzip_size(packed.data, packed.size);
    struct bytes out = { malloc(size ? size : 1), size };
    long rc;

    if ( exact ? size != input.size : size < input.size )
        fail("%s: the size is told as %llu, not %zu", what, (unsigned long long)size, input.size);
    rc = unpack(packed.data, packed.size, out);
    if ( rc != (long)input.size )
        fail("%s: unzip says %ld, not %zu", what, rc, input.size);
    else if ( memcmp(out.data, input.data, input.size) )
        fail("%s: the bytes differ", what);
    if ( input.size )
    {
        free(out.data);
        out = (struct bytes){ malloc(input.size), input.size - 1 };
        expect_eq(unpack(packed.data, packed.size, out), -ENOSPC);
    }
    free(out.data);
}

static void round_trip(struct bytes input, const char *command, bool exact)
{
    struct bytes packed = compress(input, command);

    expect_round_trip(input, packed, exact, command);
    free(packed.data);
}

/* All kinds and sizes through the first command, one size through the others. */
static void round_trips(const char *const *commands, size_t count, bool exact)
{
    static const char *const kinds[] = { "zeros", "words", "noise", "calls", "mixed" };
    static const size_t sizes[] = { 200000, 1, 7, 100, 5000, 70000 };
    struct bytes input;

    for ( size_t c = 0; c < count; c++ )
    {
        for ( size_t k = 0; k < ARRAY_SIZE(kinds); k++ )
            for ( size_t s = 0; s < (c ? 1 : ARRAY_SIZE(sizes)); s++ )
            {
                input = make_input(kinds[k], sizes[s]);
                round_trip(input, commands[c], exact);
                free(input.data);
            }
        input = own_code();
        round_trip(input, commands[c], exact);
        free(input.data);
    }
}

static const char *const xz_commands[] = {
    "xz -0",
    "xz -6 --check=crc32",
    "xz -7e --check=none",
    "xz --check=crc32 --x86 --lzma2=dict=32MiB",
    "xz --x86=start=4096 --lzma2=preset=1",
    "xz --lzma2=preset=6,lc=0,lp=2,pb=0",
    "xz --lzma2=preset=6,lc=4,lp=0,pb=4",
    "xz --block-size=30000",
    "xz -T2 --block-size=65536 --check=crc32",
};

static const char *const gzip_commands[] = { "gzip -1", "gzip -6", "gzip -9n" };

static const char *const zstd_commands[] = {
    "zstd -q -3", "zstd -q -1 --no-check", "zstd -q -12", "zstd -q -19", "zstd -q --fast=5",
};

static const char *const lz4_commands[] = { "lz4 -q -l -1 -c", "lz4 -q -l -9 -c" };

TEST(xz)
{
    round_trips(xz_commands, ARRAY_SIZE(xz_commands), true);
}

TEST(gzip)
{
    round_trips(gzip_commands, ARRAY_SIZE(gzip_commands), true);
}

TEST(zstd)
{
    round_trips(zstd_commands, ARRAY_SIZE(zstd_commands), false);
}

TEST(lz4)
{
    round_trips(lz4_commands, ARRAY_SIZE(lz4_commands), false);
}

/* Blocks of 8 MiB, of which each stands alone: the last one is full, or not. */
TEST(lz4_blocks)
{
    static const size_t sizes[] = { 8U << 20, (8U << 20) + 1, (16U << 20) + 12345 };

    for ( size_t s = 0; s < ARRAY_SIZE(sizes); s++ )
    {
        struct bytes input = make_input("words", sizes[s]);

        round_trip(input, lz4_commands[0], false);
        free(input.data);
    }
}

/* With the size in the header the estimate is exact. */
TEST(zstd_with_size)
{
    for ( size_t size = 1; size < 200000; size = size * 3 + 1 )
    {
        struct bytes input = make_input("words", size);
        char command[64];

        snprintf(command, sizeof(command), "zstd -q --stream-size=%zu", size);
        round_trip(input, command, true);
        free(input.data);
    }
}

/* gzip's header has optional parts. */
TEST(gzip_header)
{
    static const uint8_t plain[] = { 0x1f, 0x8b, 8,   0,   0,    0,    0,    0,    0, 3, 1, 2, 0,
                                     0xfd, 0xff, 'h', 'i', 0xac, 0x2a, 0x93, 0xd8, 2, 0, 0, 0 };
    static const uint8_t full[] = { 0x1f, 0x8b, 8,   0x1e, 0,    0,    0,    0, 0, 3, 3, 0, 'e',
                                    'x',  't',  'n', 0,    'c',  'o',  0,    0, 0, 1, 2, 0, 0xfd,
                                    0xff, 'h',  'i', 0xac, 0x2a, 0x93, 0xd8, 2, 0, 0, 0 };
    uint8_t out[2];

    expect_eq(unpack(plain, sizeof(plain), (struct bytes){ out, 2 }), 2);
    expect(!memcmp(out, "hi", 2));
    expect_eq(unpack(full, sizeof(full), (struct bytes){ out, 2 }), 2);
    for ( size_t n = 0; n < sizeof(full); n++ )
        expect(unpack(full, n, (struct bytes){ out, 2 }) < 0);
}

/* What follows the stream is none of its business: Linux's build appends the size, concatenation another stream. */
TEST(trailing_bytes)
{
    static const char *const commands[] = { "xz --check=crc32", "zstd -q -3", "lz4 -q -l -9 -c" };

    for ( size_t c = 0; c < ARRAY_SIZE(commands); c++ )
    {
        struct bytes input = make_input("words", 50000), packed = compress(input, commands[c]);

        packed.data = realloc(packed.data, packed.size + 4);
        memcpy(packed.data + packed.size, "\x50\xc3\0", 4);
        packed.size += 4;
        expect_round_trip(input, packed, c == 0, commands[c]);
        free(packed.data);
        free(input.data);
    }
}

/* ---- Hostile input ---- */

static void expect_all_cuts_fail(struct bytes packed, size_t out_size, const char *what)
{
    struct bytes out = { malloc(out_size), out_size };

    for ( size_t n = 0; n < packed.size; n += 1 + n / 64 )
    {
        uint8_t *cut = copy_of(packed.data, n);

        if ( unpack(cut, n, out) >= 0 )
            fail("%s: %zu of %zu bytes are enough", what, n, packed.size);
        unzip_size(cut, n);
        free(cut);
    }
    free(out.data);
}

/*
 * The byte of a zstd frame that says whether there is a checksum, and is not covered itself; any byte for
 * the others.
 */
#define ZSTD_FLAGS 4

/* Damage anywhere: @covered says that a checksum must notice; then success is only allowed with the right bytes. */
static void damage(struct bytes input, struct bytes packed, bool covered, const char *what)
{
    struct bytes out = { malloc(input.size), input.size };

    for ( int round = 0; round < 400; round++ )
    {
        uint8_t *bad = copy_of(packed.data, packed.size);

        for ( int n = 1 + (int)(host_test_random() % 4); n; n-- )
            bad[host_test_random() % packed.size] ^= (uint8_t)(1U << host_test_random() % 8);
        unzip_size(bad, packed.size);
        bad[ZSTD_FLAGS] = packed.data[ZSTD_FLAGS];
        if ( unpack(bad, packed.size, out) >= 0 && covered &&
             memcmp(out.data, input.data, input.size) )
            fail("%s: damage went unnoticed", what);
        free(bad);
    }
    free(out.data);
}

static void abuse(const char *const *commands, size_t count)
{
    static const char *const kinds[] = { "words", "mixed", "calls" };

    for ( size_t c = 0; c < count; c++ )
        for ( size_t k = 0; k < ARRAY_SIZE(kinds); k++ )
        {
            struct bytes input = make_input(kinds[k], 6000), packed = compress(input, commands[c]);

            expect_all_cuts_fail(packed, input.size, commands[c]);
            damage(input, packed, !strstr(commands[c], "none") && !strstr(commands[c], "no-check"),
                   commands[c]);
            free(packed.data);
            free(input.data);
        }
}

TEST(xz_damaged)
{
    abuse(xz_commands, ARRAY_SIZE(xz_commands));
}

TEST(gzip_damaged)
{
    abuse(gzip_commands, ARRAY_SIZE(gzip_commands));
}

TEST(zstd_damaged)
{
    abuse(zstd_commands, ARRAY_SIZE(zstd_commands));
}

TEST(lz4_damaged)
{
    static const char *const kinds[] = { "words", "mixed", "zeros" };

    for ( size_t k = 0; k < ARRAY_SIZE(kinds); k++ )
    {
        struct bytes input = make_input(kinds[k], 6000), packed = compress(input, lz4_commands[0]);

        expect_all_cuts_fail(packed, input.size, lz4_commands[0]);
        damage(input, packed, false, lz4_commands[0]);
        free(packed.data);
        free(input.data);
    }
}

/* Noise behind a good magic number. */
TEST(noise)
{
    static const char *const magics[] = { "\x1f\x8b\x08",
                                          "\xfd"
                                          "7zXZ",
                                          "\x28\xb5\x2f\xfd", "\x02\x21\x4c\x18" };
    struct bytes out = { malloc(4096), 4096 };

    for ( int round = 0; round < 10000; round++ )
    {
        size_t size = 16 + host_test_random() % 300;
        uint8_t *data = malloc(size);
        const char *magic = magics[round % 4];

        fill_noise(data, size);
        memcpy(data, magic, strlen(magic) + (round % 4 == 1));
        unzip_size(data, size);
        unpack(data, size, out);
        free(data);
    }
    free(out.data);
}

TEST(formats)
{
    expect_eq(unzip_detect("BZh9", 4), UNZIP_BZIP2);
    expect_str(unzip_name(UNZIP_LZ4), "LZ4");
    expect_eq(unzip_detect("\177ELF\2\1\1\0\0", 9), UNZIP_NONE);
    expect_eq(unpack("BZh9", 4, (struct bytes){ NULL, 0 }), -EOPNOTSUPP);
    expect_eq(unzip_size("BZh9", 4), 0);
}

/* The check values that the specifications give for "123456789", and xxHash's of "". */
TEST(checksums)
{
    static struct crc32_table t32;
    static struct crc64_table t64;
    uint8_t data[200];

    crc32_init(&t32);
    crc64_init(&t64);
    expect_eq(crc32(&t32, 0, "123456789", 9), 0xcbf43926);
    expect_eq(crc64(&t64, 0, "123456789", 9), 0x995dc9bbdf1939faULL);
    expect_eq(xxh64("", 0, 0), 0xef46db3751d8e999ULL);
    fill_noise(data, sizeof(data));
    for ( size_t n = 0; n <= sizeof(data); n++ )
    {
        expect_eq(crc32(&t32, crc32(&t32, 0, data, n), data + n, sizeof(data) - n),
                  crc32(&t32, 0, data, sizeof(data)));
        expect_eq(crc64(&t64, crc64(&t64, 0, data, n), data + n, sizeof(data) - n),
                  crc64(&t64, 0, data, sizeof(data)));
    }
}

HOST_TEST_MAIN
