#include "create.h"

#include <sys/mman.h>

#include <hypercall/limits.h>
#include <xenforeignmemory.h>

#include "build.h"
#include "calls.h"
#include "clock.h"
#include "domain.h"
#include "lib/bits.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "message.h"
#include "record.h"
#include "store.h"
#include "vcpu.h"

/* Memory that the domain may have beyond what it was given, as libxl allows: room for grant and transfer frames. */
#define SLACK_KIB 1024

/* The highest event channel port, libxl's default. */
#define MAX_EVENT_PORT 1023

struct creation {
    struct rl *rl;
    const struct rl_config *config;
    struct rl_build build;
    bool exists; /* the domain build.id is ours to take apart if anything fails */
    bool in_store;
};

static int refused(const char *what, long rc)
{
    return rl_error((int)-rc, "the hypervisor refuses %s: %s", what, strerror((int)-rc));
}

static long domctl(struct creation *c, u32 command, struct xen_domctl *op)
{
    return rl_domctl(c->rl, command, c->build.id, op);
}

/* --- steps, in their order; 0 or a negative errno, told --- */

static int make(struct creation *c)
{
    struct xen_domctl op = { 0 };
    struct xen_domctl_createdomain *config = &op.u.createdomain;
    long rc;

    memcpy(config->handle, c->config->uuid, sizeof(config->handle));
    config->max_vcpus = (u32)c->config->maxvcpus;
    config->max_evtchn_port = MAX_EVENT_PORT;
    config->max_grant_frames = -1;
    config->max_maptrack_frames = -1;
    config->grant_opts = XEN_DOMCTL_GRANT_version(c->config->max_grant_version);
    rc = rl_domctl(c->rl, XEN_DOMCTL_createdomain, (domid_t)c->config->domid, &op);
    if ( rc < 0 )
        return refused("to make a domain", rc);
    c->build.id = (domid_t)op.domain;
    c->exists = true;
    return 0;
}

/* Now that there is a domain which others, who take the same name, can see. */
static int take_name(struct creation *c)
{
    struct rl_domain domain;
    int rc = rl_domain_get(c->rl, c->build.id, &domain);

    if ( rc )
        return refused("to tell of the new domain", rc);
    c->build.shared_info = domain.shared_info;
    return rl_domain_take_name(c->rl, &domain, c->config->name);
}

/* Before it has memory: a 32-bit kernel's domain is a 32-bit one. */
static int set_width(struct creation *c)
{
    struct xen_domctl op = { .u.address_size.size = 32 };
    long rc = c->build.builder.image.is64 ? 0 : domctl(c, XEN_DOMCTL_set_address_size, &op);

    return rc < 0 ? refused("a 32-bit domain", rc) : 0;
}

static int make_vcpus(struct creation *c)
{
    struct xen_domctl op = { 0 };
    long rc;

    op.u.max_vcpus.max = (u32)c->config->maxvcpus;
    rc = domctl(c, XEN_DOMCTL_max_vcpus, &op);
    return rc < 0 ? refused("to make the vcpus", rc) : 0;
}

static int limit_memory(struct creation *c)
{
    struct xen_domctl op = { 0 };
    long rc;

    op.u.max_mem.max_memkb = (c->config->memory_mib << 10) + SLACK_KIB;
    rc = domctl(c, XEN_DOMCTL_max_mem, &op);
    return rc < 0 ? refused("the limit of memory", rc) : 0;
}

static long claim(struct creation *c, u64 pages)
{
    struct xen_memory_reservation arg = { .nr_extents = pages, .domid = c->build.id };

    return rl_memory_op(c->rl, XENMEM_claim_pages, &arg, sizeof(arg));
}

/* Set the memory aside, so that a domain that doesn't fit takes nothing from others that do. */
static int claim_memory(struct creation *c)
{
    struct xen_sysctl op = { 0 };
    long rc = claim(c, c->build.builder.nr_pages);

    if ( rc != -ENOMEM )
        return rc < 0 ? refused("to set memory aside", rc) : 0;
    rc = rl_sysctl(c->rl, XEN_SYSCTL_physinfo, &op);
    return rl_error(
        ENOMEM,
        "there is too little memory: the domain wants %llu MiB, %llu MiB are free; destroy other "
        "domains "
        "or give this one less",
        (unsigned long long)c->config->memory_mib,
        rc ? 0
           : (unsigned long long)(op.u.physinfo.free_pages - op.u.physinfo.outstanding_pages) >>
                 (20 - PAGE_SHIFT));
}

/* What was set aside and not used, which is nothing unless something went wrong, is free again. */
static int claim_nothing(struct creation *c)
{
    long rc = claim(c, 0);

    return rc < 0 ? refused("to end setting memory aside", rc) : 0;
}

static int open_port(struct creation *c, u32 *port)
{
    struct evtchn_alloc_unbound arg = { .dom = c->build.id, .remote_dom = 0 };
    long rc = rl_event_op(c->rl, EVTCHNOP_alloc_unbound, &arg, sizeof(arg));

    *port = arg.port;
    return rc < 0 ? refused("an event channel", rc) : 0;
}

static int open_ports(struct creation *c)
{
    int rc = open_port(c, &c->build.builder.store_evtchn);

    return rc ? rc : open_port(c, &c->build.builder.console_evtchn);
}

struct e820_entry {
    u64 start, size;
    u32 type;
} __attribute__((packed));

#define E820_RAM 1

/* One range of RAM, as large as the domain may grow. */
static int set_memory_map(struct creation *c)
{
    struct e820_entry *map = rl_call_array(c->rl);
    struct xen_foreign_memory_map arg = { .domid = c->build.id, .map.nr_entries = 1 };
    long rc;

    *map = (struct e820_entry){ 0, c->config->maxmem_mib << 20, E820_RAM };
    set_xen_guest_handle(arg.map.buffer, map);
    rc = rl_memory_op(c->rl, XENMEM_set_memory_map, &arg, sizeof(arg));
    return rc < 0 ? refused("the memory map", rc) : 0;
}

static int set_tsc(struct creation *c)
{
    struct xen_domctl op = { .u.tsc_info.tsc_mode = c->config->tsc_mode };
    long rc = domctl(c, XEN_DOMCTL_settscinfo, &op);

    return rc < 0 ? refused("the TSC's mode", rc) : 0;
}

static int place_vcpus(struct creation *c)
{
    return rl_vcpus_place(c->rl, c->build.id, c->config);
}

static int set_share(struct creation *c)
{
    const struct rl_config *config = c->config;
    struct rl_share share = { config->cpu_weight ? (unsigned int)config->cpu_weight
                                                 : SCHED_WEIGHT_DEFAULT,
                              (unsigned int)config->cap };

    if ( !config->cpu_weight && !config->cap )
        return 0;
    return rl_share_set(c->rl, c->build.id, (unsigned int)config->maxvcpus, &share);
}

static int fill(struct creation *c)
{
    c->build.rl = c->rl;
    return rl_build_domain(&c->build);
}

/* The two rings are granted to the daemons in dom0, in entries that the ABI keeps for that. */
static int grant_rings(struct creation *c)
{
    struct grant_entry_v1 *table = NULL;
    xenforeignmemory_resource_handle *resource = xenforeignmemory_map_resource(
        c->rl->memory, c->build.id, XENMEM_resource_grant_table,
        XENMEM_resource_grant_table_id_shared, 0, 1, (void **)&table, PROT_READ | PROT_WRITE, 0);

    if ( !resource )
        return refused("the domain's grant table", -errno);
    table[GNTTAB_RESERVED_CONSOLE].domid = 0;
    table[GNTTAB_RESERVED_CONSOLE].frame = (u32)c->build.builder.console_mfn.n;
    table[GNTTAB_RESERVED_XENSTORE].domid = 0;
    table[GNTTAB_RESERVED_XENSTORE].frame = (u32)c->build.builder.store_mfn.n;
    __atomic_store_n(&table[GNTTAB_RESERVED_CONSOLE].flags, GTF_permit_access, __ATOMIC_RELEASE);
    __atomic_store_n(&table[GNTTAB_RESERVED_XENSTORE].flags, GTF_permit_access, __ATOMIC_RELEASE);
    xenforeignmemory_unmap_resource(c->rl->memory, resource);
    return 0;
}

static int tell_store(struct creation *c)
{
    c->in_store = true;
    return store_add_domain(c->rl, &c->build, c->config);
}

static const struct step {
    int (*take)(struct creation *c);
    const char *what;
} steps[] = {
    { make, "make a domain, paused" },
    { take_name, "find its name free, and take it" },
    { set_width, "choose its width" },
    { make_vcpus, "make its vcpus" },
    { limit_memory, "limit its memory" },
    { claim_memory, "set its memory aside" },
    { open_ports, "open event channels for its store and its console" },
    { set_memory_map, "set the memory map that it will be told" },
    { set_tsc, "set its TSC's mode" },
    { place_vcpus, "pin its vcpus, if CPUs are given" },
    { set_share, "set its weight and cap, if they are given" },
    { fill, "give it memory, load the kernel, write page tables, start its first vcpu" },
    { claim_nothing, "end setting memory aside" },
    { grant_rings, "grant the rings of store and console to dom0" },
    { tell_store, "write its entries to the store and introduce it to xenstored" },
};

#define NR_STEPS (sizeof(steps) / sizeof(steps[0]))

/* --- all of it --- */

/* When what comes before the steps began, when they did, and when each ended. */
#define BEFORE 2

struct times {
    s64 ns[BEFORE + NR_STEPS + 1];
    size_t count;
};

static void note_time(struct times *times)
{
    times->ns[times->count++] = clock_ns();
}

/* With -v, when all is done: to tell it on a terminal takes longer than most of it. */
static void tell_times(const struct times *times)
{
    static const char *const before[BEFORE] = { "begin: read the settings, open the hypervisor",
                                                "prepare: read and unpack the kernel" };

    for ( size_t i = 0; i + 1 < times->count; i++ )
        rl_debug("%8lld us  %s", (long long)(times->ns[i + 1] - times->ns[i]) / (s64)NS_PER_US,
                 i < BEFORE ? before[i] : steps[i - BEFORE].what);
}

/* What the store has under its UUID may be another's, whose settings were given a second time. */
static void undo(struct creation *c)
{
    struct rl_domain domain;

    if ( !c->exists || rl_domain_get(c->rl, c->build.id, &domain) )
        return;
    if ( c->in_store )
        rl_domain_destroy(c->rl, &domain);
    else
        rl_domain_abandon(c->rl, &domain);
}

int rl_create(struct rl *rl, const struct rl_config *config, domid_t *id)
{
    struct creation c = { .rl = rl, .config = config };
    struct times times = { { rl_began }, 1 };
    int rc;

    note_time(&times);
    rc = rl_vcpus_check(rl, config);
    if ( !rc )
        rc = rl_build_prepare(&c.build, config);
    note_time(&times);
    for ( size_t i = 0; !rc && i < NR_STEPS; i++ )
    {
        rc = steps[i].take(&c);
        note_time(&times);
    }
    tell_times(&times);
    rl_build_free(&c.build);
    if ( rc )
        undo(&c);
    else
        record_log(config->name, "domain %u made: %llu MiB, %llu vcpus", c.build.id,
                   (unsigned long long)config->memory_mib, (unsigned long long)config->maxvcpus);
    *id = c.build.id;
    return rc;
}

/* --- a dry run --- */

static void take_areas(const struct builder_layout *layout, struct rl_plan *plan)
{
    const struct rl_plan_area all[] = {
        { "kernel", layout->kernel },
        { "ramdisk", layout->initrd },
        { "p2m", layout->p2m },
        { "start_info", layout->start_info },
        { "store ring", layout->xenstore },
        { "console ring", layout->console },
        { "page tables", layout->tables },
        { "p2m's tables", layout->p2m_tables },
        { "stack", layout->stack },
    };

    BUILD_BUG_ON(ARRAY_SIZE(all) > RL_PLAN_AREAS);
    for ( size_t i = 0; i < ARRAY_SIZE(all); i++ )
        if ( all[i].area.pages )
            plan->areas[plan->nr_areas++] = all[i];
}

static void take_plan(const struct builder *b, struct rl_plan *plan)
{
    *plan = (struct rl_plan){ .entry = b->image.entry,
                              .pages_needed = b->layout.pages_needed,
                              .pages_given = b->nr_pages };
    snprintf(plan->guest_os, sizeof(plan->guest_os), "%s", b->image.guest_os);
    snprintf(plan->guest_version, sizeof(plan->guest_version), "%s", b->image.guest_version);
    take_areas(&b->layout, plan);
}

int rl_create_dry(struct rl *rl, const struct rl_config *config, struct rl_plan *plan)
{
    struct rl_build build = { 0 };
    int rc = rl_name_check(rl, config->name);

    if ( !rc )
        rc = rl_vcpus_check(rl, config);
    if ( !rc )
        rc = rl_build_prepare(&build, config);
    if ( !rc )
        take_plan(&build.builder, plan);
    rl_build_free(&build);
    return rc;
}

const char *rl_create_step(unsigned int n)
{
    return n < NR_STEPS ? steps[n].what : NULL;
}
