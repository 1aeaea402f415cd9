# The part of lint that compiles: sources that two compilers accept, headers that stand alone. A stamp for each, so that only
# what has changed is looked at again. scripts/lint calls it.

B ?= build

FLAGS := -std=gnu11 -O2 -ffreestanding -fpie -m64 -mno-red-zone -mgeneral-regs-only -fno-strict-aliasing -Wall -Wextra -Wshadow \
         -Wstrict-prototypes -Wmissing-prototypes -Wundef -Werror -I. -Ihypervisor -I$(B)/hv/include -Ibuild/sysroot/usr/include
# What gnu-efi's headers need, for boot/efi alone.
EFI_FLAGS = $(if $(filter boot/efi/%,$<),-fshort-wchar -DGNU_EFI_USE_MS_ABI -isystem /usr/include/efi -isystem /usr/include/efi/x86_64)

SOURCES := $(wildcard $(filter-out %/offsets.c,$(shell git ls-files --cached --others --exclude-standard -- 'hypervisor/*.c' 'boot/*.c')))
HEADERS := $(wildcard $(shell git ls-files --cached --others --exclude-standard -- 'hypervisor/*.h' 'boot/*.h'))
STAMPS  := $(foreach cc,gcc clang,$(SOURCES:%=$(B)/lint/$(cc)/%.ok)) $(HEADERS:%=$(B)/lint/alone/%.ok)

all: $(STAMPS)

define accept
	@mkdir -p $(@D)
	@$(1) $(FLAGS) $(EFI_FLAGS) $(2) -fsyntax-only -MMD -MP -MF $(@:.ok=.d) -MT $@ $< 2> $(@:.ok=.txt) && touch $@ || \
	    { echo "$<: $(3)"; grep -E 'error|warning' $(@:.ok=.txt) | head -n 5; exit 1; }
endef

$(B)/lint/gcc/%.ok: % scripts/lint.mk
	$(call accept,gcc,,gcc warns)

$(B)/lint/clang/%.ok: % scripts/lint.mk
	$(call accept,clang,-Wno-unknown-warning-option -Wno-gnu-folding-constant,clang warns)

$(B)/lint/alone/%.ok: % scripts/lint.mk
	$(call accept,gcc,-Wno-unused-function -x c,does not stand alone)

-include $(STAMPS:.ok=.d)
