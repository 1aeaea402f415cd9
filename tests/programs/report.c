#include "tests/programs/report.h"

#include <string.h>

#ifdef KIT
#include <kit/print.h>
#else
#include <stdio.h>
#endif

enum status { DONE, PART, SHOW, SOON, NEVER };

struct row {
    const char *name;
    unsigned int nr, command;
    enum status status;
};

static const struct row rows[] = {
#define SUBOP(operation, argument, direction, who, status, ...)                                    \
    { #operation, NR, operation, status },
#define NR __HYPERVISOR_event_channel_op
#include <hypercall/ops/event_channel.def>
#undef NR
#define NR __HYPERVISOR_memory_op
#include <hypercall/ops/memory.def>
#undef NR
#define NR __HYPERVISOR_sched_op
#include <hypercall/ops/sched.def>
#undef NR
#define NR __HYPERVISOR_vcpu_op
#include <hypercall/ops/vcpu.def>
#undef NR
#define NR __HYPERVISOR_xen_version
#include <hypercall/ops/xen_version.def>
#undef NR
#define NR __HYPERVISOR_grant_table_op
#include <hypercall/ops/grant_table.def>
#undef NR
#define NR __HYPERVISOR_physdev_op
#include <hypercall/ops/physdev.def>
#undef NR
#define NR __HYPERVISOR_mmuext_op
#include <hypercall/ops/mmuext.def>
#undef NR
#define NR __HYPERVISOR_domctl
#include <hypercall/ops/domctl.def>
#undef NR
#define NR __HYPERVISOR_sysctl
#include <hypercall/ops/sysctl.def>
#undef NR
#define NR __HYPERVISOR_platform_op
#include <hypercall/ops/platform.def>
#undef NR
#define NR __HYPERVISOR_console_io
#include <hypercall/ops/console_io.def>
#undef NR
#define NR __HYPERVISOR_vm_assist
#include <hypercall/ops/vm_assist.def>
#undef NR
#define NR __HYPERVISOR_mca
#include <hypercall/ops/mca.def>
#undef NR
#undef SUBOP
};

static const struct row calls[] = {
#define HYPERCALL(name, count, native, compat, who, status, ...)                                   \
    { #name, __HYPERVISOR_##name, 0, status },
#include <hypercall/hypercalls.def>
#undef HYPERCALL
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))
#define ALL  (sizeof(calls) / sizeof(calls[0]))

/* The status that an operation on grants has in its argument. */
static int grant_status(const struct program *p, unsigned int command, uint64_t at)
{
    static const uint8_t offsets[] = {
        [GNTTABOP_map_grant_ref] = offsetof(struct gnttab_map_grant_ref, status),
        [GNTTABOP_unmap_grant_ref] = offsetof(struct gnttab_unmap_grant_ref, status),
        [GNTTABOP_setup_table] = offsetof(struct gnttab_setup_table, status),
        [GNTTABOP_transfer] = offsetof(struct gnttab_transfer, status),
        [GNTTABOP_copy] = offsetof(struct gnttab_copy, status),
        [GNTTABOP_query_size] = offsetof(struct gnttab_query_size, status),
        [GNTTABOP_unmap_and_replace] = offsetof(struct gnttab_unmap_and_replace, status),
        [GNTTABOP_get_status_frames] = offsetof(struct gnttab_get_status_frames, status),
        [GNTTABOP_get_version] = 0,
        [GNTTABOP_swap_grant_ref] = offsetof(struct gnttab_swap_grant_ref, status),
    };
    uint64_t arena = (uintptr_t)p->world.arena;
    int16_t status;

    if ( p->world.pv32 || command >= sizeof(offsets) || !offsets[command] || at < arena ||
         at > arena + p->world.arena_size - offsets[command] - sizeof(status) )
        return 0;
    memcpy(&status, (void *)(uintptr_t)(at + offsets[command]), sizeof(status));
    return status;
}

long program_outcome(const struct program *p, const struct program_call *call, unsigned int command,
                     long rc)
{
    return !rc && call->nr == __HYPERVISOR_grant_table_op ? grant_status(p, command, call->args[1])
                                                          : rc;
}

void program_count(struct program_counts *counts, const struct program *p,
                   const struct program_call *call, unsigned int command, long rc)
{
    unsigned int nr = call->nr < PROGRAM_CALLS ? call->nr : PROGRAM_CALLS - 1;
    unsigned int column = command < PROGRAM_COMMANDS ? command : PROGRAM_COMMANDS - 1;

    if ( program_outcome(p, call, command, rc) < 0 )
        counts->refused[nr][column]++;
    else
        counts->accepted[nr][column]++;
}

static bool has_rows(unsigned int nr)
{
    for ( unsigned int i = 0; i < ROWS; i++ )
        if ( rows[i].nr == nr )
            return true;
    return false;
}

const char *program_name(const struct program_call *call, unsigned int command)
{
    for ( unsigned int i = 0; i < ROWS; i++ )
        if ( rows[i].nr == call->nr && rows[i].command == command )
            return rows[i].name;
    for ( unsigned int i = 0; i < ALL; i++ )
        if ( calls[i].nr == call->nr )
            return calls[i].name;
    return NULL;
}

static bool report(const struct row *row, unsigned long accepted, unsigned long refused)
{
    printf("row %s %lu %lu\n", row->name, accepted, refused);
    return accepted;
}

void program_report(const struct program_counts *counts)
{
    unsigned int reached = 0, all = 0;

    for ( unsigned int i = 0; i < ALL + ROWS; i++ )
    {
        const struct row *row = i < ALL ? &calls[i] : &rows[i - ALL];

        if ( row->status == SOON || row->status == NEVER || (i < ALL && has_rows(row->nr)) )
            continue;
        all++;
        reached += report(row, counts->accepted[row->nr][row->command],
                          counts->refused[row->nr][row->command]);
    }
    printf("%u of %u rows were accepted\n", reached, all);
}
