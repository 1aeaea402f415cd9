#include "console/keys.h"
#include "console/console.h"
#include "console/internal.h"
#include "console/options.h"
#include "cpu/asm.h"
#include "cpu/percpu.h"
#include "cpu/stub.h"
#include "domain/domain.h"
#include "lib/bits.h"

static const struct key {
    char character;
    void (*handler)(void);
    const char *summary;
} keys[] = {
#define KEY(character, handler, summary) { character, handler, summary },
#include "console/keys.def"
#undef KEY
};

void key_help(void)
{
    for ( size_t i = 0; i < ARRAY_SIZE(keys); i++ )
        log_error(" %c  %s", keys[i].character, keys[i].summary);
}

void key_crash(void)
{
    panic("asked for by debug key");
}

/* Without a watchdog the machine would be lost, and tools of dom0 send keys, too. */
void key_hang(void)
{
    while ( options.watchdog )
        cpu_relax();
}

void key_registers(void)
{
    struct regs regs;

    if ( current_vcpu()->domain == domain_idle )
    {
        log_error("CPU %u is idle", this_cpu()->cpu);
        return;
    }
    stub_guest_regs(&regs);
    crash_print_registers(&regs);
}

void console_debug_key(char key)
{
    for ( size_t i = 0; i < ARRAY_SIZE(keys); i++ )
    {
        if ( keys[i].character != key )
            continue;
        log_error("'%c': %s", key, keys[i].summary);
        keys[i].handler();
        return;
    }
    log_error("no debug key '%c'; 'h' lists them", key);
}
