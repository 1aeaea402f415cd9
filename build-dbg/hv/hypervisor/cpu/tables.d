build-dbg/hv/hypervisor/cpu/tables.o: hypervisor/cpu/tables.c \
 hypervisor/hidden.h hypervisor/cpu/gdt.h hypervisor/lib/types.h \
 hypervisor/cpu/init.h hypervisor/cpu/internal.h hypervisor/cpu/percpu.h \
 hypervisor/cpu/regs.h hypervisor/cpu/segments.h hypervisor/cpu/stub.h \
 hypervisor/lib/bits.h hypervisor/smp/smp.h hypervisor/cpu/vectors.def
hypervisor/hidden.h:
hypervisor/cpu/gdt.h:
hypervisor/lib/types.h:
hypervisor/cpu/init.h:
hypervisor/cpu/internal.h:
hypervisor/cpu/percpu.h:
hypervisor/cpu/regs.h:
hypervisor/cpu/segments.h:
hypervisor/cpu/stub.h:
hypervisor/lib/bits.h:
hypervisor/smp/smp.h:
hypervisor/cpu/vectors.def:
