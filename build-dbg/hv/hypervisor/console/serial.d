build-dbg/hv/hypervisor/console/serial.o: hypervisor/console/serial.c \
 hypervisor/hidden.h hypervisor/console/device.h hypervisor/lib/types.h \
 hypervisor/cpu/asm.h hypervisor/lib/atomic.h hypervisor/lib/string.h
hypervisor/hidden.h:
hypervisor/console/device.h:
hypervisor/lib/types.h:
hypervisor/cpu/asm.h:
hypervisor/lib/atomic.h:
hypervisor/lib/string.h:
