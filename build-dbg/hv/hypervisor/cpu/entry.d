build-dbg/hv/hypervisor/cpu/entry.o: hypervisor/cpu/entry.S \
 hypervisor/hidden.h hypervisor/cpu/entry.inc \
 build-dbg/hv/include/offsets.h hypervisor/cpu/alternative.h \
 hypervisor/cpu/segments.h hypervisor/cpu/vectors.def
hypervisor/hidden.h:
hypervisor/cpu/entry.inc:
build-dbg/hv/include/offsets.h:
hypervisor/cpu/alternative.h:
hypervisor/cpu/segments.h:
hypervisor/cpu/vectors.def:
