build-dbg/hv/hypervisor/efi/runtime.o: hypervisor/efi/runtime.c \
 hypervisor/hidden.h hypervisor/console/console.h hypercall/abi.h \
 hypervisor/cpu/regs.h hypervisor/lib/types.h hypervisor/cpu/asm.h \
 hypervisor/lib/atomic.h hypervisor/cpu/fpu.h hypervisor/cpu/percpu.h \
 hypervisor/efi/internal.h boot/efi/memory.h boot/boot_info.h \
 hypervisor/efi/efi.h hypervisor/efi/spec.h hypervisor/lib/bits.h \
 hypervisor/mm/heap.h hypervisor/mm/tlb.h hypervisor/mm/frame.h \
 hypervisor/mm/layout.h hypervisor/smp/smp.h hypervisor/mm/tlb_inline.h \
 hypervisor/smp/lock.h
hypervisor/hidden.h:
hypervisor/console/console.h:
hypercall/abi.h:
hypervisor/cpu/regs.h:
hypervisor/lib/types.h:
hypervisor/cpu/asm.h:
hypervisor/lib/atomic.h:
hypervisor/cpu/fpu.h:
hypervisor/cpu/percpu.h:
hypervisor/efi/internal.h:
boot/efi/memory.h:
boot/boot_info.h:
hypervisor/efi/efi.h:
hypervisor/efi/spec.h:
hypervisor/lib/bits.h:
hypervisor/mm/heap.h:
hypervisor/mm/tlb.h:
hypervisor/mm/frame.h:
hypervisor/mm/layout.h:
hypervisor/smp/smp.h:
hypervisor/mm/tlb_inline.h:
hypervisor/smp/lock.h:
