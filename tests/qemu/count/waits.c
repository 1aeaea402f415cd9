/*
 * A plugin for QEMU's TCG that follows all that a machine executes, and tells how long an event may have to wait
 * until the hypervisor notices it: the most instructions that any processor executes there without taking interrupts.
 * It takes them where it executes STI, and where it has gone back to a guest.
 *
 * A guest's marks say when something begins that is to be measured, and when it ends. What was found for each lies in
 * a file: a struct found. counting.py reads it.
 */
#include "plugin.h"

#define PROCESSORS 64
#define MEASURES   256
#define STI        0xfb

struct wait {
    uint64_t instructions, first,
        last; /* where they begin, and where the last block of them does */
};

struct found {
    uint64_t measures;
    struct wait longest[MEASURES];
};

static struct found *found;
static struct wait now[PROCESSORS], longest;

static void in_guest(unsigned int vcpu, void *data)
{
    (void)data;
    now[vcpu].instructions = 0;
}

/* @data: the block's address, of which 48 bits tell all, and above them how many instructions it has. */
static void in_hypervisor(unsigned int vcpu, void *data)
{
    struct wait *wait = &now[vcpu];
    uint64_t block = (uintptr_t)data;

    wait->last = (uint64_t)((int64_t)(block << 16) >> 16);
    if ( !wait->instructions )
        wait->first = wait->last;
    wait->instructions += block >> 48;
    if ( wait->instructions > longest.instructions )
        longest = *wait;
}

static void take_interrupts(unsigned int vcpu, void *data)
{
    (void)data;
    now[vcpu].instructions = 0;
}

static void begin(unsigned int vcpu, void *data)
{
    (void)vcpu, (void)data;
    longest = (struct wait){ 0 };
}

static void end(unsigned int vcpu, void *data)
{
    (void)vcpu, (void)data;
    if ( found->measures < MEASURES )
        found->longest[found->measures++] = longest;
}

static void watch_guest(const struct qemu_plugin_tb *tb)
{
    for ( size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++ )
    {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint32_t mark = mark_of(insn);

        if ( mark )
            qemu_plugin_register_vcpu_insn_exec_cb(insn, mark == MARK_BEGIN ? begin : end,
                                                   QEMU_PLUGIN_CB_NO_REGS, NULL);
    }
}

static void watch_hypervisor(const struct qemu_plugin_tb *tb)
{
    for ( size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++ )
    {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        const uint8_t *bytes = qemu_plugin_insn_haddr(insn);

        if ( qemu_plugin_insn_size(insn) == 1 && bytes && *bytes == STI )
            qemu_plugin_register_vcpu_insn_exec_cb(insn, take_interrupts, QEMU_PLUGIN_CB_NO_REGS,
                                                   NULL);
    }
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    uint64_t address = qemu_plugin_tb_vaddr(tb);
    bool ours = is_hypervisors(address);
    uint64_t block = (uint64_t)qemu_plugin_tb_n_insns(tb) << 48 | address << 16 >> 16;

    (void)id;
    if ( ours )
        watch_hypervisor(tb);
    else
        watch_guest(tb);
    qemu_plugin_register_vcpu_tb_exec_cb(tb, ours ? in_hypervisor : in_guest,
                                         QEMU_PLUGIN_CB_NO_REGS, (void *)block);
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
    (void)info;
    found = map_counts(argc, argv, sizeof(*found));
    if ( !found )
        return -1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
