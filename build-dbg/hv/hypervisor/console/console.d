build-dbg/hv/hypervisor/console/console.o: hypervisor/console/console.c \
 hypervisor/hidden.h hypervisor/console/console.h hypercall/abi.h \
 hypervisor/cpu/regs.h hypervisor/lib/types.h hypervisor/console/device.h \
 hypervisor/console/internal.h hypervisor/console/options.h \
 hypervisor/options.def boot/boot_info.h hypervisor/cpu/percpu.h \
 hypervisor/lib/atomic.h hypervisor/lib/bits.h hypervisor/lib/printf.h \
 hypervisor/lib/string.h hypervisor/smp/lock.h
hypervisor/hidden.h:
hypervisor/console/console.h:
hypercall/abi.h:
hypervisor/cpu/regs.h:
hypervisor/lib/types.h:
hypervisor/console/device.h:
hypervisor/console/internal.h:
hypervisor/console/options.h:
hypervisor/options.def:
boot/boot_info.h:
hypervisor/cpu/percpu.h:
hypervisor/lib/atomic.h:
hypervisor/lib/bits.h:
hypervisor/lib/printf.h:
hypervisor/lib/string.h:
hypervisor/smp/lock.h:
