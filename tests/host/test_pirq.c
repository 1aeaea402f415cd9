/*
 * PIRQs from physdev_op down to the devices' registers: a domain maps, binds, takes and ends interrupts of a small
 * machine that is played here, with an IOAPIC, a function with MSI and one with MSI-X.
 *
 * LINK: hypervisor/irq/line.c hypervisor/irq/lines.c hypervisor/irq/pirq.c hypervisor/irq/msi.c hypervisor/irq/pci.c
 * LINK: hypervisor/irq/config.c hypervisor/irq/physdev.c
 */
#include "tests/host/host.h"

#include "access/access.h"
#include "cpu/uaccess.h"
#include "event/event.h"
#include "irq/ioapic.h"
#include "irq/irq.h"
#include "irq/lines.h"
#include "irq/msi.h"
#include "irq/pci.h"
#include "irq/pirq.h"
#include "mm/map.h"

cpumask_t smp_online = 1;

/* --- The hypervisor around: just enough --- */

struct irq_acpi_facts irq_acpi = { .mcfg_base = 0xb0000000, .mcfg_last_bus = 255 };
static struct percpu cpu_area;
__thread struct percpu *host_cpu = &cpu_area;
static struct domain dom0 = { .id = 0, .privileged = true }, domu = { .id = 5 };
static struct vcpu vcpu;
static bool irq_locked;
static unsigned long blocks; /* of the heap, in use */

void lock_acquire(struct lock *lock)
{
    expect(lock == &irq_lock && !irq_locked);
    irq_locked = true;
}

void lock_release(struct lock *lock)
{
    expect(lock == &irq_lock && irq_locked);
    irq_locked = false;
}

void *heap_alloc(size_t size)
{
    blocks++;
    return calloc(1, size);
}

void heap_free(void *p)
{
    blocks -= p != NULL;
    free(p);
}

void timer_init(struct timer *timer, void (*handler)(void *arg), void *arg, u32 cpu)
{
    *timer = (struct timer){ .handler = handler, .arg = arg, .cpu = cpu };
}

long timer_set(struct timer *timer, ns_t expires)
{
    timer->expires = expires;
    return 0;
}

void timer_kill(struct timer *timer)
{
    (void)timer;
}

ns_t time_now(void)
{
    return 0;
}

void smp_poll(void)
{
}

struct percpu *smp_percpu(u32 cpu)
{
    expect_eq(cpu, 0);
    return &cpu_area;
}

unsigned long copy_from_guest(void *to, gva_t from, unsigned long len)
{
    if ( !from.n )
        return len;
    memcpy(to, (void *)from.n, len);
    return 0;
}

unsigned long copy_to_guest(gva_t to, const void *from, unsigned long len)
{
    memcpy((void *)to.n, from, len);
    return 0;
}

/* --- access/ --- */

static u64 read_only_first, read_only_last;

long access_check(const struct domain *who, const struct domain *target, enum access_right right)
{
    (void)target;
    (void)right;
    return who->privileged ? 0 : -EPERM;
}

long access_domain(struct domain *who, domid_t id, enum access_right right, struct domain **out)
{
    (void)right;
    *out = id == DOMID_SELF || id == who->id ? who : id == domu.id ? &domu : NULL;
    return *out ? 0 : -ESRCH;
}

void domain_put(struct domain *d)
{
    (void)d;
}

bool access_irq(const struct domain *d, u32 gsi)
{
    return d->privileged && gsi != 7;
}

bool access_iomem(const struct domain *d, mfn_t mfn)
{
    return d->privileged && mfn.n >= 0xe0000 && mfn.n < 0xfee00;
}

void access_iomem_make_read_only(u64 first_mfn, u64 last_mfn)
{
    read_only_first = first_mfn;
    read_only_last = last_mfn;
}

/* --- event/, local APIC --- */

static unsigned int sent[512], eois;
static bool event_taken = true;

bool event_send_pirq(struct domain *d, u32 pirq)
{
    expect(!irq_locked);
    expect(d == &dom0 || d == &domu);
    sent[pirq]++;
    return event_taken;
}

void lapic_eoi(void)
{
    eois++;
}

/* --- The IOAPIC --- */

#define GSIS 24

static struct {
    u8 vector;
    bool level, active_low, masked;
} route[GSIS];

u32 ioapic_nr_gsis(void)
{
    return GSIS;
}

bool ioapic_has(u32 gsi)
{
    return gsi < GSIS;
}

u32 ioapic_isa_gsi(u8 irq)
{
    return irq;
}

void ioapic_default_mode(u32 gsi, bool *level, bool *active_low)
{
    *level = *active_low = gsi >= 16;
}

void ioapic_route(u32 gsi, u8 vector, u32 apic_id, bool level, bool active_low)
{
    expect_eq(apic_id, cpu_area.apic_id);
    route[gsi].vector = vector;
    route[gsi].level = level;
    route[gsi].active_low = active_low;
    route[gsi].masked = true;
}

void ioapic_mask(u32 gsi, bool masked)
{
    expect(irq_locked);
    route[gsi].masked = masked;
}

/*
 * --- PCI: bus 0. 00:02.0 has MSI (4 messages, 64 bits, maskable), 00:03.0 MSI-X (8 entries in BAR 1), 00:04.0 a
 * chain of capabilities that has no end, 00:05.0 an MSI-X table in what its BAR claims to be RAM ---
 */

#define MSI_BDF    0x10
#define MSIX_BDF   0x18
#define CIRCLE_BDF 0x20
#define LIAR_BDF   0x28
#define TABLE_AT   0xfebf1000UL

static u8 config[256][256];
static u32 table[2048 * 4];

u32 pci_read(pci_bdf_t bdf, unsigned int reg, unsigned int bytes)
{
    u32 value = ~0u >> (32 - 8 * bytes);

    expect(irq_locked);
    if ( bdf < 256 && reg + bytes <= 256 && config[bdf][0] )
    {
        value = 0;
        memcpy(&value, &config[bdf][reg], bytes);
    }
    return value;
}

void pci_write(pci_bdf_t bdf, unsigned int reg, unsigned int bytes, u32 value)
{
    expect(irq_locked);
    if ( bdf < 256 && reg + bytes <= 256 && config[bdf][0] )
        memcpy(&config[bdf][reg], &value, bytes);
}

void *map_device(maddr_t maddr, u64 len)
{
    expect_eq(maddr.n, TABLE_AT);
    expect(len <= sizeof(table));
    return table;
}

static void put_config(pci_bdf_t bdf, unsigned int reg, unsigned int bytes, u32 value)
{
    memcpy(&config[bdf][reg], &value, bytes);
}

static void plug(pci_bdf_t bdf, u8 cap)
{
    memset(config[bdf], 0, 256);
    put_config(bdf, PCI_VENDOR, 2, 0x1234);
    put_config(bdf, PCI_COMMAND, 2, PCI_COMMAND_MEMORY);
    put_config(bdf, PCI_STATUS, 2, PCI_STATUS_CAPS);
    put_config(bdf, PCI_CAP_POINTER, 1, cap);
}

static void plug_all(void)
{
    plug(MSI_BDF, 0x40);
    put_config(MSI_BDF, 0x40, 2, 0x5001); /* power management, then MSI */
    put_config(MSI_BDF, 0x50, 4, 0x01840005);
    plug(MSIX_BDF, 0x60);
    put_config(MSIX_BDF, PCI_BAR0 + 4, 4, 0xfebf0000);
    put_config(MSIX_BDF, 0x60, 4, 0x00070011);
    put_config(MSIX_BDF, 0x64, 4, 0x1001);
    put_config(MSIX_BDF, 0x68, 4, 0x2001);
    plug(CIRCLE_BDF, 0x40);
    put_config(CIRCLE_BDF, 0x40, 2, 0x4401);
    put_config(CIRCLE_BDF, 0x44, 2, 0x4002);
    memcpy(config[LIAR_BDF], config[MSIX_BDF], 256);
    put_config(LIAR_BDF, PCI_BAR0 + 4, 4, 0x00100000);
}

/* --- Shorthands --- */

static void start(void)
{
    plug_all();
    cpu_area.apic_id = 3;
    cpu_area.current = &vcpu;
    vcpu.domain = &dom0;
    vcpu.cpu.iopl = 0;
    irq_domain_create(&dom0);
    irq_domain_create(&domu);
}

/* Both domains go: nothing is left but the table of GSIs and their lines. */
static void end(void)
{
    irq_domain_relinquish(&dom0);
    irq_domain_relinquish(&domu);
    irq_domain_destroy(&dom0);
    irq_domain_destroy(&domu);
}

static long op(unsigned int cmd, void *arg)
{
    return irq_physdev_op(cmd, (unsigned long)arg);
}

static long map(int type, int index, int devfn, int entry, u64 base, int *pirq)
{
    struct physdev_map_pirq arg = { .domid = DOMID_SELF,
                                    .type = type,
                                    .index = index,
                                    .pirq = *pirq,
                                    .devfn = devfn,
                                    .entry_nr = entry,
                                    .table_base = base };
    long rc = op(PHYSDEVOP_map_pirq, &arg);

    *pirq = arg.pirq;
    return rc;
}

static long map_gsi(int gsi, int pirq)
{
    return map(MAP_PIRQ_TYPE_GSI, gsi, 0, 0, 0, &pirq);
}

static long unmap(int pirq)
{
    struct physdev_unmap_pirq arg = { .domid = DOMID_SELF, .pirq = pirq };

    return op(PHYSDEVOP_unmap_pirq, &arg);
}

static long eoi(u32 pirq)
{
    struct physdev_eoi arg = { .irq = pirq };

    return op(PHYSDEVOP_eoi, &arg);
}

static u32 status(u32 pirq)
{
    struct physdev_irq_status_query arg = { .irq = pirq, .flags = ~0u };

    expect_eq(op(PHYSDEVOP_irq_status_query, &arg), 0);
    return arg.flags;
}

static long add_device(u16 segment, u8 devfn)
{
    struct physdev_pci_device_add arg = { .seg = segment, .devfn = devfn };

    return op(PHYSDEVOP_pci_device_add, &arg);
}

static u32 guest_config_read(pci_bdf_t bdf, unsigned int reg, unsigned int bytes)
{
    return irq_pci_config_read(0x80000000u | (u32)bdf << 8 | (reg & 0xfc), reg & 3, bytes);
}

static void guest_config_write(pci_bdf_t bdf, unsigned int reg, unsigned int bytes, u32 value)
{
    expect(irq_pci_config_write(0x80000000u | (u32)bdf << 8 | (reg & 0xfc), reg & 3, bytes, value));
}

/* --- GSIs --- */

/* The life of an INTx line, as Linux drives it. */
TEST(a_level_gsi)
{
    struct physdev_setup_gsi setup = { .gsi = 17, .triggering = 1, .polarity = 0 };

    start();
    expect_eq(map_gsi(17, 17), 0);
    expect_eq(map_gsi(17, 17), 0); /* again: the same */
    expect_eq(op(PHYSDEVOP_setup_gsi, &setup), 0);
    expect_eq(op(PHYSDEVOP_setup_gsi, &setup), -EEXIST);
    expect(route[17].level && !route[17].active_low && route[17].masked);
    expect_eq(irq_pirq_bound(&dom0, 17, true), 0);
    expect_eq(status(17), XENIRQSTAT_needs_eoi);
    expect(!route[17].masked);

    lines_dispatch(route[17].vector);
    expect(sent[17] == 1 && eois == 1 && route[17].masked);
    expect_eq(eoi(17), 0);
    expect(!route[17].masked);

    irq_pirq_unbound(&dom0, 17);
    expect(route[17].masked);
    lines_dispatch(route[17].vector);
    expect(sent[17] == 1 && eois == 2);
    expect_eq(unmap(17), 0);
    expect_eq(unmap(17), -EINVAL);
    expect_eq(eoi(17), -EINVAL);
    end();
}

TEST(an_isa_gsi_is_an_edge)
{
    start();
    expect_eq(map_gsi(1, 1), 0);
    expect_eq(irq_pirq_bound(&dom0, 1, false), 0);
    expect_eq(status(1), 0);
    lines_dispatch(route[1].vector);
    lines_dispatch(route[1].vector);
    expect(sent[1] == 2 && !route[1].masked);
    end();
}

TEST(gsis_that_cannot_be_mapped)
{
    start();
    expect_eq(map_gsi(24, 24), -EINVAL);
    expect_eq(map_gsi(-1, -1), -EINVAL);
    expect_eq(map_gsi(7, 7), -EPERM);
    expect_eq(map_gsi(5, 5), 0);
    expect_eq(map_gsi(6, 5), -EEXIST);
    expect_eq(map_gsi(6, 100000), -EINVAL);
    expect_eq(map(9, 0, 0, 0, 0, (int[]){ -1 }), -EINVAL);
    dom0.life = DOMAIN_DYING; /* nobody would take it away again */
    expect_eq(map_gsi(6, 6), -EINVAL);
    dom0.life = DOMAIN_ALIVE;
    expect_eq(irq_pirq_bound(&dom0, 6, false), -EINVAL);
    expect_eq(irq_pirq_bound(&dom0, ~0u, false), -EINVAL);
    expect_eq(irq_pirq_bound(&domu, 5, false), -EPERM);
    end();
}

TEST(a_vector_for_an_old_kernel)
{
    struct physdev_irq arg = { .irq = 9 };

    start();
    expect_eq(op(PHYSDEVOP_alloc_irq_vector, &arg), 0);
    expect_eq(arg.vector, 9);
    arg.irq = 99;
    expect_eq(op(PHYSDEVOP_alloc_irq_vector, &arg), 0);
    expect_eq(arg.vector, 99);
    end();
}

static unsigned int typed;

static void serial_interrupt(void)
{
    expect(!irq_locked);
    typed++;
}

TEST(the_serial_line_is_the_hypervisors)
{
    start();
    expect(lines_own_isa(4, serial_interrupt));
    expect(!route[4].masked);
    lines_dispatch(route[4].vector);
    expect(typed == 1 && eois == 1);
    expect_eq(map_gsi(4, 4), 0);
    expect_eq(irq_pirq_bound(&dom0, 4, true), -EBUSY);
    end();
}

/* --- Messages --- */

TEST(an_msi)
{
    int pirq = -1;

    start();
    expect_eq(map(MAP_PIRQ_TYPE_MSI_SEG, -1, MSI_BDF, 0, 0, &pirq), 0);
    expect(pirq >= GSIS);
    expect_eq(guest_config_read(MSI_BDF, 0x54, 4), 0xfee03000);
    expect_eq(guest_config_read(MSI_BDF, 0x60, 4), 1); /* masked while nobody listens */
    expect_eq(guest_config_read(MSI_BDF, 0x52, 2), 0x0185);
    expect_eq(map(MAP_PIRQ_TYPE_MSI, -1, MSI_BDF, 0, 0, (int[]){ -1 }), -EEXIST);

    expect_eq(irq_pirq_bound(&dom0, pirq, false), 0);
    expect_eq(guest_config_read(MSI_BDF, 0x60, 4), 0);
    lines_dispatch(guest_config_read(MSI_BDF, 0x5c, 2));
    expect_eq(sent[pirq], 1);
    expect_eq(status(pirq), 0);

    expect_eq(unmap(pirq), 0);
    expect_eq(guest_config_read(MSI_BDF, 0x52, 2), 0x0184);
    end();
}

TEST(several_messages_adjoin)
{
    int pirq = -1;
    u32 vector;

    start();
    expect_eq(map(MAP_PIRQ_TYPE_MULTI_MSI, -1, MSI_BDF, 8, 0, &pirq), -EINVAL);
    expect_eq(map(MAP_PIRQ_TYPE_MULTI_MSI, -1, MSI_BDF, 3, 0, &pirq), -EINVAL);
    expect_eq(map(MAP_PIRQ_TYPE_MULTI_MSI, -1, MSI_BDF, 0, 0, &pirq), -EINVAL);
    expect_eq(map(MAP_PIRQ_TYPE_MULTI_MSI, -1, MSI_BDF, 4, 0, &pirq), 0);
    vector = guest_config_read(MSI_BDF, 0x5c, 2);
    expect_eq(vector % 4, 0);
    expect_eq(guest_config_read(MSI_BDF, 0x52, 2), 0x01a5);
    for ( int i = 0; i < 4; i++ )
    {
        expect_eq(irq_pirq_bound(&dom0, pirq + i, false), 0);
        lines_dispatch(vector + i);
        expect_eq(sent[pirq + i], 1);
    }
    expect_eq(guest_config_read(MSI_BDF, 0x60, 4), 0);
    irq_pirq_unbound(&dom0, pirq + 2);
    expect_eq(guest_config_read(MSI_BDF, 0x60, 4), 4);
    for ( int i = 0; i < 4; i++ )
        expect_eq(unmap(pirq + i), 0);
    expect_eq(guest_config_read(MSI_BDF, 0x52, 2) & 1, 0);
    end();
}

TEST(an_msix_entry)
{
    int first = -1, second = -1;

    start();
    expect_eq(map(MAP_PIRQ_TYPE_MSI_SEG, -1, MSIX_BDF, 2, 0xfebf0000, &first), 0);
    expect_eq(map(MAP_PIRQ_TYPE_MSI_SEG, -1, MSIX_BDF, 5, 0xfebf0000, &second), 0);
    expect(first != second);
    expect_eq(map(MAP_PIRQ_TYPE_MSI_SEG, -1, MSIX_BDF, 5, 0xfebf0000, (int[]){ -1 }), -EEXIST);
    expect_eq(map(MAP_PIRQ_TYPE_MSI_SEG, -1, MSIX_BDF, 8, 0xfebf0000, (int[]){ -1 }), -EINVAL);
    expect_eq(table[2 * 4], 0xfee03000);
    expect_eq(table[2 * 4 + 3], 1);
    expect_eq(guest_config_read(MSIX_BDF, 0x62, 2), 0x8007);

    expect_eq(irq_pirq_bound(&dom0, first, false), 0);
    expect_eq(table[2 * 4 + 3], 0);
    lines_dispatch(table[2 * 4 + 2]);
    expect_eq(sent[first], 1);

    expect_eq(unmap(first), 0);
    expect_eq(table[2 * 4 + 3], 1);
    expect_eq(guest_config_read(MSIX_BDF, 0x62, 2), 0x8007);
    expect_eq(unmap(second), 0);
    expect_eq(guest_config_read(MSIX_BDF, 0x62, 2), 0x0007);
    end();
}

/* A table that lies in RAM, a device without a table, none at all, a segment that isn't there. */
TEST(messages_that_cannot_be_mapped)
{
    int pirq = -1;
    unsigned long before;

    start();
    map_gsi(1, 1);
    before = blocks;
    expect_eq(map(MAP_PIRQ_TYPE_MSI_SEG, -1, LIAR_BDF, 0, 0x100000, &pirq), -ENXIO);
    expect_eq(map(MAP_PIRQ_TYPE_MSI_SEG, -1, MSI_BDF, 0, 0xfebf0000, &pirq), -EINVAL);
    expect_eq(map(MAP_PIRQ_TYPE_MSI_SEG, -1, CIRCLE_BDF, 0, 0, &pirq), -EINVAL);
    expect_eq(map(MAP_PIRQ_TYPE_MSI_SEG, -1, 0x88, 0, 0, &pirq), -ENODEV);
    expect_eq(map(MAP_PIRQ_TYPE_MSI_SEG, -1, 0x100, 0, 0, &pirq), -EINVAL);
    expect_eq(map(MAP_PIRQ_TYPE_MSI_SEG, -1, MSIX_BDF, -1, 0xfebf0000, &pirq), -EINVAL);
    expect(blocks <= before + 3); /* what is known of three functions; no line stays behind */
    end();
}

/* dom0 switches messages on and off, but doesn't choose where they go, nor how many there are. */
TEST(message_registers_are_kept_from_dom0)
{
    int pirq = -1;
    u32 data;

    start();
    guest_config_write(MSI_BDF, 0x54, 4, 0x12345678); /* nothing is routed: its own affair */
    expect_eq(guest_config_read(MSI_BDF, 0x54, 4), 0x12345678);
    map(MAP_PIRQ_TYPE_MSI_SEG, -1, MSI_BDF, 0, 0, &pirq);
    data = guest_config_read(MSI_BDF, 0x5c, 2);

    guest_config_write(MSI_BDF, 0x54, 4, 0xfee00000);
    guest_config_write(MSI_BDF, 0x58, 4, 1);
    guest_config_write(MSI_BDF, 0x5c, 2, 0x30);
    guest_config_write(MSI_BDF, 0x5d, 1, 0x30);
    guest_config_write(MSI_BDF, 0x60, 4, 0);
    expect_eq(guest_config_read(MSI_BDF, 0x54, 4), 0xfee03000);
    expect_eq(guest_config_read(MSI_BDF, 0x58, 4), 0);
    expect_eq(guest_config_read(MSI_BDF, 0x5c, 2), data);
    expect_eq(guest_config_read(MSI_BDF, 0x60, 4), 1);

    guest_config_write(MSI_BDF, 0x52, 2, 0x01f4); /* disable, and ask for 128 messages */
    expect_eq(guest_config_read(MSI_BDF, 0x52, 2), 0x0184);
    guest_config_write(MSI_BDF, 0x50, 4, 0xffff0005); /* by the whole word */
    expect_eq(guest_config_read(MSI_BDF, 0x52, 2), 0xff8f);

    expect(irq_pci_mcfg_write(to_maddr(0xb0000000 + (MSI_BDF << 12) + 0x54), 4, 0));
    expect_eq(guest_config_read(MSI_BDF, 0x54, 4), 0xfee03000);
    expect(irq_pci_mcfg_write(to_maddr(0xb0000000 + (MSI_BDF << 12) + 0x64), 4, 0x55));
    expect_eq(guest_config_read(MSI_BDF, 0x64, 4), 0x55);
    end();
}

TEST(strange_config_accesses)
{
    start();
    expect_eq(irq_pci_config_read(0x1000, 0, 4), ~0u); /* not enabled */
    expect_eq(irq_pci_config_read(0x80001000, 1, 4), ~0u);
    expect(!irq_pci_config_write(0x80001000, 3, 2, 0));
    expect(!irq_pci_config_write(0x1000, 0, 4, 0));
    expect_eq(irq_pci_config_read(0x80ff0000, 0, 4), ~0u); /* nobody there */
    expect(!irq_pci_mcfg_write(to_maddr(0xb0000000 + (256UL << 20)), 4, 0));
    expect(!irq_pci_mcfg_write(to_maddr(0xafffffff), 1, 0));
    expect(!irq_pci_mcfg_write(to_maddr(0xb0000002), 4, 0));
    expect(!irq_pci_mcfg_write(to_maddr(0xb0000000), 8, 0));
    end();
}

TEST(devices_come_and_go)
{
    struct physdev_pci_device gone = { .devfn = MSI_BDF };
    int pirq = -1;

    start();
    expect_eq(add_device(0, MSI_BDF), 0);
    expect_eq(add_device(0, CIRCLE_BDF), 0);
    expect_eq(add_device(0, LIAR_BDF), 0);
    expect_eq(read_only_last, 0);
    expect_eq(add_device(0, MSIX_BDF), 0);
    expect_eq(read_only_last, 0xfebf2); /* the pending bits, last */
    expect_eq(add_device(0, 0x88), -ENODEV);
    expect_eq(add_device(1, MSI_BDF), -ENODEV);

    map(MAP_PIRQ_TYPE_MSI_SEG, -1, MSI_BDF, 0, 0, &pirq);
    expect_eq(op(PHYSDEVOP_pci_device_remove, &gone), 0);
    expect_eq(unmap(pirq), -EINVAL);
    end();
}

/* --- Rights and the rest --- */

TEST(a_domain_without_rights)
{
    struct physdev_setup_gsi setup = { .gsi = 17 };
    struct physdev_pci_device_add add = { .devfn = MSI_BDF };
    struct physdev_set_iopl iopl = { 1 };

    start();
    vcpu.domain = &domu;
    expect_eq(map_gsi(17, 17), -EPERM);
    expect_eq(unmap(17), -EPERM);
    expect_eq(op(PHYSDEVOP_setup_gsi, &setup), -EPERM);
    expect_eq(op(PHYSDEVOP_pci_device_add, &add), -EPERM);
    expect_eq(eoi(17), -EINVAL);
    expect_eq(op(PHYSDEVOP_set_iopl, &iopl), 0);
    expect_eq(vcpu.cpu.iopl, 1);
    iopl.iopl = 4;
    expect_eq(op(PHYSDEVOP_set_iopl, &iopl), -EINVAL);
    expect_eq(op(PHYSDEVOP_set_iopl, NULL), -EFAULT);
    expect_eq(op(22, NULL), -ENOSYS);
    expect_eq(op(1000, NULL), -ENOSYS);
    expect_eq(op(PHYSDEVOP_apic_read, NULL), -ENOSYS);
    end();
}

/* Every vector in use at once, then all given back: as many again, and no memory lost. */
TEST(vectors_run_out_and_come_back)
{
    int mapped[2] = { 0 };
    unsigned long before = 0;

    start();
    put_config(MSIX_BDF, 0x62, 2, 0x7ff); /* a table of 2048 */
    for ( int round = 0; round < 2; round++ )
    {
        int pirq = -1;

        while ( map(MAP_PIRQ_TYPE_MSI, -1, MSIX_BDF, mapped[round], 0xfebf0000, &pirq) == 0 )
        {
            mapped[round]++;
            pirq = -1;
        }
        expect_eq(map(MAP_PIRQ_TYPE_MSI, -1, MSIX_BDF, 2000, 0xfebf0000, &pirq), -ENOSPC);
        expect_eq(map_gsi(9, 9), -EINVAL);
        irq_domain_relinquish(&dom0);
        expect(!round || blocks == before);
        before = blocks;
    }
    expect(mapped[0] > 190 && mapped[0] == mapped[1]);
    end();
}

HOST_TEST_MAIN
