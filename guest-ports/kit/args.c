#include <kit/kit.h>

/* The text right behind a word that begins with @name, or NULL. */
static const char *find(const char *name, char end)
{
    const char *line = (const char *)start_info->cmd_line;
    unsigned long size = strlen(name);

    for ( const char *at = line; (at = strstr(at, name)); at++ )
    {
        if ( (at == line || at[-1] == ' ') && (at[size] == end || (end == ' ' && !at[size])) )
            return at + size;
    }
    return NULL;
}

const char *arg_value(const char *name)
{
    const char *value = find(name, '=');

    return value ? value + 1 : NULL;
}

unsigned long arg_number(const char *name, unsigned long otherwise)
{
    const char *value = arg_value(name);

    return value ? parse_number(value) : otherwise;
}

bool arg_flag(const char *name)
{
    return find(name, ' ');
}
