build-dbg/hv/hypervisor/console/keys.o: hypervisor/console/keys.c \
 hypervisor/hidden.h hypervisor/console/keys.h \
 hypervisor/console/keys.def hypervisor/console/console.h hypercall/abi.h \
 hypervisor/cpu/regs.h hypervisor/lib/types.h \
 hypervisor/console/internal.h hypervisor/cpu/asm.h \
 hypervisor/lib/atomic.h hypervisor/cpu/percpu.h \
 hypervisor/domain/domain.h hypervisor/access/state.h \
 hypervisor/lib/rangeset.h hypervisor/cpu/state.h hypervisor/cpu/mode.h \
 hypervisor/event/state.h hypervisor/smp/lock.h hypervisor/grant/state.h \
 hypervisor/irq/state.h hypervisor/lib/list.h hypervisor/lib/bits.h \
 hypervisor/mm/frame.h hypervisor/mm/layout.h hypervisor/pv/state.h \
 hypervisor/sched/state.h hypervisor/time/time.h hypervisor/time/pit.h \
 hypervisor/smp/smp.h hypervisor/smp/softirq.h hypervisor/time/state.h
hypervisor/hidden.h:
hypervisor/console/keys.h:
hypervisor/console/keys.def:
hypervisor/console/console.h:
hypercall/abi.h:
hypervisor/cpu/regs.h:
hypervisor/lib/types.h:
hypervisor/console/internal.h:
hypervisor/cpu/asm.h:
hypervisor/lib/atomic.h:
hypervisor/cpu/percpu.h:
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
hypervisor/smp/softirq.h:
hypervisor/time/state.h:
