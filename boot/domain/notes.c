/*
 * What a kernel says about itself: ELF notes named "Xen" in PT_NOTE segments, else in note sections, else the string in
 * the section __xen_guest that kernels carried before there were notes.
 */
#include "internal.h"

#include "lib/bits.h"
#include "lib/endian.h"
#include "lib/string.h"

static void read_l1_mfn_valid(struct builder_image *image, const struct elf_note *note)
{
    /* Pairs of mask and value; every kernel has one. */
    if ( note->desc_size >= 16 )
    {
        image->l1_mfn_valid_mask = get_le64(note->desc);
        image->l1_mfn_valid_value = get_le64(note->desc + 8);
    }
}

/* Names of XENFEAT bits, as the FEATURES note uses them. */
static const char *const feature_names[] = {
    [XENFEAT_writable_page_tables] = "writable_page_tables",
    [XENFEAT_writable_descriptor_tables] = "writable_descriptor_tables",
    [XENFEAT_auto_translated_physmap] = "auto_translated_physmap",
    [XENFEAT_supervisor_mode_kernel] = "supervisor_mode_kernel",
    [XENFEAT_pae_pgdir_above_4gb] = "pae_pgdir_above_4gb",
    [XENFEAT_mmu_pt_update_preserve_ad] = "mmu_pt_update_preserve_ad",
    [XENFEAT_highmem_assist] = "highmem_assist",
    [XENFEAT_gnttab_map_avail_bits] = "gnttab_map_avail_bits",
    [XENFEAT_hvm_callback_vector] = "hvm_callback_vector",
    [XENFEAT_hvm_safe_pvclock] = "hvm_safe_pvclock",
    [XENFEAT_hvm_pirqs] = "hvm_pirqs",
    [XENFEAT_dom0] = "dom0",
};

/* One name out of the list. Unknown ones are of use to somebody else, unless they are required. */
static int read_feature(struct builder *b, const char *name, size_t len, bool required)
{
    for ( unsigned int i = 0; i < ARRAY_SIZE(feature_names); i++ )
    {
        const char *known = feature_names[i];

        if ( !known || strlen(known) != len || memcmp(known, name, len) )
            continue;
        b->image.features |= 1U << i;
        if ( required )
            b->image.required_features |= 1U << i;
        return 0;
    }
    return required ? builder_fail(b, -EOPNOTSUPP,
                                   "the kernel requires a feature that is not known: %.*s",
                                   (int)len, name)
                    : 0;
}

/* Names with '|' between them, and a '!' before those that the kernel cannot do without. */
static int read_features(struct builder *b, const char *text, size_t size)
{
    const char *end = text + strnlen(text, size);
    int rc = 0;

    while ( !rc && text < end )
    {
        bool required = *text == '!';
        const char *name = text + required, *stop = memchr(name, '|', (size_t)(end - name));

        if ( !stop )
            stop = end;
        rc = read_feature(b, name, (size_t)(stop - name), required);
        text = stop + 1;
    }
    return rc;
}

static void read_pae(struct builder_image *image, const char *text)
{
    if ( str_prefix(text, "bimodal", NULL) || str_prefix(text, "yes", NULL) )
        image->pae = image->has_notes || strstr(text, "[extended-cr3]") ? BUILDER_PAE_EXTENDED_CR3
                                                                        : BUILDER_PAE_YES;
}

static void read_number(struct builder_image *image, u32 type, u64 n)
{
    switch ( type )
    {
    case XEN_ELFNOTE_ENTRY:
        image->entry = n;
        break;
    case XEN_ELFNOTE_PHYS32_ENTRY:
        image->pvh = true;
        break;
    case XEN_ELFNOTE_HYPERCALL_PAGE:
        image->hypercall_page = n;
        break;
    case XEN_ELFNOTE_VIRT_BASE:
        image->virt_base = n;
        break;
    case XEN_ELFNOTE_PADDR_OFFSET:
        image->paddr_offset = n;
        break;
    case XEN_ELFNOTE_HV_START_LOW:
        image->hv_start_low = n;
        break;
    case XEN_ELFNOTE_SUSPEND_CANCEL:
        image->suspend_cancel = n;
        break;
    case XEN_ELFNOTE_INIT_P2M:
        if ( image->is64 )
            image->init_p2m = n;
        break;
    case XEN_ELFNOTE_MOD_START_PFN:
        image->initrd_unmapped = n;
        break;
    case XEN_ELFNOTE_SUPPORTED_FEATURES:
        image->features |= (u32)n;
        image->features_told = true;
        break;
    }
}

static int read_note(struct builder *b, const struct elf_note *note)
{
    struct builder_image *image = &b->image;
    char text[64];

    elf_note_text(note, text, sizeof(text));
    switch ( note->type )
    {
    case XEN_ELFNOTE_XEN_VERSION:
        strlcpy(image->xen_version, text, sizeof(image->xen_version));
        return 0;
    case XEN_ELFNOTE_GUEST_OS:
        strlcpy(image->guest_os, text, sizeof(image->guest_os));
        return 0;
    case XEN_ELFNOTE_GUEST_VERSION:
        strlcpy(image->guest_version, text, sizeof(image->guest_version));
        return 0;
    case XEN_ELFNOTE_LOADER:
        strlcpy(image->loader, text, sizeof(image->loader));
        return 0;
    case XEN_ELFNOTE_PAE_MODE:
        read_pae(image, text);
        return 0;
    case XEN_ELFNOTE_BSD_SYMTAB:
        image->symbols = !image->has_notes || !strcmp(text, "yes"); /* the string has it, or not */
        return 0;
    case XEN_ELFNOTE_FEATURES:
        return read_features(b, (const char *)note->desc, note->desc_size);
    case XEN_ELFNOTE_L1_MFN_VALID:
        read_l1_mfn_valid(image, note);
        return 0;
    default:
        read_number(image, note->type, elf_note_number(note));
        return 0;
    }
}

/* All of Xen's notes in the area; *@found becomes true if there was one. */
static int read_area(struct builder *b, const u8 *at, u64 size, bool *found)
{
    const u8 *end = at + size;
    struct elf_note note;
    int rc = 0;

    while ( !rc && elf_next_note(&at, end, &note) )
        if ( note.name_size == 4 && !memcmp(note.name, "Xen", 4) )
        {
            *found = b->image.has_notes = true;
            rc = read_note(b, &note);
        }
    return rc;
}

static int read_note_segments(struct builder *b, bool *found)
{
    struct elf_segment segment;
    int rc = 0;

    for ( unsigned int i = 0; !rc && i < b->elf.segments; i++ )
        if ( !elf_segment(&b->elf, i, &segment) && segment.type == ELF_PT_NOTE )
            rc = read_area(b, segment.data, segment.filesize, found);
    return rc;
}

static int read_note_sections(struct builder *b, bool *found)
{
    struct elf_section section;
    int rc = 0;

    for ( unsigned int i = 0; !rc && i < b->elf.sections; i++ )
        if ( !elf_section(&b->elf, i, &section) && section.type == ELF_SHT_NOTE && section.data )
            rc = read_area(b, section.data, section.size, found);
    return rc;
}

/* The old string's keys, and the note each stands for. */
static const struct {
    const char *key;
    u32 note;
    bool number;
} string_keys[] = {
    { "VIRT_ENTRY", XEN_ELFNOTE_ENTRY, true },
    { "HYPERCALL_PAGE", XEN_ELFNOTE_HYPERCALL_PAGE,
      true }, /* here a page's number, counted from VIRT_BASE */
    { "VIRT_BASE", XEN_ELFNOTE_VIRT_BASE, true },
    { "ELF_PADDR_OFFSET", XEN_ELFNOTE_PADDR_OFFSET, true },
    { "XEN_VER", XEN_ELFNOTE_XEN_VERSION, false },
    { "GUEST_OS", XEN_ELFNOTE_GUEST_OS, false },
    { "GUEST_VER", XEN_ELFNOTE_GUEST_VERSION, false },
    { "LOADER", XEN_ELFNOTE_LOADER, false },
    { "PAE", XEN_ELFNOTE_PAE_MODE, false },
    { "FEATURES", XEN_ELFNOTE_FEATURES, false },
    { "BSD_SYMTAB", XEN_ELFNOTE_BSD_SYMTAB, false },
};

/* One KEY=VALUE, or KEY alone. Unknown keys are skipped. */
static int read_pair(struct builder *b, const char *key, size_t key_len, const char *value)
{
    for ( unsigned int i = 0; i < ARRAY_SIZE(string_keys); i++ )
    {
        struct elf_note note = { .type = string_keys[i].note, .desc = (const u8 *)value };
        const char *end;
        u64 n;

        if ( strlen(string_keys[i].key) != key_len || memcmp(string_keys[i].key, key, key_len) )
            continue;
        if ( !string_keys[i].number )
        {
            note.desc_size = (u32)strlen(value);
            return read_note(b, &note);
        }
        parse_u64(value, &end, &n);
        if ( end == value )
            return builder_fail(b, -EINVAL, "the kernel's __xen_guest string has a bad %s",
                                string_keys[i].key);
        read_number(&b->image, note.type, n);
        return 0;
    }
    return 0;
}

/* Copy the next item, up to a comma, to @item. Returns where the one behind it starts, NULL after the last. */
static const char *next_item(const char *at, const char *end, char *item, size_t size)
{
    const char *comma = memchr(at, ',', (size_t)(end - at));
    size_t len = (size_t)((comma ? comma : end) - at), n = min(len, size - 1);

    memcpy(item, at, n);
    item[n] = '\0';
    return comma ? comma + 1 : NULL;
}

static int read_guest_string(struct builder *b, const struct elf_section *section)
{
    const char *at = (const char *)section->data, *end = at + strnlen(at, section->size);
    char item[128];
    int rc = 0;

    while ( !rc && at )
    {
        size_t key_len;

        at = next_item(at, end, item, sizeof(item));
        key_len = strnlen(item, sizeof(item));
        if ( strchr(item, '=') )
            key_len = (size_t)(strchr(item, '=') - item);
        rc = read_pair(b, item, key_len, item + key_len + (item[key_len] == '='));
    }
    return rc;
}

static void settle_string_defaults(struct builder_image *image)
{
    if ( image->paddr_offset == BUILDER_UNSET )
        image->paddr_offset = image->virt_base;
    if ( image->hypercall_page != BUILDER_UNSET )
        image->hypercall_page = image->virt_base + (image->hypercall_page << PAGE_SHIFT);
}

int builder_read_notes(struct builder *b)
{
    struct builder_image *image = &b->image;
    struct elf_section section;
    bool found = false;
    int rc;

    *image = (struct builder_image){
        .is64 = b->elf.is64,
        .entry = b->elf.entry,
        .paddr_offset = BUILDER_UNSET,
        .hypercall_page = BUILDER_UNSET,
        .init_p2m = BUILDER_UNSET,
        .hv_start_low = BUILDER_UNSET,
    };

    rc = read_note_segments(b, &found);
    if ( !rc && !found )
        rc = read_note_sections(b, &found);
    if ( rc || found )
    {
        if ( image->paddr_offset == BUILDER_UNSET )
            image->paddr_offset = 0;
        return rc;
    }

    if ( elf_find_section(&b->elf, "__xen_guest", &section) || !section.data )
        return builder_fail(b, -EINVAL, "the kernel is not built for Xen PV: it has no Xen notes");
    rc = read_guest_string(b, &section);
    settle_string_defaults(image);
    return rc;
}
