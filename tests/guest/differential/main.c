/*
 * Two hypervisors that speak the same ABI answer the same calls alike. We make calls at random and tell each with
 * what came of it, in numbers that do not depend on the machine's layout; whoever compares (scripts/differential)
 * lets us do so on another hypervisor, too.
 *
 * The teller makes `programs=N` programs of `calls=M` calls each, the first of which is `seed=`; each begins with
 * all as it was at the start, as far as the ABI can undo. The other one is there for calls to be about. As dom0
 * the teller is alone.
 *
 * A line a call:
 *     T PROGRAM CALL ROW RESULT | ARGUMENTS, and what they point to | what has changed there
 * and one a program, of what the programs' addresses show then:
 *     T PROGRAM end memory 0 | | a checksum a page, or x where there is none
 */
#include "roles.h"

#include <tests/programs/guest.h>
#include <tests/programs/report.h>

#define CALLS           25
#define PROGRAMS        2
#define ARENA           0x4000 /* bytes */
#define OTHERS          4      /* frames of the other one that the teller knows */
#define SHOWN           12     /* words of an argument, and changed ones */
#define LOWEST_RAM      0x8000 /* numbers from here on may be frames that nobody told us of */
#define HYPERVISOR_SLOT 256    /* the first of 16 entries of a root that are the hypervisor's */
#define PTE_TOUCHED     (PTE_A | PTE_D) /* the processor's, whenever it likes */

static struct program program;
static char line[1024];
static unsigned int used;

/* --- A value, told so that it is the same on another machine --- */

static __attribute__((format(printf, 1, 2))) void add(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if ( used < sizeof(line) - 64 )
        used += (unsigned int)vsnprintf(line + used, sizeof(line) - used, format, args);
    va_end(args);
}

struct told {
    char kind; /* 0: as it is */
    unsigned int index;
    uint64_t rest;
};

static int find(const uint64_t *list, unsigned int count, uint64_t value)
{
    for ( unsigned int i = 0; i < count; i++ )
        if ( list[i] == value )
            return (int)i;
    return -1;
}

static bool told_frame(uint64_t mfn, struct told *told)
{
    const struct program_world *w = &program.world;
    int frame = find(w->frame, PROGRAM_FRAMES, mfn),
        stranger = find(w->stranger, w->nr_strangers, mfn);

    told->kind = frame >= 0 ? 'f' : stranger >= 0 ? 's' : mfn == w->root ? 'r' : '\0';
    told->index = frame >= 0 ? (unsigned int)frame : stranger >= 0 ? (unsigned int)stranger : 0;
    return told->kind;
}

static bool told_address(uint64_t value, struct told *told)
{
    const struct program_world *w = &program.world;
    uint64_t arena = (uintptr_t)w->arena;
    int entry = find(w->entry, PROGRAM_ENTRIES, value);

    told->rest = 0;
    if ( value >= arena && value <= arena + w->arena_size )
    {
        told->kind = 'a';
        told->rest = value - arena;
    }
    else if ( entry >= 0 || value == w->context )
    {
        told->kind = 'h';
        told->index = (unsigned int)entry;
    }
    else
        return false;
    return true;
}

static struct told tell_value(uint64_t value)
{
    struct told told = { .rest = value };

    if ( value < LOWEST_RAM )
        return told;
    if ( told_address(value, &told) )
        return told;
    told.rest = 0;
    if ( told_frame(value, &told) )
        return told;
    told.rest = value & ~PTE_ADDRESS & ~PTE_TOUCHED;
    if ( told_frame((value & PTE_ADDRESS) >> PAGE_SHIFT, &told) )
        return told;
    if ( value < program.world.machine_frames )
        return (struct told){ .kind = 'm' };
    return (struct told){ .rest = value };
}

static void add_value(uint64_t value)
{
    struct told told = tell_value(value);

    if ( !told.kind )
        add("%lx", (ulong)value);
    else if ( told.rest )
        add("%c%u+%lx", told.kind, told.index, (ulong)told.rest);
    else
        add("%c%u", told.kind, told.index);
}

/* --- A call --- */

static uint8_t before[ARENA];

static void add_pointed_to(uint64_t at)
{
    uint64_t arena = (uintptr_t)program.world.arena, word;

    if ( at < arena || at > arena + ARENA - sizeof(word) )
        return;
    add(" [");
    for ( unsigned int i = 0; i < SHOWN && at + (i + 1) * sizeof(word) <= arena + ARENA; i++ )
    {
        memcpy(&word, (void *)(at + i * sizeof(word)), sizeof(word));
        add(i ? " " : "");
        add_value(word);
    }
    add("]");
}

static void add_arguments(const struct program_call *call)
{
    for ( unsigned int i = 0; i < 4; i++ )
    {
        add(" ");
        add_value(call->args[i]);
    }
    for ( unsigned int i = 0; i < 4; i++ )
        add_pointed_to(call->args[i]);
}

/*
 * Of a word that a hypervisor wrote a part of, as a status behind what was there before, that part: the rest may be
 * half of a frame's number.
 */
static void add_changed(ulong at, uint64_t now, uint64_t then)
{
    unsigned int same = (unsigned int)__builtin_ctzl(now ^ then) & ~15U;

    if ( tell_value(now).kind )
        same = 0;
    add(" %lx:", at + same / 8);
    add_value(now >> same);
}

static void add_changes(void)
{
    const uint64_t *now = (const uint64_t *)program.world.arena, *then = (const uint64_t *)before;
    unsigned int shown = 0;

    for ( unsigned int i = 0; i < ARENA / sizeof(*now); i++ )
    {
        if ( now[i] == then[i] || shown++ >= SHOWN )
            continue;
        add_changed(i * sizeof(*now), now[i], then[i]);
    }
}

/* Areas that the hypervisor writes to by itself would change while nobody calls: elsewhere, please. */
static void move_areas(const struct program_call *call)
{
    static struct vcpu_register_runstate_memory_area runstate[4];
    static struct vcpu_register_time_memory_area time[4];
    static uint8_t areas[4][512];

    if ( call->nr != __HYPERVISOR_vcpu_op || call->args[1] > 3 )
        return;
    runstate[call->args[1]].addr.p = time[call->args[1]].addr.p = (ulong)areas[call->args[1]];
    if ( call->args[0] == VCPUOP_register_runstate_memory_area )
        hypercall(vcpu_op, call->args[0], call->args[1], &runstate[call->args[1]]);
    if ( call->args[0] == VCPUOP_register_vcpu_time_memory_area )
        hypercall(vcpu_op, call->args[0], call->args[1], &time[call->args[1]]);
}

/* Pages that have the time in them, or events of another time, are never the same. */
static bool shows_times;

static bool in_window(uint64_t va)
{
    return va - program.world.window < PROGRAM_FRAMES * PAGE_SIZE;
}

/* FIFO's first array also shows events that ports of earlier programs were left with, where a hypervisor keeps them. */
static void note_times(const struct program_call *call, long rc)
{
    if ( !rc && call->nr == __HYPERVISOR_event_channel_op &&
         call->args[0] == EVTCHNOP_expand_array )
        shows_times = true;
    if ( call->nr == __HYPERVISOR_sysctl )
        shows_times = true;
    if ( rc || call->nr != __HYPERVISOR_vcpu_op )
        return;
    if ( call->args[0] == VCPUOP_register_vcpu_info )
        shows_times = true;
    if ( call->args[0] == VCPUOP_register_runstate_memory_area ||
         call->args[0] == VCPUOP_register_vcpu_time_memory_area )
        shows_times |= in_window(*(const uint64_t *)call->args[2]);
}

/* A page in which the hypervisor tells us of vcpus or interrupts stays one: there is no call to undo that. */
static void note_pages(const struct program_call *call, long rc)
{
    bool info = call->nr == __HYPERVISOR_vcpu_op && call->args[0] == VCPUOP_register_vcpu_info;
    bool eoi =
        call->nr == __HYPERVISOR_physdev_op && (call->args[0] == PHYSDEVOP_pirq_eoi_gmfn_v1 ||
                                                call->args[0] == PHYSDEVOP_pirq_eoi_gmfn_v2);

    if ( !rc && (info || eoi) )
        guest_world_drop(&program.world, *(const uint64_t *)call->args[info ? 2 : 1]);
}

static void tell_call(ulong number, unsigned int i)
{
    struct program_call call;
    unsigned int command;
    long rc;

    program_next(&program, &call);
    command = program_command(&program, &call);
    memcpy(before, program.world.arena, ARENA);
    used = 0;
    add_arguments(&call);
    rc = guest_call(&call);
    move_areas(&call);
    note_times(&call, rc);
    note_pages(&call, rc);
    add(" |");
    add_changes();
    printf("T %lu %u %s %ld |", number, i, program_name(&call, command) ?: "none",
           program_outcome(&program, &call, command, rc));
    console_write(line, (int)used);
    printf("\n");
}

/* --- A program --- */

/* An entry whose page is the kernel's; Debian's Xen lets such a page be global. */
#define PTE_KERNEL (1UL << 52)
#define PTE_GLOBAL (1UL << 8)

static uint16_t checksum(const uint64_t *page)
{
    uint64_t sum = 0;

    for ( ulong i = 0; i < PAGE_SIZE / sizeof(*page); i++ )
    {
        struct told told;

        if ( !page[i] || (i >= HYPERVISOR_SLOT && i < HYPERVISOR_SLOT + 16) )
            continue;
        told = tell_value(page[i] & PTE_KERNEL ? page[i] & ~PTE_GLOBAL : page[i]);
        sum = (sum ^ i ^ told.rest ^ (ulong)told.kind << 20 ^ (ulong)told.index << 28) *
              0x9e3779b97f4a7c15UL;
    }
    return (uint16_t)(sum >> 48);
}

static void tell_memory(ulong number)
{
    used = 0;
    trap_init(); /* or there would be no handler for the faults on what isn't mapped */
    for ( ulong i = 0; i < PROGRAM_FRAMES && !shows_times; i++ )
    {
        volatile uint16_t sum = 0;
        struct fault fault =
            fault_of(sum = checksum((void *)(program.world.window + i * PAGE_SIZE)));

        if ( fault.vector == TRAP_NONE )
            add(" %x", sum);
        else
            add(" x");
    }
    printf("T %lu end memory 0 | |", number);
    console_write(line, (int)used);
    printf("\n");
}

/* Small ones couldn't be told from other numbers, which matters only where answers are compared: with a seed. */
static void check_frames(const struct program_world *world)
{
    for ( unsigned int i = 0; i < PROGRAM_FRAMES; i++ )
        if ( world->frame[i] < LOWEST_RAM )
            error("frame %lx looks like another number", (ulong)world->frame[i]);
}

/* Program @number, the @i-th of this round, which ends early if a word says so: "cut3=2" leaves the third two calls. */
static void tell_program(ulong number, ulong i)
{
    char cut[16];
    ulong calls;

    snprintf(cut, sizeof(cut), "cut%lu", i);
    calls = arg_number(cut, arg_number("calls", CALLS));
    if ( arg_value("seed") )
        check_frames(&program.world);
    shows_times = false;
    program_begin(&program, number);
    for ( unsigned int n = 0; n < calls; n++ )
        tell_call(number, n);
    tell_memory(number);
    guest_world_again(&program.world);
}

/* More often what has more to it. As dom0, neither the console, which we tell by, nor devices. */
static void choose_calls(struct program_world *world)
{
    static const uint8_t all[] = {
        __HYPERVISOR_mmu_update,
        __HYPERVISOR_mmu_update,
        __HYPERVISOR_mmu_update,
        __HYPERVISOR_mmuext_op,
        __HYPERVISOR_mmuext_op,
        __HYPERVISOR_mmuext_op,
        __HYPERVISOR_update_va_mapping,
        __HYPERVISOR_update_va_mapping,
        __HYPERVISOR_update_va_mapping,
        __HYPERVISOR_update_va_mapping_otherdomain,
        __HYPERVISOR_memory_op,
        __HYPERVISOR_memory_op,
        __HYPERVISOR_memory_op,
        __HYPERVISOR_event_channel_op,
        __HYPERVISOR_event_channel_op,
        __HYPERVISOR_event_channel_op,
        __HYPERVISOR_grant_table_op,
        __HYPERVISOR_grant_table_op,
        __HYPERVISOR_grant_table_op,
        __HYPERVISOR_vcpu_op,
        __HYPERVISOR_vcpu_op,
        __HYPERVISOR_sched_op,
        __HYPERVISOR_set_gdt,
        __HYPERVISOR_update_descriptor,
        __HYPERVISOR_set_trap_table,
        __HYPERVISOR_set_debugreg,
        __HYPERVISOR_get_debugreg,
        __HYPERVISOR_vm_assist,
        __HYPERVISOR_xen_version,
        __HYPERVISOR_set_callbacks,
        __HYPERVISOR_callback_op,
        __HYPERVISOR_nmi_op,
        __HYPERVISOR_stack_switch,
        __HYPERVISOR_fpu_taskswitch,
        __HYPERVISOR_set_segment_base,
        __HYPERVISOR_set_timer_op,
        __HYPERVISOR_domctl,
        __HYPERVISOR_sysctl,
        __HYPERVISOR_platform_op,
        __HYPERVISOR_console_io,
        __HYPERVISOR_physdev_op,
    };

    world->calls = all;
    world->nr_calls = sizeof(all) - (is_dom0() ? 2 : 0);
    world->only_look = true;
    world->only_named = true; /* whose frame 0xffff is depends on the hypervisor */
}

/* Frames that are the other's, and such as neither has. */
static void know_strangers(struct program_world *world, const ulong *others)
{
    memmove(world->stranger, world->stranger + 1, 3 * sizeof(world->stranger[0]));
    world->nr_strangers = 3; /* beyond the end; not shared_info: docs/differential.md */
    world->stranger[world->nr_strangers++] = 0xa0;    /* VGA */
    world->stranger[world->nr_strangers++] = 0xfee00; /* the local APIC */
    for ( unsigned int i = 0; i < OTHERS && others[i]; i++ )
        world->stranger[world->nr_strangers++] = others[i];
}

static void teller(void)
{
    ulong seed = arg_number("seed", 1), programs = arg_number("programs", PROGRAMS),
          others[OTHERS] = { 0 };
    domid_t other = is_dom0() ? 1 : meet();

    for ( unsigned int i = 0; i < OTHERS && !is_dom0(); i++ )
        others[i] = hear();
    guest_world(&program.world, own_domid(), other);
    program.world.arena += program.world.arena_size - ARENA; /* nothing is behind it */
    program.world.arena_size = ARENA;
    know_strangers(&program.world, others);
    choose_calls(&program.world);
    guest_world_again(&program.world);
    for ( ulong i = 0; i < programs; i++ )
        tell_program(seed * programs + i, i);
}

static void other(void)
{
    meet();
    for ( unsigned int i = 0; i < OTHERS; i++ )
        tell(virt_to_mfn(page_alloc()));
    hear_dead();
}

void test_main(void)
{
    static const struct role roles[] = { { "teller", teller }, { "other", other } };

    ROLES_PLAY(roles);
    success();
}
