/*
 * The ELF notes that tell a domain builder what this kernel is (public/elfnote.h).
 */
#include <kit/arch.h>
#include <hypercall/abi.h>

extern char kit_start[], kit_hypercall_page[];

#define NOTES(NOTE)                                                                                \
    NOTE(GUEST_OS, text, "kit")                                                                    \
    NOTE(LOADER, text, "generic")                                                                  \
    NOTE(XEN_VERSION, text, "xen-3.0")                                                             \
    NOTE(VIRT_BASE, number, KIT_VIRT_BASE)                                                         \
    NOTE(ENTRY, address, kit_start)                                                                \
    NOTE(HYPERCALL_PAGE, address, kit_hypercall_page)                                              \
    NOTE(FEATURES, text, "!writable_page_tables")                                                  \
    NOTE(PAE_MODE, text, "yes")

typedef char text[24];
typedef unsigned long number;
typedef void *address;

#define MEMBER(kind, type, value)                                                                  \
    struct {                                                                                       \
        uint32_t name_size, size, kind_;                                                           \
        char name[4];                                                                              \
        type data;                                                                                 \
    } __attribute__((packed)) kind;
#define VALUE(kind, type, value) { 4, sizeof(type), XEN_ELFNOTE_##kind, "Xen", value },

/* One object, so that the compiler puts no gaps between the notes. */
struct notes {
    NOTES(MEMBER)
} __attribute__((packed, aligned(4)));

static const struct notes notes
    __attribute__((used, section(".note.Xen"), aligned(4))) = { NOTES(VALUE) };
