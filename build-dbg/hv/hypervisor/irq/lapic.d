build-dbg/hv/hypervisor/irq/lapic.o: hypervisor/irq/lapic.c \
 hypervisor/hidden.h hypervisor/irq/lapic.h hypervisor/lib/types.h \
 hypervisor/console/console.h hypercall/abi.h hypervisor/cpu/regs.h \
 hypervisor/cpu/asm.h hypervisor/lib/atomic.h hypervisor/irq/acpi.h \
 hypervisor/cpu/percpu.h hypervisor/mm/map.h hypervisor/mm/layout.h
hypervisor/hidden.h:
hypervisor/irq/lapic.h:
hypervisor/lib/types.h:
hypervisor/console/console.h:
hypercall/abi.h:
hypervisor/cpu/regs.h:
hypervisor/cpu/asm.h:
hypervisor/lib/atomic.h:
hypervisor/irq/acpi.h:
hypervisor/cpu/percpu.h:
hypervisor/mm/map.h:
hypervisor/mm/layout.h:
