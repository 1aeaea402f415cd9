# Coverage-guided fuzzing of the targets in tests/fuzz: fuzz.h tells what a target is. libFuzzer comes with clang.
#
#   make fuzz [TARGET=NAME...] [SECONDS=60]     SECONDS for each target; what it finds interesting stays in B/fuzz/NAME.corpus
#   build/fuzz/NAME FILE                        once more with an input that failed, which is in B/fuzz

FUZZ_ALL := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
SECONDS  ?= 60
TARGET   ?= $(FUZZ_ALL)
FUZZ_B   := $(B)/fuzz

FUZZ_FLAGS := -std=gnu11 -O1 -g -w -DHOST_TEST -DFUZZ_COVERAGE -I. -Ihypervisor -pthread \
              -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
              -fno-sanitize=pointer-overflow # which clang takes a distance back for, where it is unsigned

.PHONY: fuzz fuzz-setup
fuzz: fuzz-setup $(TARGET:%=fuzz-%) ## fuzz loaders, parsers, the emulator, 32-bit structures, the engine, all of it by hypercalls: TARGET=NAME for one, SECONDS= for each

fuzz-setup:
	@scripts/setup build fuzz

# The seeds are the host test's: it writes them.
define fuzz-rules
fuzz_srcs_$(1) := tests/fuzz/fuzz_$(1).c $$(sort $(HOST_LIB) $$(wildcard $$(call host-links,fuzz_$(1))))

$(FUZZ_B)/$(1): $$(fuzz_srcs_$(1)) tests/fuzz/rules.mk
	@mkdir -p $$(@D)
	@clang $(FUZZ_FLAGS) $$(host_ld_fuzz_$(1)) $$(fuzz_srcs_$(1)) -o $$@

.PHONY: fuzz-$(1)
fuzz-$(1): $(FUZZ_B)/$(1) $(HOST_B)/test_fuzz_$(1)
	@mkdir -p $(FUZZ_B)/$(1).corpus
	@FUZZ_SEEDS=$(FUZZ_B)/$(1).corpus $(HOST_B)/test_fuzz_$(1)
	@$(FUZZ_B)/$(1) -max_total_time=$(SECONDS) -max_len=32768 -timeout=20 -verbosity=0 -print_final_stats=1 \
	    -artifact_prefix=$(FUZZ_B)/$(1)- $(FUZZ_B)/$(1).corpus
endef
$(foreach target,$(FUZZ_ALL),$(eval $(call fuzz-rules,$(target))))
