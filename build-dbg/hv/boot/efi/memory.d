build-dbg/hv/boot/efi/memory.o: boot/efi/memory.c hypervisor/hidden.h \
 boot/efi/memory.h boot/boot_info.h hypervisor/lib/types.h \
 hypervisor/lib/string.h
hypervisor/hidden.h:
boot/efi/memory.h:
boot/boot_info.h:
hypervisor/lib/types.h:
hypervisor/lib/string.h:
