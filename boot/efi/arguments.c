#include "boot/efi/arguments.h"
#include "lib/string.h"

#define SUFFIX ".efi"

/* Lines are as long as the options they may hold, and the words before them. */
#define LINE (BOOT_CMDLINE + 3 * CONFIG_NAME)

/* False unless all of it is printable ASCII: firmware stores other things as load options too. */
static bool to_ascii(char *to, const u8 *text, size_t size)
{
    size_t n = 0;

    for ( size_t i = 0; i + 1 < size; i += 2 )
    {
        unsigned int c = text[i] | (unsigned int)text[i + 1] << 8;

        if ( !c )
            break;
        if ( c < ' ' || c > '~' || n + 1 == LINE )
            return false;
        to[n++] = (char)c;
    }
    to[n] = '\0';
    return true;
}

/* Cut the next word off *@line, which then begins with the one after it; "" if there is none. */
static char *next_word(char **line)
{
    char *word = *line, *end;

    for ( end = word; *end && *end != ' '; )
        end++;
    *line = end;
    while ( **line == ' ' )
        *(*line)++ = '\0';
    return word;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The shell's first word is our own name. */
static bool is_image(const char *word)
{
    size_t len = strlen(word), tail = strlen(SUFFIX);

    if ( len < tail || *word == '-' )
        return false;
    for ( size_t i = 0; i < tail; i++ )
        if ( lower(word[len - tail + i]) != SUFFIX[i] )
            return false;
    return true;
}

static bool put(char *to, size_t size, const char *text)
{
    if ( strlen(text) >= size )
        return false;
    memcpy(to, text, strlen(text) + 1);
    return true;
}

static const char *take_word(struct arguments *out, const char *word)
{
    const char *file;

    if ( str_prefix(word, "-cfg=", &file) )
        return put(out->config, sizeof(out->config), file) ? NULL
                                                           : "the name after -cfg= is too long";
    if ( *word == '-' )
        return "there is an option other than -cfg=FILE";
    if ( *out->section )
        return "there is more than one section's name";
    return put(out->section, sizeof(out->section), word) ? NULL : "the section's name is too long";
}

static const char *parse(struct arguments *out, char *line)
{
    const char *wrong = NULL;
    bool first = true;

    while ( *line == ' ' )
        line++;
    while ( *line && !wrong )
    {
        char *word = next_word(&line);

        if ( !strcmp(word, "--") )
            return put(out->options, sizeof(out->options), line) ? NULL
                                                                 : "the options are too long";
        if ( !first || !is_image(word) )
            wrong = take_word(out, word);
        first = false;
    }
    return wrong;
}

const char *arguments_parse(struct arguments *out, const void *text, size_t size)
{
    static char line[LINE];
    const char *wrong = "they are no text";

    *out = (struct arguments){ 0 };
    if ( to_ascii(line, text, size) )
        wrong = parse(out, line);
    if ( wrong )
        *out = (struct arguments){ 0 };
    return wrong;
}
