/*
 * What dom0 is told of the firmware, and EFI's runtime services where the machine has them.
 *
 * Without EFI there is neither. With it: its version and maker, where its tables are, what a piece of memory is for.
 * The services answer by a status of their own; what they can't even be asked fails as a hypercall. A variable that
 * we make is there until we delete it, under its own name, and nothing is written beyond the room that we gave.
 */
#include "test.h"

#define EFI_ERROR(n)          (1UL << 63 | (n))
#define EFI_INVALID_PARAMETER EFI_ERROR(2)
#define EFI_BUFFER_TOO_SMALL  EFI_ERROR(5)
#define EFI_NOT_FOUND         EFI_ERROR(14)
/* At run time others can't be made. */
#define USUAL                                                                                      \
    (XEN_EFI_VARIABLE_NON_VOLATILE | XEN_EFI_VARIABLE_BOOTSERVICE_ACCESS |                         \
     XEN_EFI_VARIABLE_RUNTIME_ACCESS)

static struct xen_platform_op op = { .interface_version = XENPF_INTERFACE_VERSION };
static struct xenpf_firmware_info *const info = &op.u.firmware_info;
static struct xenpf_efi_runtime_call *const efi = &op.u.efi_runtime_call;

static uint16_t name[512];
static uint8_t data[256];
static const uint16_t ours[] = { 'R', 'l', 'T', 'e', 's', 't', 0 };
static const struct xenpf_efi_guid our_guid = {
    0x5f9b0d2c, 0x33a1, 0x4d17, { 1, 2, 3, 4, 5, 6, 7, 8 }
};

static long ask(uint32_t type, uint32_t index)
{
    op.cmd = XENPF_firmware_info;
    info->type = type;
    info->index = index;
    return hypercall(platform_op, &op);
}

static long call(uint32_t function, uint32_t misc)
{
    op.cmd = XENPF_efi_runtime_call;
    efi->function = function;
    efi->misc = misc;
    efi->status = 0x77;
    return hypercall(platform_op, &op);
}

static long call_variable(uint32_t function, uint32_t misc, uint64_t size)
{
    efi->u.get_variable.name.p = name;
    efi->u.get_variable.data.p = data;
    efi->u.get_variable.size = size;
    efi->u.get_variable.vendor_guid = our_guid;
    return call(function, misc);
}

static void check_types(void)
{
    static const uint32_t unknown[] = { 0, 6, 7, ~0u };

    for ( unsigned int i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++ )
        expect_eq(ask(unknown[i], 0), -EINVAL, "a type that is not");
    expect_eq(ask(XEN_FW_DISK_INFO, 100), -ESRCH, "the hundredth disk");
    expect_eq(ask(XEN_FW_DISK_MBR_SIGNATURE, 100), -ESRCH, "its signature");
    expect_eq(ask(XEN_FW_VBEDDC_INFO, 1), -ESRCH, "a second screen");
    expect_eq(ask(XEN_FW_KBD_SHIFT_FLAGS, 0), 0, "the keyboard's shift state");
    expect_eq(ask(XEN_FW_KBD_SHIFT_FLAGS, 1), -ESRCH, "that of a second one");
}

static void check_no_efi(void)
{
    expect_eq(ask(XEN_FW_EFI_INFO, 99), -ENOSYS, "a part of EFI's that is not");
    for ( uint32_t function = 0; function < 14; function++ )
        expect_eq(call(function, 0), -ENOSYS, "a runtime service");
}

static void check_tables(void)
{
    uint32_t version = info->u.efi_info.version;

    expect(version >= 0x10000 && version < 0x30000, "EFI's version");
    expect_eq(ask(XEN_FW_EFI_INFO, XEN_FW_EFI_RT_VERSION), 0, "that of the runtime services");
    expect(info->u.efi_info.version >= 0x10000, "the same, or older");
    expect_eq(ask(XEN_FW_EFI_INFO, XEN_FW_EFI_CONFIG_TABLE), 0, "the tables");
    expect(info->u.efi_info.cfg.addr && info->u.efi_info.cfg.nent, "they are somewhere");

    name[1] = 0xffff;
    info->u.efi_info.vendor.name.p = name;
    info->u.efi_info.vendor.bufsz = 3;
    expect_eq(ask(XEN_FW_EFI_INFO, XEN_FW_EFI_VENDOR), 0, "the maker's first letter");
    expect(name[0] && name[1] == 0xffff, "no more than that");
    info->u.efi_info.vendor.name.p = (void *)HYPERVISOR_VIRT_START;
    info->u.efi_info.vendor.bufsz = 8;
    expect_eq(ask(XEN_FW_EFI_INFO, XEN_FW_EFI_VENDOR), -EFAULT, "to the hypervisor's memory");

    expect_eq(ask(XEN_FW_EFI_INFO, XEN_FW_EFI_PCI_ROM), -ESRCH, "a ROM of device 0");
    expect_eq(ask(XEN_FW_EFI_INFO, XEN_FW_EFI_APPLE_PROPERTIES), -ENODATA, "what only Apple has");
    expect_eq(ask(XEN_FW_EFI_INFO, 7), -EINVAL, "a part that is not");
}

