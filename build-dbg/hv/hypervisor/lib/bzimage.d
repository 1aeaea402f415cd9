build-dbg/hv/hypervisor/lib/bzimage.o: hypervisor/lib/bzimage.c \
 hypervisor/hidden.h hypercall/abi.h hypervisor/lib/bzimage.h \
 hypervisor/lib/types.h hypervisor/lib/endian.h hypervisor/lib/string.h
hypervisor/hidden.h:
hypercall/abi.h:
hypervisor/lib/bzimage.h:
hypervisor/lib/types.h:
hypervisor/lib/endian.h:
hypervisor/lib/string.h:
