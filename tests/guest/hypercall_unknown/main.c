/*
 * What has no number does not exist: -ENOSYS, for the gaps in the table, for numbers behind it, and for absurd ones.
 * (49 is left out: Debian's Xen uses it for itself.)
 */
#include "test.h"

void test_main(void)
{
    static const unsigned int numbers[] = { 11, 43, 47,   50,         55,         56,
                                            63, 64, 1000, 0x7fffffff, 0x80000000, ~0U };
    char text[40];

    for ( unsigned int i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++ )
    {
        snprintf(text, sizeof(text), "hypercall %x", numbers[i]);
        expect_eq(kit_syscall(numbers[i], 0, 0, 0, 0, 0), -ENOSYS, text);
    }
}
