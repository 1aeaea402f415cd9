/*
 * The domains of a group talk to us by their consoles. Lines are copied to ours, but for
 *     RL-TELL TEXT            goes to all others of the group, as a line of console input: TEXT
 *     RL-TEST NAME ENDS WORD  announces that the domain will end so; when it does, that is NAME's SUCCESS
 * When one ends, the others read `dead` once it is destroyed, and `gone` once nothing is left of it, which takes as
 * long as somebody uses its frames.
 */
#include "group.h"

#define TIMEOUT  (120 * NS_PER_S)
#define PATIENCE (5 * NS_PER_S)
#define LOOK     (20 * NS_PER_MS)

/* Frames that the hypervisor may keep for what it builds at first use; for the first 32-bit domain, their M2P. */
#define SLACK      8
#define SLACK_PV32 520

enum state { MADE, RUNNING, DEAD, GONE };

struct member {
    struct domain domain;
    char name[64];
    enum state state;
    char line[1200]; /* being read from it */
    unsigned int line_size;
    char announced[80]; /* NAME ENDS WORD */
};

static struct member members[GROUP_MAX];
static unsigned int nr_members;
static ulong free_before; /* frames of the machine, before the first was made */
static ulong slack;       /* of which as many need not come back */
static volatile bool stirred;

static const char *const reasons[] = { "poweroff", "reboot", "suspend", "crash", "watchdog" };

/* --- Watching --- */

static void stir(evtchn_port_t port, void *data)
{
    (void)port;
    (void)data;
    stirred = true;
}

/* Waits until there is something to see, but not for long: a domain's last end makes no noise. */
static void wait_for_stir(void)
{
    uint64_t look = time_now() + LOOK;
    static long exits;

    if ( !exits )
    {
        exits = check(event_bind_virq(VIRQ_DOM_EXC, 0));
        event_handle((evtchn_port_t)exits, stir, NULL);
    }
    time_alarm_init();
    event_wait_until(stirred || time_passed(look));
    stirred = false;
}

ulong free_frames(void)
{
    static struct xen_sysctl op;

    op.cmd = XEN_SYSCTL_physinfo;
    op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    check(hypercall(sysctl, &op));
    return op.u.physinfo.free_pages;
}

/* --- Consoles --- */

static void tell_others(const struct member *from, const char *text)
{
    char line[sizeof(from->line) + 1];
    int size = snprintf(line, sizeof(line), "%s\n", text);

    for ( unsigned int i = 0; i < nr_members; i++ )
    {
        struct member *m = &members[i];

        if ( m != from && m->state == RUNNING && !domain_console_write(&m->domain, line, size) )
            printf("RL-DOMAIN %s does not listen\n", m->name);
    }
}

static void line_ended(struct member *m)
{
    int size = (int)m->line_size;

    m->line[size] = '\0';
    m->line_size = 0;
    if ( !strncmp(m->line, "RL-TELL ", 8) )
    {
        tell_others(m, m->line + 8);
        return;
    }
    console_write(m->line, size); /* longer, perhaps, than what printf() has room for */
    console_write("\n", 1);
    if ( !strncmp(m->line, "RL-TEST ", 8) && strstr(m->line, " ENDS ") )
    {
        snprintf(m->announced, sizeof(m->announced), "%s", m->line + 8);
        if ( strchr(m->announced, ':') )
            *strchr(m->announced, ':') = '\0';
    }
}

/* By whole lines, so that nothing else comes in between. */
static void forward_console(struct member *m)
{
    char text[128];
    int size;

    while ( (size = domain_console_read(&m->domain, text, sizeof(text))) > 0 )
    {
        for ( int i = 0; i < size; i++ )
        {
            if ( text[i] == '\n' )
                line_ended(m);
            else if ( m->line_size + 1 < sizeof(m->line) )
                m->line[m->line_size++] = text[i];
        }
    }
}

/* --- Ends --- */

/* The verdict of a test that had to end its domain as it did. */
static void judge_end(struct member *m, const char *end)
{
    char *announced = strstr(m->announced, " ENDS ");

    if ( !announced || strcmp(announced + 6, end) )
        return;
    *announced = '\0';
    printf("RL-TEST %s SUCCESS\n", m->announced);
}

static void destroy(struct member *m)
{
    long rc = domain_destroy(&m->domain);

    if ( rc )
        printf("RL-DOMAIN %s could not be destroyed: %ld\n", m->name, rc);
    m->state = DEAD;
    tell_others(m, "dead");
}

static void end_with(struct member *m, const char *end)
{
    forward_console(m);
    judge_end(m, end);
    printf("RL-DOMAIN %s %s\n", m->name, end);
    destroy(m);
}

static void look_at(struct member *m)
{
    int reason;

    if ( m->state == RUNNING )
    {
        forward_console(m);
        reason = domain_shutdown_reason(&m->domain);
        if ( reason >= 0 )
            end_with(m,
                     reason < (int)(sizeof(reasons) / sizeof(reasons[0])) ? reasons[reason] : "?");
    }
    else if ( m->state == DEAD && !domain_exists(&m->domain) )
    {
        m->state = GONE;
        tell_others(m, "gone");
    }
}

static unsigned int count(enum state state)
{
    unsigned int n = 0;

    for ( unsigned int i = 0; i < nr_members; i++ )
        n += members[i].state == state;
    return n;
}

/* Looks at all until none is in @state any more. False: that took too long. */
static bool watch_while_any(enum state state, uint64_t limit)
{
    uint64_t deadline = time_now() + limit;

    for ( ;; )
    {
        for ( unsigned int i = 0; i < nr_members; i++ )
            look_at(&members[i]);
        if ( !count(state) )
            return true;
        if ( time_now() > deadline )
            return false;
        wait_for_stir();
    }
}

/* --- The group --- */

void group_add(const char *name, const struct image *image, const char *command_line, ulong pages,
               unsigned int vcpus)
{
    static bool had_pv32;
    struct member *m = &members[nr_members];
    ulong *p2m = m->domain.p2m;
    long rc;

    if ( nr_members++ == 0 )
    {
        free_before = free_frames();
        slack = SLACK;
    }
    if ( image->pv32 && !had_pv32 )
    {
        had_pv32 = true;
        slack += SLACK_PV32;
    }
    if ( nr_members > GROUP_MAX )
        panic("more than %u domains in a group", GROUP_MAX);
    p2m = p2m ?: pages_alloc_aligned(GROUP_PAGES * sizeof(*p2m) / PAGE_SIZE);
    m->state = MADE;
    m->domain.p2m = p2m;
    m->line_size = 0;
    m->announced[0] = '\0';
    snprintf(m->name, sizeof(m->name), "%s", name);
    rc = domain_create(&m->domain, image, command_line, pages, vcpus);
    if ( rc )
        printf("RL-DOMAIN %s error %ld\n", m->name, rc);
    else
        event_handle(m->domain.console, stir, NULL);
}

/* What is left of a domain may be freed a little after it is gone. */
static bool frames_return(void)
{
    uint64_t deadline = time_now() + PATIENCE;

    while ( free_frames() + slack < free_before )
    {
        if ( time_now() > deadline )
            return false;
        wait_for_stir();
    }
    return true;
}

static void start(struct member *m)
{
    bool made = m->domain.console;

    if ( made && !domain_unpause(&m->domain) )
        m->state = RUNNING;
    else
        destroy(m);
}

void group_run(void)
{
    for ( unsigned int i = 0; i < nr_members; i++ )
        start(&members[i]);
    if ( !watch_while_any(RUNNING, TIMEOUT) )
    {
        for ( unsigned int i = 0; i < nr_members; i++ )
        {
            if ( members[i].state == RUNNING )
                end_with(&members[i], "timeout");
        }
    }
    if ( !watch_while_any(DEAD, TIMEOUT) )
        printf("RL-DOMAIN %s left something behind\n", members[0].name);
    else if ( !frames_return() )
        printf("RL-DOMAIN %s leaked %lu frames\n", members[0].name, free_before - free_frames());
    nr_members = 0;
}
