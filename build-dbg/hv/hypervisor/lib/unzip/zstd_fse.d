build-dbg/hv/hypervisor/lib/unzip/zstd_fse.o: \
 hypervisor/lib/unzip/zstd_fse.c hypervisor/hidden.h \
 hypervisor/lib/bits.h hypervisor/lib/unzip/zstd_fse.h \
 hypervisor/lib/endian.h hypervisor/lib/string.h hypervisor/lib/types.h
hypervisor/hidden.h:
hypervisor/lib/bits.h:
hypervisor/lib/unzip/zstd_fse.h:
hypervisor/lib/endian.h:
hypervisor/lib/string.h:
hypervisor/lib/types.h:
