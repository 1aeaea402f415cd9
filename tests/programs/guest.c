#include "tests/programs/guest.h"

#include <kit/kit.h>

#define WINDOW                                                                                     \
    (3UL << 39 | 1UL << 29) /* of no use to the kit; not one of a table's first entries */
#define ARENA_PAGES 16UL

static uint64_t idle_stack[64];

/* What a vcpu does that programs start: nothing, on whatever it is entered by. */
__attribute__((naked, noreturn)) static void idle(void)
{
    asm volatile("1: lea %c[top] + %c[stack], %%rsp\n\t"
                 "mov %[sched_op], %%eax\n\t"
                 "mov %[block], %%edi\n\t"
                 "xor %%esi, %%esi\n\t"
                 "syscall\n\t"
                 "jmp 1b"
                 :
                 : [stack] "i"(idle_stack), [top] "i"(sizeof(idle_stack)),
                   [sched_op] "i"(__HYPERVISOR_sched_op), [block] "i"(SCHEDOP_block));
}

static void prepare_context(struct vcpu_guest_context *context)
{
    context->flags = VGCF_in_kernel;
    context->user_regs.rip = context->event_callback_eip = (ulong)idle;
    context->failsafe_callback_eip = context->syscall_callback_eip = (ulong)idle;
    context->user_regs.rsp = (ulong)(idle_stack + sizeof(idle_stack) / sizeof(idle_stack[0]));
    context->user_regs.cs = KIT_CS;
    context->user_regs.ss = context->kernel_ss = KIT_SS;
    context->trap_ctxt[TRAP_NMI] = (struct trap_info){ TRAP_NMI, 4, KIT_CS, (ulong)idle };
    context->ctrlreg[3] = xen_pfn_to_cr3(virt_to_mfn(table_root()));
}

static bool ours(ulong mfn)
{
    for ( ulong pfn = 0; pfn < start_info->nr_pages; pfn++ )
        if ( pfn_to_mfn(pfn) == mfn )
            return true;
    return false;
}

/*
 * Spread over the machine, always the same; some that the hypervisor shares with us, some beyond the end.
 */
static void find_strangers(struct program_world *world)
{
    ulong end = world->machine_frames, step = end / PROGRAM_STRANGERS;
    unsigned int n = 0;

    world->stranger[n++] = start_info->shared_info >> PAGE_SHIFT;
    world->stranger[n++] = end;
    world->stranger[n++] = end + 1;
    world->stranger[n++] = (1UL << 40) - 1;
    for ( ulong mfn = step / 2; mfn < end && n < PROGRAM_STRANGERS; mfn += step )
        if ( !ours(mfn) )
            world->stranger[n++] = mfn;
    world->nr_strangers = n;
}

/* The programs' tables, in frames 0 to 3, map all their frames; our own mappings of them go. */
static void make_tables(const struct program_world *world, void *const *pages)
{
    pte_t *table[PROGRAM_TABLES];

    for ( unsigned int i = 0; i < PROGRAM_TABLES; i++ )
        table[i] = pages[i];
    for ( int level = 4; level > 1; level-- )
        table[4 - level][table_index(WINDOW, level)] = pte_make(world->frame[5 - level], PTE_TABLE);
    for ( unsigned int i = 0; i < PROGRAM_FRAMES - PROGRAM_LOOSE; i++ )
        table[3][i] = pte_make(world->frame[i], i < PROGRAM_TABLES ? PTE_USER_RO : PTE_USER_RW);
    for ( unsigned int i = 0; i < PROGRAM_FRAMES; i++ )
        check(table_unmap((ulong)pages[i]));
    check(mmuext_mfn(MMUEXT_PIN_L4_TABLE, world->frame[0]));
    check(pte_set(&table_root()[table_index(WINDOW, 4)], pte_make(world->frame[1], PTE_TABLE)));
}

static void *pages[PROGRAM_FRAMES];

static void find_frames(struct program_world *world)
{
    for ( unsigned int i = 0; i < PROGRAM_FRAMES; i++ )
    {
        pages[i] = pages[i] ?: page_alloc();
        world->frame[i] = virt_to_mfn(pages[i]);
    }
    make_tables(world, pages);
}

/* Behind it there is nothing. */
static uint8_t *make_arena(void)
{
    uint8_t *arena = pages_alloc_aligned(ARENA_PAGES + 1);

    check(table_unmap((ulong)arena + ARENA_PAGES * PAGE_SIZE));
    return arena;
}

void guest_world(struct program_world *world, domid_t self, domid_t other)
{
    static struct vcpu_guest_context context;

    prepare_context(&context);
    *world = (struct program_world){
        .window = WINDOW,
        .arena = make_arena(),
        .arena_size = ARENA_PAGES * PAGE_SIZE,
        .grant = grant_table(),
        .self = self,
        .other = other,
        .privileged = is_dom0(),
        .spare = true,
        .spared_from = KIT_VIRT_BASE,
        .spared_to = KIT_VIRT_BASE + start_info->nr_pages * PAGE_SIZE,
        .machine_frames = (ulong)check(hypercall(memory_op, XENMEM_maximum_ram_page, NULL)) + 1,
        .root = virt_to_mfn(table_root()),
        .entry = { (ulong)kit_entry_event, (ulong)kit_entry_failsafe, (ulong)kit_entry_syscall,
                   (ulong)kit_entry_nmi },
        .context = (ulong)&context,
    };
    find_frames(world);
    find_strangers(world);
    events_disable();
}

static void end_vcpus(const struct program_world *world)
{
    trap_init();
    hypercall(set_callbacks, world->entry[PROGRAM_EVENT], world->entry[PROGRAM_FAILSAFE],
              world->entry[PROGRAM_SYSCALL]);
    for ( unsigned int reg = 0; reg < 8; reg++ )
        hypercall(set_debugreg, reg, 0);
    for ( unsigned int assist = 0; assist < 6; assist++ )
        hypercall(vm_assist, VMASST_CMD_disable, assist);
    for ( unsigned int which = SEGBASE_FS; which <= SEGBASE_GS_USER_SEL; which++ )
        hypercall(set_segment_base, which, 0);
    hypercall(fpu_taskswitch, 0);
    hypercall(stack_switch, KIT_SS, (char *)this_vcpu() + KIT_STACK_SIZE);
    hypercall(set_gdt, NULL, 0);
    hypercall(set_timer_op, 0);
    mmuext(MMUEXT_SET_LDT);
    mmuext(MMUEXT_NEW_USER_BASEPTR);
    power_iopl(0);
    for ( unsigned int vcpu = 0; vcpu < 4; vcpu++ )
    {
        hypercall(vcpu_op, VCPUOP_stop_periodic_timer, vcpu, NULL);
        hypercall(vcpu_op, VCPUOP_stop_singleshot_timer, vcpu, NULL);
        if ( vcpu )
            hypercall(vcpu_op, VCPUOP_down, vcpu, NULL);
    }
}

/* What programs have mapped of grants and not unmapped, as far as we remember. */
static struct gnttab_unmap_grant_ref mapped[64];
static unsigned int nr_mapped;

static void note_mappings(const struct program_call *call)
{
    const struct gnttab_map_grant_ref *ops = (void *)call->args[1];

    for ( ulong i = 0; i < call->args[2] && nr_mapped < sizeof(mapped) / sizeof(mapped[0]); i++ )
        if ( ops[i].status == GNTST_okay )
            mapped[nr_mapped++] = (struct gnttab_unmap_grant_ref){ .host_addr = ops[i].host_addr,
                                                                   .handle = ops[i].handle };
}

static void unmap_grants(void)
{
    while ( nr_mapped )
        hypercall(grant_table_op, GNTTABOP_unmap_grant_ref, &mapped[--nr_mapped], 1);
}

static void end_events_and_grants(const struct program_world *world)
{
    struct evtchn_reset reset = { .dom = DOMID_SELF };
    struct gnttab_set_version version = { .version = 1 };

    unmap_grants(); /* or there is no other version */
    hypercall(event_channel_op, EVTCHNOP_reset, &reset);
    memset(world->grant, 0, PAGE_SIZE); /* what version 1 can't say would stay in its way */
    hypercall(grant_table_op, GNTTABOP_set_version, &version, 1);
}

static void return_frames(const struct program_world *world)
{
    pte_set(&table_root()[table_index(WINDOW, 4)], 0);
    for ( unsigned int i = 0; i < PROGRAM_FRAMES; i++ )
        mmuext_mfn(MMUEXT_UNPIN_TABLE, world->frame[i]);
    for ( unsigned int i = 0; i < PROGRAM_FRAMES; i++ )
    {
        if ( !pages[i] || page_protect(pages[i], PTE_KERNEL_RW) )
            pages[i] = NULL;
        else
            memset(pages[i], 0, PAGE_SIZE);
    }
}

void guest_world_drop(const struct program_world *world, uint64_t mfn)
{
    for ( unsigned int i = 0; i < PROGRAM_FRAMES; i++ )
        if ( world->frame[i] == mfn )
            pages[i] = NULL;
}

void guest_world_again(struct program_world *world)
{
    end_vcpus(world);
    end_events_and_grants(world);
    return_frames(world);
    find_frames(world);
    memset(world->arena, 0, world->arena_size);
}

long guest_call(const struct program_call *call)
{
    long rc = kit_syscall(call->nr, call->args[0], call->args[1], call->args[2], call->args[3],
                          call->args[4]);

    if ( call->nr == __HYPERVISOR_grant_table_op && call->args[0] == GNTTABOP_map_grant_ref && !rc )
        note_mappings(call);
    return rc;
}