/* Memory from 1 MiB up is somebody's; what lies beyond all addresses nobody's. */
static void check_memory(void)
{
    info->u.efi_info.mem.addr = 0x100800;
    info->u.efi_info.mem.size = 0x400;
    expect_eq(ask(XEN_FW_EFI_INFO, XEN_FW_EFI_MEM_INFO), 0, "what is at 1 MiB");
    expect_eq(info->u.efi_info.mem.size, 0x400, "a piece within a region");
    info->u.efi_info.mem.size = ~0UL;
    expect_eq(ask(XEN_FW_EFI_INFO, XEN_FW_EFI_MEM_INFO), 0, "as far as it goes");
    expect(info->u.efi_info.mem.size >= 0x800 && info->u.efi_info.mem.size < 1UL << 40,
           "it has an end");
    info->u.efi_info.mem.addr = 1UL << 60;
    info->u.efi_info.mem.size = 1;
    expect_eq(ask(XEN_FW_EFI_INFO, XEN_FW_EFI_MEM_INFO), -ESRCH, "beyond memory");
}

static void check_time(void)
{
    expect_eq(call(XEN_EFI_get_time, 1), -EINVAL, "a flag that get_time has not");
    expect_eq(efi->status, 0x77, "nothing was asked");
    expect_eq(call(XEN_EFI_get_time, 0), 0, "get_time");
    expect_eq(efi->status, 0, "the firmware knows");
    expect(efi->u.get_time.time.year >= 2024 && efi->u.get_time.time.month <= 12, "a time of ours");
    efi->u.set_time.month = 13;
    expect_eq(call(XEN_EFI_set_time, 0), 0, "a month that is not");
    expect_eq(efi->status, EFI_INVALID_PARAMETER, "it is the firmware that refuses");
}

/* The firmware computes with the registers that are ours, and under our breakpoints. */
static void check_registers(void)
{
    uint64_t xmm = 0;
    uint32_t rounding = 0x3f80, breakpoint;

    asm volatile("movq %0, %%xmm1" : : "r"(0x123456789abcdefUL));
    asm volatile("ldmxcsr %0" : : "m"(rounding));
    expect_eq(hypercall(set_debugreg, 0, (ulong)&breakpoint), 0, "a breakpoint");
    expect_eq(hypercall(set_debugreg, 7, 0xf0402), 0, "on each access");
    for ( int i = 0; i < 3; i++ )
        expect_eq(call(XEN_EFI_get_time, 0), 0, "get_time");
    asm volatile("movq %%xmm1, %0" : "=r"(xmm));
    asm volatile("stmxcsr %0" : "=m"(rounding));
    expect_eq(xmm, 0x123456789abcdef, "xmm1");
    expect_eq(rounding, 0x3f80, "MXCSR");
    expect_eq(hypercall(get_debugreg, 7) & 0xffff0002, 0xf0002, "DR7");
    expect_fault(fault_of(asm volatile("movl $1, %0"
                                       : "=m"(breakpoint))),
                 TRAP_DB, 0, "the breakpoint works");

    rounding = 0x1f80;
    asm volatile("ldmxcsr %0" : : "m"(rounding));
    hypercall(set_debugreg, 7, 0x400);
    hypercall(set_debugreg, 0, 0);
}

static void check_variable(void)
{
    memcpy(name, ours, sizeof(ours));
    memset(data, 'd', sizeof(data));
    expect_eq(call_variable(XEN_EFI_get_variable, 0, 16), 0, "ask for one that is not");
    expect_eq(efi->status, EFI_NOT_FOUND, "not found");
    expect_eq(call_variable(XEN_EFI_set_variable, USUAL, 16), 0, "make it");
    if ( efi->status )
        error("the firmware makes no variable: status %lx", (unsigned long)efi->status);

    memset(data, '-', sizeof(data));
    expect_eq(call_variable(XEN_EFI_get_variable, 0, 4), 0, "with little room");
    expect_eq(efi->status, EFI_BUFFER_TOO_SMALL, "too little");
    expect_eq(efi->u.get_variable.size, 16, "so much it would take");
    expect_eq(data[0], '-', "nothing came");
    expect_eq(call_variable(XEN_EFI_get_variable, 0, 64), 0, "with much room");
    expect_eq(efi->misc, USUAL, "its attributes");
    expect(efi->u.get_variable.size == 16 && data[0] == 'd' && data[15] == 'd' && data[16] == '-',
           "its contents");

    expect_eq(call_variable(XEN_EFI_get_variable, USUAL, 64), -EINVAL, "flags in a question");
    efi->u.get_variable.data.p = (void *)HYPERVISOR_VIRT_START;
    expect_eq(call(XEN_EFI_get_variable, 0), -EFAULT, "to the hypervisor's memory");
    efi->u.get_variable.name.p = (void *)HYPERVISOR_VIRT_START;
    expect_eq(call(XEN_EFI_get_variable, 0), -EFAULT, "a name from there");
}

/* From variable to variable until ours comes; an end must come as well. */
static void check_names(void)
{
    bool found = false;
    int n = 0;

    memset(name, 0, sizeof(name));
    for ( ; n < 1000; n++ )
    {
        efi->u.get_next_variable_name.name.p = name;
        efi->u.get_next_variable_name.size = sizeof(name);
        if ( n == 0 )
            efi->u.get_next_variable_name.vendor_guid = (struct xenpf_efi_guid){};
        need(call(XEN_EFI_get_next_variable_name, 0));
        if ( efi->status )
            break;
        found |= !memcmp(name, ours, sizeof(ours)) &&
                 !memcmp(&efi->u.get_next_variable_name.vendor_guid, &our_guid, sizeof(our_guid));
    }
    expect_eq(efi->status, EFI_NOT_FOUND, "the end of all variables");
    expect(n > 1 && found, "ours was among them");

    for ( unsigned int i = 0; i < sizeof(name) / sizeof(name[0]); i++ )
        name[i] = 'a';
    efi->u.get_next_variable_name.name.p = name;
    efi->u.get_next_variable_name.size = 64;
    expect_eq(call(XEN_EFI_get_next_variable_name, 0), 0, "a name without end");
    expect_eq(efi->status, EFI_INVALID_PARAMETER, "refused");
}

static void check_deletion(void)
{
    memcpy(name, ours, sizeof(ours));
    expect_eq(call_variable(XEN_EFI_set_variable, USUAL, 0), 0, "delete it");
    expect_eq(efi->status, 0, "done");
    expect_eq(call_variable(XEN_EFI_get_variable, 0, 16), 0, "ask for it");
    expect_eq(efi->status, EFI_NOT_FOUND, "gone");
}

static void check_others(void)
{
    efi->u.query_variable_info.attr = USUAL;
    expect_eq(call(XEN_EFI_query_variable_info, 0), 0, "how much room");
    expect(!efi->status && efi->u.query_variable_info.max_store_size > 0, "some");
    expect_eq(call(XEN_EFI_query_variable_info, 2), -EINVAL, "a flag that is not");
    expect_eq(call(XEN_EFI_update_capsule, 0), -ENOSYS, "capsules");
    expect_eq(call(12, 0), -ENOSYS, "a service that is not");
    expect_eq(call(0, 0), -ENOSYS, "one before the first");
}

void test_main(void)
{
    if ( !is_dom0() )
    {
        expect_eq(ask(XEN_FW_EFI_INFO, XEN_FW_EFI_VERSION), -EPERM, "the firmware");
        expect_eq(call(XEN_EFI_get_time, 0), -EPERM, "its services");
        return;
    }
    check_types();
    if ( ask(XEN_FW_EFI_INFO, XEN_FW_EFI_VERSION) )
    {
        check_no_efi();
        return;
    }
    check_tables();
    check_memory();
    check_time();
    check_registers();
    check_variable();
    check_names();
    check_deletion();
    check_others();
}
