/*
 * Ending: of this domain, of the machine, of a test.
 */
#ifndef KIT_POWER_H
#define KIT_POWER_H

#include <stdint.h>

/* SCHEDOP_shutdown with SHUTDOWN_*: ends this domain, and with dom0 the machine. */
_Noreturn void shutdown(unsigned int reason);

/*
 * Ends with a code that whoever started us can see. As dom0 under QEMU that is QEMU's exit code, (code << 1) | 1, by
 * its isa-debug-exit device at port 0xf4; code 0 powers off in the ordinary way instead, unless the command line has
 * `exit=port`. Otherwise SHUTDOWN_poweroff for 0 and SHUTDOWN_crash for all else.
 */
_Noreturn void exit(int code);

/* Prints why, then exit(127). */
__attribute__((format(printf, 1, 2))) _Noreturn void panic(const char *format, ...);

/* Passes @rc on; panics when it is an error. */
#define check(rc)                                                                                  \
    ({                                                                                             \
        long rc_ = (rc);                                                                           \
        if ( rc_ < 0 )                                                                             \
            panic("%s:%d: %s: %ld", __FILE__, __LINE__, #rc, rc_);                                 \
        rc_;                                                                                       \
    })

/* Ports: these fault unless the domain has rights over them, and its kernel the I/O privilege (power_iopl(1)). */
static inline void outl(uint16_t port, uint32_t value)
{
    asm volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint32_t inl(uint16_t port)
{
    uint32_t value;

    asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

static inline void outb(uint16_t port, uint8_t value)
{
    asm volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t inb(uint16_t port)
{
    uint8_t value;

    asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

long power_iopl(unsigned int level);

#endif
