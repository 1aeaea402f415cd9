build-dbg/hv/hypervisor/mm/map.o: hypervisor/mm/map.c hypervisor/hidden.h \
 hypervisor/mm/map.h hypervisor/lib/types.h hypervisor/mm/layout.h \
 boot/boot_info.h hypervisor/console/console.h hypercall/abi.h \
 hypervisor/cpu/regs.h hypervisor/cpu/asm.h hypervisor/lib/atomic.h \
 hypervisor/cpu/cpu.h hypervisor/cpu/init.h hypervisor/cpu/percpu.h \
 hypervisor/lib/bits.h hypervisor/lib/bitmap.h hypervisor/lib/string.h \
 hypervisor/mm/alloc.h hypervisor/mm/frame.h hypervisor/mm/internal.h \
 hypervisor/lib/rangeset.h hypervisor/mm/tlb.h hypervisor/smp/smp.h \
 hypervisor/mm/tlb_inline.h hypervisor/smp/lock.h
hypervisor/hidden.h:
hypervisor/mm/map.h:
hypervisor/lib/types.h:
hypervisor/mm/layout.h:
boot/boot_info.h:
hypervisor/console/console.h:
hypercall/abi.h:
hypervisor/cpu/regs.h:
hypervisor/cpu/asm.h:
hypervisor/lib/atomic.h:
hypervisor/cpu/cpu.h:
hypervisor/cpu/init.h:
hypervisor/cpu/percpu.h:
hypervisor/lib/bits.h:
hypervisor/lib/bitmap.h:
hypervisor/lib/string.h:
hypervisor/mm/alloc.h:
hypervisor/mm/frame.h:
hypervisor/mm/internal.h:
hypervisor/lib/rangeset.h:
hypervisor/mm/tlb.h:
hypervisor/smp/smp.h:
hypervisor/mm/tlb_inline.h:
hypervisor/smp/lock.h:
