/*
 * What our plugins need of QEMU's TCG, whose header for plugins is in no package of Debian 12; and where the
 * hypervisor's code is. Built with -DPLUGIN_API=1 for QEMU before 9, 2 after: counting.py.
 */
#ifndef COUNT_PLUGIN_H
#define COUNT_PLUGIN_H

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
struct qemu_plugin_insn;
typedef void (*translated_t)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*executed_t)(unsigned int vcpu, void *data);
enum { QEMU_PLUGIN_CB_NO_REGS };

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, translated_t translated);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, executed_t executed, int flags,
                                          void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, executed_t executed,
                                            int flags, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t n);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *insn);

#define EXPORT __attribute__((visibility("default")))

EXPORT int qemu_plugin_version = PLUGIN_API;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv);

/* L4 slots 256 to 271 are the hypervisor's. */
#define HYPERVISOR_FIRST 0xffff800000000000UL
#define HYPERVISOR_LAST  0xffff87ffffffffffUL

static inline bool is_hypervisors(uint64_t address)
{
    return address >= HYPERVISOR_FIRST && address <= HYPERVISOR_LAST;
}

/*
 * How a guest tells a plugin where something begins that is to be measured, and where it ends, and the hypervisor where
 * it says an error: nopl MARK(%rax). Which of the three @insn is, or 0.
 */
#define MARK_BEGIN 0x524c0001
#define MARK_END   0x524c0002
#define MARK_ERROR 0x524c0003

static inline uint32_t mark_of(const struct qemu_plugin_insn *insn)
{
    static const uint8_t nop[] = { 0x0f, 0x1f, 0x80 };
    const uint8_t *bytes = qemu_plugin_insn_haddr(insn);
    uint32_t mark;

    if ( qemu_plugin_insn_size(insn) != sizeof(nop) + sizeof(mark) || !bytes ||
         memcmp(bytes, nop, sizeof(nop)) != 0 )
        return 0;
    memcpy(&mark, bytes + sizeof(nop), sizeof(mark));
    return mark >= MARK_BEGIN && mark <= MARK_ERROR ? mark : 0;
}

/* The @size bytes of the file that a plugin's only argument names: counts=PATH. NULL: they can't be had. */
static inline void *map_counts(int argc, char **argv, size_t size)
{
    const char *path = argc == 1 && !strncmp(argv[0], "counts=", 7) ? argv[0] + 7 : "";
    int fd = open(path, O_RDWR);
    void *counts;

    if ( fd < 0 )
        return NULL;
    counts = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return counts == MAP_FAILED ? NULL : counts;
}

#endif
