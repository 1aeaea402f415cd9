#include "tests/host/fake/calls.h"

#include <sanitizer/common_interface_defs.h>
#include <signal.h>

#include "grant/table.h"
#include "lib/bits.h"
#include "mm/frame.h"
#include "pv/bounce/internal.h"

/* --- choices --- */

static unsigned int pick(unsigned int n)
{
    return (unsigned int)(host_test_random() % n);
}

static bool chance(unsigned int one_in)
{
    return pick(one_in) == 0;
}

static struct guest *self, *other; /* who calls, and the other one */

static u64 some_number(void)
{
    static const u64 awkward[] = { 0x7f,       0xff,       0x100,   0x7fff,    0xffff,
                                   0x7fffffff, 0xffffffff, 1 << 20, 1UL << 32, 1UL << 63 };

    if ( !chance(8) )
        return pick(9);
    return chance(3) ? ~(u64)pick(4) : awkward[pick(ARRAY_SIZE(awkward))];
}

static u64 some_mfn(void)
{
    switch ( pick(12) )
    {
    case 0:
        return other->frame[pick(GUEST_FRAMES)].n;
    case 1:
        return self->d->shared_info ? virt_to_mfn(self->d->shared_info).n : 0;
    case 2:
        return WHOLE_FIRST + pick(WHOLE_FRAMES - WHOLE_FIRST);
    case 3:
        return chance(2) ? some_number() : WHOLE_FRAMES + pick(4);
    default:
        return self->frame[pick(GUEST_FRAMES)].n;
    }
}

static u64 some_pte(void)
{
    u64 pte = pte_make(to_mfn(some_mfn()), PTE_P | PTE_US | (chance(2) ? PTE_RW : 0));

    if ( chance(6) )
        pte ^= 1UL << pick(12);
    if ( chance(12) )
        pte ^= 1UL << 52 << pick(12);
    return chance(6) ? 0 : pte;
}

static u64 some_va(void)
{
    return chance(10) ? some_number() << PAGE_SHIFT : GUEST_VA + pick(GUEST_FRAMES + 8) * PAGE_SIZE;
}

static domid_t some_domid(void)
{
    static const domid_t odd[] = {
        DOMID_IO, DOMID_XEN, DOMID_INVALID, DOMID_IDLE, DOMID_COW, 2, 77
    };

    return chance(8)   ? odd[pick(ARRAY_SIZE(odd))]
           : chance(3) ? DOMID_SELF
           : chance(3) ? self->d->id
                       : other->d->id;
}

static u32 some_port(void)
{
    return chance(12) ? (u32)some_number() : pick(24);
}

static u32 some_ref(void)
{
    return chance(12) ? (u32)some_number() : pick(16);
}

/* A pointer into the arena, where there is room for @size bytes; or to where there is nothing, or we are. */
static u64 some_pointer(size_t size)
{
    u64 start = (u64)self->arena, room = GUEST_ARENA - size;

    if ( chance(40) )
        return chance(2) ? 0 : 0xffff800000000000UL + pick(4096) * 8;
    if ( chance(40) )
        return start + GUEST_ARENA - 8 * pick(8); /* across its end, perhaps */
    return start + ALIGN_DOWN(pick(room), 8);
}

/* --- memory full of such values --- */

static u64 some_word(void)
{
    switch ( pick(10) )
    {
    case 0:
        return some_mfn();
    case 1:
        return some_pte();
    case 2:
        return some_va();
    case 3:
        return some_pointer(512);
    case 4:
        return some_domid() | (u64)some_port() << 32;
    case 5:
        return some_domid() | (u64)some_domid() << 16 | (u64)some_ref() << 32;
    case 6:
        return some_number() | some_number() << 32;
    default:
        return some_number();
    }
}

static void *fill(u64 at, size_t size)
{
    u64 start = (u64)self->arena;

    if ( at < start || at + size > start + GUEST_ARENA )
        return NULL;
    for ( size_t i = 0; i + 8 <= size; i += 8 )
    {
        u64 word = some_word();

        memcpy((u8 *)at + i, &word, sizeof(word));
    }
    return (void *)at;
}

/* A list of frames' numbers. */
static u64 some_list(unsigned int n)
{
    u64 at = some_pointer(n * 8), *words = fill(at, n * 8);

    for ( unsigned int i = 0; words && i < n; i++ )
        words[i] = self->d->pv32 ? some_mfn() | some_mfn() << 32 : some_mfn();
    return at;
}

/* An entry of our own grant table, written as a guest would: behind the hypervisor's back. */
static void write_grant(void)
{
    struct grant_table *t = self->d->grant.table;
    struct grant_entry_v1 *entry;

    if ( !t || !t->nr_frames )
        return;
    entry = &t->shared[0][pick(16)];
    entry->frame = (u32)some_mfn();
    entry->domid = some_domid();
    entry->flags =
        chance(4) ? (u16)some_number() : GTF_permit_access | (chance(3) ? GTF_readonly : 0);
}

/* --- arguments of operations that structures would rarely be right for by chance --- */

struct made {
    u64 args[5];
};

#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#define ARGUMENT(type, ...)                                                                        \
    ({                                                                                             \
        u64 at_ = some_pointer(sizeof(type));                                                      \
        type *p_ = fill(at_, sizeof(type));                                                        \
        if ( p_ )                                                                                  \
            *p_ = (type){ __VA_ARGS__ }; /* what isn't named is 0 */                               \
        at_;                                                                                       \
    })

static struct made make_mmu_update(void)
{
    unsigned int n = 1 + pick(chance(10) ? 60 : 4);
    u64 at = some_pointer(n * sizeof(struct mmu_update));
    struct mmu_update *reqs = fill(at, n * sizeof(*reqs));

    for ( unsigned int i = 0; reqs && i < n; i++ )
        reqs[i] = (struct mmu_update){ (some_mfn() << PAGE_SHIFT) | (pick(GUEST_FRAMES + 4) * 8) |
                                           (chance(5) ? pick(8) : 0),
                                       some_pte() };
    return (struct made){ { at, n, chance(2) ? 0 : some_pointer(4),
                            chance(4) ? some_domid() : DOMID_SELF } };
}

static struct made make_mmuext(void)
{
    unsigned int n = 1 + pick(3);
    u64 at = some_pointer(n * sizeof(struct mmuext_op));
    u8 *ops = fill(at, n * sizeof(struct mmuext_op));

    for ( unsigned int i = 0; ops && i < n; i++ )
    {
        unsigned int cmd = pick(MMUEXT_UNMARK_SUPER + 2);
        u64 arg1 = cmd >= MMUEXT_INVLPG_LOCAL && cmd <= MMUEXT_SET_LDT && chance(2) ? some_va()
                                                                                    : some_mfn();
        u64 arg2 = cmd == MMUEXT_COPY_PAGE ? some_mfn()
                   : cmd == MMUEXT_SET_LDT ? pick(600)
                                           : some_pointer(8);

        if ( self->d->pv32 )
            memcpy(ops + 12 * i, &(u32[3]){ cmd, (u32)arg1, (u32)arg2 }, 12);
        else
            memcpy(ops + 24 * i, &(u64[3]){ cmd, arg1, arg2 }, 24);
    }
    return (struct made){ { at, n, chance(2) ? 0 : some_pointer(4),
                            chance(5) ? some_domid() : DOMID_SELF } };
}

static struct made make_va_mapping(void)
{
    u64 pte = some_pte(), flags = pick(3) | (chance(2) ? UVMF_ALL : UVMF_LOCAL);

    if ( self->d->pv32 )
        return (struct made){ { some_va(), (u32)pte, pte >> 32, flags, some_domid() } };
    return (struct made){ { some_va(), pte, flags, some_domid() } };
}

static u64 event_argument(unsigned int cmd)
{
    switch ( cmd )
    {
    case EVTCHNOP_bind_interdomain:
        return ARGUMENT(struct evtchn_bind_interdomain, some_domid(), some_port());
    case EVTCHNOP_bind_virq:
        return ARGUMENT(struct evtchn_bind_virq, pick(28), pick(3));
    case EVTCHNOP_bind_pirq:
        return ARGUMENT(struct evtchn_bind_pirq, pick(40), pick(2));
    case EVTCHNOP_alloc_unbound:
        return ARGUMENT(struct evtchn_alloc_unbound, some_domid(), some_domid());
    case EVTCHNOP_status:
        return ARGUMENT(struct evtchn_status, some_domid(), some_port());
    case EVTCHNOP_bind_ipi:
        return ARGUMENT(struct evtchn_bind_ipi, pick(3));
    case EVTCHNOP_reset:
        return ARGUMENT(struct evtchn_reset, chance(6) ? some_domid() : 0x1234);
    case EVTCHNOP_init_control:
        return ARGUMENT(struct evtchn_init_control, some_mfn(), pick(32) * 8, pick(3));
    case EVTCHNOP_expand_array:
        return ARGUMENT(struct evtchn_expand_array, some_mfn());
    default: /* a port, and a number */
        return ARGUMENT(struct evtchn_bind_vcpu, some_port(), pick(16));
    }
}

static struct made make_event(void)
{
    unsigned int cmd = pick(15);

    return (struct made){ { cmd, event_argument(cmd) } };
}

static u64 map_argument(void)
{
    bool pte = chance(4);
    u32 flags = (chance(2) ? GNTMAP_host_map : (u32)pick(32)) | (pte ? GNTMAP_contains_pte : 0) |
                (chance(3) ? GNTMAP_readonly : 0);
    u64 where = pte ? self->frame[3].n << PAGE_SHIFT | pick(GUEST_FRAMES) * 8 : some_va();

    return ARGUMENT(struct gnttab_map_grant_ref, where, flags, some_ref(), some_domid());
}

static u64 copy_argument(void)
{
    struct gnttab_copy copy = { .len = (u16)pick(300),
                                .flags = (u16)pick(4),
                                .source = { .domid = some_domid(), .offset = (u16)pick(4100) },
                                .dest = { .domid = some_domid(), .offset = (u16)pick(4100) } };

    copy.source.u.gmfn = copy.flags & GNTCOPY_source_gref ? some_ref() : some_mfn();
    copy.dest.u.gmfn = copy.flags & GNTCOPY_dest_gref ? some_ref() : some_mfn();
    return ARGUMENT(struct gnttab_copy, copy.source, copy.dest, copy.len, copy.flags);
}

static struct made make_grant(void)
{
    unsigned int cmd = chance(3) ? (unsigned int)pick(2) : pick(13);
    u64 at;

    write_grant();
    switch ( cmd )
    {
    case GNTTABOP_map_grant_ref:
        at = map_argument();
        break;
    case GNTTABOP_unmap_grant_ref:
        at = ARGUMENT(struct gnttab_unmap_grant_ref, some_va(), 0, pick(6));
        break;
    case GNTTABOP_copy:
        at = copy_argument();
        break;
    case GNTTABOP_setup_table:
        at = self->d->pv32 ? some_pointer(64)
                           : ARGUMENT(struct gnttab_setup_table, some_domid(), pick(6), 0,
                                      { (void *)some_pointer(64) });
        break;
    case GNTTABOP_swap_grant_ref:
        at = ARGUMENT(struct gnttab_swap_grant_ref, some_ref(), some_ref());
        break;
    case GNTTABOP_set_version:
        at = ARGUMENT(struct gnttab_set_version, pick(4));
        break;
    default:
        at = ARGUMENT(struct gnttab_query_size, some_domid());
    }
    return (struct made){ { cmd, at, chance(10) ? (u64)pick(6) : 1 } };
}

static struct made make_memory(void)
{
    unsigned int cmd = pick(30);
    u64 at;

    if ( self->d->pv32 )
    {
        u32 words[8] = { (u32)some_list(8), pick(6), pick(2), 0, some_domid() };

        at = some_pointer(64);
        if ( fill(at, 64) && chance(2) )
            memcpy((void *)at, words, sizeof(words));
    }
    else if ( cmd == XENMEM_exchange )
        at = ARGUMENT(struct xen_memory_exchange,
                      .in = { { (void *)some_list(4) }, 1 + pick(2), 0, 0, DOMID_SELF },
                      .out = { { (void *)some_list(4) }, 1 + pick(2), 0, 0, DOMID_SELF });
    else if ( cmd == XENMEM_maximum_ram_page || cmd >= XENMEM_current_reservation + 20 )
        fill(at = some_pointer(128), 128);
    else
        at = ARGUMENT(struct xen_memory_reservation, { (void *)some_list(8) }, pick(6),
                      chance(6) ? (u32)some_number() : 0, chance(6) ? (u32)some_number() : 0,
                      some_domid());
    return (struct made){ { cmd | (chance(10) ? (u64)pick(3) << 6 : 0), at } };
}

/* What would be the end of dom0, and so of the machine, is left out. */
static struct made make_sched(void)
{
    unsigned int cmd = chance(3) ? SCHEDOP_yield : pick(10);
    u64 at = some_pointer(64);

    if ( cmd == SCHEDOP_shutdown && (self->d->privileged || !chance(8)) )
        cmd = SCHEDOP_shutdown_code;
    if ( cmd == SCHEDOP_watchdog || cmd == SCHEDOP_remote_shutdown )
        cmd = SCHEDOP_block;
    fill(at, 64);
    if ( cmd == SCHEDOP_poll && !self->d->pv32 )
        at = ARGUMENT(struct sched_poll, { (void *)some_pointer(32) }, pick(4), some_number());
    return (struct made){ { cmd, at } };
}

static struct made make_vcpu(void)
{
    unsigned int cmd = pick(15);
    u64 at = some_pointer(64), *words = fill(at, 64);

    if ( cmd == VCPUOP_down && !chance(6) ) /* the last one's is the end */
        cmd = VCPUOP_is_up;
    if ( cmd == VCPUOP_down && self->d->privileged )
        cmd = VCPUOP_up;
    if ( words && chance(2) )
        words[0] = cmd == VCPUOP_register_vcpu_info   ? some_mfn()
                   : cmd == VCPUOP_set_periodic_timer ? 1000000UL * pick(20)
                                                      : some_pointer(64);
    if ( words && cmd == VCPUOP_register_vcpu_info )
        words[1] = pick(60) * 64;
    return (struct made){ { cmd, pick(3), at } };
}

/* The version right nearly always, else all of them end there. Ends of the machine are left out. */
static struct made make_admin(unsigned int nr)
{
    u32 version = nr == __HYPERVISOR_domctl   ? XEN_DOMCTL_INTERFACE_VERSION
                  : nr == __HYPERVISOR_sysctl ? XEN_SYSCTL_INTERFACE_VERSION
                                              : XENPF_INTERFACE_VERSION;
    u64 at = some_pointer(256);
    u8 *bytes = fill(at, 256);
    u32 cmd = pick(nr == __HYPERVISOR_domctl ? 88 : nr == __HYPERVISOR_sysctl ? 30 : 66);

    if ( nr == __HYPERVISOR_platform_op )
    {
        if ( cmd == XENPF_enter_acpi_sleep )
            cmd = XENPF_getidletime;
        if ( bytes )
            memcpy(bytes, &(u32[2]){ cmd, version }, 8);
        return (struct made){ { at } };
    }
    if ( cmd == XEN_DOMCTL_destroydomain && nr == __HYPERVISOR_domctl && !chance(40) )
        cmd = XEN_DOMCTL_getdomaininfo;
    if ( cmd == XEN_SYSCTL_debug_keys && nr == __HYPERVISOR_sysctl )
        cmd = XEN_SYSCTL_physinfo;
    if ( bytes )
        memcpy(bytes, &(u32[2]){ cmd, version + chance(30) }, 8);
    if ( bytes && nr == __HYPERVISOR_domctl )
        memcpy(bytes + 8, &(u16[1]){ chance(8) ? some_domid() : other->d->id }, 2);
    return (struct made){ { at } };
}

static struct made make_any(void)
{
    struct made made;

    for ( unsigned int i = 0; i < ARRAY_SIZE(made.args); i++ )
    {
        made.args[i] = chance(2) ? some_word() : some_number();
        if ( chance(3) )
            fill(made.args[i] = some_pointer(256), 256);
    }
    return made;
}

static struct made make(unsigned int nr)
{
    switch ( nr )
    {
    case __HYPERVISOR_mmu_update:
        return make_mmu_update();
    case __HYPERVISOR_mmuext_op:
        return make_mmuext();
    case __HYPERVISOR_update_va_mapping:
    case __HYPERVISOR_update_va_mapping_otherdomain:
        return make_va_mapping();
    case __HYPERVISOR_event_channel_op:
        return make_event();
    case __HYPERVISOR_grant_table_op:
        return make_grant();
    case __HYPERVISOR_memory_op:
        return make_memory();
    case __HYPERVISOR_sched_op:
        return make_sched();
    case __HYPERVISOR_vcpu_op:
        return make_vcpu();
    case __HYPERVISOR_domctl:
    case __HYPERVISOR_sysctl:
    case __HYPERVISOR_platform_op:
        return make_admin(nr);
    case __HYPERVISOR_set_gdt:
        return (struct made){ { some_list(4), pick(1200) } };
    case __HYPERVISOR_update_descriptor:
        return (struct made){ { some_mfn() << PAGE_SHIFT | pick(512) * 8,
                                chance(2) ? 0x00cf92000000ffffUL : some_word(), some_word() } };
    default:
        return make_any();
    }
}

/* Several in one, each as by itself. */
static struct made make_multicall(void);

static unsigned int choose(void)
{
    static const u8 often[] = {
        __HYPERVISOR_mmu_update,        __HYPERVISOR_mmuext_op,
        __HYPERVISOR_update_va_mapping, __HYPERVISOR_memory_op,
        __HYPERVISOR_event_channel_op,  __HYPERVISOR_grant_table_op,
        __HYPERVISOR_vcpu_op,           __HYPERVISOR_sched_op,
        __HYPERVISOR_set_gdt,           __HYPERVISOR_update_descriptor,
        __HYPERVISOR_multicall,         __HYPERVISOR_domctl,
    };
    unsigned int nr = chance(4) ? pick(HYPERCALL_TABLE + 1) : often[pick(ARRAY_SIZE(often))];

    /* iret goes where no call returns from; the old way of shutting down, as the new one. */
    return nr == __HYPERVISOR_iret || (nr == __HYPERVISOR_sched_op_compat && chance(2))
               ? __HYPERVISOR_xen_version
               : nr;
}

static struct made make_multicall(void)
{
    unsigned int n = 1 + pick(5);
    u64 at = some_pointer(n * sizeof(struct multicall_entry));
    bool there = fill(at, n * sizeof(struct multicall_entry));

    for ( unsigned int i = 0; i < n; i++ )
    {
        unsigned int nr = choose();
        struct made made = make(nr);

        if ( nr == __HYPERVISOR_sched_op_compat )
            nr = __HYPERVISOR_xen_version;
        if ( !there )
            continue;
        if ( self->d->pv32 )
            memcpy((u8 *)at + 28 * i,
                   &(u32[7]){ nr, 0, (u32)made.args[0], (u32)made.args[1], (u32)made.args[2],
                              (u32)made.args[3], (u32)made.args[4] },
                   28);
        else
            memcpy((u8 *)at + 64 * i,
                   &(u64[7]){ nr, 0, made.args[0], made.args[1], made.args[2], made.args[3],
                              made.args[4] },
                   56);
    }
    return (struct made){ { at, chance(20) ? some_number() : n } };
}

/* --- what came of it --- */

#define CMDS 96

static struct {
    unsigned long accepted, refused;
} counts[HYPERCALL_TABLE + 1][CMDS];

static unsigned int last_nr, last_cmd;

unsigned int calls_last(void)
{
    return last_nr;
}

/* The sub-operation, where there is one. */
static unsigned int cmd_of(unsigned int nr, const u64 *args)
{
    u32 cmd = 0;

    switch ( nr )
    {
    case __HYPERVISOR_memory_op:
    case __HYPERVISOR_event_channel_op:
    case __HYPERVISOR_grant_table_op:
    case __HYPERVISOR_vcpu_op:
    case __HYPERVISOR_sched_op:
    case __HYPERVISOR_physdev_op:
    case __HYPERVISOR_xen_version:
    case __HYPERVISOR_callback_op:
    case __HYPERVISOR_console_io:
        cmd = args[0] % 64;
        break;
    case __HYPERVISOR_domctl:
    case __HYPERVISOR_sysctl:
    case __HYPERVISOR_platform_op:
    case __HYPERVISOR_mmuext_op:
        if ( args[0] >= (u64)self->arena && args[0] < (u64)self->arena + GUEST_ARENA - 4 )
            memcpy(&cmd, (void *)args[0], sizeof(cmd));
    }
    return cmd < CMDS ? cmd : CMDS - 1;
}

void calls_next(struct guest *g, struct guest *peer)
{
    struct made made;

    self = g;
    other = peer;
    last_nr = choose();
    if ( last_nr == __HYPERVISOR_sched_op_compat && g->d->privileged )
        last_nr = __HYPERVISOR_xen_version;
    made = last_nr == __HYPERVISOR_multicall ? make_multicall() : make(last_nr);
    last_cmd = cmd_of(last_nr, made.args);
    guest_set_call(last_nr, made.args);
}

void calls_answered(long rc)
{
    if ( rc < 0 )
        counts[last_nr][last_cmd].refused++;
    else
        counts[last_nr][last_cmd].accepted++;
}

void calls_report(void)
{
    static const char *const names[HYPERCALL_TABLE + 1] = {
#define HYPERCALL(name, args, handler, compat, who, status, summary) [__HYPERVISOR_##name] = #name,
#include <hypercall/hypercalls.def>
#undef HYPERCALL
    };
    unsigned long accepted = 0, refused = 0;

    for ( unsigned int nr = 0; nr <= HYPERCALL_TABLE; nr++ )
        for ( unsigned int cmd = 0; cmd < CMDS; cmd++ )
        {
            if ( !counts[nr][cmd].accepted && !counts[nr][cmd].refused )
                continue;
            printf("%-30s %2u %9lu accepted %9lu refused\n", names[nr] ? names[nr] : "none", cmd,
                   counts[nr][cmd].accepted, counts[nr][cmd].refused);
            accepted += counts[nr][cmd].accepted;
            refused += counts[nr][cmd].refused;
        }
    printf("%lu accepted, %lu refused\n", accepted, refused);
}

/* --- the end of the process --- */

static void (*say_at_death)(void);

static void on_abort(int number)
{
    say_at_death();
    signal(number, SIG_DFL);
    raise(number);
}

void calls_on_death(void (*say)(void))
{
    say_at_death = say;
    signal(SIGABRT, on_abort);
    __sanitizer_set_death_callback(say);
    atexit(say);
    signal(SIGALRM, on_abort);
    signal(SIGXCPU, on_abort);
}
