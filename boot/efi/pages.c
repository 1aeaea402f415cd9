/*
 * Our own allocations, in one list: so that a failure leaves nothing behind for the next boot entry
 * to stumble over, and that nothing of ours lies where the hypervisor goes.
 */
#include "boot/efi/loader.h"

#define MOST 16

struct pages {
    u64 start;
    u64 count;
};

static struct pages list[MOST];
static unsigned int nr_pages;

static bool take(EFI_ALLOCATE_TYPE how, EFI_MEMORY_TYPE type, size_t size, u64 *at)
{
    if ( nr_pages == MOST || EFI_ERROR(BS->AllocatePages(how, type, PAGES(size), at)) )
        return false;
    list[nr_pages++] = (struct pages){ *at, PAGES(size) };
    return true;
}

void *pages_allocate(EFI_MEMORY_TYPE type, size_t size, u64 limit)
{
    u64 at = limit - 1;

    return take(AllocateMaxAddress, type, size, &at) ? (void *)at : NULL;
}

bool pages_allocate_at(u64 at, size_t size)
{
    return take(AllocateAddress, EfiLoaderData, size, &at);
}

bool pages_overlap(u64 start, u64 end)
{
    for ( unsigned int i = 0; i < nr_pages; i++ )
        if ( list[i].start < end && start < list[i].start + list[i].count * PAGE_SIZE )
            return true;
    return false;
}

void pages_free_all(void)
{
    while ( nr_pages )
    {
        nr_pages--;
        BS->FreePages(list[nr_pages].start, list[nr_pages].count);
    }
}
