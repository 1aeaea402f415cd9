/*
 * A domain without rights can't name another: every hypercall that takes a domain's number refuses the neighbour's,
 * and so do those over the machine, which know no domain.
 *
 * The victim lives on, runs, and has what it had.
 */
#include "roles.h"

static domid_t victim;
static char text[80];

/* --- The attacker --- */

enum status { DONE, SHOW, SOON, NEVER };

#define SUBOP(operation, argument, direction, who, status, ...) { #operation, operation, status },
static const struct row {
    const char *name;
    unsigned int command;
    enum status status;
} domctls[] = {
#include <hypercall/ops/domctl.def>
}, sysctls[] = {
#include <hypercall/ops/sysctl.def>
}, platform_ops[] = {
#include <hypercall/ops/platform.def>
};
#undef SUBOP

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What is not there may be refused for that reason. */
static void expect_refused(long rc, const struct row *row)
{
    if ( row->status == DONE || row->status == SHOW )
        expect_eq(rc, -EPERM, row->name);
    else
        expect(rc < 0, row->name);
}

static void control(void)
{
    static struct xen_domctl domctl;
    static struct xen_sysctl sysctl;
    static struct xen_platform_op platform;

    for ( unsigned int i = 0; i < COUNT(domctls); i++ )
    {
        memset(&domctl, 0, sizeof(domctl));
        domctl.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
        domctl.cmd = domctls[i].command;
        domctl.domain = victim;
        domctl.u.ioport_permission.nr_ports = 1; /* some arguments may be looked at first */
        domctl.u.iomem_permission.nr_mfns = 1;
        expect_refused(hypercall(domctl, &domctl), &domctls[i]);
    }
    for ( unsigned int i = 0; i < COUNT(sysctls); i++ )
    {
        memset(&sysctl, 0, sizeof(sysctl));
        sysctl.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
        sysctl.cmd = sysctls[i].command;
        expect_refused(hypercall(sysctl, &sysctl), &sysctls[i]);
    }
    for ( unsigned int i = 0; i < COUNT(platform_ops); i++ )
    {
        memset(&platform, 0, sizeof(platform));
        platform.interface_version = XENPF_INTERFACE_VERSION;
        platform.cmd = platform_ops[i].command;
        expect_refused(hypercall(platform_op, &platform), &platform_ops[i]);
    }
}

/* These tell how many frames they were good for. */
static void reserve(unsigned int command, domid_t domain, const char *name)
{
    xen_pfn_t frame = 0;
    struct xen_memory_reservation r = { .nr_extents = 1, .domid = domain };

    set_xen_guest_handle(r.extent_start, &frame);
    expect_eq(hypercall(memory_op, command, &r), 0, name);
}

static void memory(void)
{
    domid_t domid = victim;
    xen_pfn_t frame = 0;
    struct xen_memory_exchange swap = { .in = { .nr_extents = 1, .domid = victim },
                                        .out = { .nr_extents = 1, .domid = victim } };
    struct xen_memory_reservation claim = { .nr_extents = 1, .domid = victim };
    struct xen_foreign_memory_map map = { .domid = victim };
    struct xen_mem_acquire_resource resource = { .domid = victim, .nr_frames = 1 };
    struct xen_add_to_physmap place = { .domid = victim };
    struct xen_remove_from_physmap clear = { .domid = victim };

    reserve(XENMEM_increase_reservation, victim, "increase_reservation");
    reserve(XENMEM_decrease_reservation, victim, "decrease_reservation");
    reserve(XENMEM_populate_physmap, victim, "populate_physmap");
    reserve(XENMEM_populate_physmap, 999, "populate_physmap of no domain");
    expect_eq(hypercall(memory_op, XENMEM_claim_pages, &claim), -EPERM, "claim_pages");
    set_xen_guest_handle(swap.in.extent_start, &frame);
    set_xen_guest_handle(swap.out.extent_start, &frame);
    set_xen_guest_handle(resource.frame_list, &frame);
    expect_eq(hypercall(memory_op, XENMEM_exchange, &swap), -EPERM, "exchange");
    expect_eq(hypercall(memory_op, XENMEM_current_reservation, &domid), -EPERM,
              "current_reservation");
    expect_eq(hypercall(memory_op, XENMEM_maximum_reservation, &domid), -EPERM,
              "maximum_reservation");
    expect_eq(hypercall(memory_op, XENMEM_maximum_gpfn, &domid), -EPERM, "maximum_gpfn");
    expect_eq(hypercall(memory_op, XENMEM_set_memory_map, &map), -EPERM, "set_memory_map");
    expect_eq(hypercall(memory_op, XENMEM_acquire_resource, &resource), -EPERM, "acquire_resource");
    expect_eq(hypercall(memory_op, XENMEM_add_to_physmap, &place), -EACCES, "add_to_physmap");
    expect_eq(hypercall(memory_op, XENMEM_remove_from_physmap, &clear), -EACCES,
              "remove_from_physmap");
}

static void tables(void)
{
    for ( unsigned int command = MMUEXT_PIN_L1_TABLE; command <= MMUEXT_COPY_PAGE; command++ )
    {
        struct mmuext_op op = { .cmd = command };

        snprintf(text, sizeof(text), "mmuext_op %u", command);
        expect_eq(hypercall(mmuext_op, &op, 1, NULL, victim), -EPERM, text);
    }
}

static void others(void)
{
    struct sched_remote_shutdown end = { .domain_id = victim, .reason = SHUTDOWN_crash };
    struct physdev_map_pirq map = {
        .domid = victim, .type = MAP_PIRQ_TYPE_GSI, .index = 4, .pirq = 4
    };
    struct physdev_unmap_pirq unmap = { .domid = victim, .pirq = 4 };

    expect_eq(hypercall(sched_op, SCHEDOP_remote_shutdown, &end), -EPERM, "remote_shutdown");
    expect_eq(hypercall(physdev_op, PHYSDEVOP_map_pirq, &map), -EPERM, "map_pirq");
    expect_eq(hypercall(physdev_op, PHYSDEVOP_unmap_pirq, &unmap), -EPERM, "unmap_pirq");
    expect_eq(hypercall(console_io, CONSOLEIO_read, 1, text), -EPERM, "the machine's console");
}

static void attack(void)
{
    victim = meet();
    control();
    memory();
    tables();
    others();
    victim = own_domid();
    control();
    tell(0);
}

/* --- The victim --- */

static void suffer(void)
{
    domid_t self = DOMID_SELF;

    meet();
    hear();
    expect_eq(hypercall(memory_op, XENMEM_current_reservation, &self), start_info->nr_pages,
              "we have all our memory");
}

void test_main(void)
{
    static const struct role roles[] = { { "attacker", attack }, { "victim", suffer } };

    ROLES_PLAY(roles);
}
