# The hypervisor's image.
#
#   $(B)/ringleader-syms   ELF64 with symbols, for debuggers
#   $(B)/ringleader        the same bytes as an ELF32 multiboot image, for GRUB and QEMU's -kernel
#
# DEBUG=y keeps assertions and checks the order of locks. HV_SRCS may be given to build a part.

B     ?= build
DEBUG ?= n
HV_CC ?= gcc
HV_B  := $(B)/hv

HV_SRCS ?= $(filter-out %/offsets.c %/measure.c hypervisor/image.S, $(sort $(wildcard \
    hypervisor/*.[cS] hypervisor/*/*.[cS] hypervisor/*/*/*.[cS] boot/multiboot/*.[cS] boot/efi/memory.c boot/domain/*.c hypercall/compat/*.c)))
HV_OBJS := $(addprefix $(HV_B)/,$(addsuffix .o,$(basename $(HV_SRCS))))

HV_INCLUDES := -I. -Ihypervisor -I$(HV_B)/include
HV_WARNINGS := -Wall -Wextra -Wshadow -Werror
# The compiler may use no register that a guest's state lives in, and no stack below rsp, where interrupts push theirs.
# So nothing needs a stack that is aligned to more than words, but for the firmware (efi/runtime.o).
HV_MACHINE  := -m64 -march=x86-64 -mcmodel=small -mno-red-zone -mgeneral-regs-only -mpreferred-stack-boundary=3
# What -fipa-reference knows of a static variable it believes over a call of a function in which others are waited for:
# that another CPU may change it meanwhile is not among it (gcc 12). tests/host/test_event_race.c was read wrongly so.
HV_CFLAGS   := -std=gnu11 -O2 -fno-ipa-reference -g -ffreestanding -fpie -fvisibility=hidden $(HV_MACHINE) \
    -fno-stack-protector -fno-asynchronous-unwind-tables -fno-strict-aliasing -fcf-protection=none \
    -mindirect-branch=thunk-extern -mindirect-branch-register \
    -fno-common -fomit-frame-pointer -fno-align-loops -fno-align-jumps $(HV_WARNINGS) $(HV_INCLUDES) \
    -include hypervisor/hidden.h
ifneq ($(DEBUG),y)
HV_CFLAGS   += -DNDEBUG
endif
HV_LDFLAGS  := -m elf_x86_64 -static -nostdlib -z max-page-size=4096 -z noexecstack --no-warn-rwx-segments --build-id=none

HV_SAY := @printf '  %-4s %s\n'

$(HV_B)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(HV_CC) $(HV_CFLAGS)' | cmp -s - $@ || echo '$(HV_CC) $(HV_CFLAGS)' > $@

# Offsets of structures for assembly: the lines that begin with "->".
$(HV_B)/include/offsets.h: hypervisor/cpu/offsets.c $(HV_B)/flags
	@mkdir -p $(@D) $(HV_B)/hypervisor/cpu
	$(HV_SAY) GEN $@
	@$(HV_CC) $(HV_CFLAGS) -MMD -MP -MT $@ -MF $(HV_B)/hypervisor/cpu/offsets.d -S -o $(HV_B)/offsets.s $<
	@sed -n 's/^->\([^ ]*\) \$$\{0,1\}\(.*\)/#define \1 \2/p' $(HV_B)/offsets.s > $@

# What 32-bit guests have where: measured by a compiler for them, which needs no 32-bit libraries.
HV_MEASURES := awk '/^->OP/ { print "\#define PV32_SIZE_" $$2, $$3 } \
    /^->LAYOUT/ { printf "%s\#define PV32_LAYOUT_%s(what) SIZE(what, %s)", end, $$2, $$3; end = "\n" } \
    /^->AT/ { printf " AT(what, %s, %s)", $$2, $$3 } END { print "" }'

$(HV_B)/include/measures.h: hypercall/compat/measure.c hypercall/compat/layouts.def $(wildcard hypercall/ops/*.def) $(HV_B)/flags
	@mkdir -p $(@D)
	$(HV_SAY) GEN $@
	@$(HV_CC) -std=gnu11 -m32 -ffreestanding -O1 -I. -S -o $(HV_B)/measure.s $<
	@$(HV_MEASURES) $(HV_B)/measure.s > $@

# There is a common way and several rare ones on each of these paths: what the latter share must not be on the former.
$(HV_B)/hypervisor/pv/pagetable/%.o: private HV_CFLAGS += -fno-tree-pre
$(HV_B)/hypervisor/efi/runtime.o: HV_CFLAGS += -mpreferred-stack-boundary=4

$(HV_B)/hypercall/compat/proof.o: $(HV_B)/include/measures.h

$(HV_B)/%.o: %.c $(HV_B)/flags
	@mkdir -p $(@D)
	$(HV_SAY) CC $<
	@$(HV_CC) $(HV_CFLAGS) -MMD -MP -c $< -o $@

$(HV_B)/%.o: %.S $(HV_B)/flags $(HV_B)/include/offsets.h
	@mkdir -p $(@D)
	$(HV_SAY) AS $<
	@$(HV_CC) $(HV_CFLAGS) -D__ASSEMBLER__ -MMD -MP -c $< -o $@

$(HV_B)/ringleader.lds: hypervisor/ringleader.lds hypervisor/mm/layout.h
	@mkdir -p $(@D)
	@$(HV_CC) -E -P -x assembler-with-cpp $(HV_INCLUDES) $< -o $@

# Linked twice: the first image tells the symbols that the second carries. Their table comes last of the constants, so that
# no address of the text depends on it.
$(HV_B)/symbols0.S: hypervisor/cpu/symbols.awk
	@mkdir -p $(@D)
	@awk -f $< < /dev/null > $@

$(HV_B)/ringleader-pass1: $(HV_B)/ringleader.lds $(HV_OBJS) $(HV_B)/symbols0.o
	@ld $(HV_LDFLAGS) -T $< $(HV_OBJS) $(HV_B)/symbols0.o -o $@

$(HV_B)/symbols1.S: $(HV_B)/ringleader-pass1 hypervisor/cpu/symbols.awk
	@nm -n $< | awk -f hypervisor/cpu/symbols.awk > $@

$(HV_B)/symbols%.o: $(HV_B)/symbols%.S
	@$(HV_CC) -c $< -o $@

# No indirect branch may be left that a guest could train (cpu/indirect.S): start64's is done by then. And no instruction
# may become too long by the prefixes that stand where an alternative may come (cpu/alternative.h).
$(B)/ringleader-syms: $(HV_B)/ringleader.lds $(HV_OBJS) $(HV_B)/symbols1.o
	$(HV_SAY) LD $@
	@ld $(HV_LDFLAGS) -T $< $(HV_OBJS) $(HV_B)/symbols1.o -o $@.linked
	@objdump -d -j .text --no-show-raw-insn $@.linked | awk '/>:$$/ { function_ = $$2; seen++ } \
	    /\t(call|jmp) +\*/ && function_ !~ /^<start64>/ { print "$@: an indirect branch in " function_ $$0; bad = 1 } \
	    /\tcs .*\(bad\)/ { print "$@: too long an instruction in " function_ $$0; bad = 1 } END { exit bad || !seen }'
	@mv $@.linked $@

$(HV_B)/image.bin: $(B)/ringleader-syms
	@objcopy -O binary $< $@

$(HV_B)/image.o: hypervisor/image.S $(HV_B)/image.bin
	@$(HV_CC) -m32 -DIMAGE='"$(HV_B)/image.bin"' \
	    -DIMAGE_END=0x$$(nm $(B)/ringleader-syms | awk '$$3 == "image_end" { print substr($$1, 9) }') -c $< -o $@

$(B)/ringleader: hypervisor/image.lds $(HV_B)/image.o
	$(HV_SAY) LD $@
	@ld -m elf_i386 -nostdlib -z noexecstack --no-warn-rwx-segments --build-id=none -T $^ -o $@

.PHONY: FORCE
FORCE:

-include $(HV_OBJS:.o=.d) $(HV_B)/hypervisor/cpu/offsets.d
