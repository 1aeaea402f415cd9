/*
 * The machine's console is dom0's alone.
 */
#include "test.h"

void test_main(void)
{
    char c;

    if ( !is_dom0() )
    {
        expect_eq(hypercall(console_io, CONSOLEIO_write, 1, "x"), -EPERM, "write");
        expect_eq(hypercall(console_io, CONSOLEIO_read, 1, &c), -EPERM, "read");
        success();
    }
    expect_eq(hypercall(console_io, CONSOLEIO_write, 0, NULL), 0, "write nothing");
    expect_eq(hypercall(console_io, CONSOLEIO_write, 1, 0x10), -EFAULT, "write from nowhere");
    expect_eq(hypercall(console_io, CONSOLEIO_read, 1, &c), 0, "read: nobody typed");
    expect(hypercall(console_io, CONSOLEIO_write, -1, 0x10) < 0, "write less than nothing");
    expect_eq(hypercall(console_io, 99, 1, &c), -ENOSYS, "99, which is none");
}
