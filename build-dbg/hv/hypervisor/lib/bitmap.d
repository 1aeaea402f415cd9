build-dbg/hv/hypervisor/lib/bitmap.o: hypervisor/lib/bitmap.c \
 hypervisor/hidden.h hypervisor/lib/bitmap.h hypervisor/lib/bits.h
hypervisor/hidden.h:
hypervisor/lib/bitmap.h:
hypervisor/lib/bits.h:
