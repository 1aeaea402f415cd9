#include <kit/kit.h>

#define QEMU_EXIT_PORT 0xf4

void shutdown(unsigned int reason)
{
    struct sched_shutdown op = { .reason = reason };

    for ( ;; )
        hypercall(sched_op, SCHEDOP_shutdown, &op);
}

long power_iopl(unsigned int level)
{
    struct physdev_set_iopl op = { .iopl = level };

    return hypercall(physdev_op, PHYSDEVOP_set_iopl, &op);
}

void exit(int code)
{
    const char *how = arg_value("exit");

    if ( start_info->flags & SIF_INITDOMAIN && (code || (how && !strncmp(how, "port", 4))) &&
         !power_iopl(1) )
        (void)fault_of(outl(QEMU_EXIT_PORT, (uint32_t)code));
    shutdown(code ? SHUTDOWN_crash : SHUTDOWN_poweroff);
}

void panic(const char *format, ...)
{
    static bool panicking;
    va_list args;

    va_start(args, format);
    if ( !panicking )
    {
        panicking = true;
        printf("panic: ");
        vprintf(format, args);
        printf("\n");
    }
    va_end(args);
    exit(127);
}
