build-dbg/hv/hypervisor/cpu/stub.o: hypervisor/cpu/stub.c \
 hypervisor/hidden.h hypervisor/cpu/stub.h hypervisor/lib/types.h \
 hypervisor/cpu/regs.h hypervisor/lib/string.h
hypervisor/hidden.h:
hypervisor/cpu/stub.h:
hypervisor/lib/types.h:
hypervisor/cpu/regs.h:
hypervisor/lib/string.h:
