/*
 * physdev_op: what a domain may do with the machine's interrupts, I/O privilege and PCI devices (public/physdev.h).
 *
 * Rows marked ADMIN are checked by the dispatcher; those that name a domain check here, by access/'s rules.
 */
#include "access/access.h"
#include "cpu/uaccess.h"
#include "domain/subop.h"
#include "irq/irq.h"
#include "irq/lines.h"
#include "irq/msi.h"
#include "irq/pirq.h"
#include "lib/bits.h"

#define IO_PORTS 65536

/* --- I/O privilege: any domain; the ports themselves are access/'s to refuse --- */

static long physdev_set_iopl(struct vcpu *v, struct physdev_set_iopl *arg)
{
    if ( arg->iopl > 3 )
        return -EINVAL;
    v->cpu.iopl = (u8)arg->iopl;
    return 0;
}

/* The bitmap stays in the guest's memory and is read at each access. */
static long physdev_set_iobitmap(struct vcpu *v, struct physdev_set_iobitmap *arg)
{
    gva_t bitmap = handle_gva(arg->bitmap);

    if ( arg->nr_ports > IO_PORTS || (bitmap.n && !guest_range_ok(bitmap, IO_PORTS / 8)) )
        return -EINVAL;
    v->pv.iobitmap = bitmap.n;
    v->pv.iobitmap_limit = arg->nr_ports;
    return 0;
}

/* --- PIRQs --- */

/* -EINVAL: not mapped. */
static long physdev_eoi(struct vcpu *v, struct physdev_eoi *arg)
{
    struct irq_line *line;

    lock_acquire(&irq_lock);
    line = pirq_line(v->domain, arg->irq);
    if ( line )
        line_eoi(line, v->domain);
    lock_release(&irq_lock);
    return line ? 0 : -EINVAL;
}

/* A PIRQ that is not mapped has no flags; one that cannot be is -EINVAL. */
static long physdev_irq_status(struct vcpu *v, struct physdev_irq_status_query *arg)
{
    const struct irq_line *line;

    if ( arg->irq >= v->domain->irq.nr_pirqs )
        return -EINVAL;
    arg->flags = 0;
    lock_acquire(&irq_lock);
    line = pirq_line(v->domain, arg->irq);
    if ( line && line->level )
        arg->flags |= XENIRQSTAT_needs_eoi;
    if ( line && line->nr_guests > 1 )
        arg->flags |= XENIRQSTAT_shared;
    lock_release(&irq_lock);
    return 0;
}

/* Old kernels ask for the vector of a GSI, and use it as a name. They say by other operations what they mean to do. */
static long physdev_alloc_vector(struct vcpu *v, struct physdev_irq *arg)
{
    (void)v;
    arg->vector = arg->irq;
    return 0;
}

/* The function that the argument names; -ENODEV: of a segment that we don't reach. */
static long map_bdf(const struct physdev_map_pirq *arg, pci_bdf_t *bdf)
{
    if ( arg->type != MAP_PIRQ_TYPE_MSI && (u32)arg->bus >> 16 )
        return -ENODEV;
    if ( (arg->bus & 0xff00) || (arg->devfn & ~0xff) )
        return -EINVAL;
    *bdf = (pci_bdf_t)((arg->bus & 0xff) << 8 | arg->devfn);
    return 0;
}

static long map_msi(struct domain *d, struct physdev_map_pirq *arg)
{
    pci_bdf_t bdf = 0;
    long rc = map_bdf(arg, &bdf);

    if ( rc )
        return rc;
    if ( arg->type == MAP_PIRQ_TYPE_MULTI_MSI )
    {
        if ( arg->entry_nr <= 0 || arg->table_base )
            return -EINVAL;
        return pirq_map_msi(d, bdf, false, 0, (unsigned int)arg->entry_nr, &arg->pirq);
    }
    if ( arg->entry_nr < 0 || arg->entry_nr > 0xffff )
        return -EINVAL;
    return pirq_map_msi(d, bdf, arg->table_base != 0, (u16)arg->entry_nr, 1, &arg->pirq);
}

static long map_pirq(struct domain *d, struct physdev_map_pirq *arg)
{
    switch ( arg->type )
    {
    case MAP_PIRQ_TYPE_GSI:
        return pirq_map_gsi(d, (u32)arg->index, &arg->pirq);
    case MAP_PIRQ_TYPE_MSI:
    case MAP_PIRQ_TYPE_MSI_SEG:
    case MAP_PIRQ_TYPE_MULTI_MSI:
        return map_msi(d, arg);
    default:
        return -EINVAL;
    }
}

/* For itself or a domain that it controls, by a domain that drives devices. Errors: pirq.h, msi.h; -EPERM, -ESRCH. */
static long physdev_map_pirq(struct vcpu *v, struct physdev_map_pirq *arg)
{
    long rc = access_check(v->domain, NULL, ACCESS_HARDWARE);
    struct domain *d;

    if ( !rc )
        rc = access_domain(v->domain, arg->domid, ACCESS_CONTROL, &d);
    if ( rc )
        return rc;
    rc = map_pirq(d, arg);
    domain_put(d);
    return rc;
}

static long physdev_unmap_pirq(struct vcpu *v, struct physdev_unmap_pirq *arg)
{
    long rc = access_check(v->domain, NULL, ACCESS_HARDWARE);
    struct domain *d;

    if ( !rc )
        rc = access_domain(v->domain, arg->domid, ACCESS_CONTROL, &d);
    if ( rc )
        return rc;
    rc = pirq_unmap(d, (u32)arg->pirq);
    domain_put(d);
    return rc;
}

static long setup_gsi(u32 gsi, bool level, bool active_low)
{
    struct irq_line *line = lines_of_gsi(gsi);

    if ( !line )
        return -EINVAL;
    if ( line->own || line->mode_set || line->nr_guests )
        return -EEXIST;
    lines_set_mode(line, level, active_low);
    line->mode_set = true;
    return 0;
}

/*
 * Tell how a GSI signals, once, before it is used: dom0's AML knows. -EEXIST too late, -EINVAL no such GSI, -EPERM.
 */
static long physdev_setup_gsi(struct vcpu *v, struct physdev_setup_gsi *arg)
{
    long rc;

    if ( !access_irq(v->domain, (u32)arg->gsi) )
        return -EPERM;
    lock_acquire(&irq_lock);
    rc = setup_gsi((u32)arg->gsi, arg->triggering, arg->polarity);
    lock_release(&irq_lock);
    return rc;
}

/* --- PCI devices --- */

static long device_added(u16 segment, u8 bus, u8 devfn)
{
    long rc;

    if ( segment )
        return -ENODEV;
    lock_acquire(&irq_lock);
    rc = msi_device_added((pci_bdf_t)(bus << 8 | devfn));
    lock_release(&irq_lock);
    return rc;
}

static bool is_message_of(const struct irq_line *line, pci_bdf_t bdf)
{
    return line && line->source == LINE_MSI && msi_bdf(line) == bdf;
}

/* The device is gone: so are its messages. */
static long device_removed(struct domain *d, u16 segment, u8 bus, u8 devfn)
{
    pci_bdf_t bdf = (pci_bdf_t)(bus << 8 | devfn);

    if ( segment )
        return -ENODEV;
    for ( u32 pirq = 0; pirq < d->irq.nr_pirqs; pirq++ )
    {
        bool found;

        lock_acquire(&irq_lock);
        found = is_message_of(pirq_line(d, pirq), bdf);
        lock_release(&irq_lock);
        if ( found )
            pirq_unmap(d, pirq);
    }
    return 0;
}

static long physdev_pci_add(struct vcpu *v, struct physdev_manage_pci *arg)
{
    (void)v;
    return device_added(0, arg->bus, arg->devfn);
}

static long physdev_pci_add_ext(struct vcpu *v, struct physdev_manage_pci_ext *arg)
{
    (void)v;
    return device_added(0, arg->bus, arg->devfn);
}

static long physdev_pci_device_add(struct vcpu *v, struct physdev_pci_device_add *arg)
{
    (void)v;
    return device_added(arg->seg, arg->bus, arg->devfn);
}

static long physdev_pci_remove(struct vcpu *v, struct physdev_manage_pci *arg)
{
    return device_removed(v->domain, 0, arg->bus, arg->devfn);
}

static long physdev_pci_device_remove(struct vcpu *v, struct physdev_pci_device *arg)
{
    return device_removed(v->domain, arg->seg, arg->bus, arg->devfn);
}

#define SUBOPS <hypercall/ops/physdev.def>
#include "domain/subop_tables.inc"

long irq_physdev_op(unsigned long cmd, unsigned long arg)
{
    if ( (u32)cmd ==
         PHYSDEVOP_set_iopl ) /* of each switch to a process with another I/O privilege */
        return subop_PHYSDEVOP_set_iopl(current_vcpu(), arg);
    return subop_call(subops, cmd, arg);
}

long compat_physdev_op(unsigned long cmd, unsigned long arg)
{
    return subop_call(subops_pv32, cmd, arg);
}

typedef long physdev_call_t(unsigned long cmd, unsigned long arg);

/* The number of the operation is before its argument, at @op; what came later has no member there. */
static long call_old(unsigned long op, unsigned int argument, physdev_call_t *call)
{
    u32 cmd;

    if ( !guest_load_u32(&cmd, to_gva(op)) )
        return -EFAULT;
    if ( cmd > PHYSDEVOP_free_irq_vector )
        return -ENOSYS;
    return call(cmd, op + argument);
}

long irq_physdev_op_compat(unsigned long op)
{
    return call_old(op, offsetof(struct physdev_op, u), irq_physdev_op);
}

long compat_physdev_op_compat(unsigned long op)
{
    return call_old(op, sizeof(u32), compat_physdev_op); /* no member is aligned to more there */
}
