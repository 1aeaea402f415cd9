# The hypervisor's own sources as host programs, under sanitizers. tests/host/host.h tells how a test file is written.
#
#   make host-tests                 build and run all
#   make host-test-NAME             build and run tests/host/test_NAME.c
#
# Included by the top Makefile; works alone too: make -f tests/host/rules.mk host-tests

B        ?= build
HOST_CC  ?= gcc
HOST_B   := $(B)/host

HOST_SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=all
# Over fakes of other shapes, gcc sees more to warn of than there is. -fno-ipa-reference: see hypervisor/rules.mk.
# -g1 tells sanitizers and debuggers the lines, in three quarters of -g's time; HOST_DEBUG=-g for variables, too.
HOST_DEBUG  ?= -g1
HOST_CFLAGS := -std=gnu11 -O1 -fno-ipa-reference $(HOST_DEBUG) -fno-omit-frame-pointer -pthread -Wall -Wextra -Wshadow -Wno-array-bounds \
    -Wno-unused-function -DHOST_TEST -MMD -MP -I. -Ihypervisor

# tests/host/test_NAME.c; tests/fuzz/fuzz_NAME.c as the test fuzz_NAME, and tests/model/model_NAME.c as model_NAME.
HOST_TESTS := $(sort $(patsubst tests/host/test_%.c,%,$(wildcard tests/host/test_*.c)) \
                     $(basename $(notdir $(wildcard tests/fuzz/fuzz_*.c tests/model/model_*.c))))
host-file   = $(wildcard tests/host/test_$(1).c tests/fuzz/$(1).c tests/model/$(1).c)
HOST_LIB   := tests/host/host.c tests/host/no_trace.c $(wildcard hypervisor/lib/*.c)

comma := ,
space := $(subst ,, )

# All of the hypervisor that fake/whole.c needs no stand-in for: a test says "LINK: WHOLE"; or "LINK: PROGRAMS", with
# the programs of hypercalls on top.
HOST_WHOLE := tests/host/fake/whole.c hypervisor/smp/lock.c \
    $(addprefix hypervisor/cpu/,extable.c uaccess.c fpu_area.c) \
    $(filter-out $(addprefix hypervisor/,cpu/% smp/% efi/% lib/% mm/map.c mm/shown.c mm/init.c mm/tlb.c mm/m2p_compat.c mm/ranges.c \
        irq/acpi.c irq/init.c irq/ioapic.c irq/lapic.c irq/machine.c irq/pci_access.c console/crash.c \
        time/clock.c time/reference.c time/rtc.c time/sync.c pv/bounce/bounce.c pv/bounce/switch.c control/dom0.c), \
      $(wildcard hypervisor/*/*.c hypervisor/*/*/*.c)) $(wildcard hypervisor/lib/unzip/*.c boot/domain/*.c)

HOST_WHOLE_LD := -Wl,-T,tests/host/fake/whole.lds \
    $(addprefix -Wl$(comma)--wrap=,mm_alloc mm_alloc_below mm_alloc_domain mm_alloc_domain_page heap_alloc)

# What the head comment of test $(1) says after the word $(2).
host-says = $(shell sed -n 's|^.*\b$(2):||p' $(call host-file,$(1)) | head -n 8)

HOST_PROGRAMS := $(HOST_WHOLE) $(addprefix tests/host/fake/,guests.c calls.c epoch.c) \
    $(addprefix tests/programs/,program.c values.c memory.c vcpu.c control.c report.c)

host-links = $(patsubst PROGRAMS,$(HOST_PROGRAMS),$(patsubst WHOLE,$(HOST_WHOLE),$(call host-says,$(1),LINK)))

# Objects are shared between the tests that ask for the same flags, or for none: a folder for each set of flags. No "=" in
# its name: make would take the dependency files' lines, which begin with it, for assignments.
equals := =
host-folder = $(if $(1),with$(subst $(space),,$(subst $(equals),-,$(subst /,_,$(1)))),common)

define host-test-rules
host_own_$(1)   := $$(strip $$(call host-says,$(1),FLAGS))
host_flags_$(1) := $$(host_own_$(1)) $$(if $$(findstring sanitize=,$$(host_own_$(1))),,$(HOST_SANITIZERS))
host_dir_$(1)   := $(HOST_B)/$$(call host-folder,$$(host_own_$(1)))
host_srcs_$(1)  := $$(call host-file,$(1)) $$(sort $(HOST_LIB) $$(wildcard $$(call host-links,$(1))))
host_ld_$(1)    := $$(if $$(filter WHOLE PROGRAMS,$$(call host-says,$(1),LINK)),$$(HOST_WHOLE_LD))
host_objs_$(1)  := $$(patsubst %.c,$$(host_dir_$(1))/%.o,$$(host_srcs_$(1)))

$(HOST_B)/test_$(1): $$(host_objs_$(1))
	@$(HOST_CC) $$(host_flags_$(1)) $$(host_ld_$(1)) $$^ -o $$@

.PHONY: host-test-$(1)
host-test-$(1): $(HOST_B)/test_$(1)
	@$$<

-include $$(host_objs_$(1):.o=.d)
endef

# $(1) is one of the tests with these flags.
define host-object-rule
$$(host_dir_$(1))/%.o: %.c tests/host/rules.mk
	@mkdir -p $$(@D)
	@$(HOST_CC) $(HOST_CFLAGS) $$(host_flags_$(1)) -c $$< -o $$@
endef

$(foreach test,$(HOST_TESTS),$(eval $(call host-test-rules,$(test))))
$(foreach dir,$(sort $(foreach test,$(HOST_TESTS),$(host_dir_$(test)))), \
    $(eval $(call host-object-rule,$(firstword $(foreach test,$(HOST_TESTS),$(if $(filter $(dir),$(host_dir_$(test))),$(test)))))))

# The string functions as the hypervisor has them, beside the C library's: see test_string.c.
$(HOST_B)/own_string.o: hypervisor/lib/string.c tests/host/rules.mk
	@mkdir -p $(@D)
	@$(HOST_CC) -std=gnu11 -O2 -ffreestanding -I. -Ihypervisor -c $< -o $@
	@objcopy --prefix-symbols=own_ $@

$(HOST_B)/test_string: $(HOST_B)/own_string.o

.PHONY: host-tests host-tests-build
host-tests-build: $(HOST_TESTS:%=$(HOST_B)/test_%)

# All are built first, then run, side by side; the output of each stays together. One that does not build fails alone: the
# others still run.
host-tests: ## run the tests on the host
	@make="$(MAKE) --no-print-directory -f $(firstword $(MAKEFILE_LIST)) B=$(B)"; all="-k -j$(shell nproc)"; \
	$$make $$all host-tests-build > /dev/null && run="$(HOST_TESTS)" || for t in $(HOST_TESTS); do \
	    $$make -q $(HOST_B)/test_$$t 2> /dev/null && run="$$run $$t" || echo "HOST-TEST $$t.build FAIL"; \
	done; \
	$$make $$all --output-sync=target $$(printf 'host-test-%s ' $$run); rc=$$?; \
	[ "$$(echo $$run | wc -w)" = $(words $(HOST_TESTS)) ] && exit $$rc
