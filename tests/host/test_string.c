/*
 * The memory and string functions as the hypervisor has them: compiled without a C library, their names
 * prefixed by own_ (rules.mk), and compared with the C library's on random arguments.
 */
#include "tests/host/host.h"

void *own_memcpy(void *dst, const void *src, size_t n);
void *own_memmove(void *dst, const void *src, size_t n);
void *own_memset(void *dst, int value, size_t n);
int own_memcmp(const void *a, const void *b, size_t n);
void *own_memchr(const void *s, int c, size_t n);
size_t own_strlen(const char *s);
size_t own_strnlen(const char *s, size_t max);
int own_strcmp(const char *a, const char *b);
int own_strncmp(const char *a, const char *b, size_t n);
char *own_strchr(const char *s, int c);
char *own_strrchr(const char *s, int c);
char *own_strstr(const char *s, const char *word);

enum { SIZE = 200, ROUNDS = 20000 };

static void fill(uint8_t *data)
{
    for ( int i = 0; i < SIZE; i++ )
        data[i] = (uint8_t)host_test_random();
}

/* Each operation on the same bytes in two places, with whatever lies around the destination watched. */
TEST(copies)
{
    uint8_t ours[SIZE], libc[SIZE];

    for ( int round = 0; round < ROUNDS; round++ )
    {
        size_t from = host_test_random() % SIZE, to = host_test_random() % SIZE;
        size_t n = host_test_random() % (SIZE - (from > to ? from : to) + 1);
        bool apart = from >= to + n || to >= from + n;
        int value = (int)host_test_random();

        fill(ours);
        memcpy(libc, ours, SIZE);
        if ( apart )
        {
            expect(own_memcpy(ours + to, ours + from, n) == ours + to);
            memcpy(libc + to, libc + from, n);
            expect(!memcmp(ours, libc, SIZE));
        }
        expect(own_memmove(ours + to, ours + from, n) == ours + to);
        memmove(libc + to, libc + from, n);
        expect(!memcmp(ours, libc, SIZE));
        expect(own_memset(ours + from, value, n) == ours + from);
        memset(libc + from, value, n);
        expect(!memcmp(ours, libc, SIZE));
    }
}

/* Few different letters, so that equal beginnings and found letters are common. */
static void fill_text(char *text, size_t size)
{
    size_t len = host_test_random() % size;

    for ( size_t i = 0; i < len; i++ )
        text[i] = "ab\xff"[host_test_random() % 3];
    text[len] = '\0';
}

static int sign(int n)
{
    return (n > 0) - (n < 0);
}

TEST(comparisons_and_searches)
{
    char a[12], b[6];

    for ( int round = 0; round < ROUNDS; round++ )
    {
        size_t n = host_test_random() % 6;
        int c = "ab\xff\0x"[host_test_random() % 5];

        memset(a, 0, sizeof(a));
        memset(b, 0, sizeof(b));
        fill_text(a, sizeof(a));
        fill_text(b, sizeof(b));
        expect_eq(own_strlen(a), strlen(a));
        expect_eq(own_strnlen(a, n), strnlen(a, n));
        expect_eq(sign(own_strcmp(a, b)), sign(strcmp(a, b)));
        expect_eq(sign(own_strncmp(a, b, n)), sign(strncmp(a, b, n)));
        expect_eq(sign(own_memcmp(a, b, n)), sign(memcmp(a, b, n)));
        expect(own_memchr(a, c, n) == memchr(a, c, n));
        expect(own_strchr(a, c) == strchr(a, c));
        expect(own_strrchr(a, c) == strrchr(a, c));
        expect(own_strstr(a, b) == strstr(a, b));
    }
}

HOST_TEST_MAIN
