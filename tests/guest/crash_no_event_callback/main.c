/*
 * An event with no callback to take it, and the upcall unmasked: the domain crashes.
 */
#include "test.h"

void test_main(void)
{
    evtchn_port_t port = (evtchn_port_t)need(event_bind_ipi(0));

    need(hypercall(set_callbacks, 0, kit_entry_failsafe, kit_entry_syscall));
    event_unmask(port);
    expect_crash("an event without a callback");
    event_send(port);
    failure("it survived");
}
