build-dbg/hv/hypervisor/irq/lines.o: hypervisor/irq/lines.c \
 hypervisor/hidden.h hypervisor/irq/lines.h hypervisor/irq/line.h \
 hypervisor/lib/types.h hypervisor/smp/lock.h hypervisor/time/time.h \
 hypercall/abi.h hypervisor/time/pit.h hypervisor/console/console.h \
 hypervisor/cpu/regs.h hypervisor/event/event.h \
 hypervisor/domain/domain.h hypervisor/access/state.h \
 hypervisor/lib/rangeset.h hypervisor/cpu/state.h hypervisor/cpu/mode.h \
 hypervisor/event/state.h hypervisor/grant/state.h hypervisor/irq/state.h \
 hypervisor/lib/list.h hypervisor/lib/bits.h hypervisor/mm/frame.h \
 hypervisor/mm/layout.h hypervisor/pv/state.h hypervisor/sched/state.h \
 hypervisor/smp/smp.h hypervisor/cpu/percpu.h hypervisor/smp/softirq.h \
 hypervisor/time/state.h hypervisor/irq/ioapic.h hypervisor/irq/lapic.h \
 hypervisor/irq/msi.h hypervisor/irq/pci.h hypervisor/lib/atomic.h \
 hypervisor/mm/heap.h
hypervisor/hidden.h:
hypervisor/irq/lines.h:
hypervisor/irq/line.h:
hypervisor/lib/types.h:
hypervisor/smp/lock.h:
hypervisor/time/time.h:
hypercall/abi.h:
hypervisor/time/pit.h:
hypervisor/console/console.h:
hypervisor/cpu/regs.h:
hypervisor/event/event.h:
hypervisor/domain/domain.h:
hypervisor/access/state.h:
hypervisor/lib/rangeset.h:
hypervisor/cpu/state.h:
hypervisor/cpu/mode.h:
hypervisor/event/state.h:
hypervisor/grant/state.h:
hypervisor/irq/state.h:
hypervisor/lib/list.h:
hypervisor/lib/bits.h:
hypervisor/mm/frame.h:
hypervisor/mm/layout.h:
hypervisor/pv/state.h:
hypervisor/sched/state.h:
hypervisor/smp/smp.h:
hypervisor/cpu/percpu.h:
hypervisor/smp/softirq.h:
hypervisor/time/state.h:
hypervisor/irq/ioapic.h:
hypervisor/irq/lapic.h:
hypervisor/irq/msi.h:
hypervisor/irq/pci.h:
hypervisor/lib/atomic.h:
hypervisor/mm/heap.h:
