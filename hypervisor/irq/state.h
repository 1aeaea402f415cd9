/* irq/'s part of a domain: its PIRQs. */
#ifndef IRQ_STATE_H
#define IRQ_STATE_H

#include "lib/types.h"

struct domain_irq {
    struct pirq **pirqs;
    u32 nr_pirqs;
};

#endif
