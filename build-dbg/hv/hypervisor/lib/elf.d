build-dbg/hv/hypervisor/lib/elf.o: hypervisor/lib/elf.c \
 hypervisor/hidden.h hypercall/abi.h hypervisor/lib/bits.h \
 hypervisor/lib/elf.h hypervisor/lib/types.h hypervisor/lib/endian.h \
 hypervisor/lib/string.h
hypervisor/hidden.h:
hypercall/abi.h:
hypervisor/lib/bits.h:
hypervisor/lib/elf.h:
hypervisor/lib/types.h:
hypervisor/lib/endian.h:
hypervisor/lib/string.h:
