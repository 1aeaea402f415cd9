#include "cpus.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#include "lib/bits.h"
#include "lib/string.h"
#include "message.h"

bool cpus_has(const struct cpus *cpus, unsigned int cpu)
{
    return cpu < CPUS_MAX && (cpus->map[cpu / 8] >> cpu % 8 & 1);
}

static void change(struct cpus *cpus, unsigned int first, unsigned int last, bool in)
{
    for ( unsigned int cpu = first; cpu <= last; cpu++ )
    {
        u8 bit = (u8)(1 << cpu % 8);

        cpus->map[cpu / 8] = in ? cpus->map[cpu / 8] | bit : cpus->map[cpu / 8] & (u8)~bit;
    }
}

static bool empty(const struct cpus *cpus)
{
    for ( size_t i = 0; i < sizeof(cpus->map); i++ )
        if ( cpus->map[i] )
            return false;
    return true;
}

/* --- reading --- */

static const char *skip_blanks(const char *s)
{
    return s + strspn(s, " \t");
}

/* A number below CPUS_MAX; NULL: none stands here. */
static const char *number(const char *s, unsigned int *value)
{
    u64 found;
    const char *end = s;

    if ( isdigit((unsigned char)*s) )
        parse_u64(s, &end, &found);
    if ( end == s || found >= CPUS_MAX )
        return NULL;
    *value = (unsigned int)found;
    return skip_blanks(end);
}

/* N or N-M. */
static const char *range(const char *s, unsigned int *first, unsigned int *last)
{
    s = number(s, first);
    *last = *first;
    if ( s && *s == '-' )
        s = number(skip_blanks(s + 1), last);
    return s && *first <= *last ? s : NULL;
}

/* One element; where it ends, NULL: it is none. There is one node, 0, that has all CPUs. */
static const char *element(const char *s, struct cpus *cpus)
{
    unsigned int first = 0, last = CPUS_MAX - 1;
    bool in = *s != '^';
    const char *rest;

    s = skip_blanks(in ? s : s + 1);
    if ( str_prefix(s, "all", &rest) )
        s = skip_blanks(rest);
    else if ( str_prefix(s, "node:", &rest) || str_prefix(s, "nodes:", &rest) )
    {
        s = range(skip_blanks(rest), &first, &last);
        if ( !s || last > 0 )
            return NULL;
        last = CPUS_MAX - 1;
    }
    else if ( (s = range(s, &first, &last)) )
        cpus->highest = max(cpus->highest, (int)last);
    if ( s )
        change(cpus, first, last, in);
    return s;
}

int cpus_parse(const char *text, const char *where, struct cpus *cpus)
{
    const char *s = text;

    *cpus = (struct cpus){ .highest = -1 };
    do
    {
        s = element(skip_blanks(s), cpus);
        if ( !s || (*s && *s != ',') )
            return rl_error(EINVAL,
                            "%s`%s` is no list of CPUs: numbers below %u, ranges, `all`, each "
                            "perhaps behind ^, with commas between",
                            where, text, CPUS_MAX);
    } while ( *s++ == ',' );
    return empty(cpus) ? rl_error(EINVAL, "%s`%s` leaves no CPU", where, text) : 0;
}

/* --- writing --- */

void cpus_text(const struct cpus *cpus, unsigned int nr, char *text, size_t size)
{
    unsigned int count = 0;
    size_t used = 0;

    *text = '\0';
    for ( unsigned int first = 0, last; first < nr; first++ )
    {
        if ( !cpus_has(cpus, first) )
            continue;
        for ( last = first; last + 1 < nr && cpus_has(cpus, last + 1); )
            last++;
        count += last - first + 1;
        if ( used < size )
            used += (size_t)snprintf(text + used, size - used, "%s%u", used ? "," : "", first);
        if ( used < size && last > first )
            used += (size_t)snprintf(text + used, size - used, "-%u", last);
        first = last;
    }
    if ( count == nr || !count )
        snprintf(text, size, count ? "all" : "none");
}
