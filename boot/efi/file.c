/*
 * Files are named relative to the folder of our own image, on the volume that it came from.
 */
#include "boot/efi/loader.h"
#include "lib/string.h"

#define PATH 1024

/* Both kinds of slash separate: firmware wants its own, and names each step of a path apart. */
static bool is_slash(CHAR16 c)
{
    return c == '\\' || c == '/';
}

/* How much of our image's path is its folder, with the slash behind it. */
static size_t folder_length(const CHAR16 *image)
{
    size_t len = 0;

    for ( size_t i = 0; image && image[i]; i++ )
        if ( is_slash(image[i]) )
            len = i + 1;
    return len;
}

/* The path of @name from the volume's root; false if it is too long. */
static bool make_path(CHAR16 *path, const struct loader *loader, const char *name)
{
    CHAR16 *image = DevicePathToStr(loader->loaded->FilePath);
    size_t folder = is_slash((CHAR16)*name) ? 0 : folder_length(image), len = strlen(name);
    bool fits = folder + len < PATH;

    for ( size_t i = 0; fits && i < folder; i++ )
        path[i] = is_slash(image[i]) ? '\\' : image[i];
    for ( size_t i = 0; fits && i <= len; i++ )
        path[folder + i] = is_slash((CHAR16)name[i]) ? '\\' : (CHAR16)name[i];
    if ( image )
        FreePool(image);
    return fits;
}

/* NULL if there is no such file, or no volume that it could be on. */
static EFI_FILE_HANDLE open_file(const struct loader *loader, const char *name)
{
    CHAR16 path[PATH];
    EFI_FILE_HANDLE root = LibOpenRoot(loader->loaded->DeviceHandle), file = NULL;

    if ( !root )
        return NULL;
    if ( !make_path(path, loader, name) ||
         EFI_ERROR(root->Open(root, &file, path, EFI_FILE_MODE_READ, 0)) )
        file = NULL;
    root->Close(root);
    return file;
}

bool file_exists(const struct loader *loader, const char *name)
{
    EFI_FILE_HANDLE file = open_file(loader, name);

    if ( file )
        file->Close(file);
    return file;
}

static bool read_all(EFI_FILE_HANDLE file, void *to, size_t size)
{
    while ( size )
    {
        UINTN part = size;

        if ( EFI_ERROR(file->Read(file, &part, to)) || !part || part > size )
            return false;
        to = (u8 *)to + part;
        size -= part;
    }
    return true;
}

/* Why it failed, or NULL. */
static const CHAR16 *read_opened(EFI_FILE_HANDLE file, struct blob *blob)
{
    EFI_FILE_INFO *info = LibFileInfo(file);
    void *pages;

    if ( !info || (info->Attribute & EFI_FILE_DIRECTORY) )
        return L"is not a file";
    blob->size = info->FileSize;
    FreePool(info);
    if ( !blob->size )
        return L"is empty";
    pages = pages_allocate(EfiLoaderData, blob->size, ~0UL);
    if ( !pages )
        return L"does not fit: too little memory";
    blob->data = pages;
    return read_all(file, pages, blob->size) ? NULL : L"cannot be read";
}

bool file_read(const struct loader *loader, const char *name, struct blob *blob)
{
    EFI_FILE_HANDLE file;
    const CHAR16 *wrong;

    if ( loader->secure_boot )
    {
        say(L"Secure Boot is on, and the file %a is no part of the signed image: not loaded", name);
        return false;
    }
    file = open_file(loader, name);
    if ( !file )
    {
        say(L"there is no file %a beside this image", name);
        return false;
    }
    wrong = read_opened(file, blob);
    file->Close(file);
    if ( wrong )
        say(L"the file %a %s", name, wrong);
    return !wrong;
}
