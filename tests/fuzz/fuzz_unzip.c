/*
 * Compressed files: damaged ones give an error, and nothing outside of the buffers is touched.
 *
 * LINK: hypervisor/lib/unzip/[a-z]*.c tests/fuzz/fuzz.c tests/fuzz/packed.c
 */
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/packed.h"

#include "lib/unzip/unzip.h"

#define OUT_MAX 65536

void fuzz_one(const uint8_t *data, size_t size)
{
    uint8_t *in = malloc(size ? size : 1), *out, *work = malloc(UNZIP_WORK_SIZE);
    uint64_t told;
    long rc;

    memcpy(in, data, size);
    repair_xz(in, size);
    told = unzip_size(in, size);
    if ( told > OUT_MAX )
        told = OUT_MAX;
    out = malloc(told ? told : 1);
    rc = unzip(in, size, out, told, work);
    expect(rc <= (long)told);
    free(in);
    free(out);
    free(work);
}

void fuzz_seeds(void)
{
    static const char text[] = "a page, a frame, \xe8\1\0\0\0";
    uint8_t data[2500];
    size_t size;

    for ( size_t i = 0; i < sizeof(data); i++ )
        data[i] = i % 61 ? (uint8_t)text[i * i % sizeof(text)] : (uint8_t)(i / 61);
    for ( unsigned int i = 0; i < PACKERS; i++ )
    {
        uint8_t *packed = pack(i, data, sizeof(data), &size);

        fuzz_seed(packed, size);
        free(packed);
    }
}

FUZZ_TARGET(6000)
