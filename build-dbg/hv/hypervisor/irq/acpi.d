build-dbg/hv/hypervisor/irq/acpi.o: hypervisor/irq/acpi.c \
 hypervisor/hidden.h hypervisor/irq/irq.h hypervisor/domain/domain.h \
 hypercall/abi.h hypervisor/access/state.h hypervisor/lib/rangeset.h \
 hypervisor/lib/types.h hypervisor/cpu/state.h hypervisor/cpu/mode.h \
 hypervisor/cpu/regs.h hypervisor/event/state.h hypervisor/smp/lock.h \
 hypervisor/grant/state.h hypervisor/irq/state.h hypervisor/lib/list.h \
 hypervisor/lib/bits.h hypervisor/mm/frame.h hypervisor/mm/layout.h \
 hypervisor/pv/state.h hypervisor/sched/state.h hypervisor/time/time.h \
 hypervisor/time/pit.h hypervisor/smp/smp.h hypervisor/cpu/percpu.h \
 hypervisor/smp/softirq.h hypervisor/time/state.h hypervisor/irq/acpi.h \
 hypervisor/irq/lapic.h hypervisor/console/console.h \
 hypervisor/lib/endian.h hypervisor/lib/string.h hypervisor/mm/map.h
hypervisor/hidden.h:
hypervisor/irq/irq.h:
hypervisor/domain/domain.h:
hypercall/abi.h:
hypervisor/access/state.h:
hypervisor/lib/rangeset.h:
hypervisor/lib/types.h:
hypervisor/cpu/state.h:
hypervisor/cpu/mode.h:
hypervisor/cpu/regs.h:
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
hypervisor/irq/acpi.h:
hypervisor/irq/lapic.h:
hypervisor/console/console.h:
hypervisor/lib/endian.h:
hypervisor/lib/string.h:
hypervisor/mm/map.h:
