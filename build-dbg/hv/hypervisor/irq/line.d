build-dbg/hv/hypervisor/irq/line.o: hypervisor/irq/line.c \
 hypervisor/hidden.h hypervisor/irq/line.h hypervisor/lib/types.h \
 hypervisor/smp/lock.h hypervisor/time/time.h hypercall/abi.h \
 hypervisor/time/pit.h hypervisor/cpu/percpu.h hypervisor/cpu/regs.h \
 hypervisor/lib/atomic.h hypervisor/lib/string.h hypervisor/smp/smp.h
hypervisor/hidden.h:
hypervisor/irq/line.h:
hypervisor/lib/types.h:
hypervisor/smp/lock.h:
hypervisor/time/time.h:
hypercall/abi.h:
hypervisor/time/pit.h:
hypervisor/cpu/percpu.h:
hypervisor/cpu/regs.h:
hypervisor/lib/atomic.h:
hypervisor/lib/string.h:
hypervisor/smp/smp.h:
