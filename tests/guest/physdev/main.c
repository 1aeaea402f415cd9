/*
 * The machine's interrupts and PCI functions, as dom0's kernel asks for them: a line of the IOAPIC becomes a PIRQ, an
 * event channel is bound to it, an interrupt is ended, the line given back; a PCI function is told of and taken away.
 * A domain without rights gets nothing of it.
 */
#include "test.h"

#define LINE    5 /* ISA's, on which these machines have nothing */
#define NO_LINE 99999
#define NO_PIRQ 99999

static long physdev(unsigned int cmd, void *arg)
{
    return hypercall(physdev_op, cmd, arg);
}

/* --- Lines --- */

static long vector_of(uint32_t line)
{
    struct physdev_irq arg = { .irq = line };

    return physdev(PHYSDEVOP_alloc_irq_vector, &arg) ?: (long)arg.vector;
}

static long set_up(int line)
{
    struct physdev_setup_gsi arg = { .gsi = line };

    return physdev(PHYSDEVOP_setup_gsi, &arg);
}

static long map(int line)
{
    struct physdev_map_pirq arg = {
        .domid = DOMID_SELF, .type = MAP_PIRQ_TYPE_GSI, .index = line, .pirq = line
    };

    return physdev(PHYSDEVOP_map_pirq, &arg) ?: arg.pirq;
}

static long unmap(int pirq)
{
    struct physdev_unmap_pirq arg = { .domid = DOMID_SELF, .pirq = pirq };

    return physdev(PHYSDEVOP_unmap_pirq, &arg);
}

static long end(uint32_t pirq)
{
    struct physdev_eoi arg = { .irq = pirq };

    return physdev(PHYSDEVOP_eoi, &arg);
}

static long status(uint32_t pirq, uint32_t *flags)
{
    struct physdev_irq_status_query arg = { .irq = pirq, .flags = ~0U };
    long rc = physdev(PHYSDEVOP_irq_status_query, &arg);

    *flags = arg.flags;
    return rc;
}

static long bind(uint32_t pirq, uint32_t flags)
{
    struct evtchn_bind_pirq arg = { .pirq = pirq, .flags = flags };

    return hypercall(event_channel_op, EVTCHNOP_bind_pirq, &arg) ?: (long)arg.port;
}

static void lines(void)
{
    expect_eq(vector_of(LINE), LINE, "a line's vector, for old kernels: its number");
    expect_eq(vector_of(NO_LINE), NO_LINE, "of no line, likewise");
    expect(bind(LINE, 0) < 0, "it maps nothing");
    expect_eq(physdev(PHYSDEVOP_alloc_irq_vector, (void *)0x10), -EFAULT, "no place for it");
    expect_eq(map(LINE), LINE, "its PIRQ has the line's number");
    expect(map(NO_LINE) < 0, "a PIRQ for no line");
    expect(set_up(NO_LINE) < 0, "how no line signals");
    expect_eq(physdev(PHYSDEVOP_setup_gsi, (void *)0x10), -EFAULT, "said from no place");
}

static void channel(void)
{
    struct evtchn_status s = { .dom = DOMID_SELF };
    long port = bind(LINE, 0);

    expect(port > 0, "a port for the line");
    s.port = (evtchn_port_t)port;
    need(hypercall(event_channel_op, EVTCHNOP_status, &s));
    expect_eq(s.status, EVTCHNSTAT_pirq, "it is a PIRQ's");
    expect_eq(s.u.pirq, LINE, "this one's");
    expect_eq(bind(LINE, 0), -EEXIST, "a second one");
    expect_eq(bind(NO_PIRQ, 0), -EINVAL, "one for no PIRQ");
    expect_eq(set_up(LINE), -EEXIST, "too late to say how it signals");
    expect_eq(end(LINE), 0, "end an interrupt");
    event_close((evtchn_port_t)port);
}

static void interrupts(void)
{
    uint32_t flags;

    lines();
    expect_eq(status(LINE, &flags), 0, "what the line needs");
    expect(!(flags & ~(uint32_t)(XENIRQSTAT_needs_eoi | XENIRQSTAT_shared)), "no other flags");
    expect(!(flags & XENIRQSTAT_shared), "it isn't shared");
    expect_eq(status(NO_PIRQ, &flags), -EINVAL, "of no PIRQ");
    expect_eq(end(NO_PIRQ), -EINVAL, "an end of no PIRQ");
    expect_eq(physdev(PHYSDEVOP_eoi, (void *)0x10), -EFAULT, "of what cannot be read");
    channel();
    expect_eq(unmap(LINE), 0, "give the line back");
    expect_eq(unmap(LINE), -EINVAL, "once more");
    expect_eq(end(LINE), -EINVAL, "no interrupt ends there now");
    expect(bind(LINE, 0) < 0, "nor may a port be bound");
}

/* --- PCI functions: 0:0.0 is there, whatever machine it is --- */

static long add(unsigned int cmd)
{
    struct physdev_manage_pci arg = { .bus = 0, .devfn = 0 };

    return physdev(cmd, &arg);
}

static long add_ext(void)
{
    struct physdev_manage_pci_ext arg = { .bus = 0, .devfn = 0 };

    return physdev(PHYSDEVOP_manage_pci_add_ext, &arg);
}

static long device_add(uint16_t segment)
{
    struct physdev_pci_device_add arg = { .seg = segment };

    return physdev(PHYSDEVOP_pci_device_add, &arg);
}

static long device_remove(uint16_t segment)
{
    struct physdev_pci_device arg = { .seg = segment };

    return physdev(PHYSDEVOP_pci_device_remove, &arg);
}

static void functions(void)
{
    expect_eq(device_add(0), 0, "a function");
    expect_eq(device_add(0), 0, "which is known by now");
    expect_eq(device_remove(0), 0, "it is gone");
    expect_eq(device_remove(7), -ENODEV, "one of a segment that there isn't");
    expect_eq(add(PHYSDEVOP_manage_pci_add), 0, "it is back, in an older kernel's words");
    expect_eq(add(PHYSDEVOP_manage_pci_remove), 0, "and gone");
    expect_eq(add_ext(), 0, "back, in a newer one's");
    for ( unsigned int cmd = PHYSDEVOP_manage_pci_add; cmd <= PHYSDEVOP_manage_pci_remove; cmd++ )
        expect_eq(physdev(cmd, (void *)0x10), -EFAULT, "one that cannot be read");
    expect_eq(physdev(PHYSDEVOP_manage_pci_add_ext, (void *)0x10), -EFAULT, "likewise");
    expect_eq(physdev(PHYSDEVOP_pci_device_add, (void *)0x10), -EFAULT, "likewise");
    expect_eq(physdev(PHYSDEVOP_pci_device_remove, (void *)0x10), -EFAULT, "likewise");
}

/* --- Without rights --- */

static void refused(void)
{
    uint32_t flags;

    expect_eq(vector_of(LINE), -EPERM, "a vector");
    expect_eq(set_up(LINE), -EPERM, "how a line signals");
    expect_eq(device_add(0), -EPERM, "a function");
    expect_eq(device_remove(0), -EPERM, "its end");
    expect_eq(add(PHYSDEVOP_manage_pci_add), -EPERM, "an older kernel's");
    expect_eq(add(PHYSDEVOP_manage_pci_remove), -EPERM, "and its end");
    expect_eq(add_ext(), -EPERM, "a newer kernel's");
    expect_eq(end(LINE), -EINVAL, "it has no interrupts");
    expect_eq(status(NO_PIRQ, &flags), -EINVAL, "nor PIRQs");
    expect(bind(LINE, 0) < 0, "nor ports for them");
}

void test_main(void)
{
    if ( !is_dom0() )
    {
        refused();
        return;
    }
    interrupts();
    functions();
}
