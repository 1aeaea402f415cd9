#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include <hypercall/abi.h>
#include <hypercall/limits.h>

#include "cpus.h"
#include "file.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "message.h"
#include "syntax.h"

#define DEFAULT_MEMORY_MIB 32
#define MAX_MEMORY_MIB     (1ULL << 24)

/* --- the settings --- */

enum kind { TEXT, NUMBER, ACTION, UUID, TYPE, CPUS, TSC };

struct setting {
    const char *name;
    enum kind kind;
    size_t offset;
    u64 min, max; /* of a number */
};

#define AT(field) offsetof(struct rl_config, field)

static const struct setting settings[] = {
    { "name", TEXT, AT(name), 0, 0 },
    { "kernel", TEXT, AT(kernel), 0, 0 },
    { "ramdisk", TEXT, AT(ramdisk), 0, 0 },
    { "root", TEXT, AT(root), 0, 0 },
    { "extra", TEXT, AT(extra), 0, 0 },
    { "cmdline", TEXT, AT(cmdline_set), 0, 0 },
    { "memory", NUMBER, AT(memory_mib), 1, MAX_MEMORY_MIB },
    { "maxmem", NUMBER, AT(maxmem_mib), 1, MAX_MEMORY_MIB },
    { "vcpus", NUMBER, AT(vcpus), 1, DOMAIN_MAX_VCPUS },
    { "maxvcpus", NUMBER, AT(maxvcpus), 1, DOMAIN_MAX_VCPUS },
    { "cpu_weight", NUMBER, AT(cpu_weight), SCHED_WEIGHT_MIN, SCHED_WEIGHT_MAX },
    { "cap", NUMBER, AT(cap), 0, (u64)SCHED_CAP_PER_VCPU *DOMAIN_MAX_VCPUS },
    { "max_grant_version", NUMBER, AT(max_grant_version), 1, GRANT_VERSION_MAX },
    { "domid", NUMBER, AT(domid), 1, DOMID_FIRST_RESERVED - 1 },
    { "cpus", CPUS, AT(cpus), 0, 0 },
    { "cpus_soft", CPUS, AT(cpus_soft), 0, 0 },
    { "on_poweroff", ACTION, AT(on_poweroff), 0, 0 },
    { "on_reboot", ACTION, AT(on_reboot), 0, 0 },
    { "on_crash", ACTION, AT(on_crash), 0, 0 },
    { "tsc_mode", TSC, AT(tsc_mode), 0, 0 },
    { "uuid", UUID, AT(uuid), 0, 0 },
    { "type", TYPE, 0, 0, 0 },
    { "builder", TYPE, 0, 0, 0 }, /* the older name */
};

static const char *const action_names[RL_ACTIONS] = {
    [RL_DESTROY] = "destroy",
    [RL_RESTART] = "restart",
    [RL_RENAME_RESTART] = "rename-restart",
    [RL_PRESERVE] = "preserve",
};

static const char *const tsc_mode_names[RL_TSC_MODES] = {
    [RL_TSC_DEFAULT] = "default",
    [RL_TSC_ALWAYS_EMULATE] = "always_emulate",
    [RL_TSC_NATIVE] = "native",
};

const char *rl_action_name(enum rl_action action)
{
    return action_names[action];
}

bool rl_action_named(const char *name, enum rl_action *action)
{
    for ( int i = 0; i < RL_ACTIONS; i++ )
        if ( !strcmp(action_names[i], name) )
        {
            *action = i;
            return true;
        }
    return false;
}

static const struct setting *find(const char *name)
{
    for ( size_t i = 0; i < ARRAY_SIZE(settings); i++ )
        if ( !strcmp(settings[i].name, name) )
            return &settings[i];
    return NULL;
}

/* --- UUIDs --- */

void rl_uuid_text(const u8 uuid[RL_UUID_SIZE], char text[RL_UUID_TEXT])
{
    char *to = text;

    for ( int i = 0; i < RL_UUID_SIZE; i++ )
    {
        if ( i == 4 || i == 6 || i == 8 || i == 10 )
            *to++ = '-';
        to += sprintf(to, "%02x", uuid[i]);
    }
}

bool rl_uuid_from_text(const char *text, u8 uuid[RL_UUID_SIZE])
{
    u8 value[RL_UUID_SIZE];
    unsigned int byte;
    int n = 0;

    while ( *text )
    {
        if ( *text == '-' )
        {
            text++;
            continue;
        }
        if ( n == RL_UUID_SIZE || !isxdigit((unsigned char)text[0]) ||
             !isxdigit((unsigned char)text[1]) )
            return false;
        sscanf(text, "%2x", &byte);
        value[n++] = (u8)byte;
        text += 2;
    }
    if ( n == RL_UUID_SIZE )
        memcpy(uuid, value, sizeof(value));
    return n == RL_UUID_SIZE;
}

/* Version 4: random, but for six bits that say so. */
static int random_uuid(u8 uuid[RL_UUID_SIZE])
{
    if ( getrandom(uuid, RL_UUID_SIZE, GRND_NONBLOCK) != RL_UUID_SIZE )
        return rl_error(EAGAIN, "no random numbers for a UUID yet: give one with uuid=");
    uuid[6] = (uuid[6] & 0x0f) | 0x40;
    uuid[8] = (uuid[8] & 0x3f) | 0x80;
    return 0;
}

/* --- setting --- */

static int set_text(char **field, const char *text)
{
    char *copy = strdup(text);

    if ( !copy )
        return rl_no_memory();
    free(*field);
    *field = copy;
    return 0;
}

static void free_cpu_lists(struct rl_cpu_lists *lists)
{
    for ( unsigned int i = 0; i < lists->count; i++ )
        free(lists->text[i]);
    free(lists->text);
    *lists = (struct rl_cpu_lists){ 0 };
}

/* A list, or a single one, perhaps written as a number. What it says is checked, but not whether the CPUs exist. */
static int set_cpu_lists(struct rl_cpu_lists *lists, const char *where, unsigned int line,
                         const char *name, const struct syntax_value *value)
{
    bool each = value->kind == SYNTAX_LIST;
    unsigned int count = each ? value->nr_items : 1;
    char *const *items = each ? value->items : (char *const *)&value->text;
    char prefix[128];
    struct cpus cpus;

    free_cpu_lists(lists);
    lists->text = calloc(count + 1, sizeof(*lists->text));
    if ( !lists->text )
        return rl_no_memory();
    lists->each = each;
    snprintf(prefix, sizeof(prefix), "%s, line %u: %s: ", where, line, name);
    for ( unsigned int i = 0; i < count; i++ )
    {
        if ( cpus_parse(items[i] ? items[i] : "", prefix, &cpus) )
            return -EINVAL;
        lists->text[i] = strdup(items[i]);
        if ( !lists->text[i] )
            return rl_no_memory();
        lists->count++;
    }
    return 0;
}

const char *rl_cpu_list_of(const struct rl_cpu_lists *lists, unsigned int vcpu)
{
    if ( !lists->each )
        vcpu = 0;
    return vcpu < lists->count ? lists->text[vcpu] : NULL;
}

/* xl's names; dumps of memory are not made, soft resets are for HVM guests. */
static bool action_from_text(const char *text, enum rl_action *action)
{
    if ( !strcmp(text, "coredump-destroy") || !strcmp(text, "coredump-restart") )
    {
        rl_warn("%s: no dump will be written", text);
        text += strlen("coredump-");
    }
    return rl_action_named(text, action);
}

static bool tsc_mode_named(const char *name, enum rl_tsc_mode *mode)
{
    for ( int i = 0; i < RL_TSC_MODES; i++ )
        if ( !strcmp(tsc_mode_names[i], name) )
        {
            *mode = (enum rl_tsc_mode)i;
            return true;
        }
    return false;
}

static bool type_possible(const char *text)
{
    return !strcmp(text, "pv") || !strcmp(text, "generic") || !strcmp(text, "linux");
}

static int set(void *arg, const char *where, unsigned int line, const char *name,
               const struct syntax_value *value)
{
    struct rl_config *config = arg;
    const struct setting *setting = find(name);
    void *field;

    if ( !setting )
    {
        rl_warn("%s, line %u: `%s` is a setting that we don't have; passed over", where, line,
                name);
        return 0;
    }
    field = (char *)config + setting->offset;
    if ( (value->kind == SYNTAX_LIST && setting->kind != CPUS) ||
         (value->kind == SYNTAX_STRING && setting->kind == NUMBER) )
        return rl_error(EINVAL, "%s, line %u: %s must be %s", where, line, name,
                        setting->kind == NUMBER ? "a number" : "text");
    switch ( setting->kind )
    {
    case CPUS:
        return set_cpu_lists(field, where, line, name, value);
    case TEXT:
        return set_text(field, value->text);
    case NUMBER:
        if ( value->number < setting->min || value->number > setting->max )
            return rl_error(EINVAL, "%s, line %u: %s must be from %llu to %llu", where, line, name,
                            (unsigned long long)setting->min, (unsigned long long)setting->max);
        *(u64 *)field = value->number;
        return 0;
    case ACTION:
        if ( action_from_text(value->text, field) )
            return 0;
        return rl_error(EINVAL,
                        "%s, line %u: %s must be destroy, restart, rename-restart or preserve",
                        where, line, name);
    case TSC:
        if ( tsc_mode_named(value->text, field) )
            return 0;
        return rl_error(EINVAL, "%s, line %u: %s must be default, always_emulate or native", where,
                        line, name);
    case UUID:
        config->has_uuid = rl_uuid_from_text(value->text, field);
        return config->has_uuid ? 0 : rl_error(EINVAL, "%s, line %u: this is no UUID", where, line);
    case TYPE:
        if ( type_possible(value->text) )
            return 0;
        return rl_error(EINVAL, "%s, line %u: %s guests can't be made, only pv ones", where, line,
                        value->text);
    }
    return -EINVAL;
}

/* --- reading --- */

void rl_config_init(struct rl_config *config)
{
    *config = (struct rl_config){
        .memory_mib = DEFAULT_MEMORY_MIB,
        .vcpus = 1,
        .max_grant_version = GRANT_VERSION_MAX,
        .on_poweroff = RL_DESTROY,
        .on_reboot = RL_RESTART,
        .on_crash = RL_DESTROY,
    };
}

void rl_config_free(struct rl_config *config)
{
    free(config->name);
    free(config->kernel);
    free(config->ramdisk);
    free(config->cmdline);
    free(config->root);
    free(config->extra);
    free(config->cmdline_set);
    free_cpu_lists(&config->cpus);
    free_cpu_lists(&config->cpus_soft);
    rl_config_init(config);
}

int rl_config_parse(struct rl_config *config, const char *text, const char *where)
{
    return syntax_parse(text, where, set, config);
}

int rl_config_read(struct rl_config *config, const char *path)
{
    char *text;
    int rc = file_read_text(path, &text);

    if ( rc )
        return rl_error(-rc, "%s can't be read: %s", path, strerror(-rc));
    rc = rl_config_parse(config, text, path);
    free(text);
    return rc;
}

/* Does the value follow the files' syntax, or is it plain text? */
static bool plain(const struct setting *setting, const char *value)
{
    if ( *value == '"' || *value == '\'' || *value == '[' )
        return false;
    return !setting || setting->kind != NUMBER;
}

int rl_config_override(struct rl_config *config, const char *assignment)
{
    static const char where[] = "command line";
    const char *equals = strchr(assignment, '=');
    char name[64];

    if ( !equals || equals == assignment || (size_t)(equals - assignment) >= sizeof(name) )
        return rl_error(EINVAL, "`%s` is no setting: NAME=VALUE was expected", assignment);
    snprintf(name, sizeof(name), "%.*s", (int)(equals - assignment), assignment);
    if ( plain(find(name), equals + 1) )
    {
        struct syntax_value value = { .kind = SYNTAX_STRING, .text = (char *)equals + 1 };

        return set(config, where, 1, name, &value);
    }
    return syntax_parse(assignment, where, set, config);
}

/* --- the whole --- */

static int join_cmdline(struct rl_config *config)
{
    const char *root = config->root, *extra = config->extra;
    int rc;

    free(config->cmdline);
    config->cmdline = NULL;
    if ( config->cmdline_set )
    {
        if ( root || extra )
            rl_warn("root and extra are passed over, since cmdline is given");
        return set_text(&config->cmdline, config->cmdline_set);
    }
    rc = asprintf(&config->cmdline, "%s%s%s%s", root ? "root=" : "", root ? root : "",
                  root && extra ? " " : "", extra ? extra : "");
    return rc < 0 ? rl_no_memory() : 0;
}

/* A name becomes part of paths, in the store and of files; a number would be taken for a domain's. */
static bool name_possible(const char *name)
{
    size_t length = strlen(name);

    return length && length < 64 && strspn(name, "0123456789") != length && !strchr("-.", *name) &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-") ==
               length;
}

int rl_config_finish(struct rl_config *config)
{
    if ( !config->name )
        return rl_error(EINVAL, "the domain has no name: set name=");
    if ( !name_possible(config->name) )
        return rl_error(
            EINVAL, "`%s` can't be a name: up to 63 letters, digits and _ . + -, not only digits",
            config->name);
    if ( !config->kernel )
        return rl_error(EINVAL, "the domain has no kernel: set kernel= to the kernel's file");
    if ( !config->maxmem_mib )
        config->maxmem_mib = config->memory_mib;
    if ( !config->maxvcpus )
        config->maxvcpus = config->vcpus;
    if ( config->maxmem_mib < config->memory_mib )
        return rl_error(EINVAL, "maxmem is less than memory");
    if ( config->maxvcpus < config->vcpus )
        return rl_error(EINVAL, "maxvcpus is less than vcpus");
    if ( config->cap > SCHED_CAP_PER_VCPU * config->maxvcpus )
        return rl_error(EINVAL, "cap must be from 0 to %llu: %u for each of %llu vcpus",
                        (unsigned long long)(SCHED_CAP_PER_VCPU * config->maxvcpus),
                        SCHED_CAP_PER_VCPU, (unsigned long long)config->maxvcpus);
    if ( !config->has_uuid )
    {
        int rc = random_uuid(config->uuid);

        if ( rc )
            return rc;
        config->has_uuid = true;
    }
    return join_cmdline(config);
}

/* --- writing --- */

static void print_quoted(FILE *f, const char *text)
{
    fputc('"', f);
    for ( ; *text; text++ )
    {
        if ( *text == '"' || *text == '\\' || !isprint((unsigned char)*text) )
            fprintf(f, "\\x%02x", (unsigned char)*text);
        else
            fputc(*text, f);
    }
    fputc('"', f);
}

static void print_text(FILE *f, const char *name, const char *text)
{
    if ( !text )
        return;
    fprintf(f, "%s = ", name);
    print_quoted(f, text);
    fputc('\n', f);
}

static void print_cpu_lists(FILE *f, const char *name, const struct rl_cpu_lists *lists)
{
    if ( !lists->each )
    {
        print_text(f, name, rl_cpu_list_of(lists, 0));
        return;
    }
    fprintf(f, "%s = [", name);
    for ( unsigned int i = 0; i < lists->count; i++ )
    {
        fprintf(f, "%s", i ? ", " : "");
        print_quoted(f, lists->text[i]);
    }
    fprintf(f, "]\n");
}

static void print_setting(FILE *f, const struct rl_config *config, const struct setting *setting)
{
    const void *field = (const char *)config + setting->offset;
    char uuid[RL_UUID_TEXT];

    switch ( setting->kind )
    {
    case TEXT:
        print_text(f, setting->name, *(char *const *)field);
        break;
    case NUMBER:
        if ( *(const u64 *)field )
            fprintf(f, "%s = %llu\n", setting->name, (unsigned long long)*(const u64 *)field);
        break;
    case ACTION:
        print_text(f, setting->name, rl_action_name(*(const enum rl_action *)field));
        break;
    case TSC:
        print_text(f, setting->name, tsc_mode_names[*(const enum rl_tsc_mode *)field]);
        break;
    case UUID:
        rl_uuid_text(config->uuid, uuid);
        if ( config->has_uuid )
            print_text(f, setting->name, uuid);
        break;
    case CPUS:
        print_cpu_lists(f, setting->name, field);
        break;
    case TYPE:
        break;
    }
}

char *rl_config_text(const struct rl_config *config)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);

    if ( !f )
        return NULL;
    for ( size_t i = 0; i < ARRAY_SIZE(settings); i++ )
        print_setting(f, config, &settings[i]);
    return fclose(f) ? NULL : text;
}
