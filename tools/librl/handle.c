#include "handle.h"

#include <unistd.h>

#include <xencall.h>
#include <xenforeignmemory.h>
#include <xenstore.h>

#include "calls.h"
#include "lib/string.h"
#include "message.h"
#include "names.h"

int rl_open(struct rl *rl)
{
    *rl = (struct rl){ 0 };
    batch_init(&rl->batch);
    rl->xcall = xencall_open(NULL, XENCALL_OPENFLAG_NON_REENTRANT);
    if ( !rl->xcall )
    {
        if ( errno == EACCES || errno == EPERM )
            return rl_error(EACCES,
                            "the hypervisor's device can't be opened: become root and try again");
        return rl_error(
            ENOENT,
            "no hypervisor is reachable (/dev/xen/privcmd: %s): rl works in dom0, with the module "
            "xen-privcmd loaded",
            strerror(errno));
    }
    rl->buffer = xencall_alloc_buffer_pages(rl->xcall, RL_BUFFER_SIZE / PAGE_SIZE);
    if ( !rl->buffer )
        return rl_error(ENOMEM, "no memory for hypercall arguments");
    return 0;
}

void rl_close(struct rl *rl)
{
    names_close(rl);
    batch_close(&rl->batch);
    if ( rl->store )
        xs_close(rl->store);
    if ( rl->memory )
        xenforeignmemory_close(rl->memory);
    if ( rl->buffer )
        xencall_free_buffer_pages(rl->xcall, rl->buffer, RL_BUFFER_SIZE / PAGE_SIZE);
    if ( rl->xcall )
        xencall_close(rl->xcall);
    *rl = (struct rl){ 0 };
    batch_init(&rl->batch);
}

struct xenforeignmemory_handle *rl_memory(struct rl *rl)
{
    if ( !rl->memory )
        rl->memory = xenforeignmemory_open(NULL, 0);
    if ( !rl->memory )
        rl_error(errno, "domains' memory can't be mapped: /dev/xen/privcmd: %s", strerror(errno));
    return rl->memory;
}

struct xs_handle *rl_store(struct rl *rl)
{
    if ( !rl->store )
        rl->store = xs_open(0);
    if ( !rl->store )
        rl_error(errno, "the store does not answer (%s): is xenstored running?", strerror(errno));
    return rl->store;
}
