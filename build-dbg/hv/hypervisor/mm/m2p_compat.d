build-dbg/hv/hypervisor/mm/m2p_compat.o: hypervisor/mm/m2p_compat.c \
 hypervisor/hidden.h hypervisor/cpu/cpu.h hypervisor/lib/types.h \
 hypervisor/lib/atomic.h hypervisor/lib/bits.h hypervisor/lib/string.h \
 hypervisor/mm/alloc.h hypervisor/mm/frame.h hypercall/abi.h \
 hypervisor/mm/layout.h hypervisor/mm/map.h hypervisor/smp/smp.h \
 hypervisor/cpu/percpu.h hypervisor/cpu/regs.h
hypervisor/hidden.h:
hypervisor/cpu/cpu.h:
hypervisor/lib/types.h:
hypervisor/lib/atomic.h:
hypervisor/lib/bits.h:
hypervisor/lib/string.h:
hypervisor/mm/alloc.h:
hypervisor/mm/frame.h:
hypercall/abi.h:
hypervisor/mm/layout.h:
hypervisor/mm/map.h:
hypervisor/smp/smp.h:
hypervisor/cpu/percpu.h:
hypervisor/cpu/regs.h:
