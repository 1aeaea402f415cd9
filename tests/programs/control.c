/*
 * Arguments of the operations on other domains and the machine, and of those that only tell.
 */
#include "tests/programs/internal.h"

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
    uint64_t at = some_pointer(256);

    fill(at, 16);
    return (struct made){ { cmd, at } };
}

/* Of a process: none that has to do with its kernel's devices, or its own right to them. */
static unsigned int device_command(void)
{
    static const uint8_t harmless[] = {
        PHYSDEVOP_irq_status_query, PHYSDEVOP_apic_read,  PHYSDEVOP_eoi,
        PHYSDEVOP_map_pirq,         PHYSDEVOP_unmap_pirq, PHYSDEVOP_get_free_pirq,
    };

    return world->process ? harmless[pick(ARRAY_COUNT(harmless))] : pick(34);
}

struct made make_device(void)
{
    unsigned int cmd = device_command();
    uint64_t at = some_pointer(64), *words = fill(at, 64);

    if ( words && cmd == PHYSDEVOP_map_pirq && world->process )
        words[0] = world->other | (uint64_t)MAP_PIRQ_TYPE_GSI << 32;
    if ( words && cmd == PHYSDEVOP_unmap_pirq && world->process )
        words[0] = world->other | (uint64_t)pick(40) << 32;
    return (struct made){ { cmd, at } };
}

struct made make_assist(void)
{
    unsigned int cmd = pick(3);

    return (struct made){ { cmd, chance(4) ? some_number() : pick(6) } };
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
        return cmd == XEN_DOMCTL_destroydomain && !chance(world->process ? 400 : 40)
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
                                              .grant_opts = XEN_DOMCTL_GRANT_version(1 + pick(2)) };

    create.flags = chance(8) ? (uint32_t)some_number() : 0;
    memcpy(payload, &create, sizeof(create));
}

static void fill_domctl(uint8_t *bytes, uint32_t cmd)
{
    uint64_t domain = chance(8) ? some_domid() : world->other;

    if ( world->spare && (domain == DOMID_SELF || domain == world->self) )
        domain = world->other; /* or it would pause itself, or lose its memory */
    if ( cmd == XEN_DOMCTL_createdomain )
        domain = 0; /* any that is free */
    memcpy(bytes + 8, &domain, 8);
    if ( chance(2) )
        fill_payload((void *)(bytes + 16));
    if ( cmd == XEN_DOMCTL_createdomain && !chance(4) )
        fill_createdomain(bytes + 16);
    if ( cmd == XEN_DOMCTL_setvcpucontext && world->context && chance(2) )
        memcpy(bytes + 24, &world->context, 8);
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
    return (struct made){ { at } };
}
