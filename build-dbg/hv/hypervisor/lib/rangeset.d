build-dbg/hv/hypervisor/lib/rangeset.o: hypervisor/lib/rangeset.c \
 hypervisor/hidden.h hypercall/abi.h hypervisor/lib/bits.h \
 hypervisor/lib/rangeset.h
hypervisor/hidden.h:
hypercall/abi.h:
hypervisor/lib/bits.h:
hypervisor/lib/rangeset.h:
