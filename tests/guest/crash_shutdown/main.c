/*
 * SCHEDOP_shutdown with SHUTDOWN_crash is a crash of our own choice.
 */
#include "test.h"

void test_main(void)
{
    expect_crash("as we ask for it");
    shutdown(SHUTDOWN_crash);
}
