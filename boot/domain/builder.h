/*
 * The domain builder: from a kernel image and an initrd to a PV domain ready to run. One source for the
 * hypervisor, which builds dom0 with it, and for the tools, which build all others; they differ in the
 * operations below.
 *
 * The steps, in order; each returns 0 or an error after telling the user the reason through ops->log:
 *
 *     builder_parse_image      unpack the kernel and read what it asks for
 *     builder_layout           decide what goes where          (nr_pages is known from here on)
 *     builder_load             copy kernel and initrd, fill the p2m
 *     builder_page_tables      write the tables
 *     builder_start_info       write the start_info page
 *     builder_context          registers of the first vcpu
 *     builder_free             give back the unpacked image; after a failure too, and more than once
 *
 * builder_build does layout through page tables and start_info, for callers with nothing to do in between. What remains
 * is the caller's: to unmap everything, make b->root a pinned table, start the vcpu.
 *
 * Errors: -EINVAL the image is damaged or hostile, -EOPNOTSUPP it asks for what we do not do, -ENOMEM the
 * domain, or we, have too little memory.
 *
 * The domain's frames must be zeroed, and exist from builder_load on. The builder writes guest memory, not
 * M2P entries or frame types: those are the business of whoever gave the frames to the domain.
 *
 * The image says, by its ELF class, of which width the guest is (image.is64). A 32-bit one is a PAE guest: make it
 * one before it gets frames. Unless image.pae is BUILDER_PAE_EXTENDED_CR3 its root must lie below 4 GiB, and
 * shared_info always.
 */
#ifndef BOOT_DOMAIN_BUILDER_H
#define BOOT_DOMAIN_BUILDER_H

#include <hypercall/abi.h>

#include <stdarg.h>

#include "lib/elf.h"
#include "lib/types.h"

struct builder;

enum builder_message { BUILDER_ERROR, BUILDER_INFO };

struct builder_ops {
    /* Memory for the builder's own use; NULL if there is none. It need not be zeroed. */
    void *(*scratch_alloc)(struct builder *b, size_t size);
    void (*scratch_free)(struct builder *b, void *p, size_t size);

    /*
     * Map frames of the domain for writing: at least one, at most @want, from @pfn on, contiguous at the
     * address returned, their number in *@got. NULL if that fails. Only a few are mapped at a time.
     */
    void *(*map)(struct builder *b, pfn_t pfn, u64 want, u64 *got);
    void (*unmap)(struct builder *b, void *va, u64 pages);

    /* The machine frames behind @count numbers from @first on, which the layout has checked against nr_pages. */
    void (*get_mfns)(struct builder *b, pfn_t first, u64 count, u64 *mfns);

    /* A line for the user, without a newline. */
    void (*log)(struct builder *b, enum builder_message kind, const char *fmt, va_list args);
};

/* What the kernel says about itself, in ELF notes or the older __xen_guest string. */
struct builder_image {
    bool is64;
    bool has_notes; /* else the __xen_guest string was used */
    bool pvh;       /* it can start as a PVH guest too, or instead */
    u64 entry;
    u64 virt_base;
    u64 paddr_offset;
    u64 kernel_start, kernel_end; /* where its segments and symbols go, virtual; not rounded */
    u64 hypercall_page;           /* virtual; BUILDER_UNSET if it wants none */
    u64 init_p2m;                 /* virtual; BUILDER_UNSET: in the initial mapping */
    u64 hv_start_low;             /* BUILDER_UNSET if not told; for 32-bit guests */
    u64 l1_mfn_valid_mask, l1_mfn_valid_value;
    u32 features;          /* XENFEAT bits of submap 0 that it can use, from both notes */
    u32 required_features; /* and those that it cannot do without */
    bool features_told;    /* SUPPORTED_FEATURES was given: a bit not set there is not supported */
    bool initrd_unmapped;  /* MOD_START_PFN: the initrd may lie outside of the initial mapping */
    bool suspend_cancel;
    bool symbols; /* wants its symbol table, if it has one */
    enum { BUILDER_PAE_NO, BUILDER_PAE_YES, BUILDER_PAE_EXTENDED_CR3 } pae;
    char guest_os[32], guest_version[32], loader[32], xen_version[32];
};

#define BUILDER_UNSET (~0ULL)

/* A run of the domain's frames, and where the initial mapping shows it (va is 0 if it does not). */
struct builder_area {
    u64 va;
    u64 pfn;
    u64 pages;
};

/*
 * A mapped range of addresses and the tables that are its own. Level 0 are the pages themselves, numbered by
 * va >> 12; a table of level n is numbered by va >> (12 + 9n). Tables of one level have consecutive pfns,
 * from pfn[level] on.
 */
struct builder_range {
    u64 first[5],
        count
            [5]; /* numbers of the items at each level: a level with count 0 uses the other range's */
    u64 pfn[5];
};

struct builder_layout {
    u64 v_start, v_end; /* the initial mapping: pfn 0 is at v_start */
    struct builder_area kernel, initrd, p2m, start_info, xenstore, console, tables, stack;
    struct builder_area p2m_tables; /* those that INIT_P2M needs besides */
    struct builder_range main;
    struct builder_range extra; /* INIT_P2M's; or the last L2 of a 32-bit guest */
    u64 pages_needed;           /* what all of this takes of nr_pages */
};

/* The kernel's symbol table behind its end, which symbols.c describes. Addresses are virtual. */
struct builder_symbols {
    struct elf_symbols found;
    u64 at; /* 0: none */
    u64 header, table, strings, end;
};

struct builder {
    /* From the caller, who keeps them until builder_free. */
    const struct builder_ops *ops;
    void *priv;         /* the operations' own */
    const void *kernel; /* as the user gave it: ELF or bzImage, compressed or not */
    size_t kernel_size;
    const void *initrd; /* NULL if there is none */
    size_t initrd_size;
    const char *cmdline; /* NULL: empty */
    u32 start_flags; /* SIF_PRIVILEGED | SIF_INITDOMAIN for the first domain, else 0; the builder adds its own */
    bool ring_pages; /* lay out the xenstore and console pages */

    /* From the caller, before builder_layout. */
    u64 nr_pages;

    /* From the caller, before builder_start_info. */
    maddr_t shared_info;
    u32 store_evtchn, console_evtchn;
    const struct dom0_vga_console_info
        *vga; /* the first domain's view of the screen; may be NULL */

    /* What the builder found out. */
    struct builder_image image;
    struct builder_layout layout;
    mfn_t root; /* the L4, or the L3 of a 32-bit guest, after builder_page_tables */
    mfn_t
        store_mfn; /* the ring pages' frames, after builder_start_info; INVALID_MFN without them */
    mfn_t console_mfn;

    /* The builder's own. */
    struct elf elf;
    struct builder_symbols symbols;
    void *unpacked;
    size_t unpacked_size;
};

int builder_parse_image(struct builder *b);
int builder_layout(struct builder *b);
int builder_load(struct builder *b);
int builder_page_tables(struct builder *b);
int builder_start_info(struct builder *b);
void builder_context(const struct builder *b, struct vcpu_guest_context *ctx);
void builder_free(struct builder *b);

int builder_build(struct builder *b);

/* Fill a page with the hypercall stubs of a guest of either width: 32 bytes each, by number. */
void builder_hypercall_page(void *page, bool is64);

#endif
