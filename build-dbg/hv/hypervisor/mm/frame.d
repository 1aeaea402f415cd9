build-dbg/hv/hypervisor/mm/frame.o: hypervisor/mm/frame.c \
 hypervisor/hidden.h hypervisor/mm/frame.h hypercall/abi.h \
 hypervisor/lib/types.h hypervisor/mm/layout.h \
 hypervisor/console/console.h hypervisor/cpu/regs.h \
 hypervisor/lib/atomic.h hypervisor/lib/bits.h \
 hypervisor/mm/frame_inline.h hypervisor/mm/map.h hypervisor/mm/tlb.h \
 hypervisor/smp/smp.h hypervisor/cpu/percpu.h hypervisor/mm/tlb_inline.h \
 hypervisor/cpu/asm.h hypervisor/pv/segment/segment.h \
 hypervisor/domain/domain.h hypervisor/access/state.h \
 hypervisor/lib/rangeset.h hypervisor/cpu/state.h hypervisor/cpu/mode.h \
 hypervisor/event/state.h hypervisor/smp/lock.h hypervisor/grant/state.h \
 hypervisor/irq/state.h hypervisor/lib/list.h hypervisor/pv/state.h \
 hypervisor/sched/state.h hypervisor/time/time.h hypervisor/time/pit.h \
 hypervisor/smp/softirq.h hypervisor/time/state.h
hypervisor/hidden.h:
hypervisor/mm/frame.h:
hypercall/abi.h:
hypervisor/lib/types.h:
hypervisor/mm/layout.h:
hypervisor/console/console.h:
hypervisor/cpu/regs.h:
hypervisor/lib/atomic.h:
hypervisor/lib/bits.h:
hypervisor/mm/frame_inline.h:
hypervisor/mm/map.h:
hypervisor/mm/tlb.h:
hypervisor/smp/smp.h:
hypervisor/cpu/percpu.h:
hypervisor/mm/tlb_inline.h:
hypervisor/cpu/asm.h:
hypervisor/pv/segment/segment.h:
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
hypervisor/smp/softirq.h:
hypervisor/time/state.h:
