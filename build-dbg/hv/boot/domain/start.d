build-dbg/hv/boot/domain/start.o: boot/domain/start.c hypervisor/hidden.h \
 boot/domain/internal.h boot/domain/builder.h hypercall/abi.h \
 hypervisor/lib/elf.h hypervisor/lib/types.h hypervisor/lib/endian.h \
 hypervisor/lib/string.h
hypervisor/hidden.h:
boot/domain/internal.h:
boot/domain/builder.h:
hypercall/abi.h:
hypervisor/lib/elf.h:
hypervisor/lib/types.h:
hypervisor/lib/endian.h:
hypervisor/lib/string.h:
