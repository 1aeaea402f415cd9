/* Control registers and MSRs of a CPU, and the order of its set-up. */
#include "console/options.h"
#include "cpu/alternative.h"
#include "cpu/asm.h"
#include "cpu/cpu.h"
#include "cpu/extable.h"
#include "cpu/gdt.h"
#include "cpu/init.h"
#include "cpu/internal.h"
#include "cpu/isolation.h"
#include "cpu/percpu.h"
#include "cpu/segments.h"
#include "cpu/stub.h"
#include "lib/string.h"
#include "mm/map.h"

/* Rflags that SYSCALL clears: nothing of the guest's reaches us, and interrupts go off. */
#define SYSCALL_CLEARS                                                                             \
    (EFLAGS_TF | EFLAGS_IF | EFLAGS_DF | EFLAGS_IOPL | EFLAGS_NT | EFLAGS_RF | EFLAGS_AC)

u64 cpu_cr4;

static u64 boot_gdt[GDT_PAGES * PAGE_SIZE / 8]
    __attribute__((section(".bss.page_aligned"), aligned(4096)));

/*
 * The stubs that SYSCALL enters, 64-bit and compatibility mode: part of the text, written before
 * that becomes read-only.
 */
static u8 syscall_stubs[NR_CPUS][2][SYSCALL_STUB_SIZE]
    __attribute__((section(".text.stubs,\"ax\",@progbits#"), aligned(64)));

static void __init choose_cr4(void)
{
    const struct cpu_features *f = &cpu_features;

    cpu_cr4 = CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT;
    if ( f->xsave )
        cpu_cr4 |= CR4_OSXSAVE;
    if ( f->smep && options.smep )
        cpu_cr4 |= CR4_SMEP;
    if ( f->smap && options.smap && !f->tcg )
        cpu_cr4 |= CR4_SMAP;
}

static void modes_init(void)
{
    write_cr0(CR0_PG | CR0_AM | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE);
    write_cr4(cpu_cr4);
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE | EFER_NXE);
    wrmsr(MSR_PAT, PAT_VALUE);
    fpu_init();
}

static void syscall_init(u32 cpu)
{
    wrmsr(MSR_STAR, (u64)SEL_USER_CS32 << 48 | (u64)SEL_HV_CODE << 32);
    memcpy(this_cpu()->hypercalls, hypercall_table, sizeof(hypercall_table));
    wrmsr(MSR_LSTAR, (u64)syscall_stubs[cpu][0]);
    wrmsr(MSR_CSTAR, (u64)syscall_stubs[cpu][1]);
    wrmsr(MSR_SFMASK, SYSCALL_CLEARS);
    if ( !cpu_features.sysenter )
        return;
    wrmsr(MSR_SYSENTER_CS, SEL_HV_CODE);
    wrmsr(MSR_SYSENTER_ESP, (u64)this_cpu());
    wrmsr(MSR_SYSENTER_EIP, (u64)entry_sysenter);
}

/* What vcpu switches write only if it changes is at first what percpu says. */
static void switched_init(void)
{
    struct percpu *cpu = this_cpu();

    cpu->fs_base = cpu->gs_base = cpu->gs_base_other = cpu->tsc_aux = 0;
    wrmsr(MSR_FS_BASE, 0);
    wrmsr(MSR_GS_BASE, 0);
    wrmsr(MSR_KERNEL_GS_BASE, 0);
    if ( cpu_features.rdtscp )
        wrmsr(MSR_TSC_AUX, 0);
}

static void __init stubs_write(void)
{
    for ( u64 i = 0; i < NR_CPUS; i++ )
    {
        u64 percpu = STACK_AREAS_BASE + i * STACK_AREA_SIZE + STACK_PERCPU_PAGE * PAGE_SIZE;
        u8 *native = syscall_stubs[i][0], *compat = syscall_stubs[i][1];

        if ( isolation_in_use() )
            syscall_stub_write(native, (u64)native, percpu, entry_syscall_isolated,
                               entry_syscall_isolated);
        else
            syscall_stub_write(native, (u64)native, percpu, entry_syscall_other,
                               entry_syscall_iret);
        syscall_stub_write(compat, (u64)compat, percpu, entry_syscall_compat, entry_syscall_compat);
    }
}

/*
 * The firmware may have left the timer's interrupt waiting in the legacy controller. Mask it there
 * while the local APIC still passes it on: if the APIC's input is masked first, QEMU keeps
 * signalling an interrupt that nobody has.
 */
static void __init mask_legacy_interrupts(void)
{
    outb(0x21, 0xff);
    outb(0xa1, 0xff);
}

void __init cpu_init_boot(void)
{
    mask_legacy_interrupts();
    idt_fill();
    extable_init();
    tables_load(boot_gdt, to_mfn(((u64)boot_gdt - HV_IMAGE_BASE) >>
                                 PAGE_SHIFT)); /* now a fault is reported */

    features_find();
    choose_cr4();
    if ( cpu_cr4 & CR4_SMAP )
        alternatives_apply_smap();
    if ( !options.retpoline )
        alternatives_apply_indirect();
    isolation_init();
    stubs_write();
    modes_init();
    switched_init();
    syscall_init(0);
}

void cpu_init_other(void *gdt)
{
    tables_load(gdt, virt_to_mfn(gdt));
    modes_init();
    switched_init();
    syscall_init(this_cpu()->cpu);
}
