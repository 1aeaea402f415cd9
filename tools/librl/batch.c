#include "batch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <xen/io/xs_wire.h>

#include "lib/bits.h"
#include "lib/string.h"
#include "message.h"

void batch_init(struct batch *batch)
{
    *batch = (struct batch){ .fd = -1 };
}

void batch_close(struct batch *batch)
{
    if ( batch->fd >= 0 )
        close(batch->fd);
    free(batch->data);
    batch_init(batch);
}

/* --- requests --- */

static bool make_room(struct batch *batch, size_t more)
{
    size_t room = max(batch->room * 2, batch->used + more);
    char *data;

    if ( batch->used + more <= batch->room )
        return true;
    data = realloc(batch->data, room);
    if ( !data )
        return false;
    batch->data = data;
    batch->room = room;
    return true;
}

/* @path and its NUL, then @size bytes at @rest. */
static void add(struct batch *batch, u32 type, const char *path, const void *rest, size_t size)
{
    size_t path_size = strlen(path) + 1;
    struct xsd_sockmsg head = { type, batch->count, 0, (u32)(path_size + size) };

    if ( path_size + size > XENSTORE_PAYLOAD_MAX )
        batch->rc = -E2BIG;
    else if ( !make_room(batch, sizeof(head) + head.len) )
        batch->rc = -ENOMEM;
    if ( batch->rc )
        return;
    memcpy(batch->data + batch->used, &head, sizeof(head));
    batch->used += sizeof(head);
    memcpy(batch->data + batch->used, path, path_size);
    batch->used += path_size;
    if ( size )
        memcpy(batch->data + batch->used, rest, size);
    batch->used += size;
    batch->count++;
}

void batch_read(struct batch *batch, const char *path)
{
    add(batch, XS_READ, path, NULL, 0);
}

void batch_write(struct batch *batch, const char *path, const char *value)
{
    add(batch, XS_WRITE, path, value, strlen(value));
}

void batch_remove(struct batch *batch, const char *path)
{
    add(batch, XS_RM, path, NULL, 0);
}

void batch_list(struct batch *batch, const char *path)
{
    add(batch, XS_DIRECTORY_PART, path, "0", sizeof("0"));
}

static char right_letter(const struct xs_permissions *right)
{
    switch ( right->perms & (XS_PERM_READ | XS_PERM_WRITE) )
    {
    case XS_PERM_READ:
        return 'r';
    case XS_PERM_WRITE:
        return 'w';
    default:
        return right->perms ? 'b' : 'n';
    }
}

void batch_rights(struct batch *batch, const char *path, const struct xs_permissions *rights,
                  unsigned int count)
{
    char text[256];
    size_t used = 0;

    for ( unsigned int i = 0; i < count && used < sizeof(text); i++ )
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%c%u", right_letter(&rights[i]),
                                 rights[i].id) +
                1;
    if ( used > sizeof(text) )
        batch->rc = -E2BIG;
    else
        add(batch, XS_SET_PERMS, path, text, used);
}

void batch_introduce(struct batch *batch, unsigned int domid, u64 frame, u32 port)
{
    char id[16], rest[64];
    int size = snprintf(rest, sizeof(rest), "%llu%c%u", (unsigned long long)frame, '\0', port);

    snprintf(id, sizeof(id), "%u", domid);
    add(batch, XS_INTRODUCE, id, rest, (size_t)size + 1);
}

/* --- the exchange --- */

static int connect_store(struct batch *batch)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    if ( batch->fd >= 0 )
        return 0;
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", xs_daemon_socket());
    batch->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if ( batch->fd >= 0 && !connect(batch->fd, (const struct sockaddr *)&address, sizeof(address)) )
        return 0;
    return rl_error(EIO, "the store does not answer (%s): is xenstored running?", strerror(errno));
}

static bool send_all(struct batch *batch)
{
    for ( size_t done = 0; done < batch->used; )
    {
        ssize_t n = send(batch->fd, batch->data + done, batch->used - done, MSG_NOSIGNAL);

        if ( n < 0 && errno != EINTR )
            return false;
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

static bool receive(struct batch *batch, void *to, size_t size)
{
    for ( size_t done = 0; done < size; )
    {
        ssize_t n = recv(batch->fd, (char *)to + done, size - done, 0);

        if ( n == 0 || (n < 0 && errno != EINTR) )
            return false;
        done += n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* Errors travel by name. */
static int error_from(const char *name)
{
    for ( size_t i = 0; i < ARRAY_SIZE(xsd_errors); i++ )
        if ( !strcmp(xsd_errors[i].errstring, name) )
            return xsd_errors[i].errnum;
    return EIO;
}

/* The answer to the request that stands at @request. */
static bool take_answer(struct batch *batch, const char *request, batch_answer *answer, void *arg)
{
    char text[XENSTORE_PAYLOAD_MAX + 1];
    struct xsd_sockmsg asked, head;
    int error;

    memcpy(&asked, request, sizeof(asked));
    if ( !receive(batch, &head, sizeof(head)) || head.len > XENSTORE_PAYLOAD_MAX ||
         !receive(batch, text, head.len) )
        return false;
    if ( head.req_id != asked.req_id || (head.type != asked.type && head.type != XS_ERROR) )
        return false;
    text[head.len] = '\0';
    error = head.type == XS_ERROR ? error_from(text) : 0;
    answer(arg, asked.req_id, request + sizeof(asked), error, text, head.len);
    return true;
}

static bool take_answers(struct batch *batch, batch_answer *answer, void *arg)
{
    const char *request = batch->data;
    struct xsd_sockmsg head;

    for ( unsigned int i = 0; i < batch->count; i++ )
    {
        memcpy(&head, request, sizeof(head));
        if ( !take_answer(batch, request, answer, arg) )
            return false;
        request += sizeof(head) + head.len;
    }
    return true;
}

/* A connection whose answers don't match the requests any more is of no use. */
static int exchange(struct batch *batch, batch_answer *answer, void *arg)
{
    int rc = connect_store(batch);

    if ( !rc && (!send_all(batch) || !take_answers(batch, answer, arg)) )
        rc = rl_error(EIO, "the store is gone");
    if ( rc )
        batch_close(batch);
    return rc;
}

void batch_drop(struct batch *batch)
{
    batch->used = 0;
    batch->count = 0;
    batch->rc = 0;
}

int batch_run(struct batch *batch, batch_answer *answer, void *arg)
{
    int rc = batch->rc ? rl_error(-batch->rc, "the store can't be asked for so much: %s",
                                  strerror(-batch->rc))
                       : 0;

    if ( !rc && batch->count )
        rc = exchange(batch, answer, arg);
    batch_drop(batch);
    return rc;
}

static void see_refusal(void *arg, unsigned int index, const char *path, int error,
                        const char *text, size_t length)
{
    int *refused = arg;

    (void)index, (void)text, (void)length;
    if ( error && !*refused )
        *refused = rl_error(error, "the store does not take %s: %s", path, strerror(error));
}

int batch_commit(struct batch *batch)
{
    int refused = 0, rc = batch_run(batch, see_refusal, &refused);

    return rc ? rc : refused;
}
