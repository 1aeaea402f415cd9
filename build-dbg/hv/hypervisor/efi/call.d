build-dbg/hv/hypervisor/efi/call.o: hypervisor/efi/call.c \
 hypervisor/hidden.h hypervisor/cpu/uaccess.h \
 hypervisor/cpu/alternative.h hypervisor/lib/types.h \
 hypervisor/cpu/uaccess_inline.h hypervisor/cpu/extable.h \
 hypervisor/efi/internal.h boot/efi/memory.h boot/boot_info.h \
 hypervisor/efi/efi.h hypercall/abi.h hypervisor/efi/spec.h \
 hypervisor/lib/bits.h hypervisor/mm/alloc.h hypervisor/mm/frame.h \
 hypervisor/mm/layout.h hypervisor/mm/heap.h
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
hypervisor/mm/alloc.h:
hypervisor/mm/frame.h:
hypervisor/mm/layout.h:
hypervisor/mm/heap.h:
