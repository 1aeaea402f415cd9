build-dbg/hv/hypervisor/irq/acpi_parse.o: hypervisor/irq/acpi_parse.c \
 hypervisor/hidden.h hypervisor/irq/acpi.h hypervisor/cpu/percpu.h \
 hypervisor/cpu/regs.h hypervisor/lib/types.h hypervisor/lib/bits.h \
 hypervisor/lib/endian.h hypervisor/lib/string.h
hypervisor/hidden.h:
hypervisor/irq/acpi.h:
hypervisor/cpu/percpu.h:
hypervisor/cpu/regs.h:
hypervisor/lib/types.h:
hypervisor/lib/bits.h:
hypervisor/lib/endian.h:
hypervisor/lib/string.h:
