build-dbg/hv/hypervisor/domain/shutdown.o: hypervisor/domain/shutdown.c \
 hypervisor/hidden.h hypervisor/console/console.h hypercall/abi.h \
 hypervisor/cpu/regs.h hypervisor/lib/types.h \
 hypervisor/console/options.h hypervisor/options.def \
 hypervisor/domain/domain.h hypervisor/access/state.h \
 hypervisor/lib/rangeset.h hypervisor/cpu/state.h hypervisor/cpu/mode.h \
 hypervisor/event/state.h hypervisor/smp/lock.h hypervisor/grant/state.h \
 hypervisor/irq/state.h hypervisor/lib/list.h hypervisor/lib/bits.h \
 hypervisor/mm/frame.h hypervisor/mm/layout.h hypervisor/pv/state.h \
 hypervisor/sched/state.h hypervisor/time/time.h hypervisor/time/pit.h \
 hypervisor/smp/smp.h hypervisor/cpu/percpu.h hypervisor/smp/softirq.h \
 hypervisor/time/state.h hypervisor/event/event.h hypervisor/irq/irq.h \
 hypervisor/irq/acpi.h hypervisor/irq/lapic.h hypervisor/lib/printf.h \
 hypervisor/sched/sched.h
hypervisor/hidden.h:
hypervisor/console/console.h:
hypercall/abi.h:
hypervisor/cpu/regs.h:
hypervisor/lib/types.h:
hypervisor/console/options.h:
hypervisor/options.def:
hypervisor/domain/domain.h:
hypervisor/access/state.h:
hypervisor/lib/rangeset.h:
hypervisor/cpu/state.h:
hypervisor/cpu/mode.h:
hypervisor/event/state.h:
hypervisor/smp/lock.h:
hypervisor/grant/state.h:
hypervisor/irq/state.h:
hypervisor/lib/list.h:
hypervisor/lib/bits.h:
hypervisor/mm/frame.h:
hypervisor/mm/layout.h:
hypervisor/pv/state.h:
hypervisor/sched/state.h:
hypervisor/time/time.h:
hypervisor/time/pit.h:
hypervisor/smp/smp.h:
hypervisor/cpu/percpu.h:
hypervisor/smp/softirq.h:
hypervisor/time/state.h:
hypervisor/event/event.h:
hypervisor/irq/irq.h:
hypervisor/irq/acpi.h:
hypervisor/irq/lapic.h:
hypervisor/lib/printf.h:
hypervisor/sched/sched.h:
