/*
 * Interrupt lines: a source of interrupts (a GSI or a message) with its vector, and the guests that it goes to.
 *
 * A line is open exactly while nothing speaks against it: somebody listens, no guest owes an end-of-interrupt for a
 * level that it was told of, and it isn't held back as a storm. Everything that changes one of these calls
 * line_update(), which compares with what the hardware was last told. Level lines are thus masked from the moment
 * that they fire until every guest has said EOI; edges and messages are only masked when nobody listens.
 *
 * irq_lock guards all lines, vectors and PIRQs, and the IOAPICs and PCI configuration ports behind them.
 */
#ifndef IRQ_LINE_H
#define IRQ_LINE_H

#include "lib/types.h"
#include "smp/lock.h"
#include "time/time.h"

struct domain;
struct msi_device;

#define LINE_MAX_GUESTS 4

enum line_source { LINE_GSI, LINE_MSI };

struct line_guest {
    struct domain *domain; /* no reference: it is removed before the domain goes */
    u32 pirq;
    bool owes_eoi;
};

struct irq_line {
    u8 source; /* enum line_source */
    u8 vector;
    bool level;
    bool shared;       /* the guests agreed to share it */
    bool open;         /* what the hardware was told */
    bool held_back;    /* as a storm, until `release` fires */
    u16 unheard;       /* interrupts in a row that no guest took notice of */
    void (*own)(void); /* the hypervisor's handler: then it has no guests */

    u32 gsi; /* LINE_GSI; how it signals may be set once, by physdev_op */
    bool mode_set;
    bool active_low;

    struct msi_device *msi; /* LINE_MSI */
    u16 msi_index;
    bool msix;

    u8 nr_guests;
    struct line_guest guests[LINE_MAX_GUESTS];
    struct timer release;
};

extern struct lock irq_lock;

/* Tell the hardware if it should know otherwise. */
void line_update(struct irq_line *line);

/*
 * The line has fired: who is to be told goes to @to. Returns how many they are. Level: each of them owes an EOI
 * now. The caller raises their events without the lock, then calls line_delivered().
 */
unsigned int line_fire(struct irq_line *line, struct line_guest to[LINE_MAX_GUESTS]);

/* Takes no lock if there is nothing to note. @heard: somebody took notice. */
void line_delivered(struct irq_line *line, bool heard);

/*
 * Wait until no other CPU is between the two: a guest that was removed gets nothing more. Without the lock; @line is
 * only compared with, since whoever unmaps it may have freed it meanwhile.
 */
void line_drain(const struct irq_line *line);

/*
 * Add a listener. -EBUSY: it is the hypervisor's, or somebody's who won't share, or @share is false; or there are
 * too many.
 */
long line_add_guest(struct irq_line *line, struct domain *d, u32 pirq, bool share);

/* False: it wasn't there. What it owed is forgiven. */
bool line_remove_guest(struct irq_line *line, const struct domain *d);

/* @d has dealt with the interrupt. */
void line_eoi(struct irq_line *line, const struct domain *d);

/* @d says that it listens again: a line held back as a storm gets another chance. */
void line_retry(struct irq_line *line);

void line_init(struct irq_line *line, enum line_source source, u8 vector);

/*
 * Defined in lines.c, in host tests by the test: the hardware (with irq_lock held), and to act as if the line had
 * fired (without).
 */
void line_set_open(struct irq_line *line, bool open);
void line_raise(struct irq_line *line);

#endif
