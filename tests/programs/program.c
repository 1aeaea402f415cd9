#include "tests/programs/internal.h"

static struct program *running;

/* --- choices --- */

static uint64_t next_random(struct program *p)
{
    uint64_t z = p->state += 0x9e3779b97f4a7c15ULL;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
    return z ^ z >> 31;
}

/* As many bytes as @n has use for. */
static unsigned int next_choice(struct program_choices *choices, unsigned int n)
{
    unsigned int choice = 0;

    for ( n--; n && choices->at < choices->end; n >>= 8 )
        choice = choice << 8 | *choices->at++;
    return choice;
}

unsigned int program_pick(struct program *p, unsigned int n)
{
    if ( p->choices && p->choices->at < p->choices->end )
        return next_choice(p->choices, n) % n;
    return (unsigned int)(next_random(p) % n);
}

unsigned int pick(unsigned int n)
{
    return program_pick(running, n);
}

bool chance(unsigned int one_in)
{
    return pick(one_in) == 0;
}

unsigned int next_slot(void)
{
    return running->slot++;
}

unsigned int next_grant(void)
{
    return running->grants++;
}

/* --- a call --- */

static struct made make_any(void)
{
    struct made made;

    for ( unsigned int i = 0; i < ARRAY_COUNT(made.args); i++ )
    {
        made.args[i] = chance(2) ? some_word() : some_number();
        if ( chance(3) )
            fill(made.args[i] = some_pointer(256), 256);
    }
    return made;
}

static struct made make_gdt(void)
{
    uint64_t list = some_list(4);

    if ( chance(8) ) /* none */
        return (struct made){ { 0, 0 } };
    return (struct made){ { list, pick(1200) } };
}

static struct made make_descriptor(void)
{
    uint64_t at = some_mfn() << 12 | pick(512) * 8;

    return (struct made){ { at, chance(2) ? 0x00cf92000000ffffUL : some_word(), some_word() } };
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
    case __HYPERVISOR_set_trap_table:
        return make_trap_table();
    case __HYPERVISOR_set_callbacks:
        return make_callbacks();
    case __HYPERVISOR_callback_op:
        return make_callback_op();
    case __HYPERVISOR_nmi_op:
        return make_nmi();
    case __HYPERVISOR_set_debugreg:
        return make_debugreg();
    case __HYPERVISOR_console_io:
        return make_console();
    case __HYPERVISOR_vm_assist:
        return make_assist();
    case __HYPERVISOR_xen_version:
        return make_version();
    case __HYPERVISOR_physdev_op:
        return make_device();
    case __HYPERVISOR_mca:
        return make_mca();
    case __HYPERVISOR_domctl:
    case __HYPERVISOR_sysctl:
    case __HYPERVISOR_platform_op:
        return make_admin(nr);
    case __HYPERVISOR_set_gdt:
        return make_gdt();
    case __HYPERVISOR_update_descriptor:
        return make_descriptor();
    default:
        return make_any();
    }
}

static unsigned int choose(void)
{
    static const uint8_t often[] = {
        __HYPERVISOR_mmu_update,        __HYPERVISOR_mmuext_op,
        __HYPERVISOR_update_va_mapping, __HYPERVISOR_memory_op,
        __HYPERVISOR_event_channel_op,  __HYPERVISOR_grant_table_op,
        __HYPERVISOR_vcpu_op,           __HYPERVISOR_sched_op,
        __HYPERVISOR_set_gdt,           __HYPERVISOR_update_descriptor,
        __HYPERVISOR_multicall,         __HYPERVISOR_domctl,
    };
    unsigned int nr;

    if ( world->calls )
        return world->calls[pick(world->nr_calls)];
    nr = chance(4) ? pick(65) : often[pick(ARRAY_COUNT(often))];

    /* iret goes where no call returns from; the old way of shutting down, as the new one. */
    if ( nr == __HYPERVISOR_sched_op_compat )
        return !world->spare && !world->privileged && chance(2) ? nr : __HYPERVISOR_xen_version;
    return nr == __HYPERVISOR_iret ? __HYPERVISOR_xen_version : nr;
}

static void write_multicall_entry(uint64_t at, unsigned int i, unsigned int nr,
                                  const uint64_t *args)
{
    uint8_t *entries = (uint8_t *)(uintptr_t)at;

    if ( world->pv32 )
        memcpy(entries + 28 * i,
               &(uint32_t[7]){ nr, 0, (uint32_t)args[0], (uint32_t)args[1], (uint32_t)args[2],
                               (uint32_t)args[3], (uint32_t)args[4] },
               28);
    else
        memcpy(entries + 64 * i,
               &(uint64_t[7]){ nr, 0, args[0], args[1], args[2], args[3], args[4] }, 56);
}

/* Several in one, each as by itself. */
static struct made make_multicall(void)
{
    unsigned int n = chance(16) ? 0 : 1 + pick(5);
    uint64_t at = some_pointer(n * 64);
    bool there = fill(at, n * 64);

    for ( unsigned int i = 0; i < n; i++ )
    {
        unsigned int nr = choose();
        struct made made = make(nr);

        if ( nr == __HYPERVISOR_sched_op_compat )
            nr = __HYPERVISOR_xen_version;
        if ( there )
            write_multicall_entry(at, i, nr, made.args);
    }
    if ( world->spare ) /* what lies behind is nobody's choice */
        return (struct made){ { there ? at : 0, n } };
    return (struct made){ { at, chance(20) ? some_number() : n } };
}

void program_begin(struct program *p, uint64_t seed)
{
    p->choices = NULL;
    p->state = seed * 0xd1342543de82ef95ULL + 1;
    p->slot = p->grants = 0;
}

void program_next(struct program *p, struct program_call *call)
{
    struct made made;

    running = p;
    world = &p->world;
    call->nr = choose();
    made = call->nr == __HYPERVISOR_multicall ? make_multicall() : make(call->nr);
    memcpy(call->args, made.args, sizeof(call->args));
}

unsigned int program_command(const struct program *p, const struct program_call *call)
{
    uint64_t arena = (uintptr_t)p->world.arena;
    uint32_t cmd = 0;

    switch ( call->nr )
    {
    case __HYPERVISOR_memory_op:
        return call->args[0] % 64;
    case __HYPERVISOR_event_channel_op:
    case __HYPERVISOR_grant_table_op:
    case __HYPERVISOR_vcpu_op:
    case __HYPERVISOR_sched_op:
    case __HYPERVISOR_physdev_op:
    case __HYPERVISOR_xen_version:
    case __HYPERVISOR_callback_op:
    case __HYPERVISOR_console_io:
        return (unsigned int)call->args[0];
    case __HYPERVISOR_vm_assist:
        return (unsigned int)call->args[1];
    case __HYPERVISOR_domctl:
    case __HYPERVISOR_sysctl:
    case __HYPERVISOR_platform_op:
    case __HYPERVISOR_mca:
    case __HYPERVISOR_mmuext_op:
        if ( call->args[0] >= arena && call->args[0] < arena + p->world.arena_size - 4 )
            memcpy(&cmd, (void *)(uintptr_t)call->args[0], sizeof(cmd));
        return cmd;
    default:
        return 0;
    }
}
