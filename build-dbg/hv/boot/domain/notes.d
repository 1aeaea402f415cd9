build-dbg/hv/boot/domain/notes.o: boot/domain/notes.c hypervisor/hidden.h \
 boot/domain/internal.h boot/domain/builder.h hypercall/abi.h \
 hypervisor/lib/elf.h hypervisor/lib/types.h hypervisor/lib/bits.h \
 hypervisor/lib/endian.h hypervisor/lib/string.h
hypervisor/hidden.h:
boot/domain/internal.h:
boot/domain/builder.h:
hypercall/abi.h:
hypervisor/lib/elf.h:
hypervisor/lib/types.h:
hypervisor/lib/bits.h:
hypervisor/lib/endian.h:
hypervisor/lib/string.h:
