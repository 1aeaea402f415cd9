# Guests of our own: `make guests` builds build/guests/NAME and build/tests/NAME, each an ELF64 PV kernel, and
# NAME32, an ELF32 one.
# Included by the top Makefile; honours B (the build folder). Guests see the ABI (hypercall/) and the kit, nothing else.

B ?= build

GUEST_CC ?= gcc
# -fno-ipa-reference: see hypervisor/rules.mk.
GUEST_CFLAGS := -std=gnu11 -O2 -fno-ipa-reference -g -mgeneral-regs-only -ffreestanding -fno-pic -fno-pie -fno-stack-protector \
    -fno-asynchronous-unwind-tables -fno-common -fcf-protection=none -fno-omit-frame-pointer -ffunction-sections \
    -fdata-sections -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wno-unused-parameter \
    -I. -Iguest-ports -DKIT
GUEST_LDFLAGS := -nostdlib -static -no-pie -Wl,--build-id=none -Wl,--gc-sections -Wl,-z,max-page-size=4096 \
    -Wl,-z,noexecstack -Wl,--no-warn-rwx-segments
# Tests fault on purpose: they touch what the compiler knows to be nothing, and come back by context_load().
TEST_CFLAGS := -Itests/guest -Wno-array-bounds -Wno-clobbered

# Two widths from one source: NAME for 64 bits, NAME32 for 32 bits with PAE. make takes the more special pattern.
$(B)/guest-obj/% $(B)/guests/% $(B)/tests/%: GUEST_WIDTH := -m64 -march=x86-64 -mno-red-zone -mcmodel=small
$(B)/guest-obj32/% $(B)/guests/%32 $(B)/tests/%32: GUEST_WIDTH := -m32 -march=i686 -mpreferred-stack-boundary=2

# One guest a folder of C files; kit, linux, grub, ... are no such folders.
GUESTS   := hello bench dom0 latency drift pair busy greedy
GUESTS32 := hello

# Tests of behaviours: tests/guest/NAME/main.c, alone as build/tests/NAME, and all but those with a file `alone` beside
# main.c as build/tests/all. Those with a file `roles` take several domains: build/tests/together. Those with a file
# `pv64` show what 32-bit guests have not, or are written for tables of four levels.
GUEST_TESTS_ROLES := $(patsubst tests/guest/%/roles,%,$(wildcard tests/guest/*/roles))
GUEST_TESTS_ALONE := $(patsubst tests/guest/%/alone,%,$(wildcard tests/guest/*/alone))
GUEST_TESTS_PV64  := $(patsubst tests/guest/%/pv64,%,$(wildcard tests/guest/*/pv64))
GUEST_TESTS   := $(filter-out $(GUEST_TESTS_ROLES),$(patsubst tests/guest/%/main.c,%,$(wildcard tests/guest/*/main.c)))
GUEST_TESTS32 := $(filter-out $(GUEST_TESTS_PV64),$(GUEST_TESTS))
GUEST_TESTS_ROLES32 := $(filter-out $(GUEST_TESTS_PV64),$(GUEST_TESTS_ROLES))
GUEST_TESTS_ALONE32 := $(filter-out $(GUEST_TESTS_PV64),$(GUEST_TESTS_ALONE))

# Of tests/programs, what guests take: not the program for Linux.
PROGRAM_PARTS := program values memory vcpu control report guest

define guest_compile
	@mkdir -p $(@D)
	$(GUEST_CC) $(GUEST_CFLAGS) $(GUEST_WIDTH) $(1) -MMD -MP -c -o $@ $<
endef

# Links a guest or a test. The section headers' debug information stays, for GDB.
define guest_link
	@mkdir -p $(@D)
	$(GUEST_CC) $(GUEST_LDFLAGS) $(GUEST_WIDTH) -T $(filter %.lds,$^) -o $@ $(filter %.o,$^)
endef

.PHONY: guests

# The rules of a width: $(1) is empty or 32, $(2) the folder of objects.
define guest_width_rules
$(2)/%.o: guest-ports/%.c
	$$(guest_compile)

$(2)/%.o: guest-ports/%.S
	$$(guest_compile)

$(2)/tests/%.o: tests/guest/%.c
	$$(guest_compile)

$(2)/tests/%/main.o: tests/guest/%/main.c
	$$(call guest_compile,$$(TEST_CFLAGS) -DTEST_NAME=$$* -Dtest_main=test_main_$$*)

# Programs of hypercalls, whose source is the host tests' as well.
$(2)/programs/%.o: tests/programs/%.c $(wildcard hypercall/*.def hypercall/ops/*.def)
	$$(guest_compile)

# The sweep over the tables of hypercall/ is a test like any other, in a folder of its own.
$(2)/tests/abi/main.o: tests/abi/main.c $(wildcard hypercall/*.def hypercall/ops/*.def)
	$$(call guest_compile,$$(TEST_CFLAGS) -DTEST_NAME=abi -Dtest_main=test_main_abi)

$(2)/kit.lds: guest-ports/kit/kit.lds $(wildcard guest-ports/kit/arch/*.h)
	@mkdir -p $$(@D)
	$$(GUEST_CC) $$(GUEST_WIDTH) -E -P -x c -D__ASSEMBLER__ -Iguest-ports -include kit/arch.h -o $$@ $$<

KIT$(1) := $(2)/kit.lds $(2)/kit/arch/entry$(or $(1),64).o \
    $(patsubst guest-ports/%.c,$(2)/%.o,$(wildcard guest-ports/kit/*.c guest-ports/kit/arch/*.c))
TEST_KIT$(1) := $(2)/tests/runner.o $$(KIT$(1))
PROGRAMS$(1) := $(if $(1),,$(patsubst %,$(2)/programs/%.o,$(PROGRAM_PARTS)))

guests: $(GUESTS$(1):%=$(B)/guests/%$(1))

$(foreach guest,$(GUESTS$(1)),$(eval $(B)/guests/$(guest)$(1): \
    $(patsubst guest-ports/%,$(2)/%.o,$(basename $(wildcard guest-ports/$(guest)/*.[cS])))))
$(GUESTS$(1):%=$(B)/guests/%$(1)): $$(KIT$(1))
	$$(guest_link)

$(GUEST_TESTS$(1):%=$(B)/tests/%$(1)): $(B)/tests/%$(1): $(2)/tests/%/main.o $$(TEST_KIT$(1))
	$$(guest_link)

$(B)/tests/all$(1): $(patsubst %,$(2)/tests/%/main.o,$(filter-out $(GUEST_TESTS_ALONE),$(GUEST_TESTS$(1)))) $$(TEST_KIT$(1))
	$$(guest_link)

$(B)/tests/abi$(1): $(2)/tests/abi/main.o $$(TEST_KIT$(1))
	$$(guest_link)

$(B)/tests/together$(1): $(GUEST_TESTS_ROLES$(1):%=$(2)/tests/%/main.o) $(2)/tests/roles.o \
    $$(PROGRAMS$(1)) $$(TEST_KIT$(1))
	$$(guest_link)
endef
$(eval $(call guest_width_rules,,$(B)/guest-obj))
$(eval $(call guest_width_rules,32,$(B)/guest-obj32))

# What bench's handlers and their assembly must agree on.
$(B)/guest-obj/bench/%.o: GUEST_CFLAGS += -DBENCH_PENDING=2048 -DBENCH_FAULT_LENGTH=8

# The bench on the bare machine: 64-bit code in the ELF32 file that QEMU takes for a multiboot kernel.
$(B)/guest-obj/bench/native/%.o: GUEST_CFLAGS += -DNATIVE_HOLE=0x10000000 -DNATIVE_APIC=0x3fe00000

$(B)/guests/bench-native: $(B)/guest-obj/bench/native/start.o $(B)/guest-obj/bench/native/main.o guest-ports/bench/native/native.lds
	@mkdir -p $(@D)
	$(GUEST_CC) $(GUEST_LDFLAGS) -m64 -T $(filter %.lds,$^) -o $@.64 $(filter %.o,$^)
	objcopy -O elf32-i386 $@.64 $@
	rm $@.64

# A line `TEST ROLE ROLE...` each, for guests/dom0.
$(B)/tests/together.groups: $(GUEST_TESTS_ROLES:%=tests/guest/%/roles)
$(B)/tests/together32.groups: $(GUEST_TESTS_ROLES32:%=tests/guest/%/roles)
$(B)/tests/together.groups $(B)/tests/together32.groups:
	@mkdir -p $(@D)
	for roles in $^; do echo $$(basename $$(dirname $$roles)) $$(cat $$roles); done > $@

# The archives that guests/dom0 runs domain by domain, one of each width: the shared image, the sweep, the tests with an
# image of their own, and those for several domains.
DOMAIN_IMAGES   := all abi $(GUEST_TESTS_ALONE) together together.groups
DOMAIN_IMAGES32 := all32 abi32 $(GUEST_TESTS_ALONE32:%=%32) together32 together32.groups

guests: $(GUEST_TESTS:%=$(B)/tests/%) $(B)/tests/domains.cpio $(B)/tests/domains32.cpio
$(B)/tests/domains.cpio: $(DOMAIN_IMAGES:%=$(B)/tests/%)
	cd $(@D) && printf '%s\n' $(DOMAIN_IMAGES) | cpio --quiet -o -H newc > $(@F)
$(B)/tests/domains32.cpio: $(DOMAIN_IMAGES32:%=$(B)/tests/%)
	cd $(@D) && printf '%s\n' $(DOMAIN_IMAGES32) | cpio --quiet -o -H newc > $(@F)

.PHONY: bench bench-linux bench-system ablate path flame
# SAVE=1 renews docs/bench; VARIANTS=, ROWS= and ONLY= measure less.
bench: $(B)/guests/bench $(B)/guests/bench-native $(B)/guests/dom0 $(B)/ringleader ## measure the operations' cost beside Debian's Xen
	@scripts/setup $(if $(SAVE),bench,run)
	B=$(abspath $(B)) tests/bench/bench $(if $(SAVE),--save docs/bench) $(if $(VARIANTS),--variants $(VARIANTS)) \
	    $(if $(ROWS),--rows $(ROWS)) $(if $(ONLY),--only $(ONLY))

bench-linux: $(B)/ringleader ## what Linux's operations cost: natively, as dom0, as a domain, here and on Debian's Xen; SAVE=1
	@scripts/setup build $(if $(SAVE),bench,run)
	@B=$(abspath $(B)) guest-ports/linux/mkimage TOOLSTACK=xl
	B=$(abspath $(B)) tests/bench/linux $(if $(SAVE),--save docs/bench) $(if $(ROWS),--rows $(ROWS)) $(if $(ONLY),--only "$(ONLY)")

bench-system: $(B)/ringleader $(B)/rl $(B)/guests/hello $(B)/guests/busy ## whole systems: boot, domains created, memory, 32 busy domains; SAVE=1, POINTS=1,10,300, ONLY=
	@scripts/setup build $(if $(SAVE),bench,run)
	@B=$(abspath $(B)) guest-ports/linux/mkimage TOOLSTACK=xl
	B=$(abspath $(B)) tests/bench/system $(if $(SAVE),--save docs/bench) $(if $(POINTS),--points $(POINTS)) $(if $(ONLY),--only "$(ONLY)")

ablate: $(B)/guests/bench $(B)/ringleader ## what each switch costs, on and off; SAVE=1 renews docs/bench
	@scripts/setup $(if $(SAVE),bench,run)
	B=$(abspath $(B)) tests/bench/ablate $(if $(SAVE),--save docs/bench)

path: $(B)/guests/bench $(B)/ringleader ## where ROW= of the bench spends its instructions, function by function
	@B=$(abspath $(B)) tests/bench/path $(ROW)

flame: $(B)/guests/bench $(B)/ringleader ## ... as a flame graph
	@B=$(abspath $(B)) tests/bench/path --flame $(ROW)

-include $(shell find $(B)/guest-obj $(B)/guest-obj32 -name '*.d' 2>/dev/null)
