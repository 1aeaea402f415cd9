build-dbg/hv/hypervisor/lib/unzip/lzma2.o: hypervisor/lib/unzip/lzma2.c \
 hypervisor/hidden.h hypercall/abi.h hypervisor/lib/bits.h \
 hypervisor/lib/endian.h hypervisor/lib/string.h hypervisor/lib/types.h \
 hypervisor/lib/unzip/lzma2.h
hypervisor/hidden.h:
hypercall/abi.h:
hypervisor/lib/bits.h:
hypervisor/lib/endian.h:
hypervisor/lib/string.h:
hypervisor/lib/types.h:
hypervisor/lib/unzip/lzma2.h:
