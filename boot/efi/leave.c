/*
 * Into the hypervisor, once boot services have ended.
 *
 * The hypervisor's place in memory is fixed. If boot services use some of it, it is free only once
 * they have ended, and then may hold the very stack and page tables that we run on: hence the
 * image is put there last, by a piece of code without stack or paging, jump.S.
 */
#include "boot/efi/leave.h"
#include "boot/efi/loader.h"
#include "lib/string.h"
#include "mm/layout.h"

void leave_reserve_place(struct loader *loader)
{
    loader->place_taken = pages_allocate_at(HV_IMAGE_PHYS, image_memory);
}

void leave(struct loader *loader)
{
    size_t jump_size = (size_t)(jump_end - jump_start);
    u8 *code = pages_allocate(EfiLoaderCode, jump_size, LOW_MEMORY);
    u8 *staged = pages_allocate(EfiLoaderData, image_size, LOW_MEMORY);

    if ( !code || !staged )
    {
        say(L"too little memory for the hypervisor");
        return;
    }
    memcpy(code, jump_start, jump_size);
    memcpy(staged, image_bytes, image_size);
    if ( !end_boot_services(loader) )
        return;
    ((jump_function)code)(HV_IMAGE_PHYS, (u64)staged, image_size / 4,
                          (image_memory - image_size) / 4, (u64)loader->info);
}
