build-dbg/hv/hypervisor/cpu/entry_ring1.o: hypervisor/cpu/entry_ring1.S \
 hypervisor/hidden.h hypervisor/cpu/entry.inc \
 build-dbg/hv/include/offsets.h hypervisor/cpu/alternative.h \
 hypervisor/cpu/segments.h
hypervisor/hidden.h:
hypervisor/cpu/entry.inc:
build-dbg/hv/include/offsets.h:
hypervisor/cpu/alternative.h:
hypervisor/cpu/segments.h:
