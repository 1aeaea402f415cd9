/*
 * A plugin for QEMU's TCG that counts what a machine executes: instructions below the hypervisor's addresses and
 * among them, apart. The counts lie in a file that whoever wants to know maps: counting.py.
 */
#include "plugin.h"

enum { GUESTS, HYPERVISOR, KINDS };

static uint64_t *counts;

static void in_guest(unsigned int vcpu, void *instructions)
{
    (void)vcpu;
    __atomic_fetch_add(&counts[GUESTS], (uintptr_t)instructions, __ATOMIC_RELAXED);
}

static void in_hypervisor(unsigned int vcpu, void *instructions)
{
    (void)vcpu;
    __atomic_fetch_add(&counts[HYPERVISOR], (uintptr_t)instructions, __ATOMIC_RELAXED);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    bool ours = is_hypervisors(qemu_plugin_tb_vaddr(tb));

    (void)id;
    qemu_plugin_register_vcpu_tb_exec_cb(tb, ours ? in_hypervisor : in_guest,
                                         QEMU_PLUGIN_CB_NO_REGS,
                                         (void *)qemu_plugin_tb_n_insns(tb));
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
    (void)info;
    counts = map_counts(argc, argv, KINDS * sizeof(*counts));
    if ( !counts )
        return -1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
