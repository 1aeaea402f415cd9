# The programs of hypercalls for dom0's Linux: any Linux runs them. Included by the top Makefile.

PROGRAMS_LINUX := $(patsubst %,tests/programs/%.c,linux program values memory vcpu control report)

$(B)/tests/programs-linux: $(PROGRAMS_LINUX) $(wildcard tests/programs/*.h hypercall/*.def hypercall/ops/*.def) tests/programs/rules.mk
	@mkdir -p $(@D)
	@$(TOOL_CC) -std=gnu11 -O2 -g -D_GNU_SOURCE -Wall -Wextra -Wshadow -static-pie -fPIE -I. $(TOOL_SYSROOT:%=-isystem %/include) \
	    -include errno.h -o $@ $(PROGRAMS_LINUX)

tools: $(B)/tests/programs-linux
