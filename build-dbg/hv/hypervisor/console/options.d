build-dbg/hv/hypervisor/console/options.o: hypervisor/console/options.c \
 hypervisor/hidden.h hypervisor/console/options.h \
 hypervisor/console/console.h hypercall/abi.h hypervisor/cpu/regs.h \
 hypervisor/lib/types.h hypervisor/options.def hypervisor/lib/bits.h \
 hypervisor/lib/string.h
hypervisor/hidden.h:
hypervisor/console/options.h:
hypervisor/console/console.h:
hypercall/abi.h:
hypervisor/cpu/regs.h:
hypervisor/lib/types.h:
hypervisor/options.def:
hypervisor/lib/bits.h:
hypervisor/lib/string.h:
