build-dbg/hv/hypervisor/mm/alloc.o: hypervisor/mm/alloc.c \
 hypervisor/hidden.h hypervisor/mm/alloc.h hypervisor/lib/types.h \
 hypervisor/mm/frame.h hypercall/abi.h hypervisor/mm/layout.h \
 hypervisor/console/console.h hypervisor/cpu/regs.h \
 hypervisor/console/keys.h hypervisor/console/keys.def \
 hypervisor/domain/domain.h hypervisor/access/state.h \
 hypervisor/lib/rangeset.h hypervisor/cpu/state.h hypervisor/cpu/mode.h \
 hypervisor/event/state.h hypervisor/smp/lock.h hypervisor/grant/state.h \
 hypervisor/irq/state.h hypervisor/lib/list.h hypervisor/lib/bits.h \
 hypervisor/pv/state.h hypervisor/sched/state.h hypervisor/time/time.h \
 hypervisor/time/pit.h hypervisor/smp/smp.h hypervisor/cpu/percpu.h \
 hypervisor/smp/softirq.h hypervisor/time/state.h hypervisor/lib/atomic.h \
 hypervisor/lib/string.h hypervisor/mm/internal.h hypervisor/mm/map.h \
 hypervisor/mm/tlb.h hypervisor/mm/tlb_inline.h hypervisor/cpu/asm.h
hypervisor/hidden.h:
hypervisor/mm/alloc.h:
hypervisor/lib/types.h:
hypervisor/mm/frame.h:
hypercall/abi.h:
hypervisor/mm/layout.h:
hypervisor/console/console.h:
hypervisor/cpu/regs.h:
hypervisor/console/keys.h:
hypervisor/console/keys.def:
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
hypervisor/pv/state.h:
hypervisor/sched/state.h:
hypervisor/time/time.h:
hypervisor/time/pit.h:
hypervisor/smp/smp.h:
hypervisor/cpu/percpu.h:
hypervisor/smp/softirq.h:
hypervisor/time/state.h:
hypervisor/lib/atomic.h:
hypervisor/lib/string.h:
hypervisor/mm/internal.h:
hypervisor/mm/map.h:
hypervisor/mm/tlb.h:
hypervisor/mm/tlb_inline.h:
hypervisor/cpu/asm.h:
