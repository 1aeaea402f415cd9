/* What the kernel finds when it starts: the start_info page, its first registers, the hypercall page. */
#include "internal.h"

#include "lib/endian.h"
#include "lib/string.h"

static mfn_t frame_of(struct builder *b, const struct builder_area *area)
{
    mfn_t mfn = INVALID_MFN;

    if ( area->pages )
        b->ops->get_mfns(b, to_pfn(area->pfn), 1, &mfn.n);
    return mfn;
}

static void fill_initrd(const struct builder *b, struct start_info *info)
{
    const struct builder_area *initrd = &b->layout.initrd;

    if ( !b->initrd_size )
        return;
    info->mod_len = b->initrd_size;
    info->mod_start = initrd->va;
    if ( b->image.initrd_unmapped )
    {
        info->mod_start = initrd->pfn;
        info->flags |= SIF_MOD_START_PFN;
    }
}

static void fill_p2m_place(const struct builder *b, struct start_info *info)
{
    const struct builder_layout *layout = &b->layout;

    info->mfn_list = layout->p2m.va;
    if ( b->image.init_p2m == BUILDER_UNSET )
        return;
    info->first_p2m_pfn = layout->p2m.pfn;
    info->nr_p2m_frames = layout->p2m.pages + layout->p2m_tables.pages;
}

/* The ring pages; or, for the domain that has a screen instead, what is known of that, behind the structure. */
static void fill_console(const struct builder *b, struct start_info *info)
{
    if ( b->ring_pages )
    {
        info->store_mfn = b->store_mfn.n;
        info->store_evtchn = b->store_evtchn;
        info->console.domU.mfn = b->console_mfn.n;
        info->console.domU.evtchn = b->console_evtchn;
    }
    else if ( b->vga )
    {
        info->console.dom0.info_off = sizeof(*info);
        info->console.dom0.info_size = sizeof(*b->vga);
        memcpy(info + 1, b->vga, sizeof(*b->vga));
    }
}

/* struct start_info as 32-bit guests have it, and what of it is a word there. */
struct start_info_pv32 {
    char magic[32];
    u32 nr_pages, shared_info, flags, store_mfn, store_evtchn;
    u32 console[2]; /* MFN and port; or offset and size of what is known of the screen */
    u32 pt_base, nr_pt_frames, mfn_list, mod_start, mod_len;
    s8 cmd_line[MAX_GUEST_CMDLINE];
    u32 first_p2m_pfn, nr_p2m_frames;
};

_Static_assert(sizeof(struct start_info_pv32) == 1112 &&
                   offsetof(struct start_info_pv32, pt_base) == 60 &&
                   offsetof(struct start_info_pv32, cmd_line) == 80,
               "as measured with -m32");

/* Rewrite @page for a 32-bit guest. @screen: what is known of that lies behind the structure, and moves with it. */
static void narrow_start_info(void *page, bool screen)
{
    const struct start_info *wide = page;
    struct dom0_vga_console_info vga = { 0 };
    struct start_info_pv32 info = {
        .nr_pages = (u32)wide->nr_pages,
        .shared_info = (u32)wide->shared_info,
        .flags = wide->flags,
        .store_mfn = (u32)wide->store_mfn,
        .store_evtchn = wide->store_evtchn,
        .console = { (u32)wide->console.domU.mfn, wide->console.domU.evtchn },
        .pt_base = (u32)wide->pt_base,
        .nr_pt_frames = (u32)wide->nr_pt_frames,
        .mfn_list = (u32)wide->mfn_list,
        .mod_start = (u32)wide->mod_start,
        .mod_len = (u32)wide->mod_len,
        .first_p2m_pfn = (u32)wide->first_p2m_pfn,
        .nr_p2m_frames = (u32)wide->nr_p2m_frames,
    };

    memcpy(info.magic, wide->magic, sizeof(info.magic));
    memcpy(info.cmd_line, wide->cmd_line, sizeof(info.cmd_line));
    if ( screen )
    {
        memcpy(&vga, wide + 1, sizeof(vga));
        info.console[0] = sizeof(info);
        info.console[1] = sizeof(vga);
    }
    memset(page, 0, PAGE_SIZE);
    memcpy(page, &info, sizeof(info));
    memcpy((u8 *)page + sizeof(info), &vga, sizeof(vga));
}

static void fill_start_info(struct builder *b, void *va, u64 done, u64 pages, void *arg)
{
    struct start_info *info = va;

    (void)done, (void)pages, (void)arg;
    memset(va, 0, PAGE_SIZE);
    strlcpy(info->magic, b->image.is64 ? "xen-3.0-x86_64" : "xen-3.0-x86_32p", sizeof(info->magic));
    info->nr_pages = b->nr_pages;
    info->shared_info = b->shared_info.n;
    info->flags = b->start_flags | SIF_VIRT_P2M_4TOOLS;
    info->pt_base = b->layout.tables.va;
    info->nr_pt_frames = b->layout.tables.pages;
    fill_p2m_place(b, info);
    fill_initrd(b, info);
    fill_console(b, info);
    strlcpy((char *)info->cmd_line, b->cmdline ? b->cmdline : "", sizeof(info->cmd_line));
    if ( !b->image.is64 )
        narrow_start_info(va, b->vga && !b->ring_pages);
}

int builder_start_info(struct builder *b)
{
    if ( b->cmdline && strlen(b->cmdline) >= MAX_GUEST_CMDLINE )
        builder_log(b, BUILDER_INFO, "the kernel's command line is cut to %d characters",
                    MAX_GUEST_CMDLINE - 1);
    b->store_mfn = frame_of(b, &b->layout.xenstore);
    b->console_mfn = frame_of(b, &b->layout.console);
    return builder_for_pages(b, b->layout.start_info.pfn, 1, fill_start_info, NULL);
}

#define RFLAGS_IF 0x200

/* Flat segments of ring 1: FLAT_RING1_CS and FLAT_RING1_DS of public/arch-x86/xen-x86_32.h. */
#define PV32_CS 0xe019
#define PV32_DS 0xe021

void builder_context(const struct builder *b, struct vcpu_guest_context *ctx)
{
    u64 stack_top = b->layout.stack.va + PAGE_SIZE;

    memset(ctx, 0, sizeof(*ctx));
    ctx->flags = VGCF_in_kernel | VGCF_online;
    ctx->user_regs.rip = b->image.entry;
    ctx->user_regs.rsp = stack_top;
    ctx->user_regs.rsi = b->layout.start_info.va;
    ctx->user_regs.rflags = RFLAGS_IF;
    ctx->user_regs.cs = b->image.is64 ? FLAT_KERNEL_CS : PV32_CS;
    ctx->user_regs.ss = ctx->kernel_ss = b->image.is64 ? FLAT_KERNEL_SS : PV32_DS;
    ctx->user_regs.ds = ctx->user_regs.es = b->image.is64 ? FLAT_KERNEL_DS : PV32_DS;
    if ( !b->image.is64 )
        ctx->user_regs.fs = ctx->user_regs.gs = PV32_DS;
    if ( !b->image.is64 && b->image.pae == BUILDER_PAE_EXTENDED_CR3 )
        ctx->vm_assist = 1UL << VMASST_TYPE_pae_extended_cr3;
    ctx->kernel_sp = stack_top;
    ctx->ctrlreg[3] = b->root.n << PAGE_SHIFT;
}

int builder_build(struct builder *b)
{
    int rc = builder_layout(b);

    if ( !rc )
        rc = builder_load(b);
    if ( !rc )
        rc = builder_page_tables(b);
    return rc ? rc : builder_start_info(b);
}

#define STUB_SIZE 32

/* push rcx; push r11; mov eax, number; syscall; pop r11; pop rcx; ret: syscall itself overwrites rcx and r11. */
static void write_stub(u8 *stub, u32 number)
{
    static const u8 before[] = { 0x51, 0x41, 0x53, 0xb8 };
    static const u8 after[] = { 0x0f, 0x05, 0x41, 0x5b, 0x59, 0xc3 };

    memcpy(stub, before, sizeof(before));
    put_le32(stub + sizeof(before), number);
    memcpy(stub + sizeof(before) + 4, after, sizeof(after));
}

/* push rcx; push r11; push rax; mov eax, number; syscall: jumped to, with the rest of the frame on the stack. */
static void write_iret_stub(u8 *stub)
{
    static const u8 before[] = { 0x51, 0x41, 0x53, 0x50, 0xb8 };
    static const u8 after[] = { 0x0f, 0x05 };

    memcpy(stub, before, sizeof(before));
    put_le32(stub + sizeof(before), __HYPERVISOR_iret);
    memcpy(stub + sizeof(before) + 4, after, sizeof(after));
}

/* mov eax, number; int 0x82; ret. The iret stub is jumped to: push eax; mov eax, number; int 0x82. */
static void write_stub_pv32(u8 *stub, u32 number)
{
    bool iret = number == __HYPERVISOR_iret;

    if ( iret )
        *stub++ = 0x50;
    stub[0] = 0xb8;
    put_le32(stub + 1, number);
    stub[5] = 0xcd;
    stub[6] = 0x82;
    if ( !iret )
        stub[7] = 0xc3;
}

void builder_hypercall_page(void *page, bool is64)
{
    u8 *stubs = page;

    memset(page, 0xcc, PAGE_SIZE); /* int3: nothing that is jumped to by mistake runs on */
    for ( u32 i = 0; i < PAGE_SIZE / STUB_SIZE; i++ )
        if ( !is64 )
            write_stub_pv32(stubs + i * STUB_SIZE, i);
        else if ( i == __HYPERVISOR_iret )
            write_iret_stub(stubs + i * STUB_SIZE);
        else
            write_stub(stubs + i * STUB_SIZE, i);
}
