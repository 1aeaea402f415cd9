build-dbg/hv/hypervisor/domain/vcpu_op.o: hypervisor/domain/vcpu_op.c \
 hypervisor/hidden.h hypervisor/cpu/uaccess.h \
 hypervisor/cpu/alternative.h hypervisor/lib/types.h \
 hypervisor/cpu/uaccess_inline.h hypervisor/cpu/extable.h \
 hypervisor/domain/subop.h hypervisor/cpu/percpu.h hypervisor/cpu/regs.h \
 hypervisor/domain/domain.h hypercall/abi.h hypervisor/access/state.h \
 hypervisor/lib/rangeset.h hypervisor/cpu/state.h hypervisor/cpu/mode.h \
 hypervisor/event/state.h hypervisor/smp/lock.h hypervisor/grant/state.h \
 hypervisor/irq/state.h hypervisor/lib/list.h hypervisor/lib/bits.h \
 hypervisor/mm/frame.h hypervisor/mm/layout.h hypervisor/pv/state.h \
 hypervisor/sched/state.h hypervisor/time/time.h hypervisor/time/pit.h \
 hypervisor/smp/smp.h hypervisor/smp/softirq.h hypervisor/time/state.h \
 hypervisor/event/event.h hypervisor/lib/atomic.h hypervisor/lib/string.h \
 hypervisor/mm/alloc.h hypervisor/mm/map.h hypervisor/sched/sched.h \
 hypercall/ops/vcpu.def
hypervisor/hidden.h:
hypervisor/cpu/uaccess.h:
hypervisor/cpu/alternative.h:
hypervisor/lib/types.h:
hypervisor/cpu/uaccess_inline.h:
hypervisor/cpu/extable.h:
hypervisor/domain/subop.h:
hypervisor/cpu/percpu.h:
hypervisor/cpu/regs.h:
hypervisor/domain/domain.h:
hypercall/abi.h:
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
hypervisor/event/event.h:
hypervisor/lib/atomic.h:
hypervisor/lib/string.h:
hypervisor/mm/alloc.h:
hypervisor/mm/map.h:
hypervisor/sched/sched.h:
hypercall/ops/vcpu.def:
