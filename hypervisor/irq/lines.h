/* All lines: by vector and by GSI. With irq_lock held but where noted. */
#ifndef IRQ_LINES_H
#define IRQ_LINES_H

#include "irq/line.h"

/*
 * The line of @gsi, made (with its default mode, masked) if there is none yet. NULL: no such GSI, no vector, no
 * memory.
 */
struct irq_line *lines_of_gsi(u32 gsi);

/* The same if it exists. */
struct irq_line *lines_find_gsi(u32 gsi);

/* Set how a GSI's line signals, while nobody listens. */
void lines_set_mode(struct irq_line *line, bool level, bool active_low);

/* Make @n lines for messages, with adjoining vectors aligned to @n (a power of 2). -ENOSPC no vectors, -ENOMEM. */
long lines_new_msi(struct irq_line **lines, unsigned int n);

/* Give back a line of messages that has no guests: its vector is free once this returns. Without the lock. */
void lines_free_msi(struct irq_line *line);

/* The APIC id that interrupts are sent to: of the first CPU whose id a device's message can name. */
u32 lines_target(void);

/* An interrupt on a device vector: tell whom it may concern, acknowledge. Without the lock. */
void lines_dispatch(u32 vector);

/*
 * Take ISA interrupt @irq for the hypervisor itself; dom0 may map it, but not bind it. False: there is no such
 * line. Boot only, without the lock.
 */
bool lines_own_isa(u8 irq, void (*handler)(void));

#endif
