build-dbg/hv/hypervisor/irq/pci.o: hypervisor/irq/pci.c \
 hypervisor/hidden.h hypervisor/irq/pci.h hypervisor/lib/types.h
hypervisor/hidden.h:
hypervisor/irq/pci.h:
hypervisor/lib/types.h:
