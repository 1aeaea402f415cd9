build-dbg/hv/hypervisor/mm/tlb.o: hypervisor/mm/tlb.c hypervisor/hidden.h \
 hypervisor/mm/tlb.h hypervisor/lib/types.h hypervisor/mm/frame.h \
 hypercall/abi.h hypervisor/mm/layout.h hypervisor/smp/smp.h \
 hypervisor/cpu/percpu.h hypervisor/cpu/regs.h hypervisor/mm/tlb_inline.h \
 hypervisor/cpu/asm.h hypervisor/lib/atomic.h hypervisor/mm/map.h \
 hypervisor/trace/trace.h hypervisor/trace/counters.def
hypervisor/hidden.h:
hypervisor/mm/tlb.h:
hypervisor/lib/types.h:
hypervisor/mm/frame.h:
hypercall/abi.h:
hypervisor/mm/layout.h:
hypervisor/smp/smp.h:
hypervisor/cpu/percpu.h:
hypervisor/cpu/regs.h:
hypervisor/mm/tlb_inline.h:
hypervisor/cpu/asm.h:
hypervisor/lib/atomic.h:
hypervisor/mm/map.h:
hypervisor/trace/trace.h:
hypervisor/trace/counters.def:
