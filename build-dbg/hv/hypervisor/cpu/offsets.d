build-dbg/hv/include/offsets.h: hypervisor/cpu/offsets.c \
 hypervisor/hidden.h hypervisor/cpu/asm.h hypervisor/lib/atomic.h \
 hypervisor/lib/types.h hypervisor/cpu/percpu.h hypervisor/cpu/regs.h \
 hypervisor/cpu/segments.h hypervisor/cpu/state.h hypercall/abi.h \
 hypervisor/cpu/mode.h hypervisor/cpu/uaccess.h \
 hypervisor/cpu/alternative.h hypervisor/cpu/uaccess_inline.h \
 hypervisor/cpu/extable.h
hypervisor/hidden.h:
hypervisor/cpu/asm.h:
hypervisor/lib/atomic.h:
hypervisor/lib/types.h:
hypervisor/cpu/percpu.h:
hypervisor/cpu/regs.h:
hypervisor/cpu/segments.h:
hypervisor/cpu/state.h:
hypercall/abi.h:
hypervisor/cpu/mode.h:
hypervisor/cpu/uaccess.h:
hypervisor/cpu/alternative.h:
hypervisor/cpu/uaccess_inline.h:
hypervisor/cpu/extable.h:
