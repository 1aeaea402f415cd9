/*
 * Validation and teardown of a large tree stop for events and go on: our timer is handled in the middle of a pin,
 * though the pin is one hypercall. A register that would hold a fifth argument, which mmuext_op has not, is not touched
 * by its going on.
 */
#include "test.h"

#define L1_TABLES 200

/*
 * When the timer comes is a matter of the machine's pace, so we try until it has come in the middle. The shortest
 * call so far tells how long one takes.
 */
#define TRIES 64

struct pace {
    long (*call)(const void *l2);
    uint64_t shortest;
    bool interrupted;
};

static volatile bool pinning, interrupted;

static void timer(evtchn_port_t port, void *data)
{
    if ( pinning )
        interrupted = true;
}

/* With the timer set to come after some @tenths of the call. */
static void call_once(struct pace *pace, const void *l2, unsigned int tenths)
{
    uint64_t start = time_now(), took;

    interrupted = false;
    need(hypercall(set_timer_op, start + pace->shortest * tenths / 10));
    pinning = true;
    expect_eq(pace->call(l2), 0, "the call succeeds");
    pinning = false;
    need(hypercall(set_timer_op, 0));
    took = time_now() - start;
    pace->shortest = took < pace->shortest ? took : pace->shortest;
    pace->interrupted |= interrupted;
}

#ifdef __i386__
#define FIFTH a5 /* edi */
#else
#define FIFTH r8
#endif
#define UNTOUCHED 0x5eed

static long mmuext_with_fifth(unsigned int cmd, const void *table)
{
    struct mmuext_op op = { .cmd = cmd, .arg1.mfn = virt_to_mfn(table) };
    ulong a1 = (ulong)&op, a2 = 1, a3 = 0, a4 = DOMID_SELF, a5 = UNTOUCHED;
    long rc;

    KIT_BIND_4;
    KIT_BIND_5;
    KIT_CALL(mmuext_op, , KIT_ARG_1, KIT_ARG_2, KIT_ARG_3, KIT_ARG_4, KIT_ARG_5);
    expect_eq(FIFTH, UNTOUCHED, "the register of a fifth argument");
    return rc;
}

static long pin(const void *l2)
{
    return mmuext_with_fifth(MMUEXT_PIN_L2_TABLE, l2);
}

static long unpin(const void *l2)
{
    return mmuext_with_fifth(MMUEXT_UNPIN_TABLE, l2);
}

void test_main(void)
{
    pte_t *l2 = page_alloc();
    void *page = page_alloc();
    static pte_t *l1[L1_TABLES];
    evtchn_port_t port;
    struct pace pins = { pin, NS_PER_S, false }, unpins = { unpin, NS_PER_S, false };

    for ( unsigned int i = 0; i < L1_TABLES; i++ )
    {
        l1[i] = page_alloc();
        for ( unsigned int j = 0; j < TABLE_ENTRIES; j++ )
            l1[i][j] = pte_make(virt_to_mfn(page), PTE_USER_RW);
        need(page_protect(l1[i], PTE_KERNEL_RO));
        l2[i] = pte_table(l1[i]);
    }
    need(page_protect(l2, PTE_KERNEL_RO));
    time_alarm_init();
    port = time_alarm_port();
    event_handle(port, timer, NULL);

    for ( unsigned int i = 0; i < TRIES && !(pins.interrupted && unpins.interrupted); i++ )
    {
        call_once(&pins, l2, 8 - i % 8);
        expect_eq(table_pin(l2, 2), -EINVAL, "it is pinned once");
        call_once(&unpins, l2, 8 - i % 8);
    }
    expect(pins.interrupted, "a pin was interrupted");
    expect(unpins.interrupted, "an unpin was interrupted");
    expect_eq(page_protect(l1[0], PTE_KERNEL_RW), 0, "the first table is free");
    expect_eq(page_protect(l1[L1_TABLES - 1], PTE_KERNEL_RW), 0, "the last one too");
    expect_eq(page_protect(l2, PTE_KERNEL_RW), 0, "and the L2");

    need(event_close(port));
    time_alarm_forget();
    for ( unsigned int i = 0; i < L1_TABLES; i++ )
    {
        page_protect(l1[i], PTE_KERNEL_RW);
        page_free(l1[i]);
    }
    page_free(l2);
    page_free(page);
}
