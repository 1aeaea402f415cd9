#include "console/options.h"
#include "lib/bits.h"
#include "lib/string.h"

#define OPTION_INITIAL_FLAG(name, value)    .name = value,
#define OPTION_INITIAL_NUMBER(name, value)  .name = value,
#define OPTION_INITIAL_SIZE(name, value)    .name = value,
#define OPTION_INITIAL_LEVEL(name, value)   .name = value,
#define OPTION_INITIAL_MEMORY(name, value)  .name = value,
#define OPTION_INITIAL_DOMAINS(name, value) .name = value,
#define OPTION_INITIAL_TEXT(name, value)    .name = value,
#define OPTION_INITIAL_IGNORED(name, value)

struct options options = {
#define OPTION(kind, name, initial, summary) OPTION_INITIAL_##kind(name, initial)
#include "options.def"
#undef OPTION
};

/*
 * Parsers of one kind each: @value is what follows the =, or NULL if there was none. False: not of
 * this kind.
 */

static bool parse_FLAG(void *to, const char *value)
{
    static const char *const on[] = { "on", "yes", "true", "1", "enable" };
    static const char *const off[] = { "off", "no", "false", "0", "disable" };
    bool *flag = to;

    if ( !value )
    {
        *flag = true;
        return true;
    }
    for ( size_t i = 0; i < ARRAY_SIZE(on); i++ )
    {
        if ( !strcmp(value, on[i]) || !strcmp(value, off[i]) )
        {
            *flag = !strcmp(value, on[i]);
            return true;
        }
    }
    return false;
}

static bool parse_NUMBER(void *to, const char *value)
{
    return value && parse_u64_all(value, to);
}

static bool __attribute__((unused)) parse_SIZE(void *to, const char *value)
{
    return value && parse_size_all(value, 1024, to);
}

static bool parse_LEVEL(void *to, const char *value)
{
    static const struct {
        const char *name;
        int level;
    } levels[] = {
        { "none", LOG_NONE }, { "error", LOG_ERROR }, { "warning", LOG_WARNING },
        { "info", LOG_INFO }, { "debug", LOG_DEBUG }, { "all", LOG_DEBUG },
    };

    for ( size_t i = 0; value && i < ARRAY_SIZE(levels); i++ )
    {
        const char *rest;

        if ( str_prefix(value, levels[i].name, &rest) && (*rest == '\0' || *rest == '/') )
        {
            *(enum log_level *)to = (enum log_level)levels[i].level;
            return true;
        }
    }
    return false;
}

/* One signed size up to a comma or the end. */
static bool parse_amount(s64 *to, const char **value)
{
    bool negative = **value == '-';
    const char *from = *value + negative;
    u64 bytes;

    parse_size(from, value, 1024, &bytes);
    if ( *value == from || (**value && **value != ',') || bytes > INT64_MAX )
        return false;
    *to = negative ? -(s64)bytes : (s64)bytes;
    return true;
}

static bool parse_MEMORY(void *to, const char *value)
{
    struct option_memory *memory = to, parsed = {};

    if ( !value || !*value )
        return false;
    while ( *value )
    {
        s64 *field = &parsed.amount;

        if ( str_prefix(value, "min:", &value) )
            field = &parsed.min;
        else if ( str_prefix(value, "max:", &value) )
            field = &parsed.max;
        if ( !parse_amount(field, &value) )
            return false;
        if ( *value == ',' )
            value++;
    }
    *memory = parsed;
    return true;
}

/* One item of @value's list, whose @len bytes hold no comma. */
static bool parse_choice(struct option_domains *to, const char *value, size_t len)
{
    char item[16];
    const char *choice = item;
    bool dom0, domu, on;

    if ( len >= sizeof(item) )
        return false;
    memcpy(item, value, len);
    item[len] = '\0';
    if ( !strcmp(item, "default") )
    {
        *to = (struct option_domains){};
        return true;
    }

    dom0 = str_prefix(item, "dom0=", &choice);
    domu = !dom0 && str_prefix(item, "domu=", &choice);
    if ( !parse_FLAG(&on, choice) )
        return false;
    if ( !domu )
        to->dom0 = on ? CHOICE_ON : CHOICE_OFF;
    if ( !dom0 )
        to->domu = on ? CHOICE_ON : CHOICE_OFF;
    return true;
}

static bool parse_DOMAINS(void *to, const char *value)
{
    struct option_domains parsed = *(struct option_domains *)to;

    for ( const char *at = value ? value : "on";; )
    {
        const char *end = at;

        while ( *end && *end != ',' )
            end++;
        if ( !parse_choice(&parsed, at, (size_t)(end - at)) )
            return false;
        if ( !*end )
            break;
        at = end + 1;
    }
    *(struct option_domains *)to = parsed;
    return true;
}

static bool parse_TEXT(void *to, const char *value)
{
    if ( !value || strlen(value) >= OPTION_TEXT )
        return false;
    strlcpy(to, value, OPTION_TEXT);
    return true;
}

static bool parse_IGNORED(void *to, const char *value)
{
    (void)to;
    (void)value;
    return true;
}

static const struct option_row {
    const char *name;
    bool (*parse)(void *to, const char *value);
    void *to;
    const char *summary;
} rows[] = {
#define OPTION_TARGET_FLAG(name)    &options.name
#define OPTION_TARGET_NUMBER(name)  &options.name
#define OPTION_TARGET_SIZE(name)    &options.name
#define OPTION_TARGET_LEVEL(name)   &options.name
#define OPTION_TARGET_MEMORY(name)  &options.name
#define OPTION_TARGET_DOMAINS(name) &options.name
#define OPTION_TARGET_TEXT(name)    &options.name
#define OPTION_TARGET_IGNORED(name) NULL
#define OPTION(kind, name, initial, summary)                                                       \
    { #name, parse_##kind, OPTION_TARGET_##kind(name), summary },
#include "options.def"
#undef OPTION
};

/* A dash in a word stands for the underscore of a name. */
static bool is_name(const char *word, const char *name)
{
    while ( *word && (*word == *name || (*word == '-' && *name == '_')) )
        word++, name++;
    return *word == *name;
}

static const struct option_row *find_row(const char *name)
{
    for ( size_t i = 0; i < ARRAY_SIZE(rows); i++ )
        if ( is_name(name, rows[i].name) )
            return &rows[i];
    return NULL;
}

/* A flag turned off by a leading "no-" or, as long as no option begins so itself, "no". */
static const struct option_row *find_negated(const char *name)
{
    const struct option_row *row = NULL;

    if ( str_prefix(name, "no-", &name) || str_prefix(name, "no", &name) )
        row = find_row(name);
    return row && (row->parse == parse_FLAG || row->parse == parse_DOMAINS) ? row : NULL;
}

/* Returns what is wrong with @word, or NULL. The word is taken apart. */
static const char *parse_word(char *name)
{
    char *value = strchr(name, '=');
    const struct option_row *row;

    if ( value )
        *value++ = '\0';
    row = find_row(name);
    if ( row )
        return row->parse(row->to, value) ? NULL : "value not understood";
    row = find_negated(name);
    if ( !row || value )
        return "no such option";
    row->parse(row->to, "off");
    return NULL;
}

void options_parse(const char *cmdline, void (*complain)(const char *word, const char *why))
{
    char word[128], taken[128];

    for ( ;; )
    {
        size_t n = 0;
        const char *why;

        while ( *cmdline == ' ' )
            cmdline++;
        if ( !*cmdline )
            return;
        for ( ; *cmdline && *cmdline != ' '; cmdline++ )
            if ( n < sizeof(word) - 1 )
                word[n++] = *cmdline;
        word[n] = '\0';

        strlcpy(taken, word, sizeof(taken));
        why = parse_word(taken);
        if ( why )
            complain(word, why);
    }
}

void options_help(void)
{
    for ( size_t i = 0; i < ARRAY_SIZE(rows); i++ )
        log_info("  %-16s %s", rows[i].name, rows[i].summary);
}
