/*
 * hello: the smallest useful guest. Says who it is. Alone as dom0 it then ends, and the machine with it; elsewhere it
 * ticks every ten seconds, unless it was told to be quiet, echoes lines that are typed, and leaves when asked to.
 */
#include <kit/kit.h>

#define TICK (10 * NS_PER_S)

static void greet(void)
{
    unsigned int vcpus = 0;
    long version = hypercall(xen_version, XENVER_version, NULL);

    while ( hypercall(vcpu_op, VCPUOP_is_up, vcpus, NULL) >= 0 )
        vcpus++;
    printf("hello from %s, on version %ld.%ld\n", is_dom0() ? "dom0" : "a guest domain",
           version >> 16, version & 0xffff);
    printf("memory %lu MiB, vcpus %u, command line \"%s\"\n",
           start_info->nr_pages >> (20 - PAGE_SHIFT), vcpus, (const char *)start_info->cmd_line);
}

/* Collects what was typed; true when the line is whole. */
static bool typed_line(char *line, size_t size)
{
    static size_t used;
    char c;

    while ( console_read(&c, 1) == 1 )
    {
        if ( c == '\r' || c == '\n' )
        {
            line[used] = '\0';
            used = 0;
            return true;
        }
        if ( used + 1 < size )
            line[used++] = c;
    }
    return false;
}

static void serve(void)
{
    uint64_t start = time_now(), tick = start + TICK;
    bool typed = false, asked = false, ticked = false, quiet = arg_flag("quiet");
    char line[80];

    time_alarm_init();
    console_listen();
    if ( store_present() )
        store_control();
    for ( ;; )
    {
        event_wait_until((typed = typed_line(line, sizeof(line))) ||
                         (asked = store_watch_fired()) || (ticked = !quiet && time_passed(tick)));
        if ( typed )
            printf("you said: %s\n", line);
        if ( ticked )
        {
            printf("up for %lu s\n", (ulong)((tick - start) / NS_PER_S));
            tick += TICK;
        }
        if ( asked )
        {
            int reason = store_shutdown_reason();

            if ( reason >= 0 )
            {
                printf("goodbye\n");
                shutdown((unsigned int)reason);
            }
        }
        typed = asked = ticked = false;
    }
}

void guest_main(void)
{
    greet();
    if ( arg_flag("reboot") ) /* at once, for those who test what becomes of such a guest */
        shutdown(SHUTDOWN_reboot);
    if ( !is_dom0() || arg_flag("serve") )
        serve();
}
