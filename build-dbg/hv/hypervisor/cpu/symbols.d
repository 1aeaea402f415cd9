build-dbg/hv/hypervisor/cpu/symbols.o: hypervisor/cpu/symbols.c \
 hypervisor/hidden.h hypervisor/cpu/symbols.h hypervisor/lib/types.h \
 hypervisor/console/console.h hypercall/abi.h hypervisor/cpu/regs.h \
 hypervisor/cpu/percpu.h hypervisor/lib/string.h
hypervisor/hidden.h:
hypervisor/cpu/symbols.h:
hypervisor/lib/types.h:
hypervisor/console/console.h:
hypercall/abi.h:
hypervisor/cpu/regs.h:
hypervisor/cpu/percpu.h:
hypervisor/lib/string.h:
