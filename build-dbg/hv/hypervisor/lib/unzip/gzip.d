build-dbg/hv/hypervisor/lib/unzip/gzip.o: hypervisor/lib/unzip/gzip.c \
 hypervisor/hidden.h hypercall/abi.h hypervisor/lib/bits.h \
 hypervisor/lib/crc.h hypervisor/lib/types.h hypervisor/lib/endian.h \
 hypervisor/lib/string.h hypervisor/lib/unzip/format.h \
 hypervisor/lib/unzip/unzip.h
hypervisor/hidden.h:
hypercall/abi.h:
hypervisor/lib/bits.h:
hypervisor/lib/crc.h:
hypervisor/lib/types.h:
hypervisor/lib/endian.h:
hypervisor/lib/string.h:
hypervisor/lib/unzip/format.h:
hypervisor/lib/unzip/unzip.h:
