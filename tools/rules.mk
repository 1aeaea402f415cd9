# What runs in dom0: `make tools` builds build/rl. Included by the top Makefile; honours B (the build folder) and
# TOOL_SANITIZE=y (ASan and UBSan, into build/rl-sanitized). Headers and libraries of Xen 4.17 come from B/sysroot where scripts/setup has put them.

B             ?= build
TOOL_CC       ?= gcc
TOOL_B        := $(B)/tools$(if $(filter y,$(TOOL_SANITIZE)),-sanitized)
TOOL_SYSROOT  := $(wildcard $(B)/sysroot/usr)

# The library, with what it shares with the hypervisor: the domain builder and lib.
LIBRL_SRCS := $(wildcard tools/librl/*.c boot/domain/*.c hypervisor/lib/unzip/*.c) \
    $(addprefix hypervisor/lib/,bzimage.c crc.c elf.c printf.c string.c)
RL_SRCS    := $(wildcard tools/rl/*.c)

TOOL_CFLAGS := -std=gnu11 -O2 -g -D_GNU_SOURCE -DNDEBUG -Wall -Wextra -Wshadow -MMD -MP \
    -include errno.h -I. -Ihypervisor -Itools $(TOOL_SYSROOT:%=-isystem %/include)
TOOL_LDFLAGS := -Wl,-z,now -Wl,--as-needed $(TOOL_SYSROOT:%=-L%/lib/x86_64-linux-gnu -Wl,-rpath-link,%/lib/x86_64-linux-gnu)
TOOL_LIBS := -lxencall -lxenforeignmemory -lxenstore -ljson-c
ifeq ($(TOOL_SANITIZE),y)
TOOL_CFLAGS  += -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
TOOL_LDFLAGS += -fsanitize=address,undefined -static-libasan -static-libubsan
endif

TOOL_OBJS = $(patsubst %.c,$(TOOL_B)/%.o,$(LIBRL_SRCS) $(RL_SRCS))

RL := $(B)/rl$(if $(filter y,$(TOOL_SANITIZE)),-sanitized)

.PHONY: tools
tools: $(RL) ## build rl, the command line

$(TOOL_B)/%.o: %.c tools/rules.mk
	@mkdir -p $(@D)
	@printf '  %-4s %s\n' CC $<
	@$(TOOL_CC) $(TOOL_CFLAGS) -c $< -o $@

$(RL): $(TOOL_OBJS)
	@printf '  %-4s %s\n' LD $@
	@$(TOOL_CC) $(TOOL_LDFLAGS) $^ $(TOOL_LIBS) -o $@

-include $(TOOL_OBJS:.o=.d)
