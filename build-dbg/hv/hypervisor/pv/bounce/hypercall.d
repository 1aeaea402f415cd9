build-dbg/hv/hypervisor/pv/bounce/hypercall.o: \
 hypervisor/pv/bounce/hypercall.c hypervisor/hidden.h \
 hypervisor/access/access.h hypervisor/domain/domain.h hypercall/abi.h \
 hypervisor/access/state.h hypervisor/lib/rangeset.h \
 hypervisor/lib/types.h hypervisor/cpu/state.h hypervisor/cpu/mode.h \
 hypervisor/cpu/regs.h hypervisor/event/state.h hypervisor/smp/lock.h \
 hypervisor/grant/state.h hypervisor/irq/state.h hypervisor/lib/list.h \
 hypervisor/lib/bits.h hypervisor/mm/frame.h hypervisor/mm/layout.h \
 hypervisor/pv/state.h hypervisor/sched/state.h hypervisor/time/time.h \
 hypervisor/time/pit.h hypervisor/smp/smp.h hypervisor/cpu/percpu.h \
 hypervisor/smp/softirq.h hypervisor/time/state.h \
 hypervisor/control/control.h boot/boot_info.h \
 hypervisor/console/console.h hypervisor/cpu/extable.h \
 hypervisor/cpu/uaccess.h hypervisor/cpu/alternative.h \
 hypervisor/cpu/uaccess_inline.h hypervisor/event/event.h \
 hypervisor/grant/grant.h hypervisor/irq/irq.h hypervisor/irq/acpi.h \
 hypervisor/irq/lapic.h hypervisor/pv/bounce/bounce.h \
 hypervisor/pv/bounce/internal.h hypervisor/pv/emulate/emulate.h \
 hypervisor/pv/pagetable/pagetable.h hypervisor/mm/map.h \
 hypervisor/pv/segment/segment.h hypervisor/sched/sched.h \
 hypervisor/trace/trace.h hypervisor/trace/counters.def \
 hypercall/hypercalls.def
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
hypervisor/control/control.h:
boot/boot_info.h:
hypervisor/console/console.h:
hypervisor/cpu/extable.h:
hypervisor/cpu/uaccess.h:
hypervisor/cpu/alternative.h:
hypervisor/cpu/uaccess_inline.h:
hypervisor/event/event.h:
hypervisor/grant/grant.h:
hypervisor/irq/irq.h:
hypervisor/irq/acpi.h:
hypervisor/irq/lapic.h:
hypervisor/pv/bounce/bounce.h:
hypervisor/pv/bounce/internal.h:
hypervisor/pv/emulate/emulate.h:
hypervisor/pv/pagetable/pagetable.h:
hypervisor/mm/map.h:
hypervisor/pv/segment/segment.h:
hypervisor/sched/sched.h:
hypervisor/trace/trace.h:
hypervisor/trace/counters.def:
hypercall/hypercalls.def:
