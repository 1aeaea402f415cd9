/*
 * The GDT: up to 14 frames of ours, in front of the hypervisor's two.
 */
#include "test.h"

#define DATA_SEGMENT 0x00cff2000000ffffUL /* flat, writable, DPL 3 */
#define SELECTOR(n)  ((n) << 3 | 3)

static struct fault load_es(unsigned int selector)
{
    return fault_of(asm volatile("mov %0, %%es" : : "r"(selector)));
}

void test_main(void)
{
    uint64_t *page = page_alloc();
    xen_pfn_t frames[16];

    for ( unsigned int i = 0; i < 16; i++ )
        frames[i] = virt_to_mfn(page);
    page[2] = DATA_SEGMENT;
    expect_eq(hypercall(set_gdt, frames, 512), -EINVAL, "a frame that is mapped writable");
    need(page_protect(page, PTE_KERNEL_RO));
    expect_eq(hypercall(set_gdt, frames, 14 * 512 + 1), -EINVAL, "more than 7168 entries");
    expect_eq(hypercall(set_gdt, 0x10, 512), -EFAULT, "frames from nowhere");
    expect_fault(load_es(SELECTOR(2)), TRAP_GP, SELECTOR(2) & ~3, "no GDT yet");
    expect_eq(hypercall(set_gdt, frames, 512), 0, "install it");
    expect_no_fault(load_es(SELECTOR(2)), "a segment of ours");
    expect_fault(load_es(SELECTOR(3)), TRAP_GP, SELECTOR(3) & ~3, "an empty entry");
    expect_fault(load_es(SELECTOR(600)), TRAP_GP, SELECTOR(600) & ~3, "an entry behind our frames");
    expect_eq(page_protect(page, PTE_KERNEL_RW), -EBUSY, "the frame can't be written");
    expect_eq(table_pin(page, 1), -EINVAL, "nor become a table");
    expect_eq(hypercall(set_gdt, frames, 14 * 512), 0,
              "as often as we like: 14 times the same frame");
    expect_no_fault(load_es(SELECTOR(13 * 512 + 2)), "our segment in the last one");
    load_es(0);

    frames[0] = ~0UL >> 12;
    expect_eq(hypercall(set_gdt, frames, 512), -EINVAL, "a frame that is no RAM");
    expect_no_fault(load_es(SELECTOR(2)), "leaves the old one in place");
    load_es(0);
    expect_eq(hypercall(set_gdt, NULL, 0), 0, "take it away");
    expect_eq(page_protect(page, PTE_KERNEL_RW), 0, "the frame is free again");
    page_free(page);
}
