/*
 * A plugin for QEMU's TCG that notes which errors the hypervisor comes to say, where scripts/errors has marked them in
 * its sources (tests/errors/here.h): a byte for each address of its image, by the lower bits.
 */
#include "plugin.h"

#define IMAGE_MAX 0x1000000UL

static uint8_t *reached;

static void executed(unsigned int vcpu, void *address)
{
    (void)vcpu;
    reached[(uintptr_t)address % IMAGE_MAX] = 1;
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    for ( size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++ )
    {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        uint64_t address = qemu_plugin_insn_vaddr(insn);

        if ( is_hypervisors(address) && mark_of(insn) == MARK_ERROR )
            qemu_plugin_register_vcpu_insn_exec_cb(insn, executed, QEMU_PLUGIN_CB_NO_REGS,
                                                   (void *)address);
    }
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
    (void)info;
    reached = map_counts(argc, argv, IMAGE_MAX);
    if ( !reached )
        return -1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
