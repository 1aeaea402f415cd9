build-dbg/hv/hypervisor/lib/unzip/x86_filter.o: \
 hypervisor/lib/unzip/x86_filter.c hypervisor/hidden.h \
 hypervisor/lib/endian.h hypervisor/lib/string.h hypervisor/lib/types.h \
 hypervisor/lib/unzip/x86_filter.h
hypervisor/hidden.h:
hypervisor/lib/endian.h:
hypervisor/lib/string.h:
hypervisor/lib/types.h:
hypervisor/lib/unzip/x86_filter.h:
