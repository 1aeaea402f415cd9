build-dbg/hv/hypervisor/control/platform.o: hypervisor/control/platform.c \
 hypervisor/hidden.h hypervisor/console/console.h hypercall/abi.h \
 hypervisor/cpu/regs.h hypervisor/lib/types.h hypervisor/control/cpus.h \
 hypervisor/control/control.h boot/boot_info.h hypervisor/domain/domain.h \
 hypervisor/access/state.h hypervisor/lib/rangeset.h \
 hypervisor/cpu/state.h hypervisor/cpu/mode.h hypervisor/event/state.h \
 hypervisor/smp/lock.h hypervisor/grant/state.h hypervisor/irq/state.h \
 hypervisor/lib/list.h hypervisor/lib/bits.h hypervisor/mm/frame.h \
 hypervisor/mm/layout.h hypervisor/pv/state.h hypervisor/sched/state.h \
 hypervisor/time/time.h hypervisor/time/pit.h hypervisor/smp/smp.h \
 hypervisor/cpu/percpu.h hypervisor/smp/softirq.h hypervisor/time/state.h \
 hypervisor/control/internal.h hypervisor/cpu/uaccess.h \
 hypervisor/cpu/alternative.h hypervisor/cpu/uaccess_inline.h \
 hypervisor/cpu/extable.h hypervisor/efi/efi.h hypervisor/irq/irq.h \
 hypervisor/irq/acpi.h hypervisor/irq/lapic.h hypervisor/lib/string.h \
 hypervisor/mm/map.h hypervisor/pv/emulate/cpuid.h \
 hypervisor/sched/sched.h hypercall/ops/platform.def
hypervisor/hidden.h:
hypervisor/console/console.h:
hypercall/abi.h:
hypervisor/cpu/regs.h:
hypervisor/lib/types.h:
hypervisor/control/cpus.h:
hypervisor/control/control.h:
boot/boot_info.h:
hypervisor/domain/domain.h:
hypervisor/access/state.h:
hypervisor/lib/rangeset.h:
hypervisor/cpu/state.h:
hypervisor/cpu/mode.h:
hypervisor/event/state.h:
hypervisor/smp/lock.h:
hypervisor/grant/state.h:
hypervisor/irq/state.h:
hypervisor/lib/list.h:
hypervisor/lib/bits.h:
hypervisor/mm/frame.h:
hypervisor/mm/layout.h:
hypervisor/pv/state.h:
hypervisor/sched/state.h:
hypervisor/time/time.h:
hypervisor/time/pit.h:
hypervisor/smp/smp.h:
hypervisor/cpu/percpu.h:
hypervisor/smp/softirq.h:
hypervisor/time/state.h:
hypervisor/control/internal.h:
hypervisor/cpu/uaccess.h:
hypervisor/cpu/alternative.h:
hypervisor/cpu/uaccess_inline.h:
hypervisor/cpu/extable.h:
hypervisor/efi/efi.h:
hypervisor/irq/irq.h:
hypervisor/irq/acpi.h:
hypervisor/irq/lapic.h:
hypervisor/lib/string.h:
hypervisor/mm/map.h:
hypervisor/pv/emulate/cpuid.h:
hypervisor/sched/sched.h:
hypercall/ops/platform.def:
