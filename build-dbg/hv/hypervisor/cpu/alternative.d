build-dbg/hv/hypervisor/cpu/alternative.o: hypervisor/cpu/alternative.c \
 hypervisor/hidden.h hypervisor/cpu/alternative.h hypervisor/cpu/init.h \
 hypervisor/lib/string.h hypervisor/lib/types.h
hypervisor/hidden.h:
hypervisor/cpu/alternative.h:
hypervisor/cpu/init.h:
hypervisor/lib/string.h:
hypervisor/lib/types.h:
