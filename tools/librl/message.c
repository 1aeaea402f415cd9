#include "message.h"

#include <errno.h>
#include <stdio.h>

#define MESSAGE_SIZE 16384 /* with room for two lists of CPUs */

int rl_verbose;
long long rl_began;

static void (*sink_line)(const char *line);

void rl_set_sink(void (*sink)(const char *line))
{
    sink_line = sink;
}

void rl_vmessage(const char *prefix, const char *fmt, va_list args)
{
    char line[MESSAGE_SIZE];
    int used = snprintf(line, sizeof(line), "%s", prefix);

    vsnprintf(line + used, sizeof(line) - (size_t)used, fmt, args);
    if ( sink_line )
        sink_line(line);
    else
        fprintf(stderr, "rl: %s\n", line);
}

int rl_error(int error, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    rl_vmessage("", fmt, args);
    va_end(args);
    return -error;
}

int rl_no_memory(void)
{
    return rl_error(ENOMEM, "there is no memory left in this domain");
}

void rl_warn(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    rl_vmessage("warning: ", fmt, args);
    va_end(args);
}

void rl_debug(const char *fmt, ...)
{
    va_list args;

    if ( !rl_verbose )
        return;
    va_start(args, fmt);
    rl_vmessage("", fmt, args);
    va_end(args);
}
