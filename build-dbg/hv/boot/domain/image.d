build-dbg/hv/boot/domain/image.o: boot/domain/image.c hypervisor/hidden.h \
 boot/domain/internal.h boot/domain/builder.h hypercall/abi.h \
 hypervisor/lib/elf.h hypervisor/lib/types.h hypervisor/lib/bits.h \
 hypervisor/lib/bzimage.h hypervisor/lib/string.h \
 hypervisor/lib/unzip/unzip.h
hypervisor/hidden.h:
boot/domain/internal.h:
boot/domain/builder.h:
hypercall/abi.h:
hypervisor/lib/elf.h:
hypervisor/lib/types.h:
hypervisor/lib/bits.h:
hypervisor/lib/bzimage.h:
hypervisor/lib/string.h:
hypervisor/lib/unzip/unzip.h:
