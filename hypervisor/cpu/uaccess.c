#include "cpu/uaccess.h"
#include "cpu/alternative.h"
#include "cpu/extable.h"
#include "lib/guard.h"

/* Not the hypervisor's, wherever it ends; nor for speculation. */
static bool not_ours(gva_t *va, unsigned long len)
{
    bool ok = guest_range_ok(*va, len);

    *va = guest_bounded(*va);
    return ok;
}

#define range_ok(va, len) (!GUARD(guest_range, !not_ours(va, len)))

/*
 * Eight bytes an iteration, then the rest. rcx counts down with what is done, so that it tells what
 * is left when one of the two faults.
 */
static unsigned long copy(void *to, const void *from, unsigned long len)
{
    unsigned long left = len / 8;

    __asm__ volatile(SMAP_OPEN "1: rep movsq\n"
                               "   mov %k[rest], %%ecx\n"
                               "2: rep movsb\n"
                               "3:\n" SMAP_CLOSE ".pushsection .fixup, \"ax\"\n"
                               "4: lea (%[rest], %%rcx, 8), %%rcx\n"
                               "   jmp 3b\n"
                               ".popsection\n" EXTABLE(1b, 4b) EXTABLE(2b, 3b)
                     : "+D"(to), "+S"(from), "+c"(left)
                     : [rest] "r"(len & 7)
                     : "memory");
    return left;
}

unsigned long copy_from_guest(void *to, gva_t from, unsigned long len)
{
    return range_ok(&from, len) ? copy(to, (const void *)from.n, len) : len;
}

unsigned long copy_to_guest(gva_t to, const void *from, unsigned long len)
{
    return range_ok(&to, len) ? copy((void *)to.n, from, len) : len;
}

unsigned long clear_guest(gva_t gva, unsigned long len)
{
    unsigned long left = len / 8;
    void *to;

    if ( !range_ok(&gva, len) )
        return len;
    to = (void *)gva.n;

    __asm__ volatile(SMAP_OPEN "1: rep stosq\n"
                               "   mov %k[rest], %%ecx\n"
                               "2: rep stosb\n"
                               "3:\n" SMAP_CLOSE ".pushsection .fixup, \"ax\"\n"
                               "4: lea (%[rest], %%rcx, 8), %%rcx\n"
                               "   jmp 3b\n"
                               ".popsection\n" EXTABLE(1b, 4b) EXTABLE(2b, 3b)
                     : "+D"(to), "+c"(left)
                     : "a"(0UL), [rest] "r"(len & 7)
                     : "memory");
    return left;
}
