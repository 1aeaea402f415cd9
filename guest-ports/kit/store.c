#include <kit/kit.h>

static struct xenstore_domain_interface *ring;
static bool watch_fired;

bool store_present(void)
{
    return !is_dom0() && start_info->store_evtchn;
}

static void ring_event(evtchn_port_t port, void *data)
{
    (void)port;
    (void)data;
}

static void ring_init(void)
{
    if ( ring )
        return;
    ring = mfn_to_virt(start_info->store_mfn);
    event_handle(start_info->store_evtchn, ring_event, NULL);
}

static bool response_ready(void)
{
    return ring->rsp_cons != __atomic_load_n(&ring->rsp_prod, __ATOMIC_ACQUIRE);
}

static bool request_room(void)
{
    return ring->req_prod - __atomic_load_n(&ring->req_cons, __ATOMIC_ACQUIRE) < XENSTORE_RING_SIZE;
}

static void send_bytes(const void *data, size_t size)
{
    for ( const char *byte = data; size; size--, byte++ )
    {
        if ( !request_room() )
        {
            event_send(start_info->store_evtchn);
            event_wait_until(request_room());
        }
        ring->req[MASK_XENSTORE_IDX(ring->req_prod)] = *byte;
        __atomic_store_n(&ring->req_prod, ring->req_prod + 1, __ATOMIC_RELEASE);
    }
}

static void receive_bytes(char *to, size_t size)
{
    for ( ; size; size-- )
    {
        event_wait_until(response_ready());
        *to++ = ring->rsp[MASK_XENSTORE_IDX(ring->rsp_cons)];
        __atomic_store_n(&ring->rsp_cons, ring->rsp_cons + 1, __ATOMIC_RELEASE);
    }
    event_send(start_info->store_evtchn);
}

/* Receives one message; its text goes to @text (PAYLOAD_MAX + 1 bytes), terminated. */
static struct xsd_sockmsg receive(char *text)
{
    struct xsd_sockmsg header;

    receive_bytes((char *)&header, sizeof(header));
    if ( header.len > XENSTORE_PAYLOAD_MAX )
        panic("xenstore: a message of %u bytes", header.len);
    receive_bytes(text, header.len);
    text[header.len] = '\0';
    return header;
}

/* Errors are told by name; others than these do not reach so simple a client. */
static long error_number(const char *name)
{
    static const struct {
        const char *name;
        long number;
    } errors[] = {
        { "EACCES", EACCES }, { "EEXIST", EEXIST }, { "ENOENT", ENOENT }, { "ENOMEM", ENOMEM },
        { "ENOSPC", ENOSPC }, { "EBUSY", EBUSY },   { "EPERM", EPERM },
    };

    for ( unsigned int i = 0; i < sizeof(errors) / sizeof(errors[0]); i++ )
    {
        if ( !strcmp(name, errors[i].name) )
            return -errors[i].number;
    }
    return -EINVAL;
}

/*
 * Sends @type with @first, its terminator and @second_size bytes of @second; waits for the answer in @text. Returns its
 * length, or the error that it told.
 */
static long request(unsigned int type, const char *first, const char *second, size_t second_size,
                    char *text)
{
    static uint32_t id;
    struct xsd_sockmsg header = { .type = type,
                                  .req_id = ++id,
                                  .len = (uint32_t)(strlen(first) + 1 + second_size) };

    ring_init();
    send_bytes(&header, sizeof(header));
    send_bytes(first, strlen(first) + 1);
    send_bytes(second, second_size);
    event_send(start_info->store_evtchn);
    do
    {
        header = receive(text);
        if ( header.type == XS_WATCH_EVENT )
            watch_fired = true;
    } while ( header.type == XS_WATCH_EVENT || header.req_id != id );
    return header.type == XS_ERROR ? error_number(text) : (long)header.len;
}

static char answer[XENSTORE_PAYLOAD_MAX + 1];

long store_read(const char *path, char *value, size_t size)
{
    long rc = request(XS_READ, path, "", 0, answer);

    if ( rc >= 0 )
        snprintf(value, size, "%s", answer);
    return rc;
}

long store_write(const char *path, const char *value)
{
    long rc = request(XS_WRITE, path, value, strlen(value), answer);

    return rc < 0 ? rc : 0;
}

long store_watch(const char *path)
{
    long rc = request(XS_WATCH, path, "kit", sizeof("kit"), answer);

    return rc < 0 ? rc : 0;
}

bool store_watch_fired(void)
{
    bool fired;

    while ( ring && response_ready() )
    {
        if ( receive(answer).type == XS_WATCH_EVENT )
            watch_fired = true;
    }
    fired = watch_fired;
    watch_fired = false;
    return fired;
}

void store_control(void)
{
    store_watch("control/shutdown");
}

int store_shutdown_reason(void)
{
    static const struct {
        const char *name;
        int reason;
    } requests[] = {
        { "poweroff", SHUTDOWN_poweroff }, { "halt", SHUTDOWN_poweroff },
        { "reboot", SHUTDOWN_reboot },     { "suspend", SHUTDOWN_suspend },
        { "crash", SHUTDOWN_crash },
    };
    char value[16];

    if ( !store_present() || store_read("control/shutdown", value, sizeof(value)) <= 0 )
        return -1;
    for ( unsigned int i = 0; i < sizeof(requests) / sizeof(requests[0]); i++ )
    {
        if ( !strcmp(value, requests[i].name) )
        {
            store_write("control/shutdown", "");
            return requests[i].reason;
        }
    }
    return -1;
}
