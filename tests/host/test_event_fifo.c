/*
 * Event channels by the FIFO ABI: control blocks and arrays, order and priorities, and a guest that writes into both.
 *
 * LINK: hypervisor/event/[a-z]*.c
 * LINK: hypervisor/sched/core.c hypervisor/sched/affinity.c hypervisor/sched/balance.c hypervisor/sched/fair.c
 * LINK: hypervisor/sched/cap.c hypervisor/sched/ops.c
 * LINK: hypervisor/mm/frame.c tests/host/fake/machine*.c tests/host/fake/rooms.c tests/host/fake/event.c
 */
#include "tests/host/fake/event.h"

#include "cpu/percpu.h"
#include "event/port.h"
#include "lib/bitmap.h"
#include "sched/sched.h"

TEST(fifo_refusals)
{
    mfn_t frame, foreign;

    set_up();
    frame = fake_frame(domu);
    foreign = fake_frame(dom0);
    expect_eq(OP(domu, expand_array, .array_gfn = frame.n), -EOPNOTSUPP);
    expect_eq(OP(domu, init_control, .control_gfn = frame.n, .vcpu = 2), -ENOENT);
    expect_eq(OP(domu, init_control, .control_gfn = frame.n, .offset = 4), -EINVAL);
    expect_eq(OP(domu, init_control, .control_gfn = frame.n, .offset = 4096 - 64), -EINVAL);
    expect_eq(OP(domu, init_control, .control_gfn = foreign.n), -EINVAL);
    expect_eq(OP(domu, init_control, .control_gfn = ~0UL), -EINVAL);
    expect(!domu->event.fifo);
    expect_eq(fake_refs(frame), 1);
    expect_eq(BIND(domu, bind_ipi, port, .vcpu = 0), 1);
    expect_eq(OP(domu, set_priority, .port = 1, .priority = 3), -ENOSYS);

    expect_eq(OP(domu, init_control, .control_gfn = frame.n, .offset = 4096 - 72), 0);
    expect_eq(OP(domu, init_control, .control_gfn = frame.n), -EINVAL);
    expect_eq(OP(domu, expand_array, .array_gfn = foreign.n), -EINVAL);
    expect_eq(OP(domu, set_priority, .port = 1, .priority = 16), -EINVAL);
    expect_eq(OP(domu, set_priority, .port = 100000, .priority = 1), -EINVAL);
    expect_eq(OP(domu, set_priority, .port = 1, .priority = 15), 0);
}

TEST(fifo_takes_over_and_remembers)
{
    struct fifo_guest g;
    u32 a, b;

    set_up();
    a = (u32)BIND(domu, bind_ipi, port, .vcpu = 0);
    b = (u32)BIND(domu, bind_ipi, port, .vcpu = 1);
    send_event(domu, a); /* pending in the 2-level bitmap */
    fifo_start(&g, domu);
    send_event(domu, b); /* there is no word for it yet */
    expect(event_port_pending(domu, b));
    expect_eq(consume_fifo(&g, 0), 0);
    fifo_expand(&g, 0);
    expect_eq(consume_fifo(&g, 0), a);
    expect_eq(consume_fifo(&g, 1), b);
    expect_eq(consume_fifo(&g, 1), 0);
    send_event(domu, a);
    expect_eq(consume_fifo(&g, 0), a);
}

static u32 late_port;

/* What a sender does that saw the 2-level ABI just before the guest left it. */
static void raise_the_old_way(void)
{
    set_bit(late_port, (unsigned long *)domu->shared_info->evtchn_pending);
}

TEST(fifo_loses_nothing_of_late_senders)
{
    struct fifo_guest g;

    set_up();
    late_port = (u32)BIND(domu, bind_ipi, port, .vcpu = 0);
    fake_on_synchronize = raise_the_old_way;
    fifo_start(&g, domu);
    fake_on_synchronize = NULL;
    fifo_expand(&g, 0);
    expect_eq(consume_fifo(&g, 0), late_port);
}

TEST(fifo_order_and_priority)
{
    struct fifo_guest g;
    u32 ports[4];

    set_up();
    fifo_start(&g, domu);
    fifo_expand(&g, 0);
    for ( int i = 0; i < 4; i++ )
        ports[i] = (u32)BIND(domu, bind_ipi, port, .vcpu = 0);
    OP(domu, set_priority, .port = ports[2], .priority = 0);
    for ( int i = 0; i < 4; i++ )
        send_event(domu, ports[i]);
    expect_eq(consume_fifo(&g, 0), ports[2]);
    expect_eq(consume_fifo(&g, 0), ports[0]);
    send_event(domu, ports[0]); /* behind those that wait */
    expect_eq(consume_fifo(&g, 0), ports[1]);
    expect_eq(consume_fifo(&g, 0), ports[3]);
    expect_eq(consume_fifo(&g, 0), ports[0]);
    expect_eq(consume_fifo(&g, 0), 0);
}

/* A port that moves to another queue while it is the last of the old one: the next event there must not follow it. */
TEST(fifo_a_port_that_moves)
{
    struct fifo_guest g;
    u32 a, b, c;

    set_up();
    fifo_start(&g, domu);
    fifo_expand(&g, 0);
    a = (u32)alloc_unbound(domu, DOMID_SELF);
    b = (u32)bind_interdomain(domu, DOMID_SELF, a);
    c = (u32)BIND(domu, bind_ipi, port, .vcpu = 0);
    expect_eq(consume_fifo(&g, 0), b); /* raised by the binding */

    expect_eq(send_event(domu, b), 0); /* raises a on vcpu 0 */
    expect_eq(OP(domu, bind_vcpu, .port = a, .vcpu = 1), 0);
    expect_eq(consume_fifo(&g, 0), a); /* it was linked there */
    expect_eq(send_event(domu, b), 0); /* now to vcpu 1, though it is still vcpu 0's tail */
    expect_eq(send_event(domu, c), 0);
    expect_eq(consume_fifo(&g, 0), c);
    expect_eq(consume_fifo(&g, 0), 0);
    expect_eq(consume_fifo(&g, 1), a);
    expect_eq(consume_fifo(&g, 1), 0);
}

TEST(fifo_survives_a_hostile_guest)
{
    struct fifo_guest g;
    u32 ports[8];

    set_up();
    fifo_start(&g, domu);
    fifo_expand(&g, 0);
    for ( int i = 0; i < 8; i++ )
        ports[i] = (u32)BIND(domu, bind_ipi, port, .vcpu = i % 2);
    for ( int round = 0; round < 20000; round++ )
    {
        u32 port = ports[host_test_random() % 8];

        switch ( host_test_random() % 5 )
        {
        case 0:
            *word_of(&g, (u32)host_test_random() % 1024) = (event_word_t)host_test_random();
            break;
        case 1:
            memset(control_of(&g, host_test_random() % 2), (int)host_test_random(), 72);
            break;
        case 2:
            OP(domu, unmask, .port = port);
            break;
        case 3:
            OP(domu, set_priority, .port = port, .priority = host_test_random() % 16);
            break;
        default:
            send_event(domu, port);
        }
    }
}

HOST_TEST_MAIN
