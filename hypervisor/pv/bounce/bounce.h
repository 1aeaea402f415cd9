/*
 * Delivery to guests: exceptions, events, system calls; and the way back, iret. The hot paths.
 */
#ifndef PV_BOUNCE_BOUNCE_H
#define PV_BOUNCE_BOUNCE_H

#include "cpu/uaccess.h"
#include "domain/domain.h"
#include "lib/guard.h"

/* May @address be where a guest is entered? By SYSRET, that is, which entry.S leaves unchecked for handlers. */
static inline bool bounce_handler_ok(u64 address)
{
    return !GUARD(handler_canonical, !canonical(address));
}

long bounce_set_trap_table(unsigned long table);
long bounce_stack_switch(unsigned long ss, unsigned long rsp);
long bounce_set_callbacks(unsigned long event, unsigned long failsafe, unsigned long syscall);
long bounce_callback_op(unsigned long cmd, unsigned long arg);

/*
 * Of both widths: drop @v's callback. NMI's alone can be: -EINVAL any other can only be moved, -ENOSYS
 * there is none.
 */
long bounce_callback_unregister(struct vcpu *v, unsigned int type);

long bounce_nmi_op(unsigned long cmd, unsigned long arg);
long bounce_iret(void);

/* How @v comes in and goes out, by its domain's width and by what is measured: cpu/mode.h. */
void bounce_set_mode(struct vcpu *v);

/*
 * Deliver exception @vector to current, whose frame is @regs; @error only for vectors that have
 * one. Builds the frame on the guest's kernel stack, or crashes the domain. #PF: @cr2 goes into
 * vcpu_info.
 */
static inline void bounce_exception(struct vcpu *v, struct regs *regs, unsigned int vector,
                                    u32 error)
{
    v->cpu.mode.deliver_exception(v, regs, vector, error);
}

static inline void bounce_page_fault(struct vcpu *v, struct regs *regs, u32 error, u64 cr2)
{
    v->cpu.mode.deliver_page_fault(v, regs, error, cr2);
}

/* A software interrupt (int n): no error code. */
static inline void bounce_interrupt(struct vcpu *v, struct regs *regs, unsigned int vector)
{
    v->cpu.mode.deliver_interrupt(v, regs, vector);
}

/* #GP with an error code: an int n that has a handler, or the guest's to handle. */
void bounce_general_protection(struct vcpu *v, struct regs *regs);

/* #DB or #BP, which is @vector: to the guest, or to who debugs its domain. */
void bounce_debug(struct vcpu *v, struct regs *regs, unsigned int vector);

/* Does exception @vector push an error code? */
static inline bool bounce_has_error(unsigned int vector)
{
    const u32 vectors = 1u << TRAP_DF | 1u << TRAP_TS | 1u << TRAP_NP | 1u << TRAP_SS |
                        1u << TRAP_GP | 1u << TRAP_PF | 1u << TRAP_AC | 1u << TRAP_CP;

    return vector < 32 && (vectors >> vector & 1);
}

/* An exception in one word of a trace record: an error code of 16 bits, or all ones, above bit 15, which says so. */
static inline u32 bounce_traced(unsigned int vector, u32 error)
{
    return bounce_has_error(vector) ? error << 16 | 1u << 15 | vector : 0xffff0000u | vector;
}

/*
 * May a process read, or write, the @bytes at @va by the page tables that are loaded? Whoever
 * accesses them in its place asks: we may more, and the kernel of a 32-bit guest shares its tables
 * with its processes. At most a page.
 */
bool bounce_user_may(u64 va, unsigned int bytes, bool write);

/*
 * What the guest finds in vcpu_info for CR2, and may set there.
 */
u64 bounce_cr2(const struct vcpu *v);
void bounce_set_cr2(struct vcpu *v, u64 value);

#endif
