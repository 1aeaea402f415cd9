/*
 * What the EFI application reads and did not make itself, for libFuzzer: `make fuzz-efi`. The first
 * byte chooses who gets the rest.
 */
#include <stdlib.h>
#include <string.h>

#include "boot/efi/arguments.h"
#include "boot/efi/config.h"
#include "boot/efi/memory.h"
#include "boot/efi/pe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_map(const uint8_t *data, size_t size)
{
    static struct boot_info info;
    struct efi_map map = { malloc(size + 1), size, 40 + size % 16 };

    memcpy(map.entries, data, size);
    if ( efi_memory_convert(&info, &map) )
        efi_memory_is_ram(&map, 0x100000, 0x200000);
    free(map.entries);
}

static void read_config(const uint8_t *data, size_t size)
{
    struct boot_config config;
    struct config_error error;

    config_parse(&config, &error, (const char *)data, size, size % 2 ? "" : "a");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arguments arguments;

    if ( !size )
        return 0;
    switch ( data[0] % 4 )
    {
    case 0:
        read_config(data + 1, size - 1);
        break;
    case 1:
        arguments_parse(&arguments, data + 1, size - 1);
        break;
    case 2:
        read_map(data + 1, size - 1);
        break;
    case 3:
        pe_find_section(data + 1, size - 1, ".config");
        break;
    }
    return 0;
}
