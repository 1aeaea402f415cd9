build-dbg/hv/hypervisor/domain/memory_map.o: \
 hypervisor/domain/memory_map.c hypervisor/hidden.h \
 hypervisor/access/access.h hypervisor/domain/domain.h hypercall/abi.h \
 hypervisor/access/state.h hypervisor/lib/rangeset.h \
 hypervisor/lib/types.h hypervisor/cpu/state.h hypervisor/cpu/mode.h \
 hypervisor/cpu/regs.h hypervisor/event/state.h hypervisor/smp/lock.h \
 hypervisor/grant/state.h hypervisor/irq/state.h hypervisor/lib/list.h \
 hypervisor/lib/bits.h hypervisor/mm/frame.h hypervisor/mm/layout.h \
 hypervisor/pv/state.h hypervisor/sched/state.h hypervisor/time/time.h \
 hypervisor/time/pit.h hypervisor/smp/smp.h hypervisor/cpu/percpu.h \
 hypervisor/smp/softirq.h hypervisor/time/state.h boot/boot_info.h \
 hypervisor/domain/memory.h hypervisor/cpu/uaccess.h \
 hypervisor/cpu/alternative.h hypervisor/cpu/uaccess_inline.h \
 hypervisor/cpu/extable.h hypervisor/lib/string.h hypervisor/mm/alloc.h \
 hypervisor/mm/heap.h
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
boot/boot_info.h:
hypervisor/domain/memory.h:
hypervisor/cpu/uaccess.h:
hypervisor/cpu/alternative.h:
hypervisor/cpu/uaccess_inline.h:
hypervisor/cpu/extable.h:
hypervisor/lib/string.h:
hypervisor/mm/alloc.h:
hypervisor/mm/heap.h:
