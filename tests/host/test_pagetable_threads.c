/*
 * Several CPUs at once, as threads under ThreadSanitizer: the word of a frame is all that stands
 * between them.
 *
 * LINK: tests/host/fake/machine*.c tests/host/fake/tables.c hypervisor/mm/frame.c
 * LINK: hypervisor/pv/pagetable/[a-z]*.c
 * LINK: hypervisor/pv/emulate/decode.c hypervisor/pv/emulate/store.c hypervisor/pv/segment/lookup.c
 * FLAGS: -O2 -fsanitize=thread -Wno-tsan
 */
#include "tests/host/fake/tables.h"

#include <pthread.h>

#include "lib/atomic.h"
#include "mm/frame_inline.h"

#define ROUNDS 20000
#define FRAMES 6

static struct domain *domains[FAKE_CPUS];
static mfn_t frames[FRAMES];
static u64 writers[FRAMES], tables[FRAMES], readers; /* who holds what now */

static u64 next_random(u64 *state)
{
    *state = *state * 6364136223846793005UL + 1442695040888963407UL;
    return *state >> 33;
}

static void run_threads(void *(*body)(void *))
{
    pthread_t thread[FAKE_CPUS];

    for ( unsigned long cpu = 0; cpu < FAKE_CPUS; cpu++ )
        pthread_create(&thread[cpu], NULL, body, (void *)cpu);
    for ( unsigned int cpu = 0; cpu < FAKE_CPUS; cpu++ )
        pthread_join(thread[cpu], NULL);
}

/* ---- writable, descriptors and tables exclude each other, whoever asks */

static void claim(unsigned int n, enum frame_type type, u64 *holders, const u64 *others)
{
    struct frame *frame = mfn_to_frame(frames[n]);

    if ( frame_get_and_type(frame, domains[0]->id, type) )
        return;
    atomic_inc(holders);
    if ( atomic_load(others) )
        fail("frame %u is writable and a table at once", n);
    atomic_dec(holders);
    frame_put_and_type(frame);
}

static void *claim_types(void *arg)
{
    u64 state = (u64)arg + 1;

    fake_cpu_join((u32)(u64)arg);
    for ( unsigned int i = 0; i < ROUNDS; i++ )
    {
        unsigned int n = next_random(&state) % FRAMES;

        switch ( next_random(&state) % 3 )
        {
        case 0:
            claim(n, FRAME_WRITABLE, &writers[n], &tables[n]);
            break;
        case 1:
            claim(n, FRAME_SEGDESC, &tables[n], &writers[n]);
            break;
        default:
            if ( frame_get(mfn_to_frame(frames[n]), domains[0]->id) )
            {
                atomic_inc(&readers);
                frame_put(mfn_to_frame(frames[n]));
            }
        }
    }
    return NULL;
}

TEST(types_exclude_each_other)
{
    fake_machine();
    domains[0] = fake_domain(1, false, 1);
    for ( unsigned int i = 0; i < FRAMES; i++ )
        frames[i] = fake_frame(domains[0]);
    run_threads(claim_types);
    for ( unsigned int i = 0; i < FRAMES; i++ )
    {
        expect_eq(fake_refs(frames[i]), 1);
        expect_eq(fake_count(frames[i]), 0);
        fake_release(frames[i]);
    }
    expect(readers > 0);
    expect_eq(fake_frames_in_use(), 0);
}

/* ---- frames come and go between domains: nobody gets a reference to what is not its domain's */

static u64 wrong_owner, stranger_seen;

static void *hand_round(void *arg)
{
    u64 cpu = (u64)arg, state = cpu + 77;

    fake_cpu_join((u32)cpu);
    for ( unsigned int i = 0; i < ROUNDS / 4; i++ )
    {
        mfn_t mfn = fake_frame(domains[cpu]),
              other = to_mfn(FAKE_IO_FRAMES + next_random(&state) % (ROUNDS / 8));
        struct frame *frame = mfn_to_frame(mfn);

        /* Nobody else may ever hold a reference to it, not even for a moment. */
        for ( unsigned int j = 0; j < 20; j++ )
            if ( fake_refs(mfn) != 1 )
                atomic_inc(&stranger_seen);
        if ( frame_get(mfn_to_frame(other), domains[cpu]->id) )
        {
            if ( READ_ONCE(mfn_to_frame(other)->owner) != domains[cpu]->id )
                atomic_inc(&wrong_owner);
            frame_put(mfn_to_frame(other));
        }
        if ( !frame_get_and_type(frame, domains[cpu]->id, FRAME_WRITABLE) )
        {
            fake_release(mfn);
            *slot_of(mfn, 0) = cpu;
            if ( READ_ONCE(frame->owner) != domains[cpu]->id )
                atomic_inc(&wrong_owner);
            frame_put_and_type(frame);
        }
        else
            fake_release(mfn);
    }
    return NULL;
}

TEST(references_keep_frames_with_their_owner)
{
    fake_machine();
    for ( unsigned int i = 0; i < FAKE_CPUS; i++ )
        domains[i] = fake_domain(i + 1, false, 1);
    run_threads(hand_round);
    expect_eq(wrong_owner, 0);
    expect_eq(stranger_seen, 0);
    expect_eq(fake_frames_in_use(), 0);
}

/* ---- a frame that changes hands between two looks at it, and looks the same */

static struct frame *passed_round;
static u64 word_of_all; /* its owners', while nobody else has it */
static bool all_asked;

/* While nobody has it but who owns it, it is freed, and the next owner uses it likewise. */
static void *pass_round(void *arg)
{
    (void)arg;
    for ( domid_t owner = 2; !atomic_load(&all_asked); )
    {
        u64 now = word_of_all;

        if ( !atomic_cmpxchg(&passed_round->state, &now, 0) )
            continue;
        WRITE_ONCE(passed_round->owner, owner);
        atomic_store(&passed_round->state, word_of_all);
        owner ^= 3;
    }
    return NULL;
}

static bool is_taken(bool used)
{
    return used ? frame_get_used(passed_round, 1, FRAME_WRITABLE) == 0 : frame_get(passed_round, 1);
}

static void take_and_look(bool used)
{
    pthread_t thread;

    all_asked = false;
    word_of_all = passed_round->state;
    pthread_create(&thread, NULL, pass_round, NULL);
    for ( unsigned int i = 0; i < 100 * ROUNDS; i++ )
        if ( is_taken(used) )
        {
            wrong_owner += READ_ONCE(passed_round->owner) != 1;
            used ? frame_put_and_type(passed_round) : frame_put(passed_round);
        }
    atomic_store(&all_asked, true);
    pthread_join(thread, NULL);
}

TEST(a_frame_changes_hands)
{
    fake_machine();
    fake_cpu_join(0);
    domains[0] = fake_domain(1, false, 1);
    fake_domain(2, false, 1);
    passed_round = mfn_to_frame(fake_frame(domains[0]));
    wrong_owner = 0;
    take_and_look(false);
    expect_eq(wrong_owner, 0);
    WRITE_ONCE(passed_round->owner, 1);
    require(frame_get_and_type(passed_round, 1, FRAME_WRITABLE) == 0);
    take_and_look(true);
    expect_eq(wrong_owner, 0);
}

/* ---- hypercalls of several vcpus, on tables that they share */

static struct space spaces[2];

static void *shared_tables(void *arg)
{
    u64 cpu = (u64)arg, state = cpu + 5;
    struct domain *d = domains[cpu / 2];
    struct space *s = &spaces[cpu / 2];
    mfn_t foreign = spaces[!(cpu / 2)].page[0];

    fake_cpu_join((u32)cpu);
    fake_run(d->vcpus[cpu % 2]);
    for ( unsigned int i = 0; i < ROUNDS / 4; i++ )
    {
        unsigned int slot = 32 + next_random(&state) % 4, page = next_random(&state) % 4;
        struct mmu_update req = { mfn_to_maddr(s->l1).n + slot * 8,
                                  pte_make(s->page[page], i & 1 ? RWD : RO) };
        struct mmuext_op op = { .cmd = MMUEXT_PIN_L1_TABLE + next_random(&state) % 5 };

        op.arg1.mfn = s->page[4 + page].n;
        switch ( next_random(&state) % 5 )
        {
        case 0:
            pagetable_mmu_update((u64)&req, 1, 0, DOMID_SELF);
            break;
        case 1:
            req.val = pte_make(s->page[4 + page], RWD);
            pagetable_mmu_update((u64)&req, 1, 0, DOMID_SELF);
            req.val = 0;
            pagetable_mmu_update((u64)&req, 1, 0, DOMID_SELF);
            break;
        case 2:
            pagetable_mmuext_op((u64)&op, 1, 0, DOMID_SELF);
            break;
        case 3:
            pagetable_update_va_mapping(s->va + slot * PAGE_SIZE, req.val, UVMF_INVLPG);
            break;
        default:
            /* Of the first, which is privileged: the other's page, without its lock. */
            if ( cpu < 2 )
            {
                req.val = pte_make(foreign, RWD);
                pagetable_mmu_update((u64)&req, 1, 0, 2);
            }
        }
    }
    return NULL;
}

TEST(vcpus_share_tables)
{
    fake_machine();
    for ( unsigned int i = 0; i < 2; i++ )
    {
        domains[i] = fake_domain(i + 1, i == 0, 2);
        space_build(&spaces[i], domains[i], 8);
        for ( unsigned int j = 4; j < 8; j++ )
        {
            *slot_of(spaces[i].l1, j) = 0;
            memset(fake_words(spaces[i].page[j]), 0, PAGE_SIZE);
        }
        for ( unsigned int j = 0; j < 2; j++ )
        {
            fake_run(domains[i]->vcpus[j]);
            require(new_baseptr(spaces[i].l4) == 0);
        }
    }
    run_threads(shared_tables);
    expect_sane(domains[0]);
    expect_sane(domains[1]);
    expect_buried(domains[0]);
    expect_buried(domains[1]);
    expect_eq(fake_frames_in_use(), 0);
}

/* ---- the last reference of a type */

static u64 state_when_stamped;

static void look(const struct frame *frame)
{
    state_when_stamped = READ_ONCE(frame->state);
}

/*
 * Between the look at the flush clock and the end nobody can map the frame and unmap it again,
 * which would leave its word as it was and the stamp too old: the frame is locked, and no type.
 */
TEST(nobody_maps_a_frame_while_it_is_stamped)
{
    fake_machine();
    domains[0] = fake_domain(0, true, 1);
    frames[0] = fake_frame(domains[0]);
    require(frame_get_and_type(mfn_to_frame(frames[0]), 0, FRAME_WRITABLE) == 0);
    require(frame_get_and_type(mfn_to_frame(frames[0]), 0, FRAME_WRITABLE) == 0);
    fake_stamping = look;
    frame_put_and_type(mfn_to_frame(frames[0]));
    expect_eq(state_when_stamped, 0); /* not the last */
    frame_put_and_type(mfn_to_frame(frames[0]));
    expect(state_when_stamped & FRAME_LOCKED);
    expect(!(state_when_stamped & FRAME_VALIDATED));
    expect_eq(fake_count(frames[0]), 0);
    expect_eq(fake_refs(frames[0]), 1);
    expect(!(fake_state(frames[0]) & FRAME_LOCKED));
}

HOST_TEST_MAIN
