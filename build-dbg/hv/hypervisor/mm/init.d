build-dbg/hv/hypervisor/mm/init.o: hypervisor/mm/init.c \
 hypervisor/hidden.h boot/boot_info.h hypervisor/lib/types.h \
 hypervisor/console/console.h hypercall/abi.h hypervisor/cpu/regs.h \
 hypervisor/cpu/init.h hypervisor/lib/bits.h hypervisor/lib/string.h \
 hypervisor/mm/alloc.h hypervisor/mm/frame.h hypervisor/mm/layout.h \
 hypervisor/mm/internal.h hypervisor/lib/rangeset.h hypervisor/mm/map.h \
 hypervisor/smp/lock.h
hypervisor/hidden.h:
boot/boot_info.h:
hypervisor/lib/types.h:
hypervisor/console/console.h:
hypercall/abi.h:
hypervisor/cpu/regs.h:
hypervisor/cpu/init.h:
hypervisor/lib/bits.h:
hypervisor/lib/string.h:
hypervisor/mm/alloc.h:
hypervisor/mm/frame.h:
hypervisor/mm/layout.h:
hypervisor/mm/internal.h:
hypervisor/lib/rangeset.h:
hypervisor/mm/map.h:
hypervisor/smp/lock.h:
