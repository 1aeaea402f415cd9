build-dbg/hv/hypervisor/cpu/features.o: hypervisor/cpu/features.c \
 hypervisor/hidden.h hypervisor/cpu/asm.h hypervisor/lib/atomic.h \
 hypervisor/lib/types.h hypervisor/cpu/cpu.h hypervisor/cpu/init.h \
 hypervisor/cpu/internal.h hypervisor/console/console.h hypercall/abi.h \
 hypervisor/cpu/regs.h hypervisor/lib/string.h
hypervisor/hidden.h:
hypervisor/cpu/asm.h:
hypervisor/lib/atomic.h:
hypervisor/lib/types.h:
hypervisor/cpu/cpu.h:
hypervisor/cpu/init.h:
hypervisor/cpu/internal.h:
hypervisor/console/console.h:
hypercall/abi.h:
hypervisor/cpu/regs.h:
hypervisor/lib/string.h:
