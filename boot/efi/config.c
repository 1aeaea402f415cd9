#include "boot/efi/config.h"
#include "lib/string.h"

/* A piece of the file, not ended by NUL. */
struct piece {
    const char *at;
    size_t len;
};

enum line_kind { LINE_EMPTY, LINE_SECTION, LINE_VALUE, LINE_BROKEN };

struct line {
    enum line_kind kind;
    u32 number;
    struct piece name;  /* of the section or the value */
    struct piece value; /* for LINE_BROKEN: what is wrong */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct piece trim(struct piece text)
{
    while ( text.len && is_blank(text.at[text.len - 1]) )
        text.len--;
    while ( text.len && is_blank(*text.at) )
    {
        text.at++;
        text.len--;
    }
    return text;
}

static bool is_plain(struct piece text)
{
    for ( size_t i = 0; i < text.len; i++ )
        if ( (text.at[i] < ' ' && text.at[i] != '\t') || text.at[i] > '~' )
            return false;
    return true;
}

static bool equals(struct piece piece, const char *text)
{
    return piece.len == strlen(text) && !memcmp(piece.at, text, piece.len);
}

/* Everything before the first @c of @text; @rest gets what follows it. False if there is none. */
static bool split(struct piece text, char c, struct piece *before, struct piece *rest)
{
    for ( size_t i = 0; i < text.len; i++ )
        if ( text.at[i] == c )
        {
            *before = trim((struct piece){ text.at, i });
            *rest = trim((struct piece){ text.at + i + 1, text.len - i - 1 });
            return true;
        }
    return false;
}

static void broken(struct line *line, const char *why)
{
    line->kind = LINE_BROKEN;
    line->value = (struct piece){ why, strlen(why) };
}

static void read_line(struct line *line, struct piece text)
{
    struct piece rest;

    line->kind = LINE_EMPTY;
    if ( !text.len || *text.at == '#' )
        return;
    if ( !is_plain(text) )
        broken(line, "it is not plain ASCII text");
    else if ( *text.at == '[' )
    {
        if ( !split((struct piece){ text.at + 1, text.len - 1 }, ']', &line->name, &rest) )
            broken(line, "a section's name has no closing bracket");
        else if ( rest.len )
            broken(line, "something follows a section's name");
        else
            line->kind = LINE_SECTION;
    }
    else if ( split(text, '=', &line->name, &line->value) )
        line->kind = LINE_VALUE;
    else
        broken(line, "it is neither [section] nor name=value");
}

/* Take the next line off @text; line->number must count from 0. False at the end. */
static bool next_line(struct piece *text, struct line *line)
{
    const char *end;
    size_t len;

    if ( !text->len )
        return false;
    for ( end = text->at; end < text->at + text->len && *end != '\n'; )
        end++;
    len = (size_t)(end - text->at);
    line->number++;
    read_line(line, trim((struct piece){ text->at, len }));
    len += len < text->len; /* the end of the line */
    text->at += len;
    text->len -= len;
    return true;
}

static bool check_form(struct piece text, struct config_error *error)
{
    struct line line = { 0 };

    while ( next_line(&text, &line) )
        if ( line.kind == LINE_BROKEN )
        {
            *error = (struct config_error){ line.value.at, line.number };
            return false;
        }
    return true;
}

static bool has_section(struct piece text, const char *section)
{
    struct line line = { 0 };

    while ( next_line(&text, &line) )
        if ( line.kind == LINE_SECTION && equals(line.name, section) )
            return true;
    return false;
}

/* The first value of @name in @section, which may have several parts; in the file if it is "". */
static bool find_in(struct piece text, const char *section, const char *name, struct piece *value)
{
    struct line line = { 0 };
    bool here = !*section;

    while ( next_line(&text, &line) )
    {
        if ( line.kind == LINE_SECTION && *section )
            here = equals(line.name, section);
        if ( line.kind == LINE_VALUE && here && equals(line.name, name) )
        {
            *value = line.value;
            return true;
        }
    }
    return false;
}

/* An empty piece if it is nowhere. */
static struct piece find(struct piece text, const char *section, const char *name)
{
    struct piece value = { "", 0 };

    if ( !find_in(text, section, name, &value) && *section )
        find_in(text, "global", name, &value);
    return value;
}

/* False if @text does not fit: cut off, it would mean something else. */
static bool put(char *to, size_t size, struct piece text)
{
    if ( text.len >= size )
        return false;
    memcpy(to, text.at, text.len);
    to[text.len] = '\0';
    return true;
}

/* A file's name ends at the first space; the rest is for what is in it. */
static void split_words(struct piece text, struct piece *name, struct piece *rest)
{
    size_t len = 0;

    while ( len < text.len && !is_blank(text.at[len]) )
        len++;
    *name = (struct piece){ text.at, len };
    *rest = trim((struct piece){ text.at + len, text.len - len });
}

static bool take_values(struct boot_config *out, struct piece text, const char *section)
{
    struct piece kernel, args, ramdisk, rest;

    split_words(find(text, section, "kernel"), &kernel, &args);
    split_words(find(text, section, "ramdisk"), &ramdisk, &rest);
    return put(out->kernel, sizeof(out->kernel), kernel) &&
           put(out->kernel_args, sizeof(out->kernel_args), args) &&
           put(out->ramdisk, sizeof(out->ramdisk), ramdisk) &&
           put(out->options, sizeof(out->options), find(text, section, "options"));
}

bool config_parse(struct boot_config *out, struct config_error *error, const char *text,
                  size_t size, const char *section)
{
    struct piece file = { text, size };
    char chosen[CONFIG_NAME] = "";
    struct piece fallback = { "", 0 };

    *out = (struct boot_config){ 0 };
    *error = (struct config_error){ "a section's name is too long", 0 };
    if ( !check_form(file, error) )
        return false;
    if ( !*section )
        find_in(file, "global", "default", &fallback);
    if ( !put(chosen, sizeof(chosen),
              *section ? (struct piece){ section, strlen(section) } : fallback) )
        return false;
    error->what = *section ? "it has no section of the name that was asked for"
                           : "it has no section of the name that default= tells";
    if ( *chosen && !has_section(file, chosen) )
        return false;
    error->what = "a value is too long";
    if ( !take_values(out, file, chosen) )
        return false;
    error->what = NULL;
    return true;
}
