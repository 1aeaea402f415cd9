build-dbg/hv/hypervisor/efi/info.o: hypervisor/efi/info.c \
 hypervisor/hidden.h hypervisor/cpu/uaccess.h \
 hypervisor/cpu/alternative.h hypervisor/lib/types.h \
 hypervisor/cpu/uaccess_inline.h hypervisor/cpu/extable.h \
 hypervisor/efi/internal.h boot/efi/memory.h boot/boot_info.h \
 hypervisor/efi/efi.h hypercall/abi.h hypervisor/efi/spec.h \
 hypervisor/lib/bits.h
hypervisor/hidden.h:
hypervisor/cpu/uaccess.h:
hypervisor/cpu/alternative.h:
hypervisor/lib/types.h:
hypervisor/cpu/uaccess_inline.h:
hypervisor/cpu/extable.h:
hypervisor/efi/internal.h:
boot/efi/memory.h:
boot/boot_info.h:
hypervisor/efi/efi.h:
hypercall/abi.h:
hypervisor/efi/spec.h:
hypervisor/lib/bits.h:
