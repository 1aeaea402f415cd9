build-dbg/hv/boot/multiboot/parse.o: boot/multiboot/parse.c \
 hypervisor/hidden.h boot/multiboot/multiboot.h boot/boot_info.h \
 hypervisor/lib/types.h hypervisor/lib/bits.h hypervisor/lib/string.h
hypervisor/hidden.h:
boot/multiboot/multiboot.h:
boot/boot_info.h:
hypervisor/lib/types.h:
hypervisor/lib/bits.h:
hypervisor/lib/string.h:
