build-dbg/hv/hypervisor/cpu/extable.o: hypervisor/cpu/extable.c \
 hypervisor/hidden.h hypervisor/cpu/extable.h hypervisor/lib/types.h \
 hypervisor/cpu/init.h
hypervisor/hidden.h:
hypervisor/cpu/extable.h:
hypervisor/lib/types.h:
hypervisor/cpu/init.h:
