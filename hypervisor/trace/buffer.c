#include "trace/buffer.h"
#include "cpu/isolation.h"

#include "cpu/asm.h"
#include "cpu/percpu.h"
#include "cpu/uaccess.h"
#include "lib/atomic.h"
#include "lib/string.h"
#include "smp/softirq.h"

#define IRET_HOLE (HV_VIRT_END - 0x0000800000000000UL)

u32 trace_events;
u64 trace_hypercall_limit = HYPERCALL_TABLE;
u64 trace_iret_hole ENTRY_DATA = IRET_HOLE;

/* A CPU's ring. Of what the tools may write to, only buffer->cons is read: they own it. */
static struct ring {
    struct t_buf *buffer;     /* NULL: none; its data follow */
    u32 size;                 /* of the data */
    u32 prod;                 /* as buffer->prod: from 0 to 2 * size */
    u32 lost;                 /* records that found no room since the last that did ... */
    u64 lost_since;           /* ... the first of them at this TSC */
    struct softirq_job alert; /* it is half full */
} __attribute__((aligned(64))) rings[NR_CPUS];

static bool on, hypercalls_watched;
static u32 chosen_events = TRC_ALL;
static u64 chosen_cpus = ~0UL;

/* --- Records --- */

#define WORD (u32)sizeof(u32)

/* Bits of an event, and of a choice of events: classes, and subclasses of any of them. */
#define CLASSES    (TRC_ALL & ~SUBCLASSES)
#define SUBCLASSES (0xfU << TRC_SUBCLS_SHIFT)

/* The head tells the number of words, and whether the TSC comes before them. */
static u32 head(u32 event, unsigned int nr, bool tsc)
{
    return event | nr << TRACE_EXTRA_SHIFT | (tsc ? (u32)TRC_HD_CYCLE_FLAG : 0);
}

static u32 record_size(unsigned int nr, bool tsc)
{
    return WORD * (1 + (tsc ? 2 : 0) + nr);
}

static u32 used(const struct ring *r)
{
    u32 cons = READ_ONCE(r->buffer->cons), n;

    if ( cons >= 2 * r->size )
        return r->size; /* nonsense */
    n = r->prod >= cons ? r->prod - cons : r->prod + 2 * r->size - cons;
    return min(n, r->size);
}

/* What the tools say they have read may be nonsense; then there is no room. */
static u32 room(const struct ring *r)
{
    return r->size - used(r);
}

static u32 position(const struct ring *r)
{
    return r->prod < r->size ? r->prod : r->prod - r->size;
}

static void store(struct ring *r, u32 event, const u32 *words, unsigned int nr, bool tsc)
{
    u32 *to = (u32 *)((u8 *)(r->buffer + 1) + position(r));
    u32 next = r->prod + record_size(nr, tsc);
    u64 now = rdtsc();

    *to++ = head(event, nr, tsc);
    if ( tsc )
    {
        *to++ = (u32)now;
        *to++ = (u32)(now >> 32);
    }
    memcpy(to, words, nr * WORD);
    r->prod = next < 2 * r->size ? next : next - 2 * r->size;
    atomic_store(&r->buffer->prod, r->prod);
}

/* No record goes round the end. Here @left bytes are too few for the next one: another fills them. */
static void fill_to_end(struct ring *r, u32 left)
{
    static const u32 zeros[TRACE_EXTRA_MAX];
    bool tsc = left > record_size(TRACE_EXTRA_MAX, false);

    store(r, TRC_TRACE_WRAP_BUFFER, zeros, (left - record_size(0, tsc)) / WORD, tsc);
}

/* False: there is no room. */
static bool put(struct ring *r, u32 event, const u32 *words, unsigned int nr)
{
    u32 size = record_size(nr, true), left = r->size - position(r);
    u32 before = used(r);

    if ( room(r) < (left < size ? left + size : size) )
        return false;
    if ( left < size )
        fill_to_end(r, left);
    store(r, event, words, nr, true);
    if ( before < r->size / 2 && used(r) >= r->size / 2 )
        softirq_queue(&r->alert);
    return true;
}

/* How many, whose (nobody can tell: the idle domain's), since when. */
static bool put_lost(struct ring *r)
{
    const u32 words[] = { r->lost, DOMID_IDLE | this_cpu()->cpu << 16, (u32)r->lost_since,
                          (u32)(r->lost_since >> 32) };

    return put(r, TRC_LOST_RECORDS, words, ARRAY_SIZE(words));
}

static bool includes(u32 events, u32 event)
{
    return (events & event & CLASSES) && (events & event & SUBCLASSES);
}

void trace_write(u32 event, const u32 *words, unsigned int nr)
{
    u32 cpu = this_cpu()->cpu;
    struct ring *r = &rings[cpu];

    if ( !r->buffer || !includes(READ_ONCE(trace_events), event) ||
         !(READ_ONCE(chosen_cpus) & (1UL << cpu)) )
        return;
    if ( r->lost && put_lost(r) )
        r->lost = 0;
    if ( r->lost || !put(r, event, words, nr) )
    {
        if ( !r->lost++ )
            r->lost_since = rdtsc();
    }
}

void trace_halves(u32 event, unsigned int nr, u64 a, u64 b, u64 c)
{
    trace_write(event, (const u32 *)(const u64[]){ a, b, c }, nr);
}

/* --- Control --- */

static void alert(struct softirq_job *job)
{
    (void)job;
    trace_half_full();
}

void trace_set_buffer(u32 cpu, struct t_buf *buffer, u32 size)
{
    struct ring *r = &rings[cpu];

    r->size = size - (u32)sizeof(*buffer);
    r->alert.run = alert;
    atomic_store(&r->buffer, buffer);
}

static void update(void)
{
    u32 events = on ? chosen_events : 0;
    bool hypercalls =
        hypercalls_watched || includes(events, TRC_PV_ENTRY) || includes(events, TRC_PV_SUBCALL);

    WRITE_ONCE(trace_events, events);
    WRITE_ONCE(trace_hypercall_limit, hypercalls ? 0 : HYPERCALL_TABLE);
    WRITE_ONCE(trace_iret_hole, hypercalls ? ~0UL : IRET_HOLE);
}

void trace_watch_hypercalls(bool watch)
{
    hypercalls_watched = watch;
    update();
}

void trace_choose_events(u32 events)
{
    chosen_events = events & TRC_ALL;
    update();
}

u32 trace_chosen_events(void)
{
    return chosen_events;
}

void trace_choose_cpus(u64 cpus)
{
    WRITE_ONCE(chosen_cpus, cpus);
}

void trace_switch(bool want)
{
    on = want;
    update();
}
