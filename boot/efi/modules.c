/*
 * Where the configuration, dom0's kernel and its initrd come from: sections of our own image, which
 * its signature covers, else files beside it.
 */
#include "boot/efi/loader.h"
#include "boot/efi/pe.h"
#include "lib/bits.h"
#include "lib/string.h"

static const char *const usual_names[] = { "ringleader.cfg", "xen.cfg" };

/* False if the image has no such section; that is no failure. */
static bool find_embedded(const struct loader *loader, const char *section, struct blob *blob)
{
    struct pe_section found =
        pe_find_section(loader->loaded->ImageBase, loader->loaded->ImageSize, section);

    *blob = (struct blob){ found.data, found.size };
    return found.data;
}

/* The name of the configuration file: what was asked for, else the first usual one that is there. */
static const char *config_name(const struct loader *loader)
{
    if ( *loader->arguments.config )
        return loader->arguments.config;
    for ( size_t i = 0; i < ARRAY_SIZE(usual_names); i++ )
        if ( file_exists(loader, usual_names[i]) )
            return usual_names[i];
    return usual_names[0];
}

/* What is unsigned must not decide what a signed image does, but for choosing among its sections. */
static void drop_unsigned(struct loader *loader)
{
    struct arguments *arguments = &loader->arguments;

    if ( *arguments->config )
        say(L"-cfg=%a is ignored: the configuration is part of this image", arguments->config);
    *arguments->config = '\0';
    if ( *arguments->options && loader->secure_boot )
    {
        say(L"Secure Boot is on: the load options after -- are ignored");
        *arguments->options = '\0';
    }
}

/* The text of the configuration, and what to call it in messages. */
static bool read_config(struct loader *loader, struct blob *text, const char **name)
{
    if ( find_embedded(loader, ".config", text) )
    {
        drop_unsigned(loader);
        *name = "the section .config";
        return true;
    }
    *name = config_name(loader);
    return file_read(loader, *name, text);
}

bool load_config(struct loader *loader)
{
    const char *name;
    struct config_error error;
    struct blob text;

    if ( !read_config(loader, &text, &name) )
        return false;
    if ( config_parse(&loader->config, &error, text.data, text.size, loader->arguments.section) )
        return true;
    if ( error.line )
        say(L"%a, line %d: %a", name, error.line, error.what);
    else
        say(L"%a: %a", name, error.what);
    return false;
}

static void add_module(struct boot_info *info, const struct blob *blob, const char *args)
{
    struct boot_module *module = &info->modules[info->nr_modules++];

    module->start = (u64)blob->data;
    module->size = blob->size;
    strlcpy(module->cmdline, args, sizeof(module->cmdline));
}

static bool join_options(struct loader *loader)
{
    char *cmdline = loader->info->cmdline;

    strlcpy(cmdline, loader->config.options, BOOT_CMDLINE);
    if ( *loader->arguments.options )
    {
        strlcat(cmdline, " ", BOOT_CMDLINE);
        if ( strlcat(cmdline, loader->arguments.options, BOOT_CMDLINE) >= BOOT_CMDLINE )
        {
            say(L"the load options and the file's options together are too long");
            return false;
        }
    }
    return true;
}

static bool load_kernel(const struct loader *loader, struct blob *kernel)
{
    const char *name = loader->config.kernel;

    if ( find_embedded(loader, ".kernel", kernel) )
        return true;
    if ( *name )
        return file_read(loader, name, kernel);
    say(L"no kernel for dom0: the configuration has no kernel= in the section that counts");
    return false;
}

/* An initrd need not be. */
static bool load_ramdisk(const struct loader *loader, struct blob *ramdisk)
{
    const char *name = loader->config.ramdisk;

    return find_embedded(loader, ".ramdisk", ramdisk) || !*name || file_read(loader, name, ramdisk);
}

bool load_modules(struct loader *loader)
{
    struct blob kernel, ramdisk;

    if ( !load_kernel(loader, &kernel) || !load_ramdisk(loader, &ramdisk) )
        return false;
    add_module(loader->info, &kernel, loader->config.kernel_args);
    if ( ramdisk.data )
        add_module(loader->info, &ramdisk, "");
    return join_options(loader);
}
