/*
 * A test of one behaviour: tests/guest/NAME/main.c tells it in prose at the top, then shows it in test_main().
 *
 * It ends with one of four verdicts, printed as `RL-TEST NAME VERDICT[: text]`:
 *   SUCCESS  the behaviour is there
 *   SKIP     it cannot be shown here (no rights, no such CPU, ...)
 *   ERROR    the test's own fault: what it needed did not work
 *   FAILURE  the hypervisor's fault
 * A fifth, ENDS, comes from a test that is about to do what must end its domain: whoever runs it (guest-ports/dom0)
 * sees the end, and makes SUCCESS of it. A test that crashes its domain has a file `alone` that says `crash`.
 *
 * Returning is success(), or a FAILURE when an expectation did not hold; a fault that nobody expected is a FAILURE.
 *
 * All tests but those with a file `alone` or `roles` beside main.c are also linked into one image, build/tests/all,
 * and run in one boot; so a test leaves nothing behind that would disturb the next. tests/guest/runner.c says what
 * it cleans up itself. A test with a file `roles` is for several domains at once: roles.h.
 */
#ifndef TEST_H
#define TEST_H

#include <kit/kit.h>

struct test {
    const char *name;
    void (*main)(void);
};

/* The verdicts; none returns. */
_Noreturn void success(void);
__attribute__((format(printf, 1, 2))) _Noreturn void skip(const char *format, ...);
__attribute__((format(printf, 1, 2))) _Noreturn void error(const char *format, ...);
__attribute__((format(printf, 1, 2))) _Noreturn void failure(const char *format, ...);

/*
 * Announces that the next step must end our domain in the way that @word says (crash, reboot, suspend, watchdog,
 * ...), and prints why; afterwards call failure().
 */
__attribute__((format(printf, 2, 3))) void expect_end(const char *word, const char *format, ...);
#define expect_crash(...) expect_end("crash", __VA_ARGS__)

/* Expectations: one that does not hold is told with its place, and the test goes on. */
#define expect_eq(got, want, text) test_expect_eq((long)(got), (long)(want), text, __LINE__)
#define expect(condition, text)    test_expect_eq(!!(condition), 1, text, __LINE__)
#define expect_fault(fault, vector, error, text)                                                   \
    test_expect_fault(fault, vector, (uint64_t)(error), text, __LINE__)
#define expect_no_fault(fault, text) test_expect_fault(fault, TRAP_NONE, 0, text, __LINE__)

/* A step that the test needs, and that is not its point: ERROR when @rc is negative. Returns @rc. */
#define need(rc) test_need((long)(rc), #rc, __LINE__)

void test_expect_eq(long got, long want, const char *text, int line);
void test_expect_fault(struct fault fault, int vector, uint64_t error_code, const char *text,
                       int line);
long test_need(long rc, const char *text, int line);

/*
 * How long to wait for what must come. The clock goes on while the machine that we are tested on does not: so much
 * time may pass between two instructions when it is loaded, and no test may fail for less.
 */
#define PATIENCE (20 * NS_PER_S)

/* A page of zeroes, mapped read-only: ready to be a table. */
static inline void *page_readonly(void)
{
    void *page = page_alloc();

    need(page_protect(page, PTE_KERNEL_RO));
    return page;
}

/* A page as a table whose entry @index is @entry, mapped read-only. */
static inline pte_t *page_with_entry(unsigned int index, pte_t entry)
{
    pte_t *page = page_alloc();

    page[index] = entry;
    need(page_protect(page, PTE_KERNEL_RO));
    return page;
}

static inline pte_t pte_table(const void *table)
{
    return pte_make(virt_to_mfn(table), PTE_TABLE);
}

/*
 * A copy of @size bytes that we may not write, and neither may the hypervisor for us: an argument whose answer has no
 * place. Gone by page_release().
 */
static inline void *page_copied_readonly(const void *bytes, size_t size)
{
    void *page = page_alloc();

    memcpy(page, bytes, size);
    need(page_protect(page, PTE_KERNEL_RO));
    return page;
}

/* Gives back a page that is no table any more. */
static inline void page_release(void *page)
{
    need(page_protect(page, PTE_KERNEL_RW));
    page_free(page);
}

/* Entries of a root that are free, and ours to use. */
#define ROOT_SLOT (KIT_PV32 ? 1 : 300)
#define ROOT_NEXT (ROOT_SLOT + 1)

/*
 * A table with an entry that may be a root: in 32 bits it has a last GiB, without which there is none. Gone by
 * root_release().
 */
static inline pte_t *root_with_entry(unsigned int index, pte_t entry)
{
    pte_t *root = page_alloc();

    root[index] = entry;
    if ( KIT_PV32 )
        root[3] = pte_table(page_readonly());
    need(page_protect(root, PTE_KERNEL_RO));
    return root;
}

static inline void root_release(pte_t *root)
{
    if ( KIT_PV32 )
        page_release(mfn_to_virt(pte_mfn(root[3])));
    page_release(root);
}

#ifdef TEST_NAME
/* Built with -DTEST_NAME=name and -Dtest_main=test_main_name. */
void test_main(void);
#define TEST_STRING_(name) #name
#define TEST_STRING(name)  TEST_STRING_(name)
static const struct test test_registered
    __attribute__((used, section(".kit.tests"), aligned(8))) = { TEST_STRING(TEST_NAME),
                                                                 test_main };
#endif

#endif
