build-dbg/hv/hypervisor/irq/physdev.o: hypervisor/irq/physdev.c \
 hypervisor/hidden.h hypervisor/access/access.h \
 hypervisor/domain/domain.h hypercall/abi.h hypervisor/access/state.h \
 hypervisor/lib/rangeset.h hypervisor/lib/types.h hypervisor/cpu/state.h \
 hypervisor/cpu/mode.h hypervisor/cpu/regs.h hypervisor/event/state.h \
 hypervisor/smp/lock.h hypervisor/grant/state.h hypervisor/irq/state.h \
 hypervisor/lib/list.h hypervisor/lib/bits.h hypervisor/mm/frame.h \
 hypervisor/mm/layout.h hypervisor/pv/state.h hypervisor/sched/state.h \
 hypervisor/time/time.h hypervisor/time/pit.h hypervisor/smp/smp.h \
 hypervisor/cpu/percpu.h hypervisor/smp/softirq.h hypervisor/time/state.h \
 hypervisor/cpu/uaccess.h hypervisor/cpu/alternative.h \
 hypervisor/cpu/uaccess_inline.h hypervisor/cpu/extable.h \
 hypervisor/domain/subop.h hypervisor/irq/irq.h hypervisor/irq/acpi.h \
 hypervisor/irq/lapic.h hypervisor/irq/lines.h hypervisor/irq/line.h \
 hypervisor/irq/msi.h hypervisor/irq/pci.h hypervisor/irq/pirq.h \
 hypercall/ops/physdev.def
hypervisor/hidden.h:
hypervisor/access/access.h:
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
hypervisor/cpu/uaccess.h:
hypervisor/cpu/alternative.h:
hypervisor/cpu/uaccess_inline.h:
hypervisor/cpu/extable.h:
hypervisor/domain/subop.h:
hypervisor/irq/irq.h:
hypervisor/irq/acpi.h:
hypervisor/irq/lapic.h:
hypervisor/irq/lines.h:
hypervisor/irq/line.h:
hypervisor/irq/msi.h:
hypervisor/irq/pci.h:
hypervisor/irq/pirq.h:
hypercall/ops/physdev.def:
