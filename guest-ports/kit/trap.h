/*
 * Exceptions: the trap table, handlers in C, and faults that one expects.
 */
#ifndef KIT_TRAP_H
#define KIT_TRAP_H

#include <kit/arch.h>
#include <kit/hypercall.h>

#include <stdbool.h>

enum {
    TRAP_DE = 0,
    TRAP_DB = 1,
    TRAP_NMI = 2,
    TRAP_BP = 3,
    TRAP_OF = 4,
    TRAP_BR = 5,
    TRAP_UD = 6,
    TRAP_NM = 7,
    TRAP_DF = 8,
    TRAP_TS = 10,
    TRAP_NP = 11,
    TRAP_SS = 12,
    TRAP_GP = 13,
    TRAP_PF = 14,
    TRAP_MF = 16,
    TRAP_AC = 17,
    TRAP_MC = 18,
    TRAP_XM = 19,
    TRAP_NONE = -1,
};

/* #PF error code. */
enum {
    PF_PRESENT = 1,
    PF_WRITE = 2,
    PF_USER = 4,
    PF_RESERVED = 8,
    PF_FETCH = 16,
};

/* One fault, as it arrived. vector is TRAP_NONE when there was none. */
struct fault {
    int vector;
    bool from_user;
    ulong error, ip, cr2, flags;
};

struct fault_trap {
    struct context context;
    struct fault fault;
    struct fault_trap *outer;
};

/*
 * Runs a statement in kernel mode; its value is the struct fault that cut it short. Nests. A fault in user mode, under
 * user_run(), is not caught here but returned by that.
 *
 *     struct fault f = fault_of(*(volatile int *)0 = 1);
 */
#define fault_of(...)                                                                              \
    ({                                                                                             \
        struct fault_trap fault_trap_;                                                             \
        fault_trap_begin(&fault_trap_);                                                            \
        if ( !context_save(&fault_trap_.context) )                                                 \
        {                                                                                          \
            __VA_ARGS__;                                                                           \
        }                                                                                          \
        fault_trap_end(&fault_trap_);                                                              \
        fault_trap_.fault;                                                                         \
    })

void fault_trap_begin(struct fault_trap *trap);
void fault_trap_end(struct fault_trap *trap);

__attribute__((returns_twice)) int context_save(struct context *context);
_Noreturn void context_load(const struct context *context, int value);
_Noreturn void kit_resume(struct cpu_frame *frame);

/*
 * A handler for an entry: a vector, or KIT_ENTRY_*. True: handled, resume through the frame as it is now. False: go on
 * as if there were no handler. NULL takes it away. Returns the one before.
 */
typedef bool (*trap_handler_t)(struct cpu_frame *frame, unsigned int number);
trap_handler_t trap_handle(unsigned int number, trap_handler_t handler);

/*
 * Registers @vector alone with the hypervisor, with our usual entry. @flags: the DPL, | 4 to enter with events masked.
 * Exceptions 0-19 are registered from boot on, with DPL 0, but 3 and 4 with DPL 3.
 */
long trap_gate(unsigned int vector, unsigned int flags);

/* Registers all of our usual gates and nothing else. */
void trap_init(void);

/* Our usual gates as an array of 256 indexed by vector, as VCPUOP_initialise wants them. */
void trap_table_copy(struct trap_info table[256]);

/* Entry points, for those who register them by themselves. */
extern char kit_entry_stubs[256][32];
extern char kit_entry_syscall[], kit_entry_event[], kit_entry_failsafe[], kit_entry_nmi[];
/* ds, es, fs, gs as the last failsafe callback found them. */
extern ulong kit_failsafe_selectors[4];

/* Prints a frame. */
void trap_print(const struct cpu_frame *frame, unsigned int number);

#endif
