/* What is typed on the serial line: to dom0, or to the debug keys. */
#include "console/console.h"
#include "console/keys.h"
#include "cpu/asm.h"
#include "cpu/uaccess.h"
#include "event/event.h"
#include "lib/atomic.h"
#include "lib/bits.h"
#include "smp/smp.h"

#define CTRL_A         0x01
#define SWITCH_PRESSES 3
#define INPUT_SIZE     256 /* a power of two */
#define CHUNK          32  /* on a real line each character takes 87 us */

/* Only the CPU that serves the serial line's interrupt writes; dom0 reads. */
static char input[INPUT_SIZE];
static u32 input_end, input_start;
static unsigned int presses;
static bool to_keys;

/* Counts Ctrl-a: true when @c completed the switch. */
static bool switched(char c)
{
    presses = c == CTRL_A ? presses + 1 : 0;
    if ( presses < SWITCH_PRESSES )
        return false;
    presses = 0;
    to_keys = !to_keys;
    log_print(LOG_ERROR, "the serial line talks to %s (%u times Ctrl-a switches)",
              to_keys ? "the hypervisor: 'h' for help" : "dom0", SWITCH_PRESSES);
    return true;
}

void console_input(char c)
{
    if ( switched(c) )
        return;
    if ( to_keys )
    {
        if ( c != CTRL_A )
            console_debug_key(c);
        return;
    }
    if ( input_end - atomic_load(&input_start) < INPUT_SIZE )
    {
        input[input_end % INPUT_SIZE] = c;
        atomic_store(&input_end, input_end + 1);
    }
    event_send_global_virq(VIRQ_CONSOLE);
}

/* CONSOLEIO_read: how many bytes there were. Of two that read at once, one reads again. */
static long console_read(gva_t to, unsigned long count)
{
    u32 start = atomic_load(&input_start), n;
    char chunk[CHUNK];

    do
    {
        n = min_t(u32, CHUNK, atomic_load(&input_end) - start);
        n = (u32)min_t(unsigned long, count, n);
        for ( u32 i = 0; i < n; i++ )
            chunk[i] = READ_ONCE(input[(start + i) % INPUT_SIZE]);
        if ( copy_to_guest(to, chunk, n) )
            return -EFAULT;
    } while ( !atomic_cmpxchg(&input_start, &start, start + n) );
    return (long)n;
}

/* CONSOLEIO_write: a chunk at a time, stopping in between when something waits. */
static long console_write_guest(gva_t from, unsigned long count)
{
    char chunk[CHUNK];

    while ( count )
    {
        unsigned long n = min_t(unsigned long, count, CHUNK);

        if ( copy_from_guest(chunk, from, n) )
            return -EFAULT;
        console_write(chunk, n);
        from.n += n;
        count -= n;
        if ( count && preempt_pending() )
            return hypercall_continue(__HYPERVISOR_console_io, CONSOLEIO_write, count, from.n, 0,
                                      0);
    }
    return 0;
}

/*
 * __HYPERVISOR_console_io (public/xen.h). write: 0; read: the number of bytes, 0 when none wait.
 * -EFAULT, -ENOSYS. The count is an int in the ABI.
 */
long console_io(unsigned long op, unsigned long count, unsigned long buffer)
{
    if ( (int)count < 0 )
        return -EINVAL;
    count = (u32)count;
    switch ( op )
    {
    case CONSOLEIO_write:
        return console_write_guest(to_gva(buffer), count);
    case CONSOLEIO_read:
        return console_read(to_gva(buffer), count);
    default:
        return -ENOSYS;
    }
}
