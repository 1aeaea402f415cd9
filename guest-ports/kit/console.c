#include <kit/kit.h>

static struct xencons_interface *ring; /* NULL as dom0 */

static void ring_write(const char *text, int size)
{
    while ( size )
    {
        XENCONS_RING_IDX prod = ring->out_prod;

        for ( ; size && prod - *(volatile XENCONS_RING_IDX *)&ring->out_cons < sizeof(ring->out);
              size-- )
            ring->out[MASK_XENCONS_IDX(prod++, ring->out)] = *text++;
        __atomic_store_n(&ring->out_prod, prod, __ATOMIC_RELEASE);
        event_send(start_info->console.domU.evtchn);
        if ( size )
            hypercall(sched_op, SCHEDOP_yield, NULL);
    }
}

void console_write(const char *text, int size)
{
    if ( ring )
        ring_write(text, size);
    else
        hypercall(console_io, CONSOLEIO_write, size, text);
}

int console_read(char *to, int size)
{
    int count = 0;

    if ( !ring )
        return (int)hypercall(console_io, CONSOLEIO_read, size, to);

    for ( ; count < size && ring->in_cons != __atomic_load_n(&ring->in_prod, __ATOMIC_ACQUIRE);
          count++ )
        to[count] = ring->in[MASK_XENCONS_IDX(ring->in_cons++, ring->in)];
    if ( count )
        event_send(start_info->console.domU.evtchn);
    return count;
}

static void input_event(evtchn_port_t port, void *data)
{
    (void)port;
    (void)data;
}

void console_listen(void)
{
    evtchn_port_t port = ring ? start_info->console.domU.evtchn
                              : (evtchn_port_t)check(event_bind_virq(VIRQ_CONSOLE, 0));

    event_handle(port, input_event, NULL);
}

void console_init(void)
{
    if ( !(start_info->flags & SIF_INITDOMAIN) )
        ring = mfn_to_virt(start_info->console.domU.mfn);
}
