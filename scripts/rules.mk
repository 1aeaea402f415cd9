# What boots and tests the product: `run`, `test` and their kin. Settings (KERNEL=, MEM=, HV=, ...) go through the
# environment: scripts/run tells which there are.

.PHONY: run test replay soak image iso setup

RUN_ENV = B='$(abspath $(B))'

# Builds everything on all processors, where no -j said otherwise. Not as prerequisites: setup comes first.
BUILD_ALL = $(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc)) hypervisor efi guests tools

# Everything that `make run` and `make test` need, before anything is built: a fresh machine may lack the compiler's
# friends.
setup: ## install what is missing (Debian packages)
	@scripts/setup build run test

run: ## boot dom0 in QEMU: a shell here, or the scripted tour when there is no terminal
	@scripts/setup build run
	@+$(BUILD_ALL)
	@$(RUN_ENV) scripts/run

image: ## assemble dom0's kernel and initramfs from Debian packages
	@scripts/setup build run
	@$(RUN_ENV) guest-ports/linux/mkimage

iso: hypervisor image ## an ISO with GRUB, the hypervisor and dom0, for BIOS and EFI
	@$(RUN_ENV) scripts/mkiso
	@echo "$(B)/ringleader.iso"

test: ## all tests, in under 20 minutes; closes with one line of numbers
	@scripts/setup build run test
	@+$(BUILD_ALL)
	@+$(RUN_ENV) scripts/test

# KERNEL= INITRD= ARGS= APPEND= MEM= say what; GDB=1 lets a debugger watch the replay, ONLY=replay repeats it.
replay: hypervisor guests ## record a run of a kernel as dom0 by QEMU's rr, and replay it
	@scripts/setup build run
	@$(RUN_ENV) scripts/replay

soak: ## the long tests as well
	@scripts/setup build run test
	@+$(BUILD_ALL)
	@+$(RUN_ENV) scripts/test --soak

.PHONY: conform errors programs differential mutants debug lint format docs

conform: ## the conformance suite, a line a test; PEER=1: beside Debian's Xen; QEMU=10: on QEMU 10
	@scripts/setup build run test
	@+$(BUILD_ALL)
	@+$(RUN_ENV) scripts/conform $(if $(PEER),--peer)

# NAME=VALUE of those of the variables $(1) that were given a value: AS has one of make's own.
given = $(foreach word,$(1),$(if $(filter-out default,$(origin $(word))),$(if $($(word)),$(word)=$($(word)))))

# ALL=1 also tells those that no guest can provoke, and why.
errors: guests ## which errors of the hypervisor does no guest test provoke? ALL=1: the excused ones as well
	@scripts/setup build run test
	@+$(RUN_ENV) scripts/errors $(if $(ALL),--all)

programs: ## hypercalls at random by two domains, or AS=dom0-user: SEED= ROUNDS= CALLS= TELL=1
	@scripts/setup build run test
	@+$(BUILD_ALL)
	@+$(RUN_ENV) scripts/programs $(call given,AS SEED ROUNDS CALLS TELL)

differential: ## the same hypercalls at random here and on Debian's Xen: SEED= ROUNDS= CALLS= AS=dom0|domain
	@scripts/setup build run test
	@+$(BUILD_ALL)
	@+$(RUN_ENV) scripts/differential $(call given,SEED ROUNDS CALLS AS)

# NAMES=... for some guards only, or NAMES=--host for those whose tests need no QEMU.
mutants: ## switch off each guard of hypervisor/guards.def in turn: does its test notice?
	@scripts/setup build run test
	@+$(RUN_ENV) scripts/mutants $(NAMES)

docs: ## write the pages that come from tables: hypercalls, options, flaws, sensitive instructions
	@hypercall/gen-docs > docs/hypercalls.md
	@hypervisor/gen-options hypervisor/options.def > docs/options.md
	@hypervisor/gen-flaws hypervisor/guards.def > docs/flaws.md
	@tests/guest/sensitive/gen-page > docs/sensitive.md

debug: ## the machine under GDB, with commands that show domains, vcpus and frames
	@scripts/setup build run
	@+$(BUILD_ALL)
	@$(RUN_ENV) scripts/debug

lint: ## check form, warnings (gcc and clang), who includes whom, headers that stand alone
	@scripts/setup build test
	@$(RUN_ENV) scripts/lint

format: ## bring all sources into the form that lint checks
	@git ls-files -- '*.c' '*.h' | xargs clang-format -i
