/* The library's small things: numbers in strings, formatting, lists, bitmaps and ranges. */
#include "tests/host/host.h"

#include <stdarg.h>

#include "lib/bitmap.h"
#include "lib/histogram.h"
#include "lib/list.h"
#include "lib/rangeset.h"
#include "lib/string.h"

int lib_snprintf(char *buf, size_t size, const char *fmt, ...);

/* What is below stays as it is, what isn't is told: at either end. */
TEST(an_index_is_below_its_bound_or_refused)
{
    static const struct {
        uint32_t index, size;
        bool below;
    } cases[] = { { 0, 1, true },         { 0, 0, false },     { 5, 6, true },   { 6, 6, false },
                  { ~0u - 1, ~0u, true }, { ~0u, ~0u, false }, { ~0u, 1, false } };

    for ( size_t i = 0; i < ARRAY_SIZE(cases); i++ )
    {
        uint32_t index = cases[i].index;

        expect_eq(index_below(&index, cases[i].size), cases[i].below);
        expect_eq(index, cases[i].index);
    }
}

TEST(bits)
{
    expect_eq(ALIGN_UP(0x100000001ULL, 0x1000), 0x100001000ULL);
    expect_eq(ALIGN_DOWN(0x100001fffULL, 0x1000), 0x100001000ULL);
    expect_eq(fls64(0), 0);
    expect_eq(fls64(1ULL << 63), 64);
    expect_eq(ffs64(0x8000), 16);
    expect_eq(order_of(1), 0);
    expect_eq(order_of(5), 3);
    expect_eq(order_of(8), 3);
    for ( int i = 0; i < 1000; i++ )
    {
        uint64_t x = host_test_random();

        expect_eq(hweight64(x), __builtin_popcountll(x));
    }
}

/* Bins follow each other without a gap, and none is wider than a quarter of where it begins. */
TEST(histograms)
{
    uint32_t bins[HISTOGRAM_BINS] = {};

    for ( unsigned int bin = 0; bin < HISTOGRAM_BINS; bin++ )
    {
        uint64_t from = histogram_from(bin), to = histogram_from(bin + 1);

        expect(histogram_bin(from) == bin && histogram_bin(to - 1) == bin);
        expect(to > from && (to - from) * 4 <= from + 4);
    }
    expect(histogram_from(HISTOGRAM_BINS) == 1UL << 32 &&
           histogram_bin(~0UL) == HISTOGRAM_BINS - 1);

    expect_eq(histogram_percentile(bins, 50), 0);
    bins[histogram_bin(100)] = 98;
    bins[histogram_bin(1000)] = 1;
    bins[histogram_bin(9000)] = 1;
    expect_eq(histogram_percentile(bins, 50), 111);
    expect_eq(histogram_percentile(bins, 99), 1023);
    expect_eq(histogram_percentile(bins, 100), 10239);
}

TEST(numbers)
{
    const char *end, *text = "123abc";
    uint64_t n;

    parse_u64(text, &end, &n);
    expect_eq(n, 123);
    expect_eq(end - text, 3);
    expect(parse_u64_all("0x1fF", &n) && n == 0x1ff);
    expect(parse_u64_all("0", &n) && n == 0);
    expect(parse_u64_all("017", &n) && n == 15);
    expect(parse_u64_all("18446744073709551615", &n) && n == UINT64_MAX);
    expect(!parse_u64_all("18446744073709551616", &n));
    expect(!parse_u64_all("", &n));
    expect(!parse_u64_all("0x", &n));
    expect(!parse_u64_all("-1", &n));
}

TEST(sizes)
{
    uint64_t n = 7;

    expect(parse_size_all("512M", 1, &n) && n == 512ULL << 20);
    expect(parse_size_all("2g", 1, &n) && n == 2ULL << 30);
    expect(parse_size_all("12", 1024, &n) && n == 12 * 1024);
    expect(parse_size_all("12b", 1024, &n) && n == 12);
    expect(!parse_size_all("16777216T", 1, &n));
    expect(!parse_size_all("1GB", 1, &n));
    expect(!parse_size_all("M", 1, &n));
    expect_eq(n, 12);
}

TEST(strings)
{
    char buf[8];
    const char *rest;

    expect_eq(strlcpy(buf, "abcdefghij", sizeof(buf)), 10);
    expect_str(buf, "abcdefg");
    expect_eq(strlcpy(buf, "ab", sizeof(buf)), 2);
    expect_eq(strlcat(buf, "cd", sizeof(buf)), 4);
    expect_eq(strlcat(buf, "efghij", sizeof(buf)), 10);
    expect_str(buf, "abcdefg");
    expect(str_prefix("dom0_mem=5", "dom0_mem=", &rest));
    expect_str(rest, "5");
    expect(!str_prefix("dom", "dom0_mem=", &rest));
}

/* Ours and the C library's, for the same arguments, into buffers of several sizes. */
#define same(...)                                                                                  \
    for ( size_t size_ = 0; size_ < 48; size_ += 5 )                                               \
    {                                                                                              \
        char ours_[64] = "untouched", libc_[64] = "untouched";                                     \
        expect_eq(lib_snprintf(ours_, size_, __VA_ARGS__), snprintf(libc_, size_, __VA_ARGS__));   \
        expect_str(ours_, libc_);                                                                  \
    }

TEST(printf_is_the_c_librarys)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-truncation"
#pragma GCC diagnostic ignored "-Wformat-zero-length"
#pragma GCC diagnostic ignored "-Wformat"
    same("");
    same("plain %% text");
    same("%d %i %u", -5, INT32_MIN, UINT32_MAX);
    same("%x %X %#x %#x %o", 0xabcu, 0xabcu, 0xabcu, 0u, 8u);
    same("%08x|%-8x|%8x|%.4x|%8.4x", 0x12u, 0x12u, 0x12u, 0x12u, 0x12u);
    same("%016lx %lld %llu", 0x123456789abcdefUL, -1LL, UINT64_MAX * 1ULL);
    same("%+d % d %+05d %05d", 3, 3, 3, -3);
    same("%s|%10s|%-10s|%.2s|%*s|%-*s", "abc", "abc", "abc", "abc", 6, "abc", 6, "abc");
    same("%c%c|%3c|%-3c|", 'a', 'b', 'c', 'd');
    same("%hhx %hd %zu %jd %td", 0x1234, 70000, (size_t)-1, (intmax_t)-7, (ptrdiff_t)9);
    same("%p", (void *)0x1234);
    same("%.*s|%*d|%.0d|%.3d", 2, "abc", -6, 5, 0, 7);
    same("%#018lx", 0x1234UL);
    same("%d", INT32_MIN);
    same("%lld", (long long)INT64_MIN);
#pragma GCC diagnostic pop
}

struct item {
    int value;
    struct list_head link;
};

TEST(lists)
{
    LIST_HEAD(head);
    LIST_HEAD(other);
    struct item items[4], *pos, *tmp;
    int sum = 0;

    expect(list_empty(&head));
    expect(!list_first_entry_or_null(&head, struct item, link));
    for ( int i = 0; i < 4; i++ )
    {
        items[i].value = i;
        list_add_tail(&items[i].link, &head);
    }
    list_for_each_entry(pos, &head, link)
        sum = sum * 10 + pos->value;
    expect_eq(sum, 123);

    list_move(&items[3].link, &head);
    expect_eq(list_first_entry(&head, struct item, link)->value, 3);
    list_for_each_entry_safe(pos, tmp, &head, link)
        if ( pos->value % 2 )
            list_move_tail(&pos->link, &other);
    expect_eq(list_last_entry(&head, struct item, link)->value, 2);
    list_splice_tail(&other, &head);
    expect(list_empty(&other));

    sum = 0;
    list_for_each_entry_reverse(pos, &head, link)
        sum = sum * 10 + pos->value;
    expect_eq(sum, 1320);
    list_del(&items[0].link);
    list_del(&items[0].link);
    expect(list_empty(&items[0].link));
}

/* Every operation against an array of bools. */
TEST(bitmaps)
{
    enum { N = 200 };
    DECLARE_BITMAP(map, N);
    bool model[N] = { false };

    bitmap_fill(map, N);
    expect(bitmap_full(map, N));
    expect_eq(bitmap_weight(map, N), N);
    bitmap_zero(map, N);
    expect(bitmap_empty(map, N));
    for ( int step = 0; step < 2000; step++ )
    {
        unsigned long first = host_test_random() % N, count = host_test_random() % (N - first);
        unsigned long from = host_test_random() % N, next = from, weight = 0;
        bool set = host_test_random() & 1;

        if ( set )
            bitmap_set(map, first, count);
        else
            bitmap_clear(map, first, count);
        memset(model + first, set, count);
        expect_eq(test_and_clear_bit(from, map), model[from]);
        model[from] = false;

        while ( next < N && !model[next] )
            next++;
        expect_eq(find_next_bit(map, N, from), next);
        for ( next = from; next < N && model[next]; next++ )
            ;
        expect_eq(find_next_zero_bit(map, N, from), next);
        for ( unsigned int i = 0; i < N; i++ )
            weight += model[i];
        expect_eq(bitmap_weight(map, N), weight);
    }
}

static bool out_of_memory;

static void *range_alloc(size_t size)
{
    return out_of_memory ? NULL : malloc(size);
}

static void expect_ranges(const struct rangeset *rs, const bool *model, unsigned int n)
{
    const struct range *range, *previous = NULL;

    for ( unsigned int i = 0; i < n; i++ )
        expect_eq(rangeset_contains(rs, i, i), model[i]);
    rangeset_for_each(range, rs)
    {
        expect(range->first <= range->last);
        expect(!previous || previous->last + 1 < range->first);
        previous = range;
    }
}

/* Random additions and removals against an array of bools; the list stays sorted and merged. */
TEST(ranges)
{
    enum { N = 64 };
    struct rangeset rs;
    bool model[N] = { false };

    rangeset_init(&rs, range_alloc, free);
    for ( int step = 0; step < 5000; step++ )
    {
        uint64_t a = host_test_random() % N, b = host_test_random() % N;
        uint64_t first = min(a, b), last = max(a, b);
        bool add = host_test_random() & 1;
        int rc;

        out_of_memory = host_test_random() % 8 == 0;
        rc = add ? rangeset_add(&rs, first, last) : rangeset_remove(&rs, first, last);
        if ( rc == 0 )
            memset(model + first, add, last - first + 1);
        else
            expect(rc == -ENOMEM && out_of_memory);
        expect_ranges(&rs, model, N);
    }
    rangeset_clear(&rs);
    expect(rangeset_empty(&rs));
}

TEST(ranges_at_the_ends)
{
    struct rangeset rs;

    out_of_memory = false;
    rangeset_init(&rs, range_alloc, free);
    expect_eq(rangeset_add(&rs, 5, 4), -EINVAL);
    expect_eq(rangeset_add(&rs, 0, UINT64_MAX), 0);
    expect_eq(rangeset_remove(&rs, 0, 0), 0);
    expect_eq(rangeset_remove(&rs, UINT64_MAX, UINT64_MAX), 0);
    expect(rangeset_contains(&rs, 1, UINT64_MAX - 1));
    expect(!rangeset_overlaps(&rs, 0, 0));
    expect_eq(rangeset_add(&rs, UINT64_MAX, UINT64_MAX), 0);
    expect_eq(rangeset_add(&rs, 0, 0), 0);
    expect(rangeset_contains(&rs, 0, UINT64_MAX));
    expect(!rs.head->next);
    rangeset_clear(&rs);
}

HOST_TEST_MAIN
