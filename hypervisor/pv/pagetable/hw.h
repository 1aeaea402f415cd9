/* What the engine needs of the hardware beyond mm/tlb.h; host tests have stand-ins. */
#ifndef PV_PAGETABLE_HW_H
#define PV_PAGETABLE_HW_H

#include "lib/string.h"
#include "lib/types.h"

#ifdef MODEL

/* In tests/model/machine.c: each is a step. */
void hw_clear_page(void *page);
void hw_copy_page(void *to, const void *from);

#elif defined(HOST_TEST)

static inline void hw_clear_page(void *page)
{
    memset(page, 0, PAGE_SIZE);
}

static inline void hw_copy_page(void *to, const void *from)
{
    memmove(to, from, PAGE_SIZE);
}

#else

static inline void hw_clear_page(void *page)
{
    unsigned long words = PAGE_SIZE / sizeof(u64);

    __asm__ volatile("rep stosq" : "+D"(page), "+c"(words) : "a"(0UL) : "memory");
}

static inline void hw_copy_page(void *to, const void *from)
{
    unsigned long words = PAGE_SIZE / sizeof(u64);

    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words)::"memory");
}

#endif

#endif
