build-dbg/hv/hypervisor/lib/string.o: hypervisor/lib/string.c \
 hypervisor/hidden.h hypervisor/lib/string.h
hypervisor/hidden.h:
hypervisor/lib/string.h:
