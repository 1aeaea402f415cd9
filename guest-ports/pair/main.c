/*
 * pair: two domains that exchange grants and events without end, and check all that they get.
 *
 * The one whose command line says `leads` grants its peer a board, on which it writes rounds. In each it fills some
 * pages with a pattern that no other round has, grants them, every other one read-only, and sends an event. The peer
 * maps some and copies from others, finds the pattern, writes its answer where it may, fails to write where it may not,
 * lets go of all, and sends an event back. Then the leader finds the answers, and can end each grant, since nobody
 * holds it. A lost event stops the rounds; a wrong byte, or a wrong result, crashes the domain that saw it.
 *
 * Whoever starts them writes each other's domid to `data/peer` in both stores, and carries what the leader says in
 * `data/offer` over to the other's. The leader counts rounds in `data/rounds`, and sleeps after each for as long as
 * `pause=MICROSECONDS` says. Asked to shut down, it tells its peer, which lets go of the board; then both power off.
 */
#include <kit/kit.h>

#define PAGES      8
#define WORDS      (PAGE_SIZE / sizeof(uint64_t))
#define TELL_EVERY 64 /* rounds */
#define LOOK_AGAIN (20 * NS_PER_MS)
#define THE_END    UINT32_MAX /* a round in which the peer leaves */

struct board {
    uint32_t round; /* to be done: written by the leader */
    uint32_t done;  /* by the other one */
    grant_ref_t refs[PAGES];
};

static domid_t peer;
static struct board *board;
static grant_ref_t board_ref;       /* the leader's */
static grant_handle_t board_handle; /* the other one's */
static evtchn_port_t port;

static bool readonly(unsigned int page)
{
    return page % 2;
}

/* --- Patterns: of the round, the page, and whose it is --- */

enum author { LEADER, FOLLOWER };

static uint64_t word(enum author author, uint32_t round, unsigned int page, ulong i)
{
    return ((uint64_t)round << 32 | page << 16 | author << 12 | i) * 0x9e3779b97f4a7c15UL;
}

static void write_pattern(uint64_t *to, enum author author, uint32_t round, unsigned int page)
{
    for ( ulong i = 0; i < WORDS; i++ )
        to[i] = word(author, round, page, i);
}

static void check_pattern(const uint64_t *in, enum author author, uint32_t round, unsigned int page)
{
    for ( ulong i = 0; i < WORDS; i++ )
        if ( in[i] != word(author, round, page, i) )
            panic("round %u, page %u: word %lu is %lx instead of %lx", round, page, i, in[i],
                  word(author, round, page, i));
}

/* --- Meeting --- */

/* Waits for a node of our store that somebody else writes. */
static void await(const char *path, char *value, size_t size)
{
    while ( store_read(path, value, size) <= 0 )
        time_wait_until(time_now() + LOOK_AGAIN);
}

static ulong number(const char **text)
{
    ulong n = 0;

    while ( **text >= '0' && **text <= '9' )
        n = n * 10 + (ulong)(*(*text)++ - '0');
    if ( **text == ' ' )
        (*text)++;
    return n;
}

static void find_peer(void)
{
    char text[32];
    const char *at = text;

    await("data/peer", text, sizeof(text));
    peer = (domid_t)number(&at);
}

/* An event says only that the board may have changed. */
static void event(evtchn_port_t from, void *data)
{
    (void)from;
    (void)data;
}

static void make_offer(void)
{
    char text[32];

    board = page_alloc();
    board_ref = grant_give(peer, virt_to_mfn(board), false);
    port = (evtchn_port_t)check(event_alloc_unbound(DOMID_SELF, peer));
    event_handle(port, event, NULL);
    snprintf(text, sizeof(text), "%u %u", port, board_ref);
    check(store_write("data/offer", text));
}

static void take_offer(void)
{
    char text[32];
    const char *at = text;
    evtchn_port_t remote;
    int status;

    await("data/offer", text, sizeof(text));
    remote = (evtchn_port_t)number(&at);
    board = (struct board *)table_window();
    status = grant_take((ulong)board, peer, (grant_ref_t)number(&at), 0, &board_handle);
    if ( status )
        panic("the board can't be mapped: %d", status);
    port = (evtchn_port_t)check(event_bind_interdomain(peer, remote));
    event_handle(port, event, NULL);
}

/* --- Rounds, and their end --- */

static uint32_t seen(const uint32_t *of_board)
{
    return __atomic_load_n(of_board, __ATOMIC_SEQ_CST);
}

static void write_and_tell(uint32_t *of_board, uint32_t value)
{
    __atomic_store_n(of_board, value, __ATOMIC_SEQ_CST);
    check(event_send(port));
}

static _Noreturn void leave(uint32_t rounds)
{
    printf("pair: %u rounds\n", rounds);
    shutdown(SHUTDOWN_poweroff);
}

/* --- The leader --- */

static uint64_t *pages[PAGES];

static void offer_pages(uint32_t round)
{
    for ( unsigned int i = 0; i < PAGES; i++ )
    {
        write_pattern(pages[i], LEADER, round, i);
        board->refs[i] = grant_give(peer, virt_to_mfn(pages[i]), readonly(i));
    }
    write_and_tell(&board->round, round);
}

static void check_answers(uint32_t round)
{
    for ( unsigned int i = 0; i < PAGES; i++ )
    {
        check_pattern(pages[i], readonly(i) ? LEADER : FOLLOWER, round, i);
        if ( !grant_end(board->refs[i]) )
            panic("round %u, page %u: the grant is still in use", round, i);
    }
}

static void tell(uint32_t rounds)
{
    char text[16];

    snprintf(text, sizeof(text), "%u", rounds);
    check(store_write("data/rounds", text));
}

static _Noreturn void end(uint32_t rounds)
{
    write_and_tell(&board->round, THE_END);
    event_wait_until(seen(&board->done) == THE_END);
    while ( !grant_end(board_ref) )
        time_wait_until(time_now() + NS_PER_MS);
    leave(rounds);
}

static _Noreturn void lead(void)
{
    uint64_t pause = arg_number("pause", 0) * NS_PER_US;

    for ( unsigned int i = 0; i < PAGES; i++ )
        pages[i] = page_alloc();
    make_offer();
    for ( uint32_t round = 1;; round++ )
    {
        offer_pages(round);
        event_wait_until(seen(&board->done) == round);
        check_answers(round);
        if ( store_watch_fired() && store_shutdown_reason() >= 0 )
            end(round);
        if ( round % TELL_EVERY == 0 )
            tell(round);
        if ( pause )
            time_wait_until(time_now() + pause);
    }
}

/* --- The other one --- */

static ulong window;   /* where pages are mapped */
static uint64_t *copy; /* where they are copied to */

static int try_map(unsigned int page, uint32_t flags, grant_handle_t *handle)
{
    return grant_take(window, peer, board->refs[page], flags, handle);
}

static void use_mapped(uint32_t round, unsigned int page)
{
    grant_handle_t handle;
    int status;

    if ( readonly(page) && try_map(page, 0, &handle) == GNTST_okay )
        panic("round %u, page %u: mapped writable, and isn't granted so", round, page);
    status = try_map(page, readonly(page) ? GNTMAP_readonly : 0, &handle);
    if ( status )
        panic("round %u, page %u: can't be mapped: %d", round, page, status);
    check_pattern((uint64_t *)window, LEADER, round, page);
    if ( !readonly(page) )
        write_pattern((uint64_t *)window, FOLLOWER, round, page);
    status = grant_drop(window, handle);
    if ( status )
        panic("round %u, page %u: can't be unmapped: %d", round, page, status);
}

static int copy_page(unsigned int page, bool to_peer)
{
    struct gnttab_copy op = { .len = PAGE_SIZE };
    typeof(op.source) theirs = { .u.ref = board->refs[page], .domid = peer };
    typeof(op.source) ours = { .u.gmfn = virt_to_mfn(copy), .domid = DOMID_SELF };

    op.flags = to_peer ? GNTCOPY_dest_gref : GNTCOPY_source_gref;
    memcpy(&op.source, to_peer ? &ours : &theirs, sizeof(op.source));
    memcpy(&op.dest, to_peer ? &theirs : &ours, sizeof(op.dest));
    check(hypercall(grant_table_op, GNTTABOP_copy, &op, 1));
    return op.status;
}

static void use_copied(uint32_t round, unsigned int page)
{
    int status = copy_page(page, false);

    if ( status )
        panic("round %u, page %u: can't be copied: %d", round, page, status);
    check_pattern(copy, LEADER, round, page);
    write_pattern(copy, FOLLOWER, round, page);
    status = copy_page(page, true);
    if ( (status == GNTST_okay) == readonly(page) )
        panic("round %u, page %u: copying back gives %d", round, page, status);
}

static void play(uint32_t round)
{
    for ( unsigned int i = 0; i < PAGES; i++ )
    {
        if ( (round + i / 2) % 2 )
            use_mapped(round, i);
        else
            use_copied(round, i);
    }
}

static _Noreturn void follow(void)
{
    uint32_t rounds = 0;

    window = table_window();
    copy = page_alloc();
    take_offer();
    while ( seen(&board->round) != THE_END )
    {
        if ( seen(&board->round) != rounds )
        {
            play(++rounds);
            write_and_tell(&board->done, rounds);
        }
        event_wait_until(seen(&board->round) != rounds);
    }
    write_and_tell(&board->done, THE_END);
    check(grant_drop((ulong)board, board_handle));
    leave(rounds);
}

void guest_main(void)
{
    find_peer();
    if ( !arg_flag("leads") )
        follow();
    store_control();
    lead();
}
