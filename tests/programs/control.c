/*
 * Arguments of the operations on other domains and the machine, and of those that only tell.
 */
#include "tests/programs/internal.h"

#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

/* Of an image for setvcpuextstate: two words, and XSAVE's area without extensions. */
#define EXTENDED_STATE (16 + 512 + 64)

/* Some letters; the console shows them. */
struct made make_console(void)
{
    uint64_t at = some_pointer(16);
    unsigned int cmd = pick(3);

    if ( fill(at, 16) )
        memcpy((void *)(uintptr_t)at, "a line of text\n", 16);
    return (struct made){ { cmd, pick(16), at } };
}

struct made make_version(void)
{
    unsigned int cmd = pick(14);
    uint64_t at = cmd == XENVER_pagesize && chance(2) ? 0 : some_pointer(256);

    fill(at, 16);
    return (struct made){ { cmd, at } };
}

/* Of a process: none that has to do with devices that its kernel drives, or its own right to them. */
static unsigned int device_command(void)
{
    static const uint8_t harmless[] = {
        PHYSDEVOP_irq_status_query, PHYSDEVOP_apic_read,          PHYSDEVOP_eoi,
        PHYSDEVOP_map_pirq,         PHYSDEVOP_unmap_pirq,         PHYSDEVOP_get_free_pirq,
        PHYSDEVOP_setup_gsi,        PHYSDEVOP_alloc_irq_vector,   PHYSDEVOP_manage_pci_add,
        PHYSDEVOP_pci_device_add,   PHYSDEVOP_manage_pci_add_ext,
    };

    return world->process ? harmless[pick(ARRAY_COUNT(harmless))] : pick(34);
}

/* Of a few, which the kernel of a process has no devices at. */
static uint64_t some_gsi(void)
{
    return 18 + pick(2);
}

/* The first words of an argument that the operation may take. */
static void fill_device(uint64_t *words, unsigned int cmd)
{
    switch ( cmd )
    {
    case PHYSDEVOP_set_iopl:
        words[0] = pick(4);
        break;
    case PHYSDEVOP_alloc_irq_vector:
        words[0] = some_gsi();
        break;
    case PHYSDEVOP_setup_gsi: /* level, low: as PCI's are */
        words[0] = some_gsi() | 1ULL << 32;
        words[1] = 1;
        break;
    case PHYSDEVOP_manage_pci_add:
        words[0] = pick(4) << 11;
        break;
    case PHYSDEVOP_manage_pci_add_ext:
        words[0] = pick(4) << 11;
        words[1] = 0;
        break;
    case PHYSDEVOP_pci_device_add:
        words[0] = (uint64_t)pick(4) << 43;
        words[1] = 0;
        break;
    default:
        break;
    }
}

struct made make_device(void)
{
    unsigned int cmd = device_command();
    uint64_t at = some_pointer(64), *words = fill(at, 64);

    if ( words && (world->process || chance(2)) )
        fill_device(words, cmd);
    if ( words && cmd == PHYSDEVOP_map_pirq && world->process )
        words[0] = world->other | (uint64_t)MAP_PIRQ_TYPE_GSI << 32;
    if ( words && cmd == PHYSDEVOP_map_pirq && chance(2) )
        words[1] = some_gsi() | some_gsi() << 32;
    if ( words && cmd == PHYSDEVOP_unmap_pirq && world->process )
        words[0] = world->other | some_gsi() << 32;
    return (struct made){ { cmd, at } };
}

/* Machine checks. Its words are laid out alike for both widths as far as they are chosen here. */
struct made make_mca(void)
{
    uint64_t at = some_pointer(64), *words = fill(at, 64);

    if ( !words )
        return (struct made){ { at } };
    memcpy(words, &(uint32_t[2]){ 1 + pick(4), XEN_MCA_INTERFACE_VERSION + chance(30) }, 8);
    if ( chance(2) ) /* flags, or room for how many */
        words[1] = 1 + pick(2);
    if ( chance(2) )
        words[2] = chance(2) ? 0 : some_pointer(512);
    return (struct made){ { at } };
}

struct made make_assist(void)
{
    unsigned int cmd = pick(3);

    return (struct made){ { cmd, chance(6)   ? VMASST_TYPE_m2p_strict
                                 : chance(4) ? some_number()
                                             : pick(6) } };
}

/* --- control --- */

static uint32_t admin_version(unsigned int nr)
{
    return nr == __HYPERVISOR_domctl   ? XEN_DOMCTL_INTERFACE_VERSION
           : nr == __HYPERVISOR_sysctl ? XEN_SYSCTL_INTERFACE_VERSION
                                       : XENPF_INTERFACE_VERSION;
}

static uint32_t looking_command(unsigned int nr)
{
    static const uint8_t domctls[] = {
        XEN_DOMCTL_getdomaininfo,     XEN_DOMCTL_getvcpuinfo,     XEN_DOMCTL_getvcpuaffinity,
        XEN_DOMCTL_get_address_size,  XEN_DOMCTL_gettscinfo,      XEN_DOMCTL_getnodeaffinity,
        XEN_DOMCTL_getvcpucontext,    XEN_DOMCTL_getvcpuextstate, XEN_DOMCTL_get_ext_vcpucontext,
        XEN_DOMCTL_getpageframeinfo3,
    };
    static const uint8_t sysctls[] = {
        XEN_SYSCTL_physinfo,   XEN_SYSCTL_sched_id,    XEN_SYSCTL_getdomaininfolist,
        XEN_SYSCTL_getcpuinfo, XEN_SYSCTL_cputopoinfo, XEN_SYSCTL_numainfo,
        XEN_SYSCTL_availheap,
    };

    return nr == __HYPERVISOR_domctl   ? domctls[pick(ARRAY_COUNT(domctls))]
           : nr == __HYPERVISOR_sysctl ? sysctls[pick(ARRAY_COUNT(sysctls))]
                                       : XENPF_get_cpuinfo;
}

/* Ends of the machine are left out. */
static uint32_t admin_command(unsigned int nr)
{
    uint32_t cmd = pick(nr == __HYPERVISOR_domctl ? 88 : nr == __HYPERVISOR_sysctl ? 30 : 66);

    if ( nr == __HYPERVISOR_platform_op )
        return cmd == XENPF_enter_acpi_sleep ? XENPF_getidletime : cmd;
    if ( nr == __HYPERVISOR_domctl )
        return cmd == XEN_DOMCTL_destroydomain && !chance(world->process ? 3 : 40)
                   ? XEN_DOMCTL_getdomaininfo
                   : cmd;
    return cmd == XEN_SYSCTL_debug_keys ? XEN_SYSCTL_physinfo : cmd;
}

/* What many arguments have: a vcpu or a count, flags, buffers and their sizes. */
static void fill_payload(uint64_t *words)
{
    words[0] = pick(3) | (uint64_t)pick(4) << 32;
    words[1] = some_pointer(512);
    words[2] = 8 * pick(9);
    words[3] = some_pointer(512);
    words[4] = 8 * pick(9);
}

static void fill_createdomain(void *payload)
{
    struct xen_domctl_createdomain create = { .max_vcpus = 1 + pick(4),
                                              .max_evtchn_port = chance(4) ? 31 : ~0U >> 1,
                                              .max_grant_frames = (int32_t)pick(4),
                                              .max_maptrack_frames = (int32_t)pick(4),
                                              .grant_opts = XEN_DOMCTL_GRANT_version(1 + pick(2)),
                                              .cpupool_id = chance(4) ? pick(3) : 0 };

    create.flags = chance(8) ? (uint32_t)some_number() : 0;
    memcpy(payload, &create, sizeof(create));
}

/* What a vcpu has before it ever ran. */
static uint64_t some_extended_state(void)
{
    uint64_t at = some_pointer(PROGRAM_SLOT), *words = fill(at, EXTENDED_STATE);

    if ( words )
        memset(words, 0, EXTENDED_STATE);
    if ( words )
        words[0] = words[1] = 3; /* x87 and SSE: what may be on, what was */
    return at;
}

/* What only few values are good for: by chance these would nearly always be refused. */
static void fill_known_domctl(uint64_t *words, uint32_t cmd)
{
    switch ( cmd )
    {
    case XEN_DOMCTL_set_address_size:
        words[0] = chance(2) ? 32 : 64;
        break;
    case XEN_DOMCTL_hypercall_init:
        words[0] = some_mfn();
        break;
    case XEN_DOMCTL_set_ext_vcpucontext:
        memset(words, 0, sizeof(struct xen_domctl_ext_vcpucontext));
        words[0] = pick(2) | (uint64_t)sizeof(struct xen_domctl_ext_vcpucontext) << 32;
        break;
    case XEN_DOMCTL_irq_permission:
        words[0] = some_gsi() | (chance(4) ? 0 : 1ULL << 32);
        break;
    case XEN_DOMCTL_getvcpuextstate: /* how large it is */
        memset(words, 0, sizeof(struct xen_domctl_vcpuextstate));
        words[0] = pick(2);
        break;
    case XEN_DOMCTL_get_cpu_policy:    /* likewise */
    case XEN_DOMCTL_get_vcpu_msrs:     /* how many */
    case XEN_DOMCTL_getpageframeinfo3: /* of none */
        memset(words, 0, sizeof(struct xen_domctl_cpu_policy));
        break;
    case XEN_DOMCTL_setvcpuextstate:
        words[0] = pick(2);
        words[1] = 3;
        words[2] = EXTENDED_STATE;
        words[3] = some_extended_state();
        break;
    default:
        break;
    }
}

/* A new domain of this program's, perhaps: those that have no memory yet can become what others can't. */
static uint64_t some_child(void)
{
    return world->other + 1U + pick(3);
}

static void fill_domctl(uint8_t *bytes, uint32_t cmd)
{
    uint64_t domain = chance(8)                     ? some_domid()
                      : world->process && chance(5) ? some_child()
                                                    : world->other;

    if ( world->spare && (domain == DOMID_SELF || domain == world->self) )
        domain = world->other; /* or it would pause itself, or lose its memory */
    if ( cmd == XEN_DOMCTL_destroydomain && world->process )
        domain = some_child(); /* the calls to come are about the other */
    if ( cmd == XEN_DOMCTL_createdomain )
        domain = 0; /* any that is free */
    memcpy(bytes + 8, &domain, 8);
    if ( chance(2) )
        fill_payload((void *)(bytes + 16));
    if ( cmd == XEN_DOMCTL_createdomain && !chance(4) )
        fill_createdomain(bytes + 16);
    if ( !world->only_look && chance(2) )
        fill_known_domctl((void *)(bytes + 16), cmd);
    if ( cmd == XEN_DOMCTL_setvcpucontext && chance(world->context ? 2 : 32) )
    {
        uint64_t context = chance(4) ? 0 : world->context; /* 0: back to none */

        memcpy(bytes + 24, &context, 8);
    }
}

static void fill_known_sysctl(uint8_t *payload, uint32_t cmd)
{
    struct xen_sysctl_availheap heap = { .node = -1 };
    struct xen_sysctl_scheduler_op scheduler = { .sched_id = XEN_SCHEDULER_CREDIT2,
                                                 .cmd = chance(3) ? XEN_SYSCTL_SCHEDOP_putinfo
                                                                  : XEN_SYSCTL_SCHEDOP_getinfo };
    struct xen_sysctl_cpupool_op pool = { .op = 1 + pick(7),
                                          .cpupool_id = pick(3),
                                          .sched_id = XEN_SCHEDULER_CREDIT2,
                                          .cpu = chance(4) ? XEN_SYSCTL_CPUPOOL_PAR_ANY : pick(4),
                                          .domid = some_domid() };
    struct xen_sysctl_cpu_policy policy = { .index = pick(8) }; /* how large it is */
    uint64_t map = some_pointer(8);

    set_xen_guest_handle(pool.cpumap.bitmap, (void *)(uintptr_t)map);
    pool.cpumap.nr_bits = 8 * pick(9);
    if ( cmd == XEN_SYSCTL_availheap )
        memcpy(payload, &heap, sizeof(heap));
    if ( cmd == XEN_SYSCTL_scheduler_op )
        memcpy(payload, &scheduler, sizeof(scheduler));
    if ( cmd == XEN_SYSCTL_get_cpu_policy )
        memcpy(payload, &policy, sizeof(policy));
    if ( cmd == XEN_SYSCTL_cpupool_op )
        memcpy(payload, &pool, sizeof(pool));
    if ( cmd == XEN_SYSCTL_cputopoinfo || cmd == XEN_SYSCTL_numainfo ) /* how many there are */
        memset(payload, 0, sizeof(struct xen_sysctl_numainfo));
}

static void fill_known_platform(uint8_t *payload, uint32_t cmd)
{
    if ( cmd == XENPF_firmware_info )
        memcpy(payload, &(uint32_t[2]){ 1 + pick(5), pick(2) }, 8);
}

/* The version right nearly always, else all of them end there. */
struct made make_admin(unsigned int nr)
{
    uint32_t cmd = world->only_look ? looking_command(nr) : admin_command(nr);
    uint32_t version = admin_version(nr) + chance(30);
    uint64_t at = some_pointer(256);
    uint8_t *bytes = fill(at, 256);

    if ( bytes )
        memcpy(bytes, &(uint32_t[2]){ cmd, version }, 8);
    if ( bytes && nr == __HYPERVISOR_domctl )
        fill_domctl(bytes, cmd);
    else if ( bytes && chance(2) )
        fill_payload((void *)(bytes + 8));
    if ( bytes && nr == __HYPERVISOR_sysctl && chance(2) )
        fill_known_sysctl(bytes + 8, cmd);
    if ( bytes && nr == __HYPERVISOR_platform_op && chance(2) )
        fill_known_platform(bytes + 8, cmd);
    return (struct made){ { at } };
}
