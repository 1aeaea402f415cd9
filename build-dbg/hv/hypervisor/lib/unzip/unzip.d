build-dbg/hv/hypervisor/lib/unzip/unzip.o: hypervisor/lib/unzip/unzip.c \
 hypervisor/hidden.h hypercall/abi.h hypervisor/lib/bits.h \
 hypervisor/lib/string.h hypervisor/lib/unzip/format.h \
 hypervisor/lib/types.h hypervisor/lib/unzip/unzip.h
hypervisor/hidden.h:
hypercall/abi.h:
hypervisor/lib/bits.h:
hypervisor/lib/string.h:
hypervisor/lib/unzip/format.h:
hypervisor/lib/types.h:
hypervisor/lib/unzip/unzip.h:
