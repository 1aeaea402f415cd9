build-dbg/hv/hypervisor/mm/ranges.o: hypervisor/mm/ranges.c \
 hypervisor/hidden.h hypervisor/mm/internal.h hypervisor/lib/rangeset.h \
 hypervisor/lib/types.h hypervisor/mm/alloc.h hypervisor/mm/frame.h \
 hypercall/abi.h hypervisor/mm/layout.h boot/boot_info.h \
 hypervisor/console/console.h hypervisor/cpu/regs.h hypervisor/cpu/init.h \
 hypervisor/lib/bits.h
hypervisor/hidden.h:
hypervisor/mm/internal.h:
hypervisor/lib/rangeset.h:
hypervisor/lib/types.h:
hypervisor/mm/alloc.h:
hypervisor/mm/frame.h:
hypercall/abi.h:
hypervisor/mm/layout.h:
boot/boot_info.h:
hypervisor/console/console.h:
hypervisor/cpu/regs.h:
hypervisor/cpu/init.h:
hypervisor/lib/bits.h:
