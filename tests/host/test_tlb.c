/*
 * The flush clock: which CPUs still need a flush for a frame, also when the clock wraps.
 *
 */
#include "tests/host/host.h"

#include "lib/types.h"

#define CPU_ASM_H /* the three instructions are ours here */
static unsigned int root_loads, page_flushes, cache_flushes;
static void (*loading)(void);

static inline void write_cr3(u64 value)
{
    (void)value;
    root_loads++;
    if ( loading )
        loading();
}

static inline void invlpg(u64 va)
{
    (void)va;
    page_flushes++;
}

static inline void clflush(const void *line)
{
    (void)line;
}

static inline void wbinvd(void)
{
    cache_flushes++;
}

#include "hypervisor/mm/tlb.c"

__thread struct percpu *host_cpu;
cpumask_t smp_online = 7;
maddr_t map_idle_root = { 0x1d1e000 };
u8 *host_ram;
static struct percpu cpus[3];

#define OURS   1
#define THEIRS 2

static cpumask_t asked;
static unsigned int times_asked;

struct percpu *smp_percpu(u32 cpu)
{
    return &cpus[cpu];
}

/* Each CPU asked flushes at once. */
void smp_flush_others(cpumask_t mask, u64 va)
{
    struct percpu *self = host_cpu;

    asked = mask;
    times_asked++;
    for ( u32 cpu = 0; cpu < 3; cpu++ )
    {
        if ( !(mask & (1UL << cpu)) )
            continue;
        host_cpu = &cpus[cpu];
        if ( va == TLB_FLUSH_ALL )
            tlb_flush_local();
    }
    host_cpu = self;
}

static void setup(void)
{
    for ( u32 cpu = 0; cpu < 3; cpu++ )
        cpus[cpu].cpu = cpu;
    for ( u32 cpu = 0; cpu < 3; cpu++ )
    {
        host_cpu = &cpus[cpu];
        tlb_switch_root(to_maddr(0x1000), OURS);
    }
    host_cpu = &cpus[0];
    root_loads = page_flushes = times_asked = 0;
    asked = 0;
}

/* The CPUs that a flush for @frame reaches: bit 0 is this one. */
static cpumask_t reached(const struct frame *frame)
{
    cpumask_t mask;
    u32 before = cpus[0].tlb_time;

    asked = 0;
    tlb_flush_stamped(frame);
    mask = asked | (cpus[0].tlb_time != before);
    return mask;
}

TEST(a_stamp_is_covered_by_later_flushes_only)
{
    struct frame frame = { .owner = OURS };

    setup();
    tlb_stamp(&frame);
    tlb_load_root(to_maddr(0x1000));
    expect_eq(reached(&frame), 6);
    expect_eq(reached(&frame), 0);
    tlb_stamp(&frame);
    expect_eq(reached(&frame), 7);
    tlb_flush_page_local(0x5000); /* one page is no flush */
    tlb_stamp(&frame);
    tlb_flush_page_local(0x5000);
    expect_eq(reached(&frame), 7);
}

TEST(only_the_mask_and_only_who_is_online)
{
    struct frame frame = { .owner = OURS };

    setup();
    tlb_stamp(&frame);
    smp_online = 3;
    expect_eq(reached(&frame), 3);
    tlb_flush_mask(~0UL, 0x1000);
    expect_eq(asked, 2);
    expect_eq(page_flushes, 1);
    smp_online = 7;
}

static void switch_on(u32 cpu, maddr_t root, domid_t id)
{
    host_cpu = &cpus[cpu];
    tlb_switch_root(root, id);
    host_cpu = &cpus[0];
}

TEST(idle_cpus_are_left_alone)
{
    struct frame frame = { .owner = OURS };

    setup();
    switch_on(2, map_idle_root, DOMID_IDLE);
    tlb_stamp(&frame);
    expect_eq(reached(&frame), 3);
    frame.owner = DOMID_NOBODY;
    tlb_stamp(&frame);
    expect_eq(reached(&frame), 3);
}

TEST(a_cpu_with_another_domain_is_left_alone)
{
    struct frame frame = { .owner = OURS };

    setup();
    switch_on(1, to_maddr(0x2000), THEIRS);
    tlb_stamp(&frame);
    expect_eq(reached(&frame), 5);

    frame.owner = THEIRS;
    tlb_stamp(&frame);
    expect_eq(reached(&frame), 2);
}

/* ... unless that one may have mapped it, or the frame may have been its own. */
TEST(strangers_that_may_know_the_frame_are_flushed)
{
    struct frame frame = { .owner = OURS };

    setup();
    switch_on(1, to_maddr(0x2000), THEIRS);
    tlb_maps_strangers(THEIRS);
    tlb_stamp(&frame);
    expect_eq(reached(&frame), 7);

    tlb_maps_own_frames(THEIRS); /* a new domain by that number */
    tlb_stamp(&frame);
    expect_eq(reached(&frame), 5);

    frame.owner = DOMID_NOBODY;
    tlb_stamp(&frame);
    expect_eq(reached(&frame), 7);
}

/* What others see of a CPU at the moment when it loads a root. */
static struct frame *looked_at;
static bool stale_while_loading;

static void look_at_cpu_1(void)
{
    stale_while_loading = is_stale(1, looked_at->owner, looked_at->tlb_stamp);
}

TEST(while_a_root_is_loaded_old_and_new_domain_count)
{
    struct frame frame = {};

    setup();
    looked_at = &frame;
    loading = look_at_cpu_1;
    for ( domid_t owner = OURS; owner <= THEIRS; owner++ )
    {
        frame.owner = owner;
        tlb_stamp(&frame);
        stale_while_loading = false;
        switch_on(1, to_maddr(0x2000), owner == OURS ? THEIRS : OURS);
        expect(stale_while_loading);
        expect(!is_stale(1, owner, frame.tlb_stamp));

        tlb_stamp(&frame);
        stale_while_loading = false;
        switch_on(1, to_maddr(0x1000), owner);
        expect(stale_while_loading);
    }
    switch_on(1, to_maddr(0x1000), OURS);
    frame.owner = OURS;
    tlb_stamp(&frame);
    stale_while_loading = false;
    switch_on(1, map_idle_root, DOMID_IDLE);
    expect(stale_while_loading);
    expect(!is_stale(1, OURS, frame.tlb_stamp));
    loading = NULL;
}

TEST(the_clock_wraps)
{
    struct frame before = { .owner = OURS }, during = before, after = before;

    setup();
    tlb_flush_clock = ~0u - 1;
    tlb_stamp(&before);
    tlb_flush_local();
    expect_eq(tlb_clock(), ~0u);
    times_asked = 0;
    tlb_flush_local(); /* wraps: everybody flushes, once */
    expect_eq(tlb_clock(), TLB_CLOCK_RESTART);
    expect_eq(times_asked, 1);
    expect_eq(asked, 6);
    expect_eq(reached(&before), 0);
    during.tlb_stamp = TLB_STAMP_WRAPPING; /* by another CPU, meanwhile */
    expect_eq(reached(&during), 7);
    tlb_stamp(&after);
    expect_eq(reached(&after), 7);
    expect_eq(reached(&after), 0);
}

TEST(while_it_wraps_all_is_stale)
{
    struct frame frame = { .owner = OURS };

    setup();
    tlb_flush_clock = 5;
    tlb_stamp(&frame);
    expect_eq(frame.tlb_stamp, TLB_STAMP_WRAPPING);
    expect(is_stale(1, OURS, frame.tlb_stamp));
    expect(is_stale(1, OURS, 0));
}

TEST(caches_are_flushed_like_tlbs)
{
    setup();
    page_flushes = cache_flushes = root_loads = 0;
    tlb_flush_caches();
    expect(cache_flushes == 1 && !page_flushes && !root_loads);
    expect_eq(asked, 6);

    asked = 0;
    smp_online = 1;
    tlb_flush_caches();
    expect_eq(cache_flushes, 2);
    expect_eq(asked, 0);
    smp_online = 7;
}

HOST_TEST_MAIN
