build-dbg/hv/hypervisor/efi/space.o: hypervisor/efi/space.c \
 hypervisor/hidden.h hypervisor/console/console.h hypercall/abi.h \
 hypervisor/cpu/regs.h hypervisor/lib/types.h hypervisor/cpu/init.h \
 hypervisor/efi/internal.h boot/efi/memory.h boot/boot_info.h \
 hypervisor/efi/efi.h hypervisor/efi/spec.h hypervisor/lib/bits.h \
 hypervisor/lib/string.h hypervisor/mm/alloc.h hypervisor/mm/frame.h \
 hypervisor/mm/layout.h hypervisor/mm/map.h
hypervisor/hidden.h:
hypervisor/console/console.h:
hypercall/abi.h:
hypervisor/cpu/regs.h:
hypervisor/lib/types.h:
hypervisor/cpu/init.h:
hypervisor/efi/internal.h:
boot/efi/memory.h:
boot/boot_info.h:
hypervisor/efi/efi.h:
hypervisor/efi/spec.h:
hypervisor/lib/bits.h:
hypervisor/lib/string.h:
hypervisor/mm/alloc.h:
hypervisor/mm/frame.h:
hypervisor/mm/layout.h:
hypervisor/mm/map.h:
