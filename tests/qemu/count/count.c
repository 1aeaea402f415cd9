/*
 * A plugin for QEMU's TCG that counts what a machine executes: instructions below the hypervisor's addresses and among
 * them, apart. The counts lie in a file that whoever wants to know maps: counting.py.
 *
 * QEMU's header for plugins is in no package of Debian 12; what is needed of it stands here.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef uint64_t qemu_plugin_id_t;
typedef struct qemu_info qemu_info_t;
struct qemu_plugin_tb;
typedef void (*translated_t)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*executed_t)(unsigned int vcpu, void *data);
enum { QEMU_PLUGIN_CB_NO_REGS };

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, translated_t translated);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, executed_t executed, int flags,
                                          void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);

#define EXPORT __attribute__((visibility("default")))

EXPORT int qemu_plugin_version = PLUGIN_API;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv);

/* L4 slots 256 to 271 are the hypervisor's. */
#define HYPERVISOR_FIRST 0xffff800000000000UL
#define HYPERVISOR_LAST  0xffff87ffffffffffUL

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
    uint64_t address = qemu_plugin_tb_vaddr(tb);
    bool ours = address >= HYPERVISOR_FIRST && address <= HYPERVISOR_LAST;

    (void)id;
    qemu_plugin_register_vcpu_tb_exec_cb(tb, ours ? in_hypervisor : in_guest,
                                         QEMU_PLUGIN_CB_NO_REGS,
                                         (void *)qemu_plugin_tb_n_insns(tb));
}

/* The only argument: counts=PATH, a file of KINDS numbers. */
int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
    const char *path = argc == 1 && !strncmp(argv[0], "counts=", 7) ? argv[0] + 7 : "";
    int fd = open(path, O_RDWR);

    (void)info;
    if ( fd < 0 )
        return -1;
    counts = mmap(NULL, KINDS * sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if ( counts == MAP_FAILED )
        return -1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
