/*
 * Arguments of the operations on events, vcpus and their handlers.
 */
#include "tests/programs/internal.h"

#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define NS_PER_MS 1000000UL

/* --- events --- */

static uint64_t bind_argument(unsigned int cmd)
{
    domid_t domid;
    uint32_t which;

    switch ( cmd )
    {
    case EVTCHNOP_bind_interdomain:
        domid = some_domid();
        return ARGUMENT(struct evtchn_bind_interdomain, domid, some_port());
    case EVTCHNOP_bind_virq:
        which = pick(28);
        return ARGUMENT(struct evtchn_bind_virq, which, pick(3));
    case EVTCHNOP_bind_pirq:
        which = pick(40);
        return ARGUMENT(struct evtchn_bind_pirq, which, pick(2));
    case EVTCHNOP_alloc_unbound:
        domid = some_domid();
        return ARGUMENT(struct evtchn_alloc_unbound, domid, some_domid());
    default:
        return ARGUMENT(struct evtchn_bind_ipi, pick(3));
    }
}

static uint64_t event_argument(unsigned int cmd)
{
    uint64_t mfn;
    uint32_t number;
    domid_t domid;

    switch ( cmd )
    {
    case EVTCHNOP_bind_interdomain:
    case EVTCHNOP_bind_virq:
    case EVTCHNOP_bind_pirq:
    case EVTCHNOP_alloc_unbound:
    case EVTCHNOP_bind_ipi:
        return bind_argument(cmd);
    case EVTCHNOP_status:
        domid = some_domid();
        return ARGUMENT(struct evtchn_status, domid, some_port());
    case EVTCHNOP_reset:
        return ARGUMENT(struct evtchn_reset, chance(6) ? some_domid() : 0x1234);
    case EVTCHNOP_init_control:
        mfn = some_mfn();
        number = pick(32) * 8;
        return ARGUMENT(struct evtchn_init_control, mfn, number, pick(3));
    case EVTCHNOP_expand_array:
        return ARGUMENT(struct evtchn_expand_array, some_mfn());
    default: /* a port, and a number */
        number = some_port();
        return ARGUMENT(struct evtchn_bind_vcpu, number, pick(16));
    }
}

struct made make_event(void)
{
    unsigned int cmd = pick(world->only_look ? 14 : 15); /* 14 is no operation of guests */

    return (struct made){ { cmd, event_argument(cmd) } };
}

/* --- scheduling --- */

/*
 * What would be the end of dom0, and so of the machine, is left out; and of one who wants to live on, what may be
 * his.
 */
static unsigned int scheduling_command(void)
{
    unsigned int cmd = chance(3) ? SCHEDOP_yield : pick(10);

    if ( cmd == SCHEDOP_shutdown && (world->spare || world->privileged || !chance(8)) )
        cmd = SCHEDOP_shutdown_code;
    if ( cmd == SCHEDOP_watchdog || cmd == SCHEDOP_remote_shutdown )
        cmd = SCHEDOP_block;
    if ( cmd == SCHEDOP_shutdown_code && world->process )
        cmd = SCHEDOP_yield;
    return cmd == SCHEDOP_block && world->spare ? SCHEDOP_poll : cmd;
}

struct made make_sched(void)
{
    unsigned int cmd = scheduling_command(), count;
    uint64_t at = some_pointer(64), ports;

    fill(at, 64);
    if ( cmd != SCHEDOP_poll || world->pv32 )
        return (struct made){ { cmd, at } };
    ports = some_pointer(32);
    count = pick(4);
    at = ARGUMENT(struct sched_poll, { (void *)(uintptr_t)ports }, count,
                  world->spare ? 1 + pick(9) : some_number()); /* 0: without a limit */
    return (struct made){ { cmd, at } };
}

/* --- vcpus --- */

/* What changes nothing of a vcpu, nor of where the hypervisor tells it what. */
static unsigned int looking_vcpu_command(unsigned int cmd)
{
    return cmd == VCPUOP_get_runstate_info || cmd == VCPUOP_get_physid ? cmd : VCPUOP_is_up;
}

static unsigned int vcpu_command(void)
{
    unsigned int cmd = pick(15);

    if ( world->process )
        return looking_vcpu_command(cmd);
    if ( cmd == VCPUOP_down && !world->spare && !chance(6) ) /* the last one's is the end */
        cmd = VCPUOP_is_up;
    return cmd == VCPUOP_down && world->privileged && !world->spare ? VCPUOP_up : cmd;
}

/* Where the first one must not be stopped, or sent elsewhere. */
static unsigned int vcpu_of(unsigned int cmd)
{
    bool first_too = cmd != VCPUOP_initialise && cmd != VCPUOP_up && cmd != VCPUOP_down &&
                     cmd != VCPUOP_register_vcpu_info && cmd != VCPUOP_send_nmi;

    return !world->spare || first_too ? pick(3) : 1 + pick(3);
}

static uint64_t vcpu_argument(unsigned int cmd)
{
    uint64_t at = some_pointer(64), *words = fill(at, 64);

    if ( cmd == VCPUOP_initialise && (world->spare || (world->context && chance(2))) )
        return chance(4) ? 0 : world->context;
    if ( words && chance(2) )
        words[0] = cmd == VCPUOP_register_vcpu_info   ? some_mfn()
                   : cmd == VCPUOP_set_periodic_timer ? NS_PER_MS * pick(20)
                                                      : some_pointer(64);
    if ( words && cmd == VCPUOP_register_vcpu_info )
        words[1] = pick(60) * 64;
    return at;
}

struct made make_vcpu(void)
{
    unsigned int cmd = vcpu_command(), vcpu = vcpu_of(cmd);

    return (struct made){ { cmd, vcpu, vcpu_argument(cmd) } };
}

/* --- handlers --- */

struct made make_trap_table(void)
{
    unsigned int n = 1 + pick(3);
    uint64_t at = some_pointer((n + 1) * sizeof(struct trap_info));
    struct trap_info *traps = fill(at, (n + 1) * sizeof(*traps));

    for ( unsigned int i = 0; traps && i < n; i++ )
    {
        uint8_t vector = (uint8_t)(32 + pick(224)),
                flags = (uint8_t)pick(8); /* the first 32 stay ours */
        uint64_t handler = some_handler(PROGRAM_FAILSAFE);

        traps[i] = (struct trap_info){ vector, flags,
                                       chance(2) ? FLAT_KERNEL_CS : (uint16_t)pick(64), handler };
    }
    if ( traps )
        memset(&traps[n], 0, sizeof(traps[n]));
    return (struct made){ { chance(8) ? 0 : at } }; /* 0: no handlers at all */
}

struct made make_callbacks(void)
{
    struct made made;

    for ( unsigned int i = PROGRAM_EVENT; i <= PROGRAM_SYSCALL; i++ )
        made.args[i] = some_handler(i);
    return made;
}

struct made make_callback_op(void)
{
    static const enum program_entry entries[] = { PROGRAM_EVENT,   PROGRAM_FAILSAFE,
                                                  PROGRAM_SYSCALL, PROGRAM_NMI,
                                                  PROGRAM_NMI,     PROGRAM_SYSCALL,
                                                  PROGRAM_SYSCALL, PROGRAM_SYSCALL };
    unsigned int cmd = pick(3), type = pick(8);
    uint16_t flags = (uint16_t)pick(3);
    uint64_t address = some_handler(entries[type]);

    return (
        struct made){ { cmd, ARGUMENT(struct callback_register, (uint16_t)type, flags, address) } };
}

struct made make_nmi(void)
{
    unsigned int cmd = pick(3);
    uint64_t address = some_handler(PROGRAM_NMI);

    return (struct made){ { cmd, ARGUMENT(struct xennmi_callback, address) } };
}

/* Breakpoints that are on would be hit by him who wants to live on. */
struct made make_debugreg(void)
{
    unsigned int reg = pick(9);
    uint64_t value = some_number() << (chance(2) ? 0 : pick(32));

    return (struct made){ { reg, reg == 7 && world->spare ? value & ~0xffUL : value } };
}
