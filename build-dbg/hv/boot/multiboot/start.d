build-dbg/hv/boot/multiboot/start.o: boot/multiboot/start.c \
 hypervisor/hidden.h boot/efi/memory.h boot/boot_info.h \
 hypervisor/lib/types.h boot/multiboot/multiboot.h \
 hypervisor/lib/string.h hypervisor/mm/layout.h
hypervisor/hidden.h:
boot/efi/memory.h:
boot/boot_info.h:
hypervisor/lib/types.h:
boot/multiboot/multiboot.h:
hypervisor/lib/string.h:
hypervisor/mm/layout.h:
