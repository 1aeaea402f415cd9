/*
 * vcpu_op, runstates and vm_assist.
 *
 * LINK: hypervisor/domain/vcpu_op.c hypervisor/domain/runstate.c hypervisor/domain/vm_assist.c
 * LINK: hypervisor/mm/frame.c tests/host/fake/machine*.c
 */
#include "tests/host/fake/machine.h"

#include <pthread.h>

#include "cpu/uaccess.h"
#include "event/event.h"
#include "lib/atomic.h"
#include "sched/sched.h"
#include "time/time.h"

/* --- rooms that are played --- */

static s64 now = 1000;
static struct vcpu *updated, *woken, *marked, *time_moved;
static long context_result, timer_result;
static u64 timer_value;
static u32 timer_flags, kicks;
static u8 shutdown_reason = 0xff;

ns_t time_now(void)
{
    return now;
}

void sched_update(struct vcpu *v)
{
    updated = v;
}

void sched_wake(struct vcpu *v)
{
    woken = v;
}

void sched_pause(struct vcpu *v)
{
    v->sched.pause_count++;
    v->sched.running = false;
}

void sched_unpause(struct vcpu *v)
{
    v->sched.pause_count--;
}

void smp_kick(u32 cpu, u32 work)
{
    (void)cpu;
    kicks |= work;
}

long vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *context)
{
    (void)v;
    expect_eq(context->flags, VGCF_in_kernel);
    return context_result;
}

void domain_shutdown(struct domain *d, u8 reason)
{
    (void)d;
    shutdown_reason = reason;
}

void event_vcpu_info_moved(struct vcpu *v)
{
    marked = v;
}

void pv_vcpu_info_moved(struct vcpu *v)
{
    expect(v == current_vcpu() || !v->sched.running);
}

void time_vcpu_info_moved(struct vcpu *v)
{
    time_moved = v;
}

long time_register_area(struct vcpu *v, gva_t area)
{
    v->time.user_area = area.n;
    return 0;
}

long time_set_periodic(struct vcpu *v, u64 period)
{
    (void)v;
    timer_value = period;
    return timer_result;
}

void time_stop_periodic(struct vcpu *v)
{
    (void)v;
    timer_value = 0;
}

long time_set_singleshot(struct vcpu *v, u64 ns, u32 flags)
{
    (void)v;
    timer_value = ns;
    timer_flags = flags;
    return timer_result;
}

long time_stop_singleshot(struct vcpu *v)
{
    (void)v;
    timer_value = 0;
    return 0;
}

/* --- set up --- */

static struct domain *d;
static struct vcpu *boot, *second;
static struct shared_info shared;

static void start(u32 vcpus)
{
    fake_machine();
    fake_cpu_join(0);
    d = fake_domain(5, false, vcpus);
    boot = d->vcpus[0];
    second = d->vcpus[1];
    d->shared_info = &shared;
    for ( u32 i = 0; i < vcpus; i++ )
    {
        d->vcpus[i]->cpu.info =
            i < 32 ? (struct vcpu_info *)&shared.vcpu_info[i] : &d->vcpus[i]->no_info;
        d->vcpus[i]->info_mfn = INVALID_MFN;
        d->vcpus[i]->down = i > 0;
    }
    boot->initialised = true;
}

static long op(unsigned long cmd, unsigned long vcpu, void *arg)
{
    return domain_vcpu_op(cmd, vcpu, (unsigned long)arg);
}

/* --- life --- */

/* How Linux counts its CPUs: the first number that isn't a vcpu is -ENOENT, for whatever operation. */
TEST(numbers_end_with_enoent)
{
    start(2);
    expect_eq(op(VCPUOP_is_up, 0, NULL), 1);
    expect_eq(op(VCPUOP_is_up, 1, NULL), 0);
    expect_eq(op(VCPUOP_is_up, 2, NULL), -ENOENT);
    expect_eq(op(VCPUOP_is_up, ~0u, NULL), -ENOENT);
    expect_eq(op(99, 2, NULL), -ENOENT);
    expect_eq(op(99, 0, NULL), -ENOSYS);
}

TEST(a_vcpu_is_initialised_once_then_goes_up)
{
    static struct vcpu_guest_context context = { .flags = VGCF_in_kernel };

    start(2);
    expect_eq(op(VCPUOP_up, 1, NULL), -EINVAL);
    expect_eq(op(VCPUOP_initialise, 1, (void *)8), -EFAULT);
    context_result = -EINVAL;
    expect_eq(op(VCPUOP_initialise, 1, &context), -EINVAL);
    context_result = 0;
    expect_eq(op(VCPUOP_initialise, 1, &context), 0);
    expect(second->initialised);
    expect_eq(op(VCPUOP_initialise, 1, &context), -EEXIST);

    expect_eq(op(VCPUOP_up, 1, NULL), 0);
    expect(!second->down && updated == second);
    expect_eq(op(VCPUOP_is_up, 1, NULL), 1);
    updated = NULL;
    expect_eq(op(VCPUOP_up, 1, NULL), 0);
    expect(!updated);
}

/* The root of the context may take long to validate: the call is issued again as it was. */
TEST(initialise_is_continued)
{
    static struct vcpu_guest_context context = { .flags = VGCF_in_kernel };

    start(2);
    context_result = -ERESTART;
    expect_eq(op(VCPUOP_initialise, 1, &context), -ERESTART);
    expect(fake_continuation.set && fake_continuation.nr == __HYPERVISOR_vcpu_op);
    expect(fake_continuation.arg[0] == VCPUOP_initialise && fake_continuation.arg[1] == 1);
    expect_eq(fake_continuation.arg[2], (unsigned long)&context);
    expect(!second->initialised);
}

TEST(the_last_one_down_powers_off)
{
    start(2);
    second->down = false;
    expect_eq(op(VCPUOP_down, 1, NULL), 0);
    expect(second->down && updated == second && shutdown_reason == 0xff);
    expect_eq(op(VCPUOP_down, 0, NULL), 0);
    expect(!boot->down && shutdown_reason == SHUTDOWN_poweroff);
}

static bool down_at_once;

static void *go_down(void *arg)
{
    fake_run(arg);
    while ( !atomic_load(&down_at_once) )
        cpu_relax();
    domain_vcpu_op(VCPUOP_down, ((struct vcpu *)arg)->id, 0);
    return NULL;
}

static void *go_down_on_cpu_1(void *arg)
{
    fake_cpu_join(1);
    return go_down(arg);
}

/* None of them may think that the other is still up, and leave a domain that nobody can wake. */
TEST(two_that_go_down_at_once)
{
    pthread_t other;

    start(2);
    for ( unsigned int i = 0; i < 300; i++ )
    {
        d->vcpus[0]->down = d->vcpus[1]->down = false;
        shutdown_reason = 0xff;
        down_at_once = false;
        pthread_create(&other, NULL, go_down_on_cpu_1, d->vcpus[1]);
        atomic_store(&down_at_once, true);
        go_down(d->vcpus[0]);
        pthread_join(other, NULL);
        require(shutdown_reason == SHUTDOWN_poweroff);
    }
    shutdown_reason = 0xff;
}

TEST(nmi)
{
    start(2);
    expect_eq(op(VCPUOP_send_nmi, 1, &d), -EINVAL);
    expect_eq(op(VCPUOP_send_nmi, 1, NULL), 0);
    expect(second->work == VCPU_WORK_NMI && woken == second && (kicks & WORK_VCPU));
    expect_eq(op(VCPUOP_get_physid, 0, &d), -EINVAL);
}

/* --- timers --- */

TEST(timers)
{
    struct vcpu_set_periodic_timer periodic = { 10000000 };
    struct vcpu_set_singleshot_timer single = { 777, VCPU_SSHOTTMR_future };

    start(2);
    expect_eq(op(VCPUOP_set_periodic_timer, 1, &periodic), 0);
    expect_eq(timer_value, 10000000);
    expect_eq(op(VCPUOP_stop_periodic_timer, 1, NULL), 0);
    expect_eq(timer_value, 0);
    expect_eq(op(VCPUOP_set_singleshot_timer, 1, &single), -EINVAL); /* another's */
    expect_eq(op(VCPUOP_set_singleshot_timer, 1, NULL), -EINVAL);    /* ... whatever it says */
    expect_eq(op(VCPUOP_set_singleshot_timer, 0, &single), 0);
    expect(timer_value == 777 && timer_flags == VCPU_SSHOTTMR_future);
    timer_result = -ETIME;
    expect_eq(op(VCPUOP_set_singleshot_timer, 0, &single), -ETIME);
    expect_eq(op(VCPUOP_stop_singleshot_timer, 1, NULL), -EINVAL);
    expect_eq(op(VCPUOP_stop_singleshot_timer, 0, NULL), 0);
    expect_eq(op(VCPUOP_set_singleshot_timer, 0, NULL), -EFAULT);
}

/* --- vcpu_info --- */

static struct vcpu_register_vcpu_info place(mfn_t mfn, u32 offset)
{
    return (struct vcpu_register_vcpu_info){ .mfn = mfn.n, .offset = offset };
}

static mfn_t infos_frame;
static bool late;

/* Another CPU may have found the old place: nobody else finds it now, and the frame is still held for it. */
static void write_late(void)
{
    late = true;
    expect(boot->cpu.info == &boot->no_info);
    expect(fake_count(infos_frame) == 1 && fake_refs(infos_frame) == 2);
}

TEST(vcpu_info_moves_with_its_contents)
{
    struct vcpu_register_vcpu_info arg;
    mfn_t mfn;

    start(2);
    mfn = fake_frame(d);
    boot->cpu.info->evtchn_pending_sel = 0x55;
    boot->cpu.info->evtchn_upcall_mask = 1;
    arg = place(mfn, 128);
    expect_eq(op(VCPUOP_register_vcpu_info, 0, &arg), 0);
    expect(boot->cpu.info == (void *)((u8 *)fake_words(mfn) + 128));
    expect(boot->cpu.info->evtchn_pending_sel == 0x55 && boot->cpu.info->evtchn_upcall_mask == 1);
    expect(marked == boot && time_moved == boot);
    expect(fake_count(mfn) == 1 && fake_type(mfn) == FRAME_WRITABLE);

    expect_eq(op(VCPUOP_register_vcpu_info, 0, &arg), -EINVAL); /* once */
    infos_frame = mfn;
    fake_on_synchronize = write_late;
    vcpu_info_release_all(d);
    fake_on_synchronize = NULL;
    expect(late && boot->cpu.info == &boot->no_info);
    expect(fake_count(mfn) == 0 && fake_refs(mfn) == 1);
    vcpu_info_release_all(d);
}

/* It went down, and is still in its guest: what it does there must not meet a new place. */
TEST(vcpu_info_of_one_that_leaves)
{
    struct vcpu_register_vcpu_info arg;

    start(2);
    d->vcpus[1]->down = true;
    d->vcpus[1]->sched.running = true;
    arg = place(fake_frame(d), 0);
    expect_eq(op(VCPUOP_register_vcpu_info, 1, &arg), 0);
    expect_eq(d->vcpus[1]->sched.pause_count, 0);
    d->vcpus[1]->down = false;
    expect_eq(op(VCPUOP_register_vcpu_info, 1, &arg), -EINVAL);
}

/* The frame must not become a page table behind the hypervisor's back. */
TEST(the_frame_of_vcpu_info_stays_writable)
{
    struct vcpu_register_vcpu_info arg;
    mfn_t mfn;

    start(2);
    mfn = fake_frame(d);
    arg = place(mfn, 0);
    expect_eq(op(VCPUOP_register_vcpu_info, 0, &arg), 0);
    require(frame_get(mfn_to_frame(mfn), d->id));
    expect_eq(frame_get_type(mfn_to_frame(mfn), FRAME_SEGDESC), -EINVAL);
    frame_put(mfn_to_frame(mfn));
}

TEST(bad_places_for_vcpu_info)
{
    static const struct {
        u32 offset;
        long error;
    } bad[] = { { PAGE_SIZE - 60, -ENXIO },
                { 4, -ENXIO },
                { PAGE_SIZE, -ENXIO },
                { ~7u, -ENXIO },
                { 0, -EINVAL } };
    struct vcpu_register_vcpu_info arg;
    struct domain *other;

    start(2);
    for ( unsigned int i = 0; i < 4; i++ )
    {
        arg = place(fake_frame(d), bad[i].offset);
        expect_eq(op(VCPUOP_register_vcpu_info, 0, &arg), bad[i].error);
    }
    other = fake_domain(6, false, 0);
    arg = place(fake_frame(other), 0);
    expect_eq(op(VCPUOP_register_vcpu_info, 0, &arg), -EINVAL); /* another's frame */
    arg = place(to_mfn(FAKE_FRAMES), 0);
    expect_eq(op(VCPUOP_register_vcpu_info, 0, &arg), -EINVAL);
    arg = place(INVALID_MFN, 0);
    expect_eq(op(VCPUOP_register_vcpu_info, 0, &arg), -EINVAL);
    arg = place(fake_frame(d), PAGE_SIZE - 64); /* the last place of a page */
    expect_eq(op(VCPUOP_register_vcpu_info, 0, &arg), 0);
    second->down = false; /* runs, and isn't us */
    arg = place(fake_frame(d), 0);
    expect_eq(op(VCPUOP_register_vcpu_info, 1, &arg), -EINVAL);
    expect(second->cpu.info == (struct vcpu_info *)&shared.vcpu_info[1]);
}

/* shared_info has 32 places: later vcpus must bring their own, which starts masked and empty. */
TEST(vcpus_beyond_shared_info)
{
    static struct vcpu_guest_context context = { .flags = VGCF_in_kernel };
    struct vcpu_register_vcpu_info arg;
    mfn_t mfn;

    start(40);
    expect_eq(op(VCPUOP_initialise, 33, &context), -EINVAL);
    mfn = fake_frame(d);
    memset(fake_words(mfn), 0xaa, PAGE_SIZE);
    arg = place(mfn, 64);
    expect_eq(op(VCPUOP_register_vcpu_info, 33, &arg), 0);
    expect(d->vcpus[33]->cpu.info->evtchn_upcall_mask == 1 &&
           !d->vcpus[33]->cpu.info->evtchn_pending_sel);
    expect_eq(op(VCPUOP_initialise, 33, &context), 0);
}

/* --- runstate --- */

/* Whoever reads on another CPU sees times that add up to the moment of the last change. */
static bool changed_all;

static void *change(void *arg)
{
    (void)arg;
    for ( s64 i = 1; i < 200000; i++ )
        runstate_change(boot, (int)(i % 4), 1000 + i * 10);
    atomic_store(&changed_all, true);
    return NULL;
}

TEST(times_add_up_for_others)
{
    struct vcpu_runstate_info info;
    unsigned long wrong = 0;
    pthread_t writer;

    start(2);
    boot->runstate.info = (struct vcpu_runstate_info){ .state_entry_time = 1000 };
    now = 0; /* nothing is added to what the last change left */
    pthread_create(&writer, NULL, change, NULL);
    while ( !atomic_load(&changed_all) )
    {
        runstate_get(boot, &info);
        wrong += info.time[0] + info.time[1] + info.time[2] + info.time[3] + 1000 !=
                 info.state_entry_time;
        wrong += info.state != (int)((info.state_entry_time - 1000) / 10 % 4);
    }
    pthread_join(writer, NULL);
    expect_eq(wrong, 0);
    now = 1000;
}

TEST(times_add_up)
{
    struct vcpu_runstate_info info;

    start(2);
    boot->runstate.info.state = RUNSTATE_offline;
    boot->runstate.info.state_entry_time = 1000;
    runstate_change(boot, RUNSTATE_runnable, 1500);
    runstate_change(boot, RUNSTATE_running, 1700);
    runstate_change(boot, RUNSTATE_blocked, 1600); /* a clock a little behind */
    runstate_change(boot, RUNSTATE_running, 2000);
    now = 2500;
    memset(&info, 0xaa, sizeof(info));
    expect_eq(op(VCPUOP_get_runstate_info, 0, &info), 0);
    expect(info.state == RUNSTATE_running && info.state_entry_time == 2000);
    expect(info.time[RUNSTATE_offline] == 500 && info.time[RUNSTATE_runnable] == 200);
    expect(info.time[RUNSTATE_running] == 500 && info.time[RUNSTATE_blocked] == 300);
    expect_eq(info.time[0] + info.time[1] + info.time[2] + info.time[3], 2500 - 1000);
    expect_eq(((u32 *)&info)[1], 0); /* the hole is no leak */
}

TEST(the_area_is_kept_up_to_date)
{
    struct vcpu_runstate_info area;
    struct vcpu_register_runstate_memory_area arg = { .addr.v = &area };

    start(2);
    boot->runstate.info.state_entry_time = 5;
    memset(&area, 0xaa, sizeof(area));
    expect_eq(op(VCPUOP_register_runstate_memory_area, 0, &arg), 0);
    expect_eq(area.state_entry_time, 5);
    expect_eq(((u32 *)&area)[1], 0);

    d->vm_assist = 1UL << VMASST_TYPE_runstate_update_flag;
    runstate_change(boot, RUNSTATE_blocked, 9);
    runstate_update_guest(boot);
    expect(area.state == RUNSTATE_blocked &&
           area.state_entry_time == 9); /* the flag is off again */

    boot->cpu.kernel_mode = 0;
    runstate_change(boot, RUNSTATE_running, 12);
    runstate_update_guest(boot);
    expect_eq(area.state_entry_time, 12);
}

TEST(areas_in_the_hypervisor_are_refused)
{
    struct vcpu_register_runstate_memory_area arg = { .addr.p = HV_VIRT_START + 0x1000 };

    start(2);
    expect_eq(op(VCPUOP_register_runstate_memory_area, 0, &arg), -EFAULT);
    arg.addr.p = HV_VIRT_START - 8;
    expect_eq(op(VCPUOP_register_runstate_memory_area, 0, &arg), -EFAULT);
    expect_eq(boot->runstate.area, 0);
}

/* Another vcpu's area is written at once, and an unmapped one is nobody's fault. */
TEST(areas_of_others)
{
    struct vcpu_runstate_info area;
    struct vcpu_register_runstate_memory_area arg = { .addr.v = &area };

    start(2);
    second->runstate.info.state = RUNSTATE_offline;
    expect_eq(op(VCPUOP_register_runstate_memory_area, 1, &arg), 0);
    expect_eq(area.state, RUNSTATE_offline);
    arg.addr.p = 16;
    expect_eq(op(VCPUOP_register_runstate_memory_area, 0, &arg), 0);
    runstate_update_guest(boot);
}

/* --- vm_assist --- */

TEST(assists)
{
    start(2);
    expect_eq(domain_vm_assist(VMASST_CMD_enable, VMASST_TYPE_writable_pagetables), 0);
    expect_eq(domain_vm_assist(VMASST_CMD_enable, VMASST_TYPE_m2p_strict), 0);
    expect_eq(d->vm_assist,
              (1UL << VMASST_TYPE_writable_pagetables) | (1UL << VMASST_TYPE_m2p_strict));
    expect_eq(domain_vm_assist(VMASST_CMD_disable, VMASST_TYPE_writable_pagetables), 0);
    expect_eq(d->vm_assist, 1UL << VMASST_TYPE_m2p_strict);
    expect_eq(domain_vm_assist(VMASST_CMD_enable, 6), -EINVAL);
    expect_eq(domain_vm_assist(VMASST_CMD_enable, 64), -EINVAL);
    expect_eq(domain_vm_assist(VMASST_CMD_enable, ~0UL), -EINVAL);
    expect_eq(domain_vm_assist(7, VMASST_TYPE_m2p_strict), -ENOSYS);
}

TEST(assist_that_vcpus_keep)
{
    start(2);
    expect_eq(domain_vm_assist(VMASST_CMD_enable, VMASST_TYPE_architectural_iopl), 0);
    expect_eq(d->vcpus[0]->cpu.iopl_in_rflags, 1);
    expect_eq(d->vcpus[1]->cpu.iopl_in_rflags, 1);
    d->vcpus[1]->cpu.iopl_in_rflags = 0; /* as a new one has it */
    vcpu_follow_assists(d->vcpus[1]);
    expect_eq(d->vcpus[1]->cpu.iopl_in_rflags, 1);
    domain_set_assists(d, ~(1UL << VMASST_TYPE_architectural_iopl));
    expect_eq(d->vm_assist & (1UL << 6), 0);
    expect_eq(d->vcpus[0]->cpu.iopl_in_rflags, 0);
    expect_eq(d->vcpus[1]->cpu.iopl_in_rflags, 0);
}

HOST_TEST_MAIN
