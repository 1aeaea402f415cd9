/* info, list, dmesg: what there is. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "json.h"
#include "lib/bits.h"
#include "lib/string.h"
#include "librl/calls.h"
#include "librl/message.h"
#include "librl/names.h"
#include "librl/vcpu.h"
#include "verb.h"

#define MIB_PAGES (1UL << (20 - PAGE_SHIFT))

/* --- info --- */

struct info {
    struct xen_sysctl_physinfo machine;
    struct utsname us;
    int major, minor;
    xen_extraversion_t extra;
    xen_capabilities_info_t capabilities;
    xen_commandline_t command_line;
    int scheduler;
    u64 domains;
};

static int get_version(struct rl *rl, struct info *info)
{
    long version = rl_version(rl, XENVER_version, NULL, 0);

    if ( version < 0 )
        return rl_error((int)-version, "the hypervisor does not tell its version: %s",
                        strerror((int)-version));
    info->major = (int)(version >> 16);
    info->minor = (int)(version & 0xffff);
    rl_version(rl, XENVER_extraversion, info->extra, sizeof(info->extra));
    rl_version(rl, XENVER_capabilities, info->capabilities, sizeof(info->capabilities));
    rl_version(rl, XENVER_commandline, info->command_line, sizeof(info->command_line));
    return 0;
}

static int count_domains(struct rl *rl, u64 *total)
{
    struct rl_domain some[RL_LIST_CHUNK];
    domid_t first = 0;
    int count;

    *total = 0;
    do
    {
        count = rl_domain_list(rl, first, some, ARRAY_SIZE(some));
        if ( count < 0 )
            return count;
        *total += (u64)count;
        if ( count )
            first = some[count - 1].id + 1;
    } while ( count == (int)ARRAY_SIZE(some) );
    return 0;
}

static int get_info(struct rl *rl, struct info *info)
{
    struct xen_sysctl op = { 0 };
    long rc = rl_sysctl(rl, XEN_SYSCTL_physinfo, &op);

    if ( rc < 0 )
        return rl_error((int)-rc, "the hypervisor does not tell about the machine: %s",
                        strerror((int)-rc));
    info->machine = op.u.physinfo;
    info->scheduler = rl_scheduler(rl);
    uname(&info->us);
    rc = get_version(rl, info);
    return rc ? (int)rc : count_domains(rl, &info->domains);
}

static void print_info(const struct info *info)
{
    const struct xen_sysctl_physinfo *m = &info->machine;

    printf("host            : %s, Linux %s\n", info->us.nodename, info->us.release);
    printf("version         : %d.%d%s\n", info->major, info->minor, info->extra);
    printf("capabilities    : %s\n", info->capabilities);
    printf("command_line    : %s\n", info->command_line);
    printf("scheduler       : %s\n", rl_scheduler_name(info->scheduler));
    printf("cpus            : %u at %u MHz\n", m->nr_cpus, m->cpu_khz / 1000);
    printf("total_memory    : %" PRIu64 " MiB\n", m->total_pages / MIB_PAGES);
    printf("free_memory     : %" PRIu64 " MiB\n", m->free_pages / MIB_PAGES);
    printf("total_frames    : %" PRIu64 "\n", m->total_pages);
    printf("free_frames     : %" PRIu64 "\n", m->free_pages);
    printf("claimed_frames  : %" PRIu64 "\n", m->outstanding_pages);
    printf("domains         : %" PRIu64 "\n", info->domains);
}

static void print_info_json(const struct info *info)
{
    const struct xen_sysctl_physinfo *m = &info->machine;
    struct json_object *o = json_object_new_object();
    char version[64];

    snprintf(version, sizeof(version), "%d.%d%s", info->major, info->minor, info->extra);
    json_add_text(o, "host", info->us.nodename);
    json_add_text(o, "linux", info->us.release);
    json_add_text(o, "version", version);
    json_add_text(o, "capabilities", info->capabilities);
    json_add_text(o, "command_line", info->command_line);
    json_add_text(o, "scheduler", rl_scheduler_name(info->scheduler));
    json_add_number(o, "cpus", m->nr_cpus);
    json_add_number(o, "cpu_khz", m->cpu_khz);
    json_add_number(o, "total_frames", m->total_pages);
    json_add_number(o, "free_frames", m->free_pages);
    json_add_number(o, "claimed_frames", m->outstanding_pages);
    json_add_number(o, "domains", info->domains);
    json_print(o);
}

static int info(struct rl *rl, const struct arguments *arguments)
{
    struct info info = { 0 };
    int rc = get_info(rl, &info);

    if ( rc )
        return rc;
    if ( arguments->option['j'] )
        print_info_json(&info);
    else
        print_info(&info);
    return 0;
}

const struct verb verb_info = {
    .name = "info",
    .synopsis = "",
    .summary = "Tell about the machine and the hypervisor",
    .run = info,
    .options = { OPTION_JSON },
};

/* --- list --- */

int for_listed(struct rl *rl, const struct arguments *arguments,
               int (*show)(struct rl *rl, struct rl_domain *domain,
                           const struct arguments *arguments))
{
    struct rl_domain some[RL_LIST_CHUNK];
    domid_t first = 0;
    int count, rc = 0;

    if ( arguments->count )
        return for_each_word(rl, arguments, show);
    do
    {
        count = rl_domain_list(rl, first, some, ARRAY_SIZE(some));
        names_get(rl, some, (unsigned int)max(count, 0));
        for ( int i = 0; !rc && i < count; i++ )
        {
            rc = show(rl, &some[i], arguments);
            first = some[i].id + 1;
        }
    } while ( !rc && count == (int)ARRAY_SIZE(some) );
    return count < 0 ? count : rc;
}

static int print_domain(struct rl *rl, struct rl_domain *domain, const struct arguments *arguments)
{
    (void)rl, (void)arguments;
    printf("%-20s %5u %6" PRIu64 " %5u  %-8s %9.1f  %s\n", *domain->name ? domain->name : "(none)",
           domain->id, (domain->pages + MIB_PAGES / 2) / MIB_PAGES, domain->vcpus_online,
           rl_state_name(domain), (double)domain->cpu_ns / NS_PER_S,
           domain->shutdown ? rl_reason_name(domain->reason) : "-");
    return 0;
}

static struct json_object *listed;

static int add_domain(struct rl *rl, struct rl_domain *domain, const struct arguments *arguments)
{
    (void)rl, (void)arguments;
    json_object_array_add(listed, json_domain(domain));
    return 0;
}

static int list(struct rl *rl, const struct arguments *arguments)
{
    int rc;

    if ( arguments->option['j'] )
    {
        listed = json_object_new_array();
        rc = for_listed(rl, arguments, add_domain);
        json_print(listed);
        return rc;
    }
    printf("%-20s %5s %6s %5s  %-8s %9s  %s\n", "NAME", "ID", "MIB", "VCPUS", "STATE", "CPU-S",
           "REASON");
    return for_listed(rl, arguments, print_domain);
}

const struct verb verb_list = {
    .name = "list",
    .synopsis = "[DOMAIN...]",
    .summary = "List domains",
    .most = -1,
    .run = list,
    .options = { OPTION_JSON },
};

/* --- dmesg --- */

/* One piece of the hypervisor's log, from *@index on, which moves behind it. Its length. */
static long read_console(struct rl *rl, u32 *index, bool clear)
{
    struct xen_sysctl op = { 0 };
    struct xen_sysctl_readconsole *arg = &op.u.readconsole;
    long rc;

    arg->clear = clear;
    arg->incremental = 1;
    arg->index = *index;
    arg->count = RL_ARRAY_SIZE - 1;
    set_xen_guest_handle(arg->buffer, (char *)rl_call_array(rl));
    rc = rl_sysctl(rl, XEN_SYSCTL_readconsole, &op);
    *index = arg->index;
    return rc < 0 ? rl_error((int)-rc, "the hypervisor's log can't be read: %s", strerror((int)-rc))
                  : (long)arg->count;
}

static int dmesg(struct rl *rl, const struct arguments *arguments)
{
    struct json_object *o = json_object_new_object(), *text = json_object_new_array();
    char *piece = rl_call_array(rl);
    u32 index = 0;
    long count;

    json_object_object_add(o, "log", text);
    while ( (count = read_console(rl, &index, arguments->option['c'] != NULL)) > 0 )
    {
        piece[count] = '\0';
        if ( arguments->option['j'] )
            json_object_array_add(text, json_object_new_string(piece));
        else
            fwrite(piece, 1, (size_t)count, stdout);
    }
    if ( arguments->option['j'] )
        json_print(o);
    else
        json_object_put(o);
    return (int)count;
}

const struct verb verb_dmesg = {
    .name = "dmesg",
    .synopsis = "",
    .summary = "Print the hypervisor's log",
    .run = dmesg,
    .options = { OPTION_JSON, { 'c', "clear", NULL, "empty the log after reading it" } },
};
