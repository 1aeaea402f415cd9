build-dbg/hv/hypervisor/mm/heap.o: hypervisor/mm/heap.c \
 hypervisor/hidden.h hypervisor/mm/heap.h hypervisor/lib/types.h \
 hypervisor/console/console.h hypercall/abi.h hypervisor/cpu/regs.h \
 hypervisor/lib/bits.h hypervisor/lib/string.h hypervisor/mm/alloc.h \
 hypervisor/mm/frame.h hypervisor/mm/layout.h hypervisor/mm/map.h \
 hypervisor/smp/lock.h
hypervisor/hidden.h:
hypervisor/mm/heap.h:
hypervisor/lib/types.h:
hypervisor/console/console.h:
hypercall/abi.h:
hypervisor/cpu/regs.h:
hypervisor/lib/bits.h:
hypervisor/lib/string.h:
hypervisor/mm/alloc.h:
hypervisor/mm/frame.h:
hypervisor/mm/layout.h:
hypervisor/mm/map.h:
hypervisor/smp/lock.h:
