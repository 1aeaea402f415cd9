/*
 * update_descriptor writes one entry of a descriptor page, or of an ordinary page; what it writes must be harmless.
 *
 * Code and data segments get DPL 3 at least, in 32-bit guests DPL 1, and those get no segments of 64-bit code; system
 * segments and interrupt gates are refused, in use or not.
 */
#include "test.h"

#define ACCESSED 0x100U /* in the upper half of a segment's descriptor */

#define OF_LDT(n) ((n) << 3 | 4 | (KIT_SS & 3))

static long set_ldt(uint64_t *page, unsigned int entries)
{
    struct mmuext_op op = { .cmd = MMUEXT_SET_LDT,
                            .arg1.linear_addr = (ulong)page,
                            .arg2.nr_ents = entries };

    return hypercall(mmuext_op, &op, 1, NULL, DOMID_SELF);
}

/*
 * Is @page, whose LDT has a segment at 2, refused as writable once the processor has looked there? When others ran in
 * between it need not be in use any more.
 */
static bool refused_while_used(uint64_t *page)
{
    for ( unsigned int tries = 0; tries < 10; tries++ )
    {
        expect_no_fault(fault_of(asm volatile("mov %0, %%es" : : "r"(OF_LDT(2)))), "now it is");
        if ( page_protect(page, PTE_KERNEL_RW) == -EBUSY )
            return true;
        need(page_protect(page, PTE_KERNEL_RO));
    }
    return false;
}

/* The read-only @page, with a segment at 2, is in use from when the processor first looks for a descriptor there. */
static void page_of_the_ldt(uint64_t *page)
{
    uint64_t where = virt_to_machine(page + 3);

    need(set_ldt(page, 512));
    need(hypercall(update_descriptor, where, 0x00cff2000000ffff));
    expect(refused_while_used(page), "so it can't be written");
    expect_eq(hypercall(update_descriptor, where, 0x00cf92000000ffff), 0, "flat data, DPL 0");
    expect_eq(page[3] >> 32, KIT_PV32 ? 0x00cfb200 : 0x00cff200, "becomes the kernel's");
    expect_no_fault(fault_of(asm volatile("mov %0, %%es" : : "r"(OF_LDT(3)))), "it works");
    expect_eq(hypercall(update_descriptor, where, 0x0000e90000000067), -EINVAL, "a TSS in the LDT");
    asm volatile("mov %0, %%es" : : "r"(0));
    need(set_ldt(NULL, 0));
}

void test_main(void)
{
    uint64_t *page = page_alloc();
    xen_pfn_t frame = virt_to_mfn(page);
    uint64_t where = virt_to_machine(page);
    static const struct {
        uint64_t descriptor;
        long rc;
        const char *name;
    } tries[] = {
        { 0x00cff2000000ffff, 0, "flat data, DPL 3" },
        { 0x00cffa000000ffff, 0, "flat code, DPL 3" },
        { 0x00affa000000ffff, KIT_PV32 ? -EINVAL : 0, "64-bit code, DPL 3" },
        { 0x00cf72000000ffff, 0, "not present" },
        { 0, 0, "empty" },
        { 0x0000e90000000067, -EINVAL, "a TSS" },
        { 0x0000e20000000067, -EINVAL, "an LDT" },
        { 0x0000ee0000000000, -EINVAL, "an interrupt gate" },
        { 0x0000ef0000000000, -EINVAL, "a trap gate" },
        { 0x0000e50000000000, -EINVAL, "a task gate" },
    };

    for ( unsigned int i = 0; i < sizeof(tries) / sizeof(tries[0]); i++ )
    {
        expect_eq(hypercall(update_descriptor, where + 16, tries[i].descriptor), tries[i].rc,
                  tries[i].name);
        if ( !tries[i].rc )
            expect(page[2] == tries[i].descriptor, "it is there");
    }
    expect_eq(hypercall(update_descriptor, where + 12, 0), -EINVAL, "a misaligned address");
    expect_eq(hypercall(update_descriptor, ~0xfffULL, 0), -EINVAL, "no RAM");

    page[2] = 0;
    need(page_protect(page, PTE_KERNEL_RO));
    need(hypercall(set_gdt, &frame, 512));
    expect_eq(hypercall(update_descriptor, where + 16, tries[0].descriptor), 0,
              "in the GDT that is in use");
    expect(page[2] == tries[0].descriptor, "it is there");
    expect_no_fault(fault_of(asm volatile("mov %0, %%es" : : "r"(2 << 3 | 3))), "it works");
    expect_eq(hypercall(update_descriptor, where + 16, 0x00cf92000000ffff), 0, "flat data, DPL 0");
    /* Who comes back to a processor loads ES anew, which sets the bit that tells so. */
    expect_eq(page[2] >> 32 & ~ACCESSED, KIT_PV32 ? 0x00cfb200 : 0x00cff200,
              "becomes the kernel's");
    expect_eq(hypercall(update_descriptor, where + 16, tries[5].descriptor), -EINVAL,
              "a TSS in the GDT");
    asm volatile("mov %0, %%es" : : "r"(0));
    need(hypercall(set_gdt, NULL, 0));

    page_of_the_ldt(page);

    need(table_pin(page_readonly(), 1));
    expect_eq(hypercall(update_descriptor, virt_to_machine(table_root()), 0), -EINVAL,
              "a page table");
    page_release(page);
}
