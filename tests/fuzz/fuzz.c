#include "tests/fuzz/fuzz.h"

/* What fuzz_seed() does with each. */
static void (*use_seed)(const void *data, size_t size);

void fuzz_seed(const void *data, size_t size)
{
    use_seed(data, size);
}

static void try_copy(const void *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);

    memcpy(copy, data, size);
    fuzz_one(copy, size);
    free(copy);
}

static size_t pick(size_t n)
{
    return host_test_random() % n;
}

/* Numbers at which sums wrap and signs change, and those that mean little. */
static uint64_t awkward(void)
{
    static const uint64_t numbers[] = { 0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0xfffff000 };

    return pick(3) ? numbers[pick(8)] : ~numbers[pick(8)];
}

/* Change one place of @data; returns its size from now on. */
static size_t change(uint8_t *data, size_t size)
{
    size_t at = pick(size), length = 1 + pick(8), from = pick(size);
    uint64_t number = awkward();

    if ( length > size - at )
        length = size - at;
    if ( length > size - from )
        length = size - from;
    switch ( pick(6) )
    {
    case 0:
        data[at] ^= (uint8_t)(1 << pick(8));
        break;
    case 1:
        data[at] = (uint8_t)host_test_random();
        break;
    case 2:
        memcpy(data + at, &number, length);
        break;
    case 3:
        memmove(data + at, data + from, length);
        break;
    case 4:
        data[at] = (uint8_t)(data[at] + pick(2) * 2 - 1);
        break;
    default:
        return pick(8) ? size : at + 1; /* cut off, now and then */
    }
    return size;
}

static unsigned int variations;

/* Most of what matters in a file is in its first kilobytes: half of the changes are there. */
static void try_variations(const void *data, size_t size)
{
    uint8_t *copy = malloc(size + 1);

    try_copy(data, size);
    for ( unsigned int i = 0; size && i < variations; i++ )
    {
        size_t now = size, head = size > 256 && pick(2) ? 256 : size;

        memcpy(copy, data, size);
        for ( size_t n = 1 + pick(4); n; n-- )
            if ( head == size )
                now = head = change(copy, now);
            else
                change(copy, head);
        try_copy(copy, now);
    }
    free(copy);
}

static void write_seed(const void *data, size_t size)
{
    static unsigned int n;
    char path[512];
    FILE *file;

    snprintf(path, sizeof(path), "%s/seed-%u", getenv("FUZZ_SEEDS"), n++);
    file = fopen(path, "wb");
    require(file && fwrite(data, 1, size, file) == size && !fclose(file));
}

void fuzz_variations(unsigned int changed)
{
    variations = changed;
    host_test_seed(1);
    use_seed = getenv("FUZZ_SEEDS") ? write_seed : try_variations;
    fuzz_seeds();
}
