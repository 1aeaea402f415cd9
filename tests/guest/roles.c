#include "roles.h"

/* What dom0 has to say besides numbers; none of ours is so large. */
#define DEAD (~0UL)
#define GONE (~1UL)

static char line[32];
static unsigned int line_size;
static bool line_complete;

void roles_play(const struct role *roles, unsigned int count)
{
    const char *ours = arg_value("role") ?: "";

    for ( unsigned int i = 0; i < count; i++ )
    {
        size_t size = strlen(roles[i].name);

        if ( !strncmp(ours, roles[i].name, size) && (!ours[size] || ours[size] == ' ') )
        {
            console_listen();
            roles[i].play();
            return;
        }
    }
    error("no role of this name: %s", ours);
}

void tell(ulong value)
{
    printf("RL-TELL %lu\n", value);
}

/* Takes one more line of console input, or as much of it as there is. */
static bool read_line(void)
{
    char c;

    while ( !line_complete && console_read(&c, 1) == 1 )
    {
        line_complete = c == '\n';
        if ( !line_complete && line_size + 1 < sizeof(line) )
            line[line_size++] = c;
    }
    return line_complete;
}

static ulong hear_any(void)
{
    event_wait_until(read_line());
    line[line_size] = '\0';
    line_size = 0;
    line_complete = false;
    return !strcmp(line, "dead") ? DEAD : !strcmp(line, "gone") ? GONE : parse_number(line);
}

ulong hear(void)
{
    ulong value = hear_any();

    if ( value == DEAD || value == GONE )
        error("another domain has ended too early");
    return value;
}

static void hear_this(ulong want, const char *what)
{
    ulong value = hear_any();

    if ( value != want )
        error("heard %lx instead of a domain's being %s", value, what);
}

void hear_dead(void)
{
    hear_this(DEAD, "dead");
}

void hear_gone(void)
{
    hear_this(GONE, "gone");
}

void hear_ends(unsigned int count)
{
    while ( count )
    {
        ulong value = hear_any();

        if ( value == GONE )
            count--;
        else if ( value != DEAD )
            error("heard %lx instead of a domain's end", value);
    }
}

bool heard(void)
{
    return read_line();
}

bool hear_nothing(uint64_t ns)
{
    uint64_t deadline = time_now() + ns;

    time_alarm_init();
    event_wait_until(read_line() || time_passed(deadline));
    return !line_complete;
}

domid_t meet(void)
{
    tell(own_domid());
    return (domid_t)hear();
}
