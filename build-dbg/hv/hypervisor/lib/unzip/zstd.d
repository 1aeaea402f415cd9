build-dbg/hv/hypervisor/lib/unzip/zstd.o: hypervisor/lib/unzip/zstd.c \
 hypervisor/hidden.h hypercall/abi.h hypervisor/lib/bits.h \
 hypervisor/lib/crc.h hypervisor/lib/types.h hypervisor/lib/endian.h \
 hypervisor/lib/string.h hypervisor/lib/unzip/format.h \
 hypervisor/lib/unzip/unzip.h hypervisor/lib/unzip/zstd_fse.h
hypervisor/hidden.h:
hypercall/abi.h:
hypervisor/lib/bits.h:
hypervisor/lib/crc.h:
hypervisor/lib/types.h:
hypervisor/lib/endian.h:
hypervisor/lib/string.h:
hypervisor/lib/unzip/format.h:
hypervisor/lib/unzip/unzip.h:
hypervisor/lib/unzip/zstd_fse.h:
