build-dbg/hv/boot/domain/tables.o: boot/domain/tables.c \
 hypervisor/hidden.h boot/domain/internal.h boot/domain/builder.h \
 hypercall/abi.h hypervisor/lib/elf.h hypervisor/lib/types.h \
 hypervisor/lib/bits.h hypervisor/lib/string.h
hypervisor/hidden.h:
boot/domain/internal.h:
boot/domain/builder.h:
hypercall/abi.h:
hypervisor/lib/elf.h:
hypervisor/lib/types.h:
hypervisor/lib/bits.h:
hypervisor/lib/string.h:
