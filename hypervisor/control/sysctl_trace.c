/*
 * sysctl tbuf_op: the tools' hold on trace buffers (trace/buffer.h).
 *
 * What they map belongs to DOMID_XEN: t_info, read-only, which lists the frames of each CPU's buffer; and these, for
 * writing too, since the tools say there what they have read. All that is made once, and stays.
 */
#include "control/internal.h"
#include "control/sysctl.h"
#include "event/event.h"
#include "lib/bits.h"
#include "mm/alloc.h"
#include "mm/map.h"
#include "trace/buffer.h"

/* Of a CPU's buffer: 16 MiB. */
#define MAX_PAGES 4096

static struct t_info *t_info; /* NULL: there are no buffers */
static u32 t_info_pages;

void trace_half_full(void)
{
    event_send_global_virq(VIRQ_TBUF);
}

/* --- Making --- */

/* t_info's lists of frames, one word each, begin at this of its words. */
static u32 lists_at(u32 cpus)
{
    return DIV_ROUND_UP((u32)sizeof(struct t_info) + cpus * (u32)sizeof(u16), (u32)sizeof(u32));
}

static void free_all(void **buffers, u32 cpus, u32 pages)
{
    for ( u32 cpu = 0; cpu < cpus; cpu++ )
        if ( buffers[cpu] )
            mm_free(buffers[cpu], order_of(pages));
}

static bool allocate_all(void **buffers, u32 cpus, u32 pages)
{
    for ( u32 cpu = 0; cpu < cpus; cpu++ )
    {
        buffers[cpu] = mm_alloc(order_of(pages));
        if ( !buffers[cpu] )
            return false;
    }
    return true;
}

/* Nothing can fail any more. */
static void publish(struct t_info *info, void *const *buffers, u32 cpus, u32 pages)
{
    u32 *words = (u32 *)info;
    u32 at = lists_at(cpus);

    info->tbuf_size = (u16)pages;
    for ( u32 cpu = 0; cpu < cpus; cpu++ )
    {
        info->mfn_offset[cpu] = (u16)at;
        for ( u32 i = 0; i < pages; i++ )
        {
            u8 *page = (u8 *)buffers[cpu] + i * PAGE_SIZE;

            mm_share_with_domain(page, domain_xen);
            words[at++] = (u32)virt_to_mfn(page).n;
        }
        trace_set_buffer(cpu, buffers[cpu], pages * (u32)PAGE_SIZE);
    }
    mm_show_to_tools(info, t_info_pages);
    t_info = info;
}

/* -EBUSY there are such buffers, -EINVAL there are others, or @pages is none or too many; -ENOMEM. */
static long make_buffers(u32 pages)
{
    void *buffers[NR_CPUS] = { NULL };
    u32 cpus = control_nr_cpus();
    struct t_info *info;

    if ( t_info )
        return pages == t_info->tbuf_size ? -EBUSY : -EINVAL;
    if ( pages == 0 || pages > MAX_PAGES || lists_at(cpus) + cpus * pages > UINT16_MAX )
        return -EINVAL;

    t_info_pages = DIV_ROUND_UP((lists_at(cpus) + cpus * pages) * (u32)sizeof(u32), (u32)PAGE_SIZE);
    info = mm_alloc(order_of(t_info_pages));
    if ( !info || !allocate_all(buffers, cpus, pages) )
    {
        free_all(buffers, cpus, pages);
        if ( info )
            mm_free(info, order_of(t_info_pages));
        return -ENOMEM;
    }
    publish(info, buffers, cpus, pages);
    return 0;
}

/* --- The operation --- */

static long choose_cpus(const struct xenctl_bitmap *map)
{
    u64 cpus = 0;
    long rc = map->nr_bits ? bitmap64_from_guest(&cpus, map) : 0;

    if ( !rc )
        trace_choose_cpus(cpus);
    return rc;
}

static void tell_info(struct xen_sysctl_tbuf_op *arg)
{
    arg->evt_mask = trace_chosen_events();
    arg->buffer_mfn = t_info ? virt_to_mfn(t_info).n : 0;
    arg->size = t_info ? t_info_pages * (u32)PAGE_SIZE : 0;
}

/* XEN_SYSCTL_tbuf_op: -EINVAL no such command, or there are no buffers to be switched on; and as make_buffers(). */
long sysctl_trace(struct xen_sysctl_tbuf_op *arg)
{
    switch ( arg->cmd )
    {
    case XEN_SYSCTL_TBUFOP_get_info:
        tell_info(arg);
        return 0;
    case XEN_SYSCTL_TBUFOP_set_cpu_mask:
        return choose_cpus(&arg->cpu_mask);
    case XEN_SYSCTL_TBUFOP_set_evt_mask:
        trace_choose_events(arg->evt_mask);
        return 0;
    case XEN_SYSCTL_TBUFOP_set_size:
        return make_buffers(arg->size);
    case XEN_SYSCTL_TBUFOP_enable:
        if ( !t_info )
            return -EINVAL;
        trace_switch(true);
        return 0;
    case XEN_SYSCTL_TBUFOP_disable:
        trace_switch(false);
        return 0;
    default:
        return -EINVAL;
    }
}
