build-dbg/hv/hypervisor/cpu/setup.o: hypervisor/cpu/setup.c \
 hypervisor/hidden.h hypervisor/console/options.h \
 hypervisor/console/console.h hypercall/abi.h hypervisor/cpu/regs.h \
 hypervisor/lib/types.h hypervisor/options.def \
 hypervisor/cpu/alternative.h hypervisor/cpu/asm.h \
 hypervisor/lib/atomic.h hypervisor/cpu/cpu.h hypervisor/cpu/extable.h \
 hypervisor/cpu/gdt.h hypervisor/cpu/init.h hypervisor/cpu/internal.h \
 hypervisor/cpu/percpu.h hypervisor/cpu/segments.h hypervisor/cpu/stub.h \
 hypervisor/mm/map.h hypervisor/mm/layout.h
hypervisor/hidden.h:
hypervisor/console/options.h:
hypervisor/console/console.h:
hypercall/abi.h:
hypervisor/cpu/regs.h:
hypervisor/lib/types.h:
hypervisor/options.def:
hypervisor/cpu/alternative.h:
hypervisor/cpu/asm.h:
hypervisor/lib/atomic.h:
hypervisor/cpu/cpu.h:
hypervisor/cpu/extable.h:
hypervisor/cpu/gdt.h:
hypervisor/cpu/init.h:
hypervisor/cpu/internal.h:
hypervisor/cpu/percpu.h:
hypervisor/cpu/segments.h:
hypervisor/cpu/stub.h:
hypervisor/mm/map.h:
hypervisor/mm/layout.h:
