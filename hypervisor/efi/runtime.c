/*
 * Calls into the firmware.
 *
 * One at a time, as it demands, on the stack that we are on, which has more room than the 4 KiB
 * that a service may want. Interrupts stay off: nobody takes one on the firmware's page tables.
 */
#include "console/console.h"
#include "cpu/asm.h"
#include "cpu/fpu.h"
#include "cpu/percpu.h"
#include "efi/internal.h"
#include "lib/atomic.h"
#include "mm/heap.h"
#include "mm/tlb.h"
#include "smp/lock.h"

struct efi_runtime_services efi_services;

static struct lock efi_lock = LOCK_INIT(LOCK_EFI);
static const char *running; /* the service, NULL: none */
static u32 running_cpu;

/*
 * Where each CPU saves its guest's FPU state. Not one for all: XSAVEOPT leaves out what it believes
 * to be in an area since this CPU loaded it from there.
 */
static void *fpu_areas[NR_CPUS];
static void *fpu_initial;

const char *efi_running_service(void)
{
    return running_cpu == this_cpu()->cpu ? READ_ONCE(running) : NULL;
}

/* False: no memory. Nobody but this CPU touches its own pointer. */
static bool have_fpu_areas(u32 cpu)
{
    if ( !fpu_initial && (fpu_initial = heap_alloc(fpu_area_size)) != NULL )
        fpu_area_init(fpu_initial);
    if ( !fpu_areas[cpu] )
        fpu_areas[cpu] = heap_alloc(fpu_area_size);
    return fpu_initial && fpu_areas[cpu];
}

static void save_fpu(struct efi_visit *visit, const struct percpu *cpu)
{
    visit->ts = read_cr0() & CR0_TS;
    __asm__ volatile("clts");
    visit->xcr0 = cpu->xcr0;
    fpu_set_xcr0(fpu_features);
    fpu_save(fpu_areas[cpu->cpu]);
    fpu_restore(fpu_initial);
}

static void restore_fpu(const struct efi_visit *visit, const struct percpu *cpu)
{
    fpu_restore(fpu_areas[cpu->cpu]);
    fpu_set_xcr0(visit->xcr0);
    if ( visit->ts )
        write_cr0(read_cr0() | CR0_TS);
}

/* A guest's breakpoints would fire on the firmware's code, which lies at a guest's addresses. */
#define DR7_NONE 0x400UL

bool efi_enter(struct efi_visit *visit, const char *service)
{
    struct percpu *cpu = this_cpu();

    lock_acquire(&efi_lock);
    if ( !have_fpu_areas(cpu->cpu) )
    {
        lock_release(&efi_lock);
        return false;
    }
    running_cpu = cpu->cpu;
    WRITE_ONCE(running, service);

    save_fpu(visit, cpu);
    visit->dr7 = read_dr7();
    write_dr7(DR7_NONE);
    visit->root = cpu->cr3;
    tlb_load_root(efi_space_root);
    return true;
}

void efi_leave(const struct efi_visit *visit)
{
    tlb_load_root(to_maddr(visit->root));
    write_dr7(visit->dr7);
    restore_fpu(visit, this_cpu());
    WRITE_ONCE(running, NULL);
    lock_release(&efi_lock);
}

/* The firmware may use SSE on its stack: hence the alignment, which our own code does without. */
#define CALLS_FIRMWARE __attribute__((force_align_arg_pointer, noinline))

#define CALL(service, ...)                                                                         \
    do                                                                                             \
    {                                                                                              \
        struct efi_visit visit;                                                                    \
        u64 status = efi_services.service ? EFI_OUT_OF_RESOURCES : EFI_UNSUPPORTED;                \
                                                                                                   \
        if ( efi_services.service && efi_enter(&visit, #service) )                                 \
        {                                                                                          \
            status = efi_services.service(__VA_ARGS__);                                            \
            efi_leave(&visit);                                                                     \
        }                                                                                          \
        return status;                                                                             \
    } while ( 0 )

CALLS_FIRMWARE u64 efi_get_time(struct xenpf_efi_time *time, struct efi_clock *clock)
{
    CALL(get_time, time, clock);
}

CALLS_FIRMWARE u64 efi_set_time(const struct xenpf_efi_time *time)
{
    CALL(set_time, time);
}

CALLS_FIRMWARE u64 efi_get_wakeup_time(u8 *enabled, u8 *pending, struct xenpf_efi_time *time)
{
    CALL(get_wakeup_time, enabled, pending, time);
}

CALLS_FIRMWARE u64 efi_set_wakeup_time(u8 enable, const struct xenpf_efi_time *time)
{
    CALL(set_wakeup_time, enable, time);
}

CALLS_FIRMWARE u64 efi_get_variable(const u16 *name, const struct xenpf_efi_guid *vendor,
                                    u32 *attributes, u64 *size, void *data)
{
    CALL(get_variable, name, vendor, attributes, size, data);
}

CALLS_FIRMWARE u64 efi_get_next_variable_name(u64 *size, u16 *name, struct xenpf_efi_guid *vendor)
{
    CALL(get_next_variable_name, size, name, vendor);
}

CALLS_FIRMWARE u64 efi_set_variable(const u16 *name, const struct xenpf_efi_guid *vendor,
                                    u32 attributes, u64 size, const void *data)
{
    CALL(set_variable, name, vendor, attributes, size, data);
}

CALLS_FIRMWARE u64 efi_get_next_high_monotonic_count(u32 *count)
{
    CALL(get_next_high_monotonic_count, count);
}

CALLS_FIRMWARE u64 efi_query_variable_info(u32 attributes, u64 *max_store, u64 *remaining, u64 *max)
{
    CALL(query_variable_info, attributes, max_store, remaining, max);
}

/* In a crash the lock may be held, by a CPU that was stopped; or the firmware itself be what crashed. */
CALLS_FIRMWARE void efi_reset(void)
{
    if ( !efi_services.reset_system || READ_ONCE(running) )
        return;
    running_cpu = this_cpu()->cpu;
    WRITE_ONCE(running, "reset_system");
    __asm__ volatile("clts");
    write_dr7(DR7_NONE);
    tlb_load_root(efi_space_root);
    efi_services.reset_system(EFI_RESET_COLD, EFI_SUCCESS, 0, NULL);
}
