build-dbg/hv/hypervisor/grant/maptrack.o: hypervisor/grant/maptrack.c \
 hypervisor/hidden.h hypervisor/grant/maptrack.h hypervisor/grant/table.h \
 hypervisor/domain/domain.h hypercall/abi.h hypervisor/access/state.h \
 hypervisor/lib/rangeset.h hypervisor/lib/types.h hypervisor/cpu/state.h \
 hypervisor/cpu/mode.h hypervisor/cpu/regs.h hypervisor/event/state.h \
 hypervisor/smp/lock.h hypervisor/grant/state.h hypervisor/irq/state.h \
 hypervisor/lib/list.h hypervisor/lib/bits.h hypervisor/mm/frame.h \
 hypervisor/mm/layout.h hypervisor/pv/state.h hypervisor/sched/state.h \
 hypervisor/time/time.h hypervisor/time/pit.h hypervisor/smp/smp.h \
 hypervisor/cpu/percpu.h hypervisor/smp/softirq.h hypervisor/time/state.h \
 hypervisor/grant/grant.h hypervisor/lib/atomic.h hypervisor/mm/alloc.h
hypervisor/hidden.h:
hypervisor/grant/maptrack.h:
hypervisor/grant/table.h:
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
hypervisor/grant/grant.h:
hypervisor/lib/atomic.h:
hypervisor/mm/alloc.h:
