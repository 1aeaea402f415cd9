/*
 * dom0: a control domain without an operating system. It runs guests of ours as ordinary domains: what they show
 * as dom0 they must show without its rights as well, one may crash, and several at once may try to harm each
 * other.
 *
 * The initial RAM disk is a cpio archive (newc) of kit images. Each runs alone, with the command line
 *     domains.NAME=...  if ours has that, with commas for spaces
 * unless the archive has a text NAME.groups beside it. Each of its lines `TEST ROLE ROLE...` is a group of
 * domains that live at the same time, one a role, with the command line `tests=TEST role=ROLE`. `groups=TEST` of
 * ours runs no other, `each=...`, with commas for spaces, is added to the command line of each. `rounds=N` runs
 * the groups N times, each with `seed=` one higher than before, from ours on.
 *
 * Then `RL-DOMAIN NAME REASON` tells how each ended: poweroff, reboot, suspend, crash, watchdog, timeout, or an
 * error. group.c tells what else a domain's console is for.
 */
#include "group.h"

#define PAGES_ALONE  GROUP_PAGES
#define PAGES_MEMBER (16UL << 20 >> PAGE_SHIFT)
#define VCPUS        4

/* --- The archive --- */

struct file {
    const char *name, *data;
    ulong size;
    const char *next; /* where the following one begins */
};

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

/* The file whose header is at @at; false at the end. */
static bool file_at(const char *at, struct file *file)
{
    const char *end = (const char *)start_info->mod_start + start_info->mod_len;

    if ( at + 110 > end || memcmp(at, "070701", 6) )
        return false;
    file->size = hex(at + 54);
    file->name = at + 110;
    file->data = at + round_up_4(110 + hex(at + 94));
    file->next = file->data + round_up_4(file->size);
    return strcmp(file->name, "TRAILER!!!");
}

static bool file_find(const char *name, struct file *file)
{
    const char *at = (const char *)start_info->mod_start;

    for ( ; file_at(at, file); at = file->next )
    {
        if ( !strcmp(file->name, name) )
            return true;
    }
    return false;
}

/* --- Running an image --- */

/* The value of our option @name, with spaces where it has commas; empty when there is none. */
static void copy_words(const char *name, char *to, size_t size)
{
    snprintf(to, size, "%s", arg_value(name) ?: "");
    if ( strchr(to, ' ') )
        *strchr(to, ' ') = '\0';
    for ( char *comma = to; (comma = strchr(comma, ',')); )
        *comma = ' ';
}

static void run_alone(const char *name, const struct image *image)
{
    char option[64], command_line[256];

    snprintf(option, sizeof(option), "domains.%s", name);
    copy_words(option, command_line, sizeof(command_line));
    group_add(name, image, command_line, PAGES_ALONE, VCPUS);
    group_run();
}

/* Copies the word at @at, and returns what lies behind it and a space; NULL at the line's end. */
static const char *take_word(const char *at, char *word, size_t size)
{
    size_t n = 0;

    if ( *at == '\n' )
        return NULL;
    for ( ; *at != ' ' && *at != '\n'; at++ )
    {
        if ( n + 1 < size )
            word[n++] = *at;
    }
    word[n] = '\0';
    return *at == ' ' ? at + 1 : at;
}

static bool group_wanted(const char *test)
{
    const char *only = arg_value("groups");
    size_t size = strlen(test);

    return !only || (!strncmp(only, test, size) && (!only[size] || only[size] == ' '));
}

/* One line: a test and its roles. @more ends their command line. Returns where the next begins. */
static const char *run_group(const char *line, const struct image *image, const char *more)
{
    char test[32], role[24], name[64], command_line[256];
    const char *at = take_word(line, test, sizeof(test)), *next;
    bool wanted = at && group_wanted(test);

    for ( ; at && (next = take_word(at, role, sizeof(role))); at = next )
    {
        snprintf(name, sizeof(name), "%s/%s", test, role);
        snprintf(command_line, sizeof(command_line), "tests=%s role=%s %s", test, role, more);
        if ( wanted )
            group_add(name, image, command_line, PAGES_MEMBER, VCPUS);
    }
    if ( wanted )
        group_run();
    return (at ?: line) + 1;
}

static void run_groups(const struct file *groups, const struct image *image)
{
    ulong rounds = arg_number("rounds", 0), seed = arg_number("seed", 1);
    char each[128], more[160];

    copy_words("each", each, sizeof(each));
    for ( ulong round = 0; round < (rounds ?: 1); round++ )
    {
        snprintf(more, sizeof(more), "%s", each);
        if ( rounds )
        {
            snprintf(more, sizeof(more), "%s seed=%lu", each, seed + round);
            printf("RL-ROUND %s, %lu frames free\n", more, free_frames());
        }
        for ( const char *line = groups->data; line < groups->data + groups->size; )
            line = run_group(line, image, more);
    }
}

static void run(const struct file *file)
{
    struct image image;
    struct file groups;
    char groups_name[64];

    snprintf(groups_name, sizeof(groups_name), "%s.groups", file->name);
    if ( !image_parse(&image, file->data, file->size) )
        printf("RL-DOMAIN %s no kit image\n", file->name);
    else if ( file_find(groups_name, &groups) )
        run_groups(&groups, &image);
    else if ( !arg_value("groups") )
        run_alone(file->name, &image);
}

void guest_main(void)
{
    const char *at = (const char *)start_info->mod_start;
    struct file file;

    if ( !is_dom0() || !start_info->mod_len )
        panic("needs to be dom0, with an archive of guests as its initial RAM disk");
    for ( ; file_at(at, &file); at = file.next )
    {
        if ( file.size && !strstr(file.name, ".groups") )
            run(&file);
    }
    printf("RL-DOMAINS-END\n");
    exit(0);
}
