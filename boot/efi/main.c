/*
 * Ringleader as an EFI application: the firmware, its shell or a boot loader starts it, it reads
 * its configuration, loads dom0's kernel and initrd, ends the firmware's boot services, and enters
 * the hypervisor that it carries. docs/boot.md draws the way.
 */
#include "boot/efi/loader.h"

static bool begin(struct loader *loader, EFI_HANDLE image)
{
    const char *wrong;

    loader->image = image;
    if ( EFI_ERROR(BS->HandleProtocol(image, &LoadedImageProtocol, (void **)&loader->loaded)) )
    {
        say(L"the firmware does not tell where it has loaded us from");
        return false;
    }
    loader->secure_boot = machine_secure_boot();
    wrong = arguments_parse(&loader->arguments, loader->loaded->LoadOptions,
                            loader->loaded->LoadOptionsSize);
    if ( wrong )
        say(L"the load options are ignored: %a", wrong);

    leave_reserve_place(loader);
    loader->info = pages_allocate(EfiLoaderData, sizeof(*loader->info), LOW_MEMORY);
    if ( !loader->info )
    {
        say(L"too little memory");
        return false;
    }
    ZeroMem(loader->info, sizeof(*loader->info));
    return true;
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *table);

/* Returns to the firmware only if the hypervisor cannot be started. */
EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *table)
{
    static struct loader loader;

    InitializeLib(image, table);
    BS->SetWatchdogTimer(0, 0, 0, NULL); /* it would reset the machine after five minutes */
    if ( begin(&loader, image) && load_config(&loader) && load_modules(&loader) )
    {
        machine_describe(&loader);
        leave(&loader);
    }
    pages_free_all();
    say_and_wait();
    return EFI_LOAD_ERROR;
}
