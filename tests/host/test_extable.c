/*
 * Where a fault of the hypervisor's own goes on.
 *
 * LINK: hypervisor/cpu/extable.c
 */
#include "tests/host/host.h"

#include "cpu/extable.h"
#include "cpu/init.h"

/* Four instructions of one byte, of which three may fault, and what stands before them where there is no SMAP. */
extern const u8 plain[], opened[], closed_and_opened[], harmless[], fixups[];

__asm__(".pushsection .data\n"
        "plain: .byte 0x90\n"
        ".byte 0x2e, 0x2e, 0x2e\n"
        "opened: .byte 0x90\n"
        ".byte 0x2e, 0x2e, 0x2e, 0x2e, 0x2e, 0x2e\n"
        "closed_and_opened: .byte 0x90\n"
        ".byte 0x2e, 0x2e, 0x2e\n"
        "harmless: .byte 0x90\n"
        "fixups: .byte 0x90, 0x90, 0x90\n"
        ".balign 4\n"
        ".globl extable_start, extable_end\n"
        "extable_start:\n"
        ".long opened - ., fixups + 1 - .\n" /* as the linker may have put them */
        ".long closed_and_opened - ., fixups + 2 - .\n"
        ".long plain - ., fixups - .\n"
        "extable_end:\n"
        ".popsection\n");

static u64 found(const u8 *at)
{
    return extable_find((u64)at);
}

TEST(a_fault_is_found_at_the_first_byte_of_its_instruction)
{
    extable_init();
    expect_eq(found(plain), (u64)fixups);
    for ( unsigned int i = 0; i <= 3; i++ )
        expect_eq(found(opened - i), (u64)fixups + 1);
    for ( unsigned int i = 0; i <= 6; i++ )
        expect_eq(found(closed_and_opened - i), (u64)fixups + 2);
}

TEST(what_has_no_entry_is_not_found)
{
    extable_init();
    expect_eq(found(plain - 1), 0);
    expect_eq(found(harmless - 3), 0);
    expect_eq(found(harmless), 0);
    expect_eq(extable_find(0), 0);
    expect_eq(extable_find(~0UL), 0);
}

HOST_TEST_MAIN
