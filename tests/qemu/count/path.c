/*
 * A plugin for QEMU's TCG that writes down each instruction that a machine executes between a guest's marks: the NOPs
 * that guest-ports/bench has around its rows, as `trace` makes it. Two files tell it: PATH has the numbers of the
 * instructions as they were executed, 32 bits each, and 0 at each mark; PATH.text a line for each number, from 1 on:
 * its address and how it reads.
 */
#include "plugin.h"

#include <stdio.h>

char *qemu_plugin_insn_disas(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, void (*at_exit)(qemu_plugin_id_t, void *),
                                    void *data);
void g_free(void *p);

static FILE *path, *text;
static uintptr_t known;
static bool between;

static void write_number(uintptr_t number)
{
    uint32_t n = (uint32_t)number;

    fwrite(&n, sizeof(n), 1, path);
}

static void executed(unsigned int vcpu, void *number)
{
    (void)vcpu;
    if ( between )
        write_number((uintptr_t)number);
}

/* Both marks come here: the first of two begins, the second ends. */
static void marked(unsigned int vcpu, void *data)
{
    (void)vcpu, (void)data;
    between = !between;
    write_number(0);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
    (void)id;
    for ( size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++ )
    {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);

        if ( mark_of(insn) )
            qemu_plugin_register_vcpu_insn_exec_cb(insn, marked, QEMU_PLUGIN_CB_NO_REGS, NULL);
        else
        {
            char *reads = qemu_plugin_insn_disas(insn);

            fprintf(text, "%lx %s\n", (unsigned long)qemu_plugin_insn_vaddr(insn), reads);
            g_free(reads);
            known++;
            qemu_plugin_register_vcpu_insn_exec_cb(insn, executed, QEMU_PLUGIN_CB_NO_REGS,
                                                   (void *)known);
        }
    }
}

static void at_exit(qemu_plugin_id_t id, void *data)
{
    (void)id, (void)data;
    fclose(path);
    fclose(text);
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
    char name[4096];

    (void)info;
    if ( argc != 1 || strncmp(argv[0], "counts=", 7) != 0 )
        return -1;
    snprintf(name, sizeof(name), "%s.text", argv[0] + 7);
    path = fopen(argv[0] + 7, "wb");
    text = fopen(name, "w");
    if ( !path || !text )
        return -1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, at_exit, NULL);
    return 0;
}
