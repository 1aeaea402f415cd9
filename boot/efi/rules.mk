# The EFI application: one PE file with the hypervisor inside, built with gnu-efi.
#
#   $(B)/ringleader.efi          reads its configuration, dom0's kernel and initrd from files beside it
#   $(B)/ringleader-unified.efi  has them inside (make efi-unified), so that one signature covers all

EFI_B    := $(B)/efi
EFI_LIB  ?= /usr/lib
EFI_SRCS := $(wildcard boot/efi/*.[cS]) hypervisor/lib/string.c
EFI_OBJS := $(addprefix $(EFI_B)/,$(addsuffix .o,$(basename $(EFI_SRCS))))

# The firmware calls by Microsoft's rules; its characters have 16 bits. -maccumulate-outgoing-args: such calls in functions
# by our own rules are wrong without, in some compilers.
EFI_CFLAGS := -std=gnu11 -O2 -g -ffreestanding -fpic -fshort-wchar -m64 -march=x86-64 -mno-red-zone -mgeneral-regs-only \
    -maccumulate-outgoing-args -fno-stack-protector -fno-strict-aliasing -fcf-protection=none -fvisibility=hidden \
    -fno-asynchronous-unwind-tables $(HV_WARNINGS) -I. -Ihypervisor -isystem /usr/include/efi -isystem /usr/include/efi/x86_64 \
    -DGNU_EFI_USE_MS_ABI
EFI_SECTIONS := .text .sdata .data .dynamic .dynsym .rel .rela .reloc

$(EFI_B)/%.o: %.c boot/efi/rules.mk
	@mkdir -p $(@D)
	$(HV_SAY) CC $<
	@$(HV_CC) $(EFI_CFLAGS) -MMD -MP -c $< -o $@

$(EFI_B)/%.o: %.S boot/efi/rules.mk
	@mkdir -p $(@D)
	$(HV_SAY) AS $<
	@$(HV_CC) $(EFI_CFLAGS) -D__ASSEMBLER__ -MMD -MP $(EFI_IMAGE) -c $< -o $@

$(EFI_B)/boot/efi/image.o: $(HV_B)/image.bin
$(EFI_B)/boot/efi/image.o: EFI_IMAGE = -DIMAGE='"$(HV_B)/image.bin"' \
    -DIMAGE_END=0x$$(nm $(B)/ringleader-syms | awk '$$3 == "image_end" { print substr($$1, 9) }')

# Only efi_main is to be seen: libefi has a memcpy of its own.
$(EFI_B)/ringleader.o: $(EFI_OBJS)
	@ld -r $^ -o $@
	@objcopy --keep-global-symbol=efi_main $@

$(EFI_B)/ringleader.so: $(EFI_B)/ringleader.o
	@ld -nostdlib -znocombreloc -shared -Bsymbolic -z noexecstack --no-warn-rwx-segments --build-id=none \
	    -T $(EFI_LIB)/elf_x86_64_efi.lds $(EFI_LIB)/crt0-efi-x86_64.o $^ -L $(EFI_LIB) -lefi -lgnuefi -o $@
	@! nm -u $@ | grep .

$(B)/ringleader.efi: $(EFI_B)/ringleader.so
	$(HV_SAY) PE $@
	@objcopy $(addprefix -j ,$(EFI_SECTIONS)) --target=efi-app-x86_64 --subsystem=10 $< $@

# The parts of a unified image; a configuration file's kernel= and ramdisk= then only carry options.
EFI_CONFIG  ?= boot/efi/ringleader.cfg
EFI_KERNEL  ?= $(B)/linux/vmlinuz
EFI_RAMDISK ?= $(B)/linux/dom0.initrd

.PHONY: efi efi-unified
efi: $(B)/ringleader.efi ## build the EFI application

efi-unified: $(B)/ringleader.efi ## one EFI image with EFI_CONFIG=, EFI_KERNEL=, EFI_RAMDISK= inside, to be signed
	@boot/efi/unify -c $(EFI_CONFIG) -k $(EFI_KERNEL) $(if $(EFI_RAMDISK),-i $(EFI_RAMDISK)) -o $(B)/ringleader-unified.efi $<
	@echo "$(B)/ringleader-unified.efi"

# Not part of `make test`, whose host tests mutate the same inputs by themselves.
FUZZ_SECONDS ?= 60
FUZZ_SRCS    := tests/host/fuzz_efi.c boot/efi/config.c boot/efi/arguments.c boot/efi/memory.c boot/efi/pe.c \
    hypervisor/lib/string.c

.PHONY: fuzz-efi
fuzz-efi: ## fuzz what the EFI application reads, for FUZZ_SECONDS= (libFuzzer: clang)
	@mkdir -p $(EFI_B)/corpus
	@clang -std=gnu11 -O1 -g -DHOST_TEST -I. -Ihypervisor -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
	    $(FUZZ_SRCS) -o $(EFI_B)/fuzz
	@$(EFI_B)/fuzz -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -artifact_prefix=$(EFI_B)/ $(EFI_B)/corpus

-include $(EFI_OBJS:.o=.d)
