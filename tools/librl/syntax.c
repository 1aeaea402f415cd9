#include "syntax.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "lib/string.h"
#include "message.h"

/* Lists within lists; nobody writes more, and each level costs us stack. */
#define MAX_DEPTH 8

struct parser {
    const char *at;
    const char *where;
    unsigned int line;
};

static int fail(const struct parser *p, const char *what)
{
    return rl_error(EINVAL, "%s, line %u: %s", p->where, p->line, what);
}

/* --- blanks --- */

static void skip_comment(struct parser *p)
{
    if ( *p->at == '#' )
        p->at += strcspn(p->at, "\n");
}

static void skip_blanks(struct parser *p)
{
    p->at += strspn(p->at, " \t\r");
    skip_comment(p);
}

/* Blanks, comments and newlines: within lists, where lines don't end anything. */
static void skip_lines(struct parser *p)
{
    for ( skip_blanks(p); *p->at == '\n'; skip_blanks(p) )
    {
        p->at++;
        p->line++;
    }
}

/* --- strings --- */

/* Up to @max digits in @base. */
static unsigned int digits(struct parser *p, unsigned int base, unsigned int max)
{
    unsigned int value = 0;

    for ( ; max && isxdigit((unsigned char)*p->at); max--, p->at++ )
    {
        unsigned int c = (unsigned char)*p->at;
        unsigned int digit = isdigit((int)c) ? c - '0' : (c | 0x20) - 'a' + 10;

        if ( digit >= base )
            break;
        value = value * base + digit;
    }
    return value;
}

/* What follows a backslash. */
static char escape(struct parser *p)
{
    static const char letters[] = "abfnrtv", meanings[] = "\a\b\f\n\r\t\v";
    const char *letter;
    char c = *p->at;

    if ( c >= '0' && c <= '7' )
        return (char)digits(p, 8, 3);
    p->at++;
    if ( c == 'x' )
        return (char)digits(p, 16, 2);
    letter = strchr(letters, c);
    return letter ? meanings[letter - letters] : c;
}

static int string(struct parser *p, struct syntax_value *value)
{
    char quote = *p->at++;
    char *to = malloc(strlen(p->at) + 1); /* it only gets shorter */

    value->kind = SYNTAX_STRING;
    value->text = to;
    if ( !to )
        return rl_no_memory();
    while ( *p->at != quote )
    {
        if ( *p->at == '\0' || *p->at == '\n' )
            return fail(p, "the string does not end: a closing quote is missing");
        if ( *p->at == '\\' && p->at[1] && p->at[1] != '\n' )
        {
            p->at++;
            *to++ = escape(p);
        }
        else
            *to++ = *p->at++;
    }
    p->at++;
    *to = '\0';
    return 0;
}

/* --- numbers and lists --- */

static int number(struct parser *p, struct syntax_value *value)
{
    const char *start = p->at, *end;

    value->kind = SYNTAX_NUMBER;
    parse_u64(start, &end, &value->number);
    if ( end == start || isalnum((unsigned char)*end) || *end == '_' )
        return fail(p, "this is no number that we can read; text needs quotes");
    p->at = end;
    value->text = strndup(start, (size_t)(end - start));
    return value->text ? 0 : rl_no_memory();
}

static int any_value(struct parser *p, struct syntax_value *value, unsigned int depth);

static void free_value(struct syntax_value *value)
{
    for ( unsigned int i = 0; i < value->nr_items; i++ )
        free(value->items[i]);
    free(value->items);
    free(value->text);
}

/* The item's text goes over to the list. */
static int add_item(struct syntax_value *value, struct syntax_value *item)
{
    char **items = realloc(value->items, (value->nr_items + 1) * sizeof(*items));

    if ( !items )
        return rl_no_memory();
    value->items = items;
    items[value->nr_items++] = item->text;
    item->text = NULL;
    return 0;
}

static int list(struct parser *p, struct syntax_value *value, unsigned int depth)
{
    value->kind = SYNTAX_LIST;
    p->at++;
    for ( skip_lines(p); *p->at != ']'; skip_lines(p) )
    {
        struct syntax_value item = { 0 };
        int rc = any_value(p, &item, depth + 1);

        if ( !rc )
            rc = add_item(value, &item);
        free_value(&item);
        if ( rc )
            return rc;
        skip_lines(p);
        if ( *p->at == ',' )
            p->at++;
        else if ( *p->at != ']' )
            return fail(p, "a comma or ] must follow a list's item");
    }
    p->at++;
    return 0;
}

static int any_value(struct parser *p, struct syntax_value *value, unsigned int depth)
{
    if ( *p->at == '"' || *p->at == '\'' )
        return string(p, value);
    if ( isdigit((unsigned char)*p->at) )
        return number(p, value);
    if ( *p->at == '[' && depth < MAX_DEPTH )
        return list(p, value, depth);
    return fail(p, "a value was expected: a number, \"text\" or a [list]");
}

/* --- assignments --- */

static size_t name_length(const char *s)
{
    size_t n = 0;

    if ( isalpha((unsigned char)*s) || *s == '_' )
        while ( isalnum((unsigned char)s[n]) || s[n] == '_' )
            n++;
    return n;
}

static int end_of_assignment(struct parser *p)
{
    skip_blanks(p);
    if ( *p->at == ';' || *p->at == '\n' )
    {
        p->line += *p->at++ == '\n';
        return 0;
    }
    return *p->at ? fail(p, "the line should end here") : 0;
}

static int assignment(struct parser *p, syntax_setter *set, void *arg)
{
    struct syntax_value value = { 0 };
    unsigned int line = p->line;
    size_t length = name_length(p->at);
    char *name;
    int rc;

    if ( !length )
        return fail(p, "a setting was expected: NAME = VALUE");
    name = strndup(p->at, length);
    if ( !name )
        return rl_no_memory();
    p->at += length;
    skip_blanks(p);
    if ( *p->at == '=' )
    {
        p->at++;
        skip_blanks(p);
        rc = any_value(p, &value, 0);
    }
    else
        rc = fail(p, "= is missing behind the setting's name");
    if ( !rc )
        rc = set(arg, p->where, line, name, &value);
    if ( !rc )
        rc = end_of_assignment(p);
    free_value(&value);
    free(name);
    return rc;
}

int syntax_parse(const char *text, const char *where, syntax_setter *set, void *arg)
{
    struct parser p = { text, where, 1 };
    int rc = 0;

    for ( skip_lines(&p); !rc && *p.at; skip_lines(&p) )
    {
        if ( *p.at == ';' )
            p.at++;
        else
            rc = assignment(&p, set, arg);
    }
    return rc;
}
