/*
 * dom0: a control domain without an operating system. It runs guests of ours as ordinary domains, one after another,
 * each in a domain of its own: what they show as dom0 they must show without its rights as well, and one may crash.
 *
 * The initial RAM disk is a cpio archive (newc) of kit images. Each runs with the command line
 *     domains.NAME=...  if ours has that, with commas for spaces
 * Its console is copied to ours; then `RL-DOMAIN NAME REASON` tells how it ended: poweroff, reboot, suspend, crash,
 * timeout, or an error. A test that says `RL-TEST NAME CRASHES` expects its domain to crash: that is its SUCCESS.
 */
#include "domain.h"

#define PAGES   (64UL << 20 >> PAGE_SHIFT)
#define VCPUS   4
#define TIMEOUT (60 * NS_PER_S)
#define SLACK   8 /* frames that the hypervisor may keep for what it builds at first use */

static struct domain domain;
static char said[240]; /* the line being read from the domain */
static unsigned int said_size;
static char crashing[64]; /* the test that announced a crash */

/* Copies whole lines, so that the hypervisor's own don't come in between. */
static void line_ended(void)
{
    char *end;

    said[said_size] = '\0';
    said_size = 0;
    printf("%s\n", said);
    end = strstr(said, " CRASHES");
    if ( !strncmp(said, "RL-TEST ", 8) && end )
    {
        *end = '\0';
        snprintf(crashing, sizeof(crashing), "%s", said + 8);
    }
}

static void forward_console(void)
{
    char text[128];
    int size;

    while ( (size = domain_console_read(&domain, text, sizeof(text))) > 0 )
    {
        for ( int i = 0; i < size; i++ )
        {
            if ( text[i] == '\n' )
                line_ended();
            else if ( said_size + 1 < sizeof(said) )
                said[said_size++] = text[i];
        }
    }
}

/* Free frames of the machine. */
static ulong free_frames(void)
{
    static struct xen_sysctl op;

    op.cmd = XEN_SYSCTL_physinfo;
    op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    check(hypercall(sysctl, &op));
    return op.u.physinfo.free_pages;
}

/* Destroys the domain, and sees whether all that it took is there again: a domain may take a while to die. */
static void destroy(const char *name, ulong free_before)
{
    uint64_t deadline = time_now() + 2 * NS_PER_S;
    long rc = domain_destroy(&domain);

    if ( rc )
        printf("RL-DOMAIN %s could not be destroyed: %ld\n", name, rc);
    while ( free_frames() + SLACK < free_before && time_now() < deadline )
        time_wait_until(time_now() + 10 * NS_PER_MS);
    if ( free_frames() + SLACK < free_before )
        printf("RL-DOMAIN %s leaked %lu frames\n", name, free_before - free_frames());
}

static int wait_for_end(void)
{
    uint64_t deadline = time_now() + TIMEOUT, look;
    int reason;

    for ( ;; )
    {
        forward_console();
        reason = domain_shutdown_reason(&domain);
        if ( reason >= 0 || time_now() > deadline )
        {
            forward_console();
            return reason;
        }
        look = time_now() + 20 * NS_PER_MS;
        time_wait_until(look);
    }
}

static void run(const char *name, const char *elf, ulong size)
{
    static const char *const reasons[] = { "poweroff", "reboot", "suspend", "crash", "watchdog" };
    struct image image;
    char option[64], command_line[256];
    const char *value;
    ulong before = free_frames();
    long rc;

    if ( !image_parse(&image, elf, size) )
    {
        printf("RL-DOMAIN %s no kit image\n", name);
        return;
    }
    snprintf(option, sizeof(option), "domains.%s", name);
    value = arg_value(option) ?: "";
    snprintf(command_line, sizeof(command_line), "%s", value);
    if ( strchr(command_line, ' ') )
        *strchr(command_line, ' ') = '\0';
    for ( char *comma = command_line; (comma = strchr(comma, ',')); )
        *comma = ' ';

    crashing[0] = '\0';
    rc = domain_create(&domain, &image, command_line, PAGES, VCPUS) ?: domain_unpause(&domain);
    if ( rc )
        printf("RL-DOMAIN %s error %ld\n", name, rc);
    else
    {
        int reason = wait_for_end();

        if ( reason == SHUTDOWN_crash && crashing[0] )
            printf("RL-TEST %s SUCCESS\n", crashing);
        printf("RL-DOMAIN %s %s\n", name,
               reason < 0   ? "timeout"
               : reason < 5 ? reasons[reason]
                            : "?");
    }
    destroy(name, before);
}

/* A number of eight hexadecimal digits. */
static ulong hex(const char *digits)
{
    char text[11] = "0x";

    memcpy(text + 2, digits, 8);
    return parse_number(text);
}

static ulong round_up_4(ulong n)
{
    return (n + 3) & ~3UL;
}

void guest_main(void)
{
    const char *at = (const char *)start_info->mod_start, *end = at + start_info->mod_len;

    if ( !is_dom0() || !start_info->mod_len )
        panic("needs to be dom0, with an archive of guests as its initial RAM disk");
    domain.p2m = pages_alloc_aligned(PAGES * sizeof(ulong) / PAGE_SIZE);

    while ( at + 110 <= end && !memcmp(at, "070701", 6) )
    {
        ulong size = hex(at + 54), name_size = hex(at + 94);
        const char *name = at + 110, *file = at + round_up_4(110 + name_size);

        if ( !strcmp(name, "TRAILER!!!") )
            break;
        if ( size )
            run(name, file, size);
        at = file + round_up_4(size);
    }
    printf("RL-DOMAINS-END\n");
    exit(0);
}
