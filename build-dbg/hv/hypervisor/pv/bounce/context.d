build-dbg/hv/hypervisor/pv/bounce/context.o: \
 hypervisor/pv/bounce/context.c hypervisor/hidden.h \
 hypervisor/console/console.h hypercall/abi.h hypervisor/cpu/regs.h \
 hypervisor/lib/types.h hypervisor/cpu/asm.h hypervisor/lib/atomic.h \
 hypervisor/cpu/fpu.h hypervisor/cpu/segments.h hypervisor/cpu/uaccess.h \
 hypervisor/cpu/alternative.h hypervisor/cpu/uaccess_inline.h \
 hypervisor/cpu/extable.h hypervisor/lib/bits.h hypervisor/lib/string.h \
 hypervisor/mm/map.h hypervisor/mm/layout.h hypervisor/pv/bounce/bounce.h \
 hypervisor/domain/domain.h hypervisor/access/state.h \
 hypervisor/lib/rangeset.h hypervisor/cpu/state.h hypervisor/cpu/mode.h \
 hypervisor/event/state.h hypervisor/smp/lock.h hypervisor/grant/state.h \
 hypervisor/irq/state.h hypervisor/lib/list.h hypervisor/mm/frame.h \
 hypervisor/pv/state.h hypervisor/sched/state.h hypervisor/time/time.h \
 hypervisor/time/pit.h hypervisor/smp/smp.h hypervisor/cpu/percpu.h \
 hypervisor/smp/softirq.h hypervisor/time/state.h \
 hypervisor/pv/emulate/emulate.h hypervisor/pv/pagetable/pagetable.h \
 hypervisor/pv/segment/segment.h
hypervisor/hidden.h:
hypervisor/console/console.h:
hypercall/abi.h:
hypervisor/cpu/regs.h:
hypervisor/lib/types.h:
hypervisor/cpu/asm.h:
hypervisor/lib/atomic.h:
hypervisor/cpu/fpu.h:
hypervisor/cpu/segments.h:
hypervisor/cpu/uaccess.h:
hypervisor/cpu/alternative.h:
hypervisor/cpu/uaccess_inline.h:
hypervisor/cpu/extable.h:
hypervisor/lib/bits.h:
hypervisor/lib/string.h:
hypervisor/mm/map.h:
hypervisor/mm/layout.h:
hypervisor/pv/bounce/bounce.h:
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
hypervisor/mm/frame.h:
hypervisor/pv/state.h:
hypervisor/sched/state.h:
hypervisor/time/time.h:
hypervisor/time/pit.h:
hypervisor/smp/smp.h:
hypervisor/cpu/percpu.h:
hypervisor/smp/softirq.h:
hypervisor/time/state.h:
hypervisor/pv/emulate/emulate.h:
hypervisor/pv/pagetable/pagetable.h:
hypervisor/pv/segment/segment.h:
