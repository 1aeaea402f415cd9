build-dbg/hv/boot/domain/layout.o: boot/domain/layout.c \
 hypervisor/hidden.h boot/domain/internal.h boot/domain/builder.h \
 hypercall/abi.h hypervisor/lib/elf.h hypervisor/lib/types.h \
 hypervisor/lib/bits.h
hypervisor/hidden.h:
boot/domain/internal.h:
boot/domain/builder.h:
hypercall/abi.h:
hypervisor/lib/elf.h:
hypervisor/lib/types.h:
hypervisor/lib/bits.h:
