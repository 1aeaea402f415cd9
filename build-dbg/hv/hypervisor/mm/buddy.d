build-dbg/hv/hypervisor/mm/buddy.o: hypervisor/mm/buddy.c \
 hypervisor/hidden.h hypervisor/console/console.h hypercall/abi.h \
 hypervisor/cpu/regs.h hypervisor/lib/types.h hypervisor/lib/bits.h \
 hypervisor/mm/internal.h hypervisor/lib/rangeset.h hypervisor/mm/alloc.h \
 hypervisor/mm/frame.h hypervisor/mm/layout.h
hypervisor/hidden.h:
hypervisor/console/console.h:
hypercall/abi.h:
hypervisor/cpu/regs.h:
hypervisor/lib/types.h:
hypervisor/lib/bits.h:
hypervisor/mm/internal.h:
hypervisor/lib/rangeset.h:
hypervisor/mm/alloc.h:
hypervisor/mm/frame.h:
hypervisor/mm/layout.h:
