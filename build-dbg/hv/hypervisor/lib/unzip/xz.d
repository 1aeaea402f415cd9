build-dbg/hv/hypervisor/lib/unzip/xz.o: hypervisor/lib/unzip/xz.c \
 hypervisor/hidden.h hypercall/abi.h hypervisor/lib/bits.h \
 hypervisor/lib/crc.h hypervisor/lib/types.h hypervisor/lib/endian.h \
 hypervisor/lib/string.h hypervisor/lib/unzip/format.h \
 hypervisor/lib/unzip/lzma2.h hypervisor/lib/unzip/unzip.h \
 hypervisor/lib/unzip/x86_filter.h
hypervisor/hidden.h:
hypercall/abi.h:
hypervisor/lib/bits.h:
hypervisor/lib/crc.h:
hypervisor/lib/types.h:
hypervisor/lib/endian.h:
hypervisor/lib/string.h:
hypervisor/lib/unzip/format.h:
hypervisor/lib/unzip/lzma2.h:
hypervisor/lib/unzip/unzip.h:
hypervisor/lib/unzip/x86_filter.h:
