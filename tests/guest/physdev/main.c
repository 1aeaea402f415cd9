/*
 * The machine's interrupts and PCI functions, as dom0's kernel asks for them: a line of the IOAPIC becomes a PIRQ, an
 * event channel is bound to it, an interrupt is ended, the line given back; a PCI function is told of and taken away,
 * and its messages become PIRQs.
 * A domain without rights gets nothing of it.
 */
#include "control.h"

#define LINE    5 /* ISA's, on which these machines have nothing */
#define NO_LINE 99999
#define NO_PIRQ 99999
#define NOBODY  0xff /* bus 0 has no such function */

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

static long map_as(int line, int pirq)
{
    struct physdev_map_pirq arg = {
        .domid = DOMID_SELF, .type = MAP_PIRQ_TYPE_GSI, .index = line, .pirq = pirq
    };

    return physdev(PHYSDEVOP_map_pirq, &arg) ?: arg.pirq;
}

static long map(int line)
{
    return map_as(line, line);
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

#define SET_UP 22 /* of PCI's lines, one that nobody drives */
#define KEPT   3  /* of ISA's */
#define LENT   6  /* likewise */
#define SERIAL 4  /* the console's */

static long permit(uint32_t line, uint8_t allow)
{
    static struct xen_domctl op;

    op.u.irq_permission = (struct xen_domctl_irq_permission){ .pirq = line, .allow_access = allow };
    return control_domctl(&op, XEN_DOMCTL_irq_permission, 0);
}

/* How a line signals is said once. And a right may be lost after a line was mapped. */
static void more_lines(void)
{
    long rc;

    expect_eq(set_up(SET_UP), 0, "how a line signals");
    expect_eq(set_up(SET_UP), -EEXIST, "said twice");
    need(map(KEPT));
    rc = map_as(LENT, KEPT);
    expect(rc < 0 || rc == KEPT, "as another line's PIRQ: Debian's Xen leaves it as it is");
    expect(map_as(LENT, NO_PIRQ) < 0, "as no PIRQ");
    expect(map(SERIAL) < 0 || bind(SERIAL, 0) < 0, "the hypervisor's own line");
    expect_eq(map(LENT), LENT, "a line");
    need(permit(LENT, 0));
    expect_eq(bind(LENT, 0), -EPERM, "which isn't ours any more");
    expect_eq(unmap(LENT), 0, "given back");
    expect_eq(map(LENT), -EPERM, "nor can it be had");
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

static long device_add_at(uint8_t devfn)
{
    struct physdev_pci_device_add arg = { .devfn = devfn };

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
    expect(device_add(7) <= 0, "it comes: Debian's Xen takes our word for it");
    expect(device_add_at(NOBODY) <= 0, "a function that nobody sees, likewise");
    expect_eq(add(PHYSDEVOP_manage_pci_add), 0, "it is back, in an older kernel's words");
    expect_eq(add(PHYSDEVOP_manage_pci_remove), 0, "and gone");
    expect_eq(add_ext(), 0, "back, in a newer one's");
    for ( unsigned int cmd = PHYSDEVOP_manage_pci_add; cmd <= PHYSDEVOP_manage_pci_remove; cmd++ )
        expect_eq(physdev(cmd, (void *)0x10), -EFAULT, "one that cannot be read");
    expect_eq(physdev(PHYSDEVOP_manage_pci_add_ext, (void *)0x10), -EFAULT, "likewise");
    expect_eq(physdev(PHYSDEVOP_pci_device_add, (void *)0x10), -EFAULT, "likewise");
    expect_eq(physdev(PHYSDEVOP_pci_device_remove, (void *)0x10), -EFAULT, "likewise");
}

/* --- Messages of PCI functions: these machines have two that know them, as tests/qemu/guests.py asks for --- */

#define EDU      0x11e81234 /* MSI, one message */
#define RNG      0x10441af4 /* MSI-X, behind virtio */
#define RNG_LAST 0x10051af4 /* ... as older ones name it */
#define ANY_PIRQ (-1)

enum { COMMAND = 4, COMMAND_MEMORY = 2, BAR0 = 0x10, CAPABILITIES = 0x34, CAP_MSIX = 0x11 };

static uint32_t config_read(unsigned int devfn, unsigned int reg)
{
    outl(0xcf8, 1U << 31 | devfn << 8 | (reg & ~3U));
    return inl(0xcfc);
}

static void config_write(unsigned int devfn, unsigned int reg, uint32_t value)
{
    outl(0xcf8, 1U << 31 | devfn << 8 | (reg & ~3U));
    outl(0xcfc, value);
}

/* Where @id is on bus 0, or -1. */
static int find_function(uint32_t id)
{
    for ( int devfn = 0; devfn < 0xff; devfn += 8 )
        if ( config_read((unsigned int)devfn, 0) == id )
            return devfn;
    return -1;
}

/* Where the table of MSI-X is: its BAR. */
static uint64_t table_of(unsigned int devfn)
{
    unsigned int cap = config_read(devfn, CAPABILITIES) & 0xff, bar;

    while ( cap && (config_read(devfn, cap) & 0xff) != CAP_MSIX )
        cap = config_read(devfn, cap) >> 8 & 0xff;
    bar = BAR0 + 4 * (config_read(devfn, cap + 4) & 7);
    return config_read(devfn, bar) & ~0xfU;
}

static long map_message(int type, int bus, int devfn, int entry, uint64_t table, int pirq)
{
    struct physdev_map_pirq arg = { .domid = DOMID_SELF,
                                    .type = type,
                                    .index = -1,
                                    .pirq = pirq,
                                    .bus = bus,
                                    .devfn = devfn,
                                    .entry_nr = entry,
                                    .table_base = table };

    return physdev(PHYSDEVOP_map_pirq, &arg) ?: arg.pirq;
}

/* What can't be asked of any function. */
static void no_messages(void)
{
    expect(map_message(MAP_PIRQ_TYPE_MSI, 0, NOBODY, 0, 0, ANY_PIRQ) < 0, "of nobody");
    expect(map_message(MAP_PIRQ_TYPE_MSI, 0, 0, 0, 0, ANY_PIRQ) < 0, "of who has none");
    expect(map_message(MAP_PIRQ_TYPE_MSI, 0, 0, 0, 0x1000, ANY_PIRQ) < 0, "no MSI-X either");
    expect(map_message(MAP_PIRQ_TYPE_MSI, 0x100, NOBODY, 0, 0, ANY_PIRQ) < 0, "on no bus");
    expect(map_message(MAP_PIRQ_TYPE_MSI_SEG, 7 << 16, 0, 0, 0, ANY_PIRQ) < 0, "no segment");
    expect(map_message(MAP_PIRQ_TYPE_MSI, 0, NOBODY, -1, 0x1000, ANY_PIRQ) < 0, "no entry");
    expect(map_message(MAP_PIRQ_TYPE_MULTI_MSI, 0, NOBODY, 0, 0, ANY_PIRQ) < 0, "none of them");
    expect(map_message(MAP_PIRQ_TYPE_MULTI_MSI, 0, NOBODY, 3, 0, ANY_PIRQ) < 0, "three");
    expect(map_message(99, 0, NOBODY, 0, 0, ANY_PIRQ) < 0, "in no known way");
}

static void msi(int edu)
{
    long pirq, again;

    expect(map_message(MAP_PIRQ_TYPE_MULTI_MSI, 0, edu, 2, 0, ANY_PIRQ) < 0, "two, of one");
    expect(map_message(MAP_PIRQ_TYPE_MSI, 0, edu, 0, 0, NO_PIRQ) < 0, "as no PIRQ");
    pirq = map_message(MAP_PIRQ_TYPE_MSI, 0, edu, 0, 0, ANY_PIRQ);
    expect(pirq >= 0, "its message");
    again = map_message(MAP_PIRQ_TYPE_MSI, 0, edu, 0, 0, ANY_PIRQ);
    expect(again < 0 || again != pirq, "twice the same PIRQ");
    expect_eq(unmap((int)pirq), 0, "given back");
    pirq = map_message(MAP_PIRQ_TYPE_MSI, 0, edu, 0, 0, KEPT);
    expect(pirq < 0 || pirq == KEPT, "as another's PIRQ");
}

static void msix(int rng)
{
    unsigned int devfn = (unsigned int)rng;
    uint64_t table = table_of(devfn);
    uint32_t command = config_read(devfn, COMMAND);
    long pirq, again;

    config_write(devfn, COMMAND, command & ~(uint32_t)COMMAND_MEMORY);
    expect(map_message(MAP_PIRQ_TYPE_MSI, 0, rng, 0, table, ANY_PIRQ) < 0, "with its memory off");
    config_write(devfn, COMMAND, command | COMMAND_MEMORY);
    expect(map_message(MAP_PIRQ_TYPE_MSI, 0, rng, 2000, table, ANY_PIRQ) < 0, "beyond its table");
    pirq = map_message(MAP_PIRQ_TYPE_MSI, 0, rng, 0, table, ANY_PIRQ);
    expect(pirq >= 0, "the first of its table");
    again = map_message(MAP_PIRQ_TYPE_MSI, 0, rng, 0, table, ANY_PIRQ);
    expect(again < 0 || again != pirq, "twice the same PIRQ");
    expect_eq(unmap((int)pirq), 0, "given back");
}

static void messages(void)
{
    int edu, rng;

    no_messages();
    need(power_iopl(1));
    edu = find_function(EDU);
    rng = find_function(RNG);
    if ( rng < 0 )
        rng = find_function(RNG_LAST);
    if ( edu >= 0 && !need(device_add_at((uint8_t)edu)) )
        msi(edu);
    if ( rng >= 0 && !need(device_add_at((uint8_t)rng)) )
        msix(rng);
    need(power_iopl(0));
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
    more_lines();
    functions();
    messages();
}
