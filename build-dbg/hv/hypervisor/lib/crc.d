build-dbg/hv/hypervisor/lib/crc.o: hypervisor/lib/crc.c \
 hypervisor/hidden.h hypervisor/lib/crc.h hypervisor/lib/types.h \
 hypervisor/lib/endian.h hypervisor/lib/string.h
hypervisor/hidden.h:
hypervisor/lib/crc.h:
hypervisor/lib/types.h:
hypervisor/lib/endian.h:
hypervisor/lib/string.h:
