/*
 * The kit: a small PV runtime for guests of our own. A guest defines guest_main(); when it is called, all that the
 * headers below describe works, and events are enabled.
 *
 * It knows the ABI by hypercall/ alone, and runs on any Xen of these days as dom0 or as an ordinary domain.
 */
#ifndef KIT_KIT_H
#define KIT_KIT_H

#include <kit/args.h>
#include <kit/console.h>
#include <kit/event.h>
#include <kit/grant.h>
#include <kit/hypercall.h>
#include <kit/page.h>
#include <kit/power.h>
#include <kit/print.h>
#include <kit/store.h>
#include <kit/string.h>
#include <kit/table.h>
#include <kit/time.h>
#include <kit/trap.h>
#include <kit/user.h>
#include <kit/vcpu.h>

/* The guest itself. When it returns, exit(0). */
void guest_main(void);

/* The TSC at our first instruction. */
extern uint64_t kit_start_tsc;

static inline bool is_dom0(void)
{
    return start_info->flags & SIF_INITDOMAIN;
}

#endif
