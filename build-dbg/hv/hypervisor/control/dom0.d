build-dbg/hv/hypervisor/control/dom0.o: hypervisor/control/dom0.c \
 hypervisor/hidden.h hypervisor/control/dom0.h boot/boot_info.h \
 hypervisor/lib/types.h boot/domain/builder.h hypercall/abi.h \
 hypervisor/lib/elf.h hypervisor/console/console.h hypervisor/cpu/regs.h \
 hypervisor/console/options.h hypervisor/options.def \
 hypervisor/lib/bits.h hypervisor/lib/printf.h hypervisor/lib/string.h \
 hypervisor/mm/alloc.h hypervisor/mm/frame.h hypervisor/mm/layout.h \
 hypervisor/mm/map.h hypervisor/pv/pagetable/pagetable.h \
 hypervisor/domain/domain.h hypervisor/access/state.h \
 hypervisor/lib/rangeset.h hypervisor/cpu/state.h hypervisor/cpu/mode.h \
 hypervisor/event/state.h hypervisor/smp/lock.h hypervisor/grant/state.h \
 hypervisor/irq/state.h hypervisor/lib/list.h hypervisor/pv/state.h \
 hypervisor/sched/state.h hypervisor/time/time.h hypervisor/time/pit.h \
 hypervisor/smp/smp.h hypervisor/cpu/percpu.h hypervisor/smp/softirq.h \
 hypervisor/time/state.h hypervisor/sched/sched.h
hypervisor/hidden.h:
hypervisor/control/dom0.h:
boot/boot_info.h:
hypervisor/lib/types.h:
boot/domain/builder.h:
hypercall/abi.h:
hypervisor/lib/elf.h:
hypervisor/console/console.h:
hypervisor/cpu/regs.h:
hypervisor/console/options.h:
hypervisor/options.def:
hypervisor/lib/bits.h:
hypervisor/lib/printf.h:
hypervisor/lib/string.h:
hypervisor/mm/alloc.h:
hypervisor/mm/frame.h:
hypervisor/mm/layout.h:
hypervisor/mm/map.h:
hypervisor/pv/pagetable/pagetable.h:
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
hypervisor/pv/state.h:
hypervisor/sched/state.h:
hypervisor/time/time.h:
hypervisor/time/pit.h:
hypervisor/smp/smp.h:
hypervisor/cpu/percpu.h:
hypervisor/smp/softirq.h:
hypervisor/time/state.h:
hypervisor/sched/sched.h:
