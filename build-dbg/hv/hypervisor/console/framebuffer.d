build-dbg/hv/hypervisor/console/framebuffer.o: \
 hypervisor/console/framebuffer.c hypervisor/hidden.h boot/boot_info.h \
 hypervisor/lib/types.h hypervisor/console/console.h hypercall/abi.h \
 hypervisor/cpu/regs.h hypervisor/console/device.h hypervisor/lib/bits.h \
 hypervisor/lib/string.h hypervisor/mm/map.h hypervisor/mm/layout.h \
 hypervisor/console/font.def
hypervisor/hidden.h:
boot/boot_info.h:
hypervisor/lib/types.h:
hypervisor/console/console.h:
hypercall/abi.h:
hypervisor/cpu/regs.h:
hypervisor/console/device.h:
hypervisor/lib/bits.h:
hypervisor/lib/string.h:
hypervisor/mm/map.h:
hypervisor/mm/layout.h:
hypervisor/console/font.def:
