/*
 * Programs of hypercalls by a process of dom0's Linux: through /dev/xen/privcmd, with arguments in memory that
 * /dev/xen/hypercall gives, as Debian's tools make them. A program is about another domain, which is made for it, never
 * runs unless a call lets it, and is destroyed in the end, as are the domains that the program made.
 *
 *   programs [seed=1] [rounds=1] [calls=2000] [tell]
 *
 * A round is a seed. It ends with `RL-ROUND seed=N, F frames free`, and after the last one come a line for each row of
 * the ABI, as program_report() prints them, and `RL-PROGRAMS-END`. What can't be undone ends it: a line `RL-PROGRAMS
 * error`, and status 1. That calls hurt nobody, whoever started us looks at: dom0 goes on, and has what it had.
 */
#include "tests/programs/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xen/sys/privcmd.h>

#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define PAGE_SIZE   4096UL
#define ARENA_PAGES 16UL
#define WINDOW      (3UL << 39 | 1UL << 29) /* the same in the other's tables and in ours */
#define GRANTS      (WINDOW + (1UL << 28))
#define DOMAINS     64
#define PORTS       4096 /* more than one round takes */
#define HANDLES     256  /* likewise */

#define PTE_TABLE 7UL /* present, writable, for users */
#define PTE_READ  5UL

static struct program program;
static struct program_counts counts;
static bool tells;
static int privcmd;
static uint8_t *scratch; /* a page for arguments of our own */

static void fail(const char *what, long rc)
{
    printf("RL-PROGRAMS error: %s: %ld\n", what, rc);
    exit(1);
}

static long check(const char *what, long rc)
{
    if ( rc < 0 )
        fail(what, rc);
    return rc;
}

/* --- hypercalls --- */

static long call(const struct program_call *c)
{
    privcmd_hypercall_t request = { c->nr };
    int rc;

    memcpy(request.arg, c->args, sizeof(request.arg));
    rc = ioctl(privcmd, IOCTL_PRIVCMD_HYPERCALL, &request);
    return rc == -1 ? -errno : rc;
}

#define HYPERCALL_OF(name, ...) call(&(struct program_call){ __HYPERVISOR_##name, { __VA_ARGS__ } })

#define AT(pointer) ((uint64_t)(uintptr_t)(pointer))

/* An operation's argument, in memory that stays where it is while the hypervisor reads it; what comes back is there. */
static void *argument(const void *value, size_t size)
{
    memset(scratch, 0, PAGE_SIZE);
    return memcpy(scratch, value, size);
}

#define ARGUMENT_OF(type, ...) argument(&(type){ __VA_ARGS__ }, sizeof(type))

static struct xen_domctl *domctl_of(uint32_t cmd, domid_t domain)
{
    return ARGUMENT_OF(struct xen_domctl, .cmd = cmd, .domain = domain,
                       .interface_version = XEN_DOMCTL_INTERFACE_VERSION);
}

static long domctl(const struct xen_domctl *op)
{
    return HYPERCALL_OF(domctl, AT(op));
}

static unsigned long free_frames(void)
{
    struct xen_sysctl *op = ARGUMENT_OF(struct xen_sysctl, .cmd = XEN_SYSCTL_physinfo,
                                        .interface_version = XEN_SYSCTL_INTERFACE_VERSION);

    check("physinfo", HYPERCALL_OF(sysctl, AT(op)));
    return op->u.physinfo.free_pages;
}

/* --- memory --- */

/* Behind it there is nothing. */
static uint8_t *hypercall_memory(size_t pages)
{
    int fd = open("/dev/xen/hypercall", O_RDWR | O_CLOEXEC);
    uint8_t *at =
        mmap(NULL, (pages + 1) * PAGE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if ( fd < 0 || at == MAP_FAILED ||
         mmap(at, pages * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) != at )
        fail("/dev/xen/hypercall", -errno);
    memset(at, 0, pages * PAGE_SIZE);
    close(fd);
    return at;
}

/* Address space at @at for others' frames, with nothing there yet but for the tables. */
static void reserve(uint64_t at, size_t pages, int protection)
{
    if ( mmap((void *)at, pages * PAGE_SIZE, protection, MAP_SHARED | MAP_FIXED, privcmd, 0) ==
         MAP_FAILED )
        fail("address space", -errno);
}

static void map_frames(uint64_t at, const uint64_t *frames, unsigned int count, int protection)
{
    int errors[PROGRAM_FRAMES];
    privcmd_mmapbatch_v2_t batch = { count, program.world.other, at, (const xen_pfn_t *)frames,
                                     errors };

    reserve(at, count, protection);
    if ( ioctl(privcmd, IOCTL_PRIVCMD_MMAPBATCH_V2, &batch) )
        fail("mapping frames", -errno);
}

/* --- the other domain --- */

static domid_t create_domain(void)
{
    struct xen_domctl *op = domctl_of(XEN_DOMCTL_createdomain, 0);
    domid_t domid;

    op->u.createdomain.max_vcpus = 2;
    op->u.createdomain.max_evtchn_port = ~0U >> 1;
    op->u.createdomain.max_grant_frames = 4;
    op->u.createdomain.max_maptrack_frames = 4;
    op->u.createdomain.grant_opts = XEN_DOMCTL_GRANT_version(2);
    check("createdomain", domctl(op));
    domid = op->domain;
    op = domctl_of(XEN_DOMCTL_max_vcpus, domid);
    op->u.max_vcpus.max = 2;
    check("max_vcpus", domctl(op));
    op = domctl_of(XEN_DOMCTL_max_mem, domid);
    op->u.max_mem.max_memkb = 2 * PROGRAM_FRAMES * 4;
    check("max_mem", domctl(op));
    return domid;
}

static void populate(struct program_world *world)
{
    struct xen_memory_reservation r = { .nr_extents = PROGRAM_FRAMES, .domid = world->other };
    uint64_t *frames = (uint64_t *)(scratch + PAGE_SIZE / 2);

    set_xen_guest_handle(r.extent_start, (xen_pfn_t *)frames);
    argument(&r, sizeof(r));
    for ( unsigned int i = 0; i < PROGRAM_FRAMES; i++ )
        frames[i] = i;
    if ( HYPERCALL_OF(memory_op, XENMEM_populate_physmap, AT(scratch)) != PROGRAM_FRAMES )
        fail("populate_physmap", -ENOMEM);
    memcpy(world->frame, frames, sizeof(world->frame));
}

static unsigned int index_of(uint64_t va, unsigned int level)
{
    return va >> (3 + 9 * level) & 511;
}

/* As guests of the kit have them: in frames 0 to 3; they map all frames but the loose ones, themselves read-only. */
static void make_tables(const struct program_world *world)
{
    uint64_t *table = (uint64_t *)WINDOW;
    struct mmuext_op *op;

    map_frames(WINDOW, world->frame, PROGRAM_TABLES, PROT_READ | PROT_WRITE);
    memset(table, 0, PROGRAM_TABLES * PAGE_SIZE);
    for ( unsigned int level = 4; level > 1; level-- )
        table[512 * (4 - level) + index_of(WINDOW, level)] =
            world->frame[5 - level] << 12 | PTE_TABLE;
    for ( unsigned int i = 0; i < PROGRAM_FRAMES - PROGRAM_LOOSE; i++ )
        table[512 * 3 + i] = world->frame[i] << 12 | (i < PROGRAM_TABLES ? PTE_READ : PTE_TABLE);

    map_frames(WINDOW, world->frame, PROGRAM_TABLES, PROT_READ);
    op = ARGUMENT_OF(struct mmuext_op, .cmd = MMUEXT_PIN_L4_TABLE, .arg1.mfn = world->frame[0]);
    check("pinning the root", HYPERCALL_OF(mmuext_op, AT(op), 1, 0, world->other));
    map_frames(WINDOW + PROGRAM_TABLES * PAGE_SIZE, world->frame + PROGRAM_TABLES,
               PROGRAM_FRAMES - PROGRAM_LOOSE - PROGRAM_TABLES, PROT_READ | PROT_WRITE);
}

/* Its grant table, which we write for it. */
static void *map_grant_table(domid_t other)
{
    void *at = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, privcmd, 0);
    privcmd_mmap_resource_t resource = {
        other, XENMEM_resource_grant_table, XENMEM_resource_grant_table_id_shared, 0, 1, AT(at)
    };

    if ( at == MAP_FAILED || ioctl(privcmd, IOCTL_PRIVCMD_MMAP_RESOURCE, &resource) )
        fail("the other's grant table", -errno);
    return at;
}

/* --- what is there before, and must be after --- */

struct domains {
    unsigned int count;
    domid_t id[DOMAINS];
};

static void list_domains(struct domains *list)
{
    uint32_t from = 1;

    for ( list->count = 0; list->count < DOMAINS; list->count++ )
    {
        struct xen_domctl *op = domctl_of(XEN_DOMCTL_getdomaininfo, (domid_t)from);

        if ( domctl(op) || op->domain < from )
            return;
        list->id[list->count] = op->domain;
        from = op->domain + 1U;
    }
}

static bool was_there(const struct domains *list, domid_t domid)
{
    for ( unsigned int i = 0; i < list->count; i++ )
        if ( list->id[i] == domid )
            return true;
    return false;
}

static void destroy_all_but(const struct domains *before)
{
    struct domains now;
    unsigned int left = 1;

    for ( unsigned int tries = 0; left && tries < 1000; tries++ )
    {
        list_domains(&now);
        left = 0;
        for ( unsigned int i = 0; i < now.count; i++ )
            if ( !was_there(before, now.id[i]) )
            {
                domctl(domctl_of(XEN_DOMCTL_destroydomain, now.id[i]));
                left++;
            }
        if ( left )
            usleep(10000);
    }
    if ( left )
        fail("domains that don't die", left);
}

/* Ports from here on are free, and nobody else takes any while we are at it. */
static uint32_t first_free_port(void)
{
    struct evtchn_alloc_unbound *op =
        ARGUMENT_OF(struct evtchn_alloc_unbound, .dom = DOMID_SELF, .remote_dom = DOMID_SELF);
    uint32_t port;

    check("alloc_unbound", HYPERCALL_OF(event_channel_op, EVTCHNOP_alloc_unbound, AT(op)));
    port = op->port;
    op = ARGUMENT_OF(struct evtchn_close, .port = port);
    check("close", HYPERCALL_OF(event_channel_op, EVTCHNOP_close, AT(op)));
    return port;
}

static void close_ports(uint32_t from)
{
    for ( uint32_t port = from; port < from + PORTS; port++ )
    {
        void *op = ARGUMENT_OF(struct evtchn_close, .port = port);

        HYPERCALL_OF(event_channel_op, EVTCHNOP_close, AT(op));
    }
}

/* Which handle is whose, nobody wrote down: those that don't belong together are refused. */
static void unmap_grants(unsigned int used)
{
    struct gnttab_unmap_grant_ref *ops = (void *)scratch;
    unsigned int batch = PAGE_SIZE / sizeof(*ops);

    for ( unsigned int i = 0; i < used && i < PROGRAM_GRANTS; i++ )
        for ( unsigned int handle = 0; handle < HANDLES; handle += batch )
        {
            for ( unsigned int n = 0; n < batch; n++ )
                ops[n] = (struct gnttab_unmap_grant_ref){ GRANTS + i * PAGE_SIZE, 0, handle + n };
            HYPERCALL_OF(grant_table_op, GNTTABOP_unmap_grant_ref, AT(ops), batch);
        }
}

/* --- what is made once --- */

static void make_trace_buffers(void)
{
    struct xen_sysctl *op = ARGUMENT_OF(struct xen_sysctl, .cmd = XEN_SYSCTL_tbuf_op,
                                        .interface_version = XEN_SYSCTL_INTERFACE_VERSION);

    op->u.tbuf_op.cmd = XEN_SYSCTL_TBUFOP_set_size;
    op->u.tbuf_op.size = 1;
    HYPERCALL_OF(sysctl, AT(op));
}

/* The first one gives the machine an M2P for its kind. */
static void make_narrow_domain(void)
{
    struct domains before;
    struct xen_domctl *op;

    list_domains(&before);
    op = domctl_of(XEN_DOMCTL_set_address_size, create_domain());
    op->u.address_size.size = 32;
    check("set_address_size", domctl(op));
    destroy_all_but(&before);
}

/* What the hypervisor makes when it is first asked, and keeps: rather now than in the middle of a round. */
static void make_what_stays(void)
{
    make_trace_buffers();
    make_narrow_domain();
}

/* --- a round --- */

/* Frames that are the hypervisor's, and numbers that are no frames. */
static void find_strangers(struct program_world *world)
{
    struct xen_machphys_mfn_list list = { .max_extents = 4 };
    uint64_t *chunks = (uint64_t *)(scratch + PAGE_SIZE / 2);
    uint64_t end = world->machine_frames;

    set_xen_guest_handle(list.extent_start, (xen_pfn_t *)chunks);
    argument(&list, sizeof(list));
    check("machphys_mfn_list", HYPERCALL_OF(memory_op, XENMEM_machphys_mfn_list, AT(scratch)));
    world->stranger[0] = chunks[0];
    world->stranger[1] = end;
    world->stranger[2] = end + 1;
    world->stranger[3] = (1UL << 40) - 1;
    world->nr_strangers = 4;
}

/* What concerns nobody but its caller is not among them: it would be our kernel's vcpu, handlers or memory. */
static const uint8_t calls[] = {
    __HYPERVISOR_mmu_update,
    __HYPERVISOR_mmu_update,
    __HYPERVISOR_mmuext_op,
    __HYPERVISOR_mmuext_op,
    __HYPERVISOR_update_va_mapping,
    __HYPERVISOR_update_va_mapping_otherdomain,
    __HYPERVISOR_memory_op,
    __HYPERVISOR_memory_op,
    __HYPERVISOR_event_channel_op,
    __HYPERVISOR_event_channel_op,
    __HYPERVISOR_grant_table_op,
    __HYPERVISOR_grant_table_op,
    __HYPERVISOR_domctl,
    __HYPERVISOR_domctl,
    __HYPERVISOR_domctl,
    __HYPERVISOR_domctl,
    __HYPERVISOR_sysctl,
    __HYPERVISOR_platform_op,
    __HYPERVISOR_multicall,
    __HYPERVISOR_physdev_op,
    __HYPERVISOR_sched_op,
    __HYPERVISOR_vcpu_op,
    __HYPERVISOR_xen_version,
    __HYPERVISOR_update_descriptor,
    __HYPERVISOR_get_debugreg,
    __HYPERVISOR_console_io,
    __HYPERVISOR_mca,
    __HYPERVISOR_hvm_op,
    __HYPERVISOR_xsm_op,
    __HYPERVISOR_argo_op,
};

static void make_world(struct program_world *world, uint8_t *arena)
{
    static struct vcpu_guest_context context;

    memset(arena, 0, ARENA_PAGES * PAGE_SIZE);
    *world = (struct program_world){
        .window = WINDOW,
        .arena = arena,
        .arena_size = ARENA_PAGES * PAGE_SIZE,
        .other = create_domain(),
        .privileged = true,
        .spare = true,
        .spared_from =
            1UL
            << 47, /* what the kernel has mapped; in our half there is nothing at round numbers */
        .spared_to = ~0UL,
        .machine_frames = (uint64_t)check("maximum_ram_page",
                                          HYPERCALL_OF(memory_op, XENMEM_maximum_ram_page, 0)) +
                          1,
        .context = AT(&context),
        .process = true,
        .first_port = first_free_port(),
        .grants = GRANTS,
        .calls = calls,
        .nr_calls = sizeof(calls),
    };
    populate(world);
    world->root = world->frame[0];
    context = (struct vcpu_guest_context){ .flags = VGCF_in_kernel };
    context.user_regs.rip = WINDOW + PROGRAM_TABLES * PAGE_SIZE;
    context.user_regs.cs = FLAT_KERNEL_CS;
    context.user_regs.ss = context.kernel_ss = FLAT_KERNEL_SS;
    context.ctrlreg[3] = world->frame[0] << 12;
    find_strangers(world);
    make_tables(world);
    reserve(GRANTS, PROGRAM_GRANTS, PROT_READ | PROT_WRITE);
    world->grant = map_grant_table(world->other);
}

/* Our kernel knows nothing of the entries that calls made, and would complain. */
static void empty(uint64_t at, unsigned int pages)
{
    for ( unsigned int i = 0; i < pages; i++ )
        HYPERCALL_OF(update_va_mapping, at + i * PAGE_SIZE, 0, UVMF_INVLPG | UVMF_LOCAL);
    munmap((void *)at, pages * PAGE_SIZE);
}

static void unmake_world(const struct program_world *world, const struct domains *before)
{
    close_ports(world->first_port);
    unmap_grants(program.grants);
    empty(WINDOW, PROGRAM_FRAMES + 8);
    empty(GRANTS, PROGRAM_GRANTS);
    munmap(world->grant, PAGE_SIZE);
    destroy_all_but(before);
}

static void make_call(void)
{
    struct program_call c;
    unsigned int command;
    long rc;

    program_next(&program, &c);
    command = program_command(&program, &c);
    if ( tells )
        printf("calls %u.%u (%lx, %lx, %lx, %lx, %lx)\n", c.nr, command, c.args[0], c.args[1],
               c.args[2], c.args[3], c.args[4]);
    rc = call(&c);
    if ( tells )
        printf("has %ld\n", rc);
    program_count(&counts, &program, &c, command, rc);
}

static void round_of(uint64_t seed, unsigned long length, uint8_t *arena)
{
    struct domains before;

    list_domains(&before);
    make_world(&program.world, arena);
    program_begin(&program, seed);
    while ( length-- )
        make_call();
    unmake_world(&program.world, &before);
    printf("RL-ROUND seed=%lu, %lu frames free\n", seed, free_frames());
}

static unsigned long number(char *const *words, const char *name, unsigned long otherwise)
{
    size_t length = strlen(name);

    for ( ; *words; words++ )
        if ( !strncmp(*words, name, length) && (*words)[length] == '=' )
            return strtoul(*words + length + 1, NULL, 0);
    return otherwise;
}

int main(int argc, char **argv)
{
    unsigned long seed = number(argv + 1, "seed", 1), rounds = number(argv + 1, "rounds", 1);
    uint8_t *arena;

    setvbuf(stdout, NULL, _IOLBF, 0);
    tells = argc > 1 && !strcmp(argv[argc - 1], "tell");
    privcmd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
    if ( privcmd < 0 )
        fail("/dev/xen/privcmd", -errno);
    arena = hypercall_memory(ARENA_PAGES);
    scratch = hypercall_memory(1);
    make_what_stays();
    for ( unsigned long i = 0; i < rounds; i++ )
        round_of(seed + i, number(argv + 1, "calls", 2000), arena);
    program_report(&counts);
    puts("RL-PROGRAMS-END");
    return 0;
}
