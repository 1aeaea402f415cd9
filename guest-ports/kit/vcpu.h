/*
 * Virtual CPUs: what each owns, and starting more of them.
 */
#ifndef KIT_VCPU_H
#define KIT_VCPU_H

#include <kit/arch.h>
#include <kit/hypercall.h>

struct fault_trap;

/* Lies at the low end of the vcpu's kernel stack. */
struct vcpu {
    unsigned int id;
    struct vcpu_info *info;        /* in shared_info, or where VCPUOP_register_vcpu_info moved it */
    struct fault_trap *fault_trap; /* innermost fault_of() in progress */
    struct context *user_back;     /* where user_run() waits, or NULL */
    void (*start)(void *);
    void *start_arg;
};

/* The running vcpu; valid on a kit kernel stack only. */
static inline struct vcpu *this_vcpu(void)
{
    return (struct vcpu *)((ulong)__builtin_frame_address(0) & -(ulong)KIT_STACK_SIZE);
}

/*
 * Fills the state that VCPUOP_initialise wants so that vcpu @id runs @start(@arg) on a stack of its own, in our address
 * space, with our trap table and callbacks, events masked. For a vcpu that was never started. Registers a vcpu_info for
 * it if there is no place in shared_info.
 */
void vcpu_prepare(struct vcpu_guest_context *state, unsigned int id, void (*start)(void *),
                  void *arg);

/*
 * VCPUOP_initialise and VCPUOP_up with it. 0, or the error of either. When @start returns, the vcpu goes down, and may
 * be started again.
 */
long vcpu_start(unsigned int id, void (*start)(void *), void *arg);

/* Called once at boot, on the boot stack. */
void vcpu_init(void);

#endif
