# Ringleader. `make help` lists what there is.

B ?= build
# However it is spelled, it is the same folder: rules would take other flags for a reason to build all anew.
override B := $(patsubst $(CURDIR)/%,%,$(abspath $(B)))
include hypervisor/rules.mk
include boot/efi/rules.mk
-include guest-ports/rules.mk
-include tools/rules.mk
-include tests/host/rules.mk
-include tests/fuzz/rules.mk
-include tests/model/rules.mk
-include tests/programs/rules.mk
-include scripts/rules.mk

.DEFAULT_GOAL := all
.PHONY: all hypervisor help clean

all: hypervisor efi guests tools ## build everything

hypervisor: $(B)/ringleader ## build the hypervisor alone

clean: ## remove all that was built
	rm -rf $(B)

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(filter-out %.d,$(MAKEFILE_LIST)) | sort -u | awk -F':.*## ' '{ printf "  make %-14s %s\n", $$1, $$2 }'
