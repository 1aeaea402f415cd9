# Guests of our own: `make guests` builds build/guests/NAME and build/tests/NAME, each an ELF64 PV kernel.
# Included by the top Makefile; honours B (the build folder). Guests see the ABI (hypercall/) and the kit, nothing else.

B ?= build

GUEST_CC     ?= gcc
GUEST_CFLAGS := -std=gnu11 -O2 -g -m64 -march=x86-64 -mno-red-zone -mgeneral-regs-only -mcmodel=small \
    -ffreestanding -fno-pic -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables -fno-common \
    -fcf-protection=none -fno-omit-frame-pointer -ffunction-sections -fdata-sections \
    -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wno-unused-parameter \
    -I. -Iguest-ports -DKIT
GUEST_LDFLAGS := -m64 -nostdlib -static -no-pie -Wl,--build-id=none -Wl,--gc-sections -Wl,-z,max-page-size=4096 \
    -Wl,-z,noexecstack -Wl,--no-warn-rwx-segments

KIT_OBJECTS := $(patsubst guest-ports/%.c,$(B)/guest-obj/%.o,$(wildcard guest-ports/kit/*.c)) \
    $(patsubst guest-ports/%.S,$(B)/guest-obj/%.o,$(wildcard guest-ports/kit/arch/pv64.S))

# One guest a folder of C files; kit, linux, grub, ... are no such folders.
GUESTS := hello bench dom0 latency drift

.PHONY: guests
guests: $(GUESTS:%=$(B)/guests/%)

$(B)/guest-obj/%.o: guest-ports/%.c
	@mkdir -p $(@D)
	$(GUEST_CC) $(GUEST_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/guest-obj/%.o: guest-ports/%.S
	@mkdir -p $(@D)
	$(GUEST_CC) $(GUEST_CFLAGS) -MMD -MP -c -o $@ $<

# What bench's handlers and their assembly must agree on.
$(B)/guest-obj/bench/%.o: GUEST_CFLAGS += -DBENCH_PENDING=2048 -DBENCH_FAULT_LENGTH=8

$(B)/guest-obj/kit.lds: guest-ports/kit/kit.lds guest-ports/kit/arch/pv64.h
	@mkdir -p $(@D)
	$(GUEST_CC) -E -P -x c -D__ASSEMBLER__ -include guest-ports/kit/arch/pv64.h -o $@ $<

# guest NAME, OBJECTS: link it. The section headers' debug information stays, for GDB.
define guest_link
	@mkdir -p $(@D)
	$(GUEST_CC) $(GUEST_LDFLAGS) -T $(B)/guest-obj/kit.lds -o $@ $(filter %.o,$^)
endef

define guest_rule
$(B)/guests/$(1): $(patsubst guest-ports/%,$(B)/guest-obj/%.o,$(basename $(wildcard guest-ports/$(1)/*.[cS]))) \
    $(KIT_OBJECTS) $(B)/guest-obj/kit.lds
	$$(guest_link)
endef
$(foreach guest,$(GUESTS),$(eval $(call guest_rule,$(guest))))

# Tests of behaviours: tests/guest/NAME/main.c, alone as build/tests/NAME, and all but those with a file `alone` beside
# main.c as build/tests/all. Those with a file `roles` take several domains: build/tests/together.
GUEST_TESTS_ROLES := $(patsubst tests/guest/%/roles,%,$(wildcard tests/guest/*/roles))
GUEST_TESTS := $(filter-out $(GUEST_TESTS_ROLES),$(patsubst tests/guest/%/main.c,%,$(wildcard tests/guest/*/main.c)))
GUEST_TESTS_ALONE := $(patsubst tests/guest/%/alone,%,$(wildcard tests/guest/*/alone))
GUEST_TESTS_SHARED := $(filter-out $(GUEST_TESTS_ALONE),$(GUEST_TESTS))
# Tests fault on purpose: they touch what the compiler knows to be nothing, and come back by context_load().
TEST_CFLAGS := -Itests/guest -Wno-array-bounds -Wno-clobbered
TEST_RUNNER := $(B)/guest-obj/tests/runner.o
ROLES_RUNNER := $(B)/guest-obj/tests/roles.o

guests: $(GUEST_TESTS:%=$(B)/tests/%) $(B)/tests/all

$(TEST_RUNNER) $(ROLES_RUNNER): $(B)/guest-obj/tests/%.o: tests/guest/%.c
	@mkdir -p $(@D)
	$(GUEST_CC) $(GUEST_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/guest-obj/tests/%/main.o: tests/guest/%/main.c
	@mkdir -p $(@D)
	$(GUEST_CC) $(GUEST_CFLAGS) $(TEST_CFLAGS) -DTEST_NAME=$* -Dtest_main=test_main_$* -MMD -MP -c -o $@ $<

# The sweep over the tables of hypercall/ is a test like any other, in a folder of its own.
guests: $(B)/tests/abi
$(B)/guest-obj/tests/abi/main.o: tests/abi/main.c $(wildcard hypercall/*.def hypercall/ops/*.def)
	@mkdir -p $(@D)
	$(GUEST_CC) $(GUEST_CFLAGS) $(TEST_CFLAGS) -DTEST_NAME=abi -Dtest_main=test_main_abi -MMD -MP -c -o $@ $<

$(B)/tests/abi: $(B)/guest-obj/tests/abi/main.o $(TEST_RUNNER) $(KIT_OBJECTS) $(B)/guest-obj/kit.lds
	$(guest_link)

$(B)/tests/together: $(GUEST_TESTS_ROLES:%=$(B)/guest-obj/tests/%/main.o) $(ROLES_RUNNER) $(TEST_RUNNER) \
    $(KIT_OBJECTS) $(B)/guest-obj/kit.lds
	$(guest_link)

# A line `TEST ROLE ROLE...` each, for guests/dom0.
$(B)/tests/together.groups: $(GUEST_TESTS_ROLES:%=tests/guest/%/roles)
	@mkdir -p $(@D)
	for roles in $^; do echo $$(basename $$(dirname $$roles)) $$(cat $$roles); done > $@

$(B)/tests/all: $(GUEST_TESTS_SHARED:%=$(B)/guest-obj/tests/%/main.o) $(TEST_RUNNER) $(KIT_OBJECTS) \
    $(B)/guest-obj/kit.lds
	$(guest_link)

$(GUEST_TESTS:%=$(B)/tests/%): $(B)/tests/%: $(B)/guest-obj/tests/%/main.o $(TEST_RUNNER) $(KIT_OBJECTS) \
    $(B)/guest-obj/kit.lds
	$(guest_link)

# The archive that guests/dom0 runs domain by domain: the shared image, the sweep, the tests with an image of their own,
# and those for several domains.
DOMAIN_IMAGES := all abi $(GUEST_TESTS_ALONE) together together.groups

guests: $(B)/tests/domains.cpio
$(B)/tests/domains.cpio: $(DOMAIN_IMAGES:%=$(B)/tests/%)
	cd $(@D) && printf '%s\n' $(DOMAIN_IMAGES) | cpio --quiet -o -H newc > $(@F)

.PHONY: bench
bench: $(B)/guests/bench $(B)/ringleader ## measure the operations' cost beside Debian's Xen
	B=$(abspath $(B)) tests/bench/bench

-include $(shell find $(B)/guest-obj -name '*.d' 2>/dev/null)
