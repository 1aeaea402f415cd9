/* irq/'s part of a domain: its PIRQs. */
#ifndef IRQ_STATE_H
#define IRQ_STATE_H

#include "lib/types.h"

struct irq_line;

struct domain_irq {
    struct irq_line **
        pirqs; /* the line behind each PIRQ, NULL none; under irq_lock. NULL until the first is mapped */
    u32 nr_pirqs;
};

#endif
