build-dbg/hv/hypervisor/cpu/fpu_area.o: hypervisor/cpu/fpu_area.c \
 hypervisor/hidden.h hypervisor/cpu/fpu.h hypervisor/lib/types.h \
 hypervisor/lib/bits.h hypervisor/lib/string.h
hypervisor/hidden.h:
hypervisor/cpu/fpu.h:
hypervisor/lib/types.h:
hypervisor/lib/bits.h:
hypervisor/lib/string.h:
