/*
 * The LDT: a range of our addresses whose pages become descriptor pages when the processor first needs them.
 *
 * A page that can't become one (not mapped, mapped writable, bad descriptors) is a page fault of ours at the address
 * of the descriptor. No LDT: #GP with the selector.
 */
#include "test.h"

#define DATA_SEGMENT 0x00cff2000000ffffUL /* flat, writable, DPL 3 */
#define SELECTOR(n)  ((n) << 3 | 7)

static long set_ldt(ulong base, unsigned int entries)
{
    struct mmuext_op op = { .cmd = MMUEXT_SET_LDT,
                            .arg1.linear_addr = base,
                            .arg2.nr_ents = entries };

    return hypercall(mmuext_op, &op, 1, NULL, DOMID_SELF);
}

static struct fault load_es(unsigned int selector)
{
    return fault_of(asm volatile("mov %0, %%es" : : "r"(selector)));
}

void test_main(void)
{
    uint64_t *page = page_alloc();
    struct fault f;

    page[2] = DATA_SEGMENT;
    expect_eq(set_ldt((ulong)page + 8, 4), -EINVAL, "not page-aligned");
    expect_eq(set_ldt((ulong)page, 8193), -EINVAL, "too many entries");
    if ( !KIT_PV32 ) /* there it is read-only memory that can't become a descriptor page */
        expect_eq(set_ldt(HYPERVISOR_VIRT_START, 8), -EINVAL, "the hypervisor's range");
    expect_eq(set_ldt(0, 0), 0, "no LDT");
    expect_fault(load_es(SELECTOR(2)), TRAP_GP, SELECTOR(2) & ~3, "a selector without an LDT");

    expect_eq(set_ldt((ulong)page, 512), 0, "an LDT on a writable page: it is not looked at yet");
    f = load_es(SELECTOR(2));
    expect_eq(f.vector, TRAP_PF, "used, it can't be mapped: a page fault");
    expect_eq(f.cr2, page + 2, "at the descriptor");

    need(page_protect(page, PTE_KERNEL_RO));
    expect_no_fault(load_es(SELECTOR(2)), "on a read-only page it works");
    expect_eq(page_protect(page, PTE_KERNEL_RW), -EBUSY,
              "the page can't be written while it is in use");
    expect_fault(load_es(SELECTOR(3)), TRAP_GP, SELECTOR(3) & ~3, "an empty descriptor");
    load_es(0);
    expect_eq(set_ldt(0, 0), 0, "no LDT any more");
    expect_eq(page_protect(page, PTE_KERNEL_RW), 0, "the page is free again");

    page[2] = 0x00cf92000000ffffUL; /* DPL 0 */
    page[3] = 0x0000e90000000000UL; /* a TSS */
    need(page_protect(page, PTE_KERNEL_RO));
    expect_eq(set_ldt((ulong)page, 512), 0, "an LDT with bad descriptors");
    f = load_es(SELECTOR(2));
    expect_eq(f.vector, TRAP_PF, "is a page fault too");
    need(set_ldt(0, 0));
    page_release(page);
}
