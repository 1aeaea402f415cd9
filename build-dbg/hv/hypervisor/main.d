build-dbg/hv/hypervisor/main.o: hypervisor/main.c hypervisor/hidden.h \
 boot/boot_info.h hypervisor/lib/types.h hypervisor/console/console.h \
 hypercall/abi.h hypervisor/cpu/regs.h hypervisor/console/options.h \
 hypervisor/console/console.h hypervisor/options.def \
 hypervisor/control/control.h hypervisor/domain/domain.h \
 hypervisor/access/state.h hypervisor/lib/rangeset.h \
 hypervisor/cpu/state.h hypervisor/cpu/mode.h hypervisor/event/state.h \
 hypervisor/smp/lock.h hypervisor/grant/state.h hypervisor/irq/state.h \
 hypervisor/lib/list.h hypervisor/lib/bits.h hypervisor/mm/frame.h \
 hypervisor/mm/layout.h hypervisor/pv/state.h hypervisor/sched/state.h \
 hypervisor/time/time.h hypervisor/time/pit.h hypervisor/smp/smp.h \
 hypervisor/cpu/percpu.h hypervisor/smp/softirq.h hypervisor/time/state.h \
 hypervisor/control/dom0.h hypervisor/cpu/cpu.h hypervisor/cpu/init.h \
 hypervisor/cpu/stub.h hypervisor/domain/domain.h hypervisor/efi/efi.h \
 hypervisor/irq/irq.h hypervisor/irq/acpi.h hypervisor/irq/lapic.h \
 hypervisor/lib/printf.h hypervisor/mm/alloc.h hypervisor/sched/sched.h \
 hypervisor/smp/smp.h hypervisor/time/time.h
hypervisor/hidden.h:
boot/boot_info.h:
hypervisor/lib/types.h:
hypervisor/console/console.h:
hypercall/abi.h:
hypervisor/cpu/regs.h:
hypervisor/console/options.h:
hypervisor/console/console.h:
hypervisor/options.def:
hypervisor/control/control.h:
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
hypervisor/control/dom0.h:
hypervisor/cpu/cpu.h:
hypervisor/cpu/init.h:
hypervisor/cpu/stub.h:
hypervisor/domain/domain.h:
hypervisor/efi/efi.h:
hypervisor/irq/irq.h:
hypervisor/irq/acpi.h:
hypervisor/irq/lapic.h:
hypervisor/lib/printf.h:
hypervisor/mm/alloc.h:
hypervisor/sched/sched.h:
hypervisor/smp/smp.h:
hypervisor/time/time.h:
