build-dbg/hv/hypervisor/cpu/fpu.o: hypervisor/cpu/fpu.c \
 hypervisor/hidden.h hypervisor/cpu/fpu.h hypervisor/lib/types.h \
 hypervisor/cpu/asm.h hypervisor/lib/atomic.h hypervisor/cpu/cpu.h \
 hypervisor/cpu/extable.h hypervisor/cpu/internal.h \
 hypervisor/cpu/percpu.h hypervisor/cpu/regs.h
hypervisor/hidden.h:
hypervisor/cpu/fpu.h:
hypervisor/lib/types.h:
hypervisor/cpu/asm.h:
hypervisor/lib/atomic.h:
hypervisor/cpu/cpu.h:
hypervisor/cpu/extable.h:
hypervisor/cpu/internal.h:
hypervisor/cpu/percpu.h:
hypervisor/cpu/regs.h:
