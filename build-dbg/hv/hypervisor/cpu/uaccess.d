build-dbg/hv/hypervisor/cpu/uaccess.o: hypervisor/cpu/uaccess.c \
 hypervisor/hidden.h hypervisor/cpu/uaccess.h \
 hypervisor/cpu/alternative.h hypervisor/lib/types.h \
 hypervisor/cpu/uaccess_inline.h hypervisor/cpu/extable.h
hypervisor/hidden.h:
hypervisor/cpu/uaccess.h:
hypervisor/cpu/alternative.h:
hypervisor/lib/types.h:
hypervisor/cpu/uaccess_inline.h:
hypervisor/cpu/extable.h:
