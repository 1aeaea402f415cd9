/* Interrupts from boot on, and the dispatch of those that have fixed vectors. */
#include "irq/irq.h"

#include "access/access.h"
#include "console/console.h"
#include "cpu/asm.h"
#include "irq/ioapic.h"
#include "irq/lines.h"
#include "irq/pci.h"
#include "lib/bits.h"
#include "smp/softirq.h"
#include "time/time.h"
#include "trace/trace.h"

#define PIC_MASTER_COMMAND 0x20
#define PIC_MASTER_DATA    0x21
#define PIC_SLAVE_COMMAND  0xa0
#define PIC_SLAVE_DATA     0xa1
#define PIC_INIT           0x11 /* edge-triggered, cascaded, ICW4 follows */
#define PIC_8086           0x01
#define PIC_ALL_MASKED     0xff
#define PIC_MASTER_VECTOR                                                                          \
    (VECTOR_DEVICE_LAST - 15) /* a spurious one is not taken for an exception */
#define PIC_SLAVE_VECTOR (VECTOR_DEVICE_LAST - 7)

#define PM_TIMER_BYTES 4
#define SERIAL_LINES   2
#define SERIAL_PORTS   8
#define LAPIC_RANGE    0x100000UL /* messages to local APICs are written there */

void irq_init_cpu(void)
{
    lapic_init_cpu();
    this_cpu()->apic_id = lapic_id();
}

/* Off for good, but sanely initialised: a masked PIC still raises spurious interrupts. */
static void disable_pic(void)
{
    outb(PIC_MASTER_COMMAND, PIC_INIT);
    outb(PIC_SLAVE_COMMAND, PIC_INIT);
    outb(PIC_MASTER_DATA, PIC_MASTER_VECTOR);
    outb(PIC_SLAVE_DATA, PIC_SLAVE_VECTOR);
    outb(PIC_MASTER_DATA, 1 << 2); /* the slave is on line 2 */
    outb(PIC_SLAVE_DATA, 2);
    outb(PIC_MASTER_DATA, PIC_8086);
    outb(PIC_SLAVE_DATA, PIC_8086);
    outb(PIC_MASTER_DATA, PIC_ALL_MASKED);
    outb(PIC_SLAVE_DATA, PIC_ALL_MASKED);
}

/*
 * Local APICs: nobody's. HPET: to be read by all who may. PM timer: ours, since its overflow is not dom0's to
 * handle.
 */
static void keep_own_devices(void)
{
    access_keep(ACCESS_IOMEM, irq_acpi.lapic_base >> PAGE_SHIFT, irq_acpi.lapic_base >> PAGE_SHIFT);
    if ( irq_acpi.hpet_base )
        access_iomem_make_read_only(irq_acpi.hpet_base >> PAGE_SHIFT,
                                    irq_acpi.hpet_base >> PAGE_SHIFT);
    if ( irq_acpi.pm_timer_port )
        access_keep(ACCESS_IOPORTS, irq_acpi.pm_timer_port,
                    irq_acpi.pm_timer_port + PM_TIMER_BYTES - 1);
}

static void keep_serial_ports(void)
{
    for ( unsigned int i = 0; i < SERIAL_LINES; i++ )
    {
        u16 port = console_serial_port(i);

        if ( port )
            access_keep(ACCESS_IOPORTS, port, port + SERIAL_PORTS - 1);
    }
}

/* dom0 must not put a device's BAR over an interrupt controller: firmware's maps don't always tell. */
static void reserve_controllers(void)
{
    memory_reserve_machine(ALIGN_DOWN(irq_acpi.lapic_base, LAPIC_RANGE), LAPIC_RANGE);
    for ( unsigned int i = 0; i < irq_acpi.nr_ioapics; i++ )
        memory_reserve_machine(irq_acpi.ioapics[i].base, PAGE_SIZE);
}

/* Later, with no lock held: debug keys take what locks they like. The line is an edge, so it keeps quiet meanwhile. */
static void read_serial(struct softirq_job *job)
{
    (void)job;
    console_serial_interrupt();
}

static void serial_raised(void)
{
    static struct softirq_job job = { .run = read_serial };

    softirq_queue(&job);
}

static void listen_to_serial(void)
{
    u32 isa_irq;

    if ( console_serial_irq(&isa_irq) && !lines_own_isa((u8)isa_irq, serial_raised) )
        log_warning("the serial line's interrupt %u leads nowhere: no input", isa_irq);
}

/*
 * The legacy PIC while the local APIC still listens to it: lest it be asked for what has gone. No interrupt is routed
 * before this CPU knows its id.
 */
void irq_init(void)
{
    disable_pic();
    ioapic_init();
    irq_init_cpu();
    pci_init();
    keep_own_devices();
    keep_serial_ports();
    reserve_controllers();
    listen_to_serial();
}

/* Due timers needn't wait to be found as work. */
void irq_at_rest(u32 vector)
{
    if ( vector != VECTOR_TIMER )
    {
        irq_dispatch(vector);
        return;
    }
    count(COUNTER_irqs);
    lapic_eoi();
    time_run_timers();
}

void irq_dispatch(u32 vector)
{
    count(COUNTER_irqs);

    if ( vector == VECTOR_TIMER )
    {
        lapic_eoi();
        percpu_raise(this_cpu(), WORK_TIMER);
        return;
    }
    switch ( vector )
    {
    case VECTOR_KICK: /* whoever sent it has set the work */
        lapic_eoi();
        break;
    case VECTOR_TLB:
        lapic_eoi();
        smp_poll();
        break;
    case VECTOR_LAPIC_ERROR:
        log_warning("local APIC of CPU %u: error %x", this_cpu()->cpu, lapic_take_error());
        lapic_eoi();
        break;
    case VECTOR_SPURIOUS: /* not in service: no EOI */
        break;
    default:
        lines_dispatch(vector);
    }
}
