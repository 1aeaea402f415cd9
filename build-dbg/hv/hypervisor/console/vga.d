build-dbg/hv/hypervisor/console/vga.o: hypervisor/console/vga.c \
 hypervisor/hidden.h hypervisor/console/device.h hypervisor/lib/types.h \
 hypervisor/cpu/asm.h hypervisor/lib/atomic.h hypervisor/lib/string.h \
 hypervisor/mm/map.h hypervisor/mm/layout.h
hypervisor/hidden.h:
hypervisor/console/device.h:
hypervisor/lib/types.h:
hypervisor/cpu/asm.h:
hypervisor/lib/atomic.h:
hypervisor/lib/string.h:
hypervisor/mm/map.h:
hypervisor/mm/layout.h:
