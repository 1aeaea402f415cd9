build-dbg/hv/hypervisor/lib/printf.o: hypervisor/lib/printf.c \
 hypervisor/hidden.h hypervisor/lib/printf.h hypervisor/lib/string.h
hypervisor/hidden.h:
hypervisor/lib/printf.h:
hypervisor/lib/string.h:
