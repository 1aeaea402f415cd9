"""GDB commands for a running Ringleader: rl-domains, rl-vcpus, rl-frame, rl-guest-symbols, rl-walk.

Loaded by `make debug`. They read the hypervisor's own structures by their debugging information, through the direct map, so
the target must be stopped while the hypervisor's slots are mapped: in any guest or in the hypervisor.
"""
import gdb

DIRECT_MAP = 0xFFFF830000000000
PAGE_SHIFT = 12
PTE_FRAME = 0x000FFFFFFFFFF000
TYPES = ["none", "L1", "L2", "L3", "L4", "L2 top", "segdesc", "writable", "shared"]
FREE = 1 << 63
FLAGS = ["validated", "partial", "locked", "pinned", "allocated", "hypervisor", "dead", "uncached"]


def value(expression):
    return gdb.parse_and_eval(expression)


def domains():
    """All, by their ids."""
    buckets, found = value("buckets"), []
    for i in range(buckets.type.range()[1] + 1):
        d = buckets[i]
        while int(d):
            found.append(d.dereference())
            d = d["bucket_next"]
    yield from sorted(found, key=lambda domain: int(domain["id"]))


def vcpus(domain):
    for i in range(int(domain["max_vcpus"])):
        v = domain["vcpus"][i]
        if int(v):
            yield v.dereference()


def vcpu_state(v):
    s = v["sched"]
    if int(s["running"]):
        return "running"
    if int(v["down"]):
        return "down"
    if int(s["pause_count"]):
        return "paused"
    return "blocked" if int(s["blocked"]) else "runnable"


class Domains(gdb.Command):
    """rl-domains: every domain, its memory and state."""

    def __init__(self):
        super().__init__("rl-domains", gdb.COMMAND_DATA)

    def invoke(self, arg, from_tty):
        print(f"{'id':>5} {'pages':>9} {'max':>9} vcpus refs pause state")
        for d in domains():
            state = str(d["life"]) if int(d["life"]) else "alive"
            if int(d["shut_down"]):
                state += f", shut down ({int(d['shutdown_reason'])})"
            m = d["memory"]
            print(f"{int(d['id']):>5} {int(m['tot_pages']):>9} {min(int(m['max_pages']), 10**9):>9} "
                  f"{int(d['max_vcpus']):>5} {int(d['refs']):>4} {int(d['pause_count']):>5} {state}")


class Vcpus(gdb.Command):
    """rl-vcpus [DOMID]: vcpus with their state, mode and, where they are not running, registers."""

    def __init__(self):
        super().__init__("rl-vcpus", gdb.COMMAND_DATA)

    def invoke(self, arg, from_tty):
        for d in domains():
            if arg and int(d["id"]) != int(arg, 0):
                continue
            for v in vcpus(d):
                c = v["cpu"]
                mode = "kernel" if int(c["kernel_mode"]) else "user"
                info = c["info"]
                print(f"d{int(d['id'])}v{int(v['id'])} cpu {int(v['processor'])} {vcpu_state(v):9} {mode:6} rip {int(c['regs']['rip']):#x} "
                      f"rsp {int(c['regs']['rsp']):#x} cr3 {int(c['cr3_kernel']):#x}/{int(c['cr3_user']):#x}"
                      + (f" pending {int(info['evtchn_upcall_pending'])} mask {int(info['evtchn_upcall_mask'])}" if int(info) else ""))


class Frame(gdb.Command):
    """rl-frame MFN: a frame's owner, type, counts and flags."""

    def __init__(self):
        super().__init__("rl-frame", gdb.COMMAND_DATA)

    def invoke(self, arg, from_tty):
        mfn = int(value(arg))
        f = value(f"((struct frame *)0xffff810000000000)[{mfn}]")
        state = int(f["state"])
        if state == FREE:
            print(f"mfn {mfn:#x}: first of a free block of order {int(f['progress'])}")
            return
        flags = [name for i, name in enumerate(FLAGS) if state >> (56 + i) & 1]
        print(f"mfn {mfn:#x}: owner {int(f['owner'])}, type {TYPES[state >> 52 & 0xF]} count {state >> 26 & 0x3FFFFFF}, "
              f"refs {state & 0x3FFFFFF}, {' '.join(flags) or 'no flags'}, progress {int(f['progress'])}, "
              f"stamp {int(f['tlb_stamp'])}, pfn {m2p(mfn)}")


def m2p(mfn):
    try:
        pfn = int(value(f"*(unsigned long *)(0xffff808000000000 + 8 * {mfn})"))
    except gdb.MemoryError:
        return "unmapped"
    return "invalid" if pfn >= 1 << 60 else f"{pfn:#x}"


class Walk(gdb.Command):
    """rl-walk ADDRESS [CR3]: the page-table entries that map an address, with their frames."""

    def __init__(self):
        super().__init__("rl-walk", gdb.COMMAND_DATA)

    def invoke(self, arg, from_tty):
        words = gdb.string_to_argv(arg)
        va = int(value(words[0]))
        table = int(value(words[1])) & PTE_FRAME if len(words) > 1 else int(value("$cr3")) & PTE_FRAME
        for level in (4, 3, 2, 1):
            index = va >> (PAGE_SHIFT + 9 * (level - 1)) & 511
            entry = int(value(f"*(unsigned long *)({DIRECT_MAP + table + 8 * index})"))
            print(f"L{level} {table >> PAGE_SHIFT:#x}[{index}] = {entry:#018x}")
            if not entry & 1 or (level in (2, 3) and entry & 0x80):
                return
            table = entry & PTE_FRAME
        gdb.execute(f"rl-frame {table >> PAGE_SHIFT}")


class GuestSymbols(gdb.Command):
    """rl-guest-symbols FILE: add a guest kernel's symbols (its ELF image; a kit guest, or a vmlinux)."""

    def __init__(self):
        super().__init__("rl-guest-symbols", gdb.COMMAND_FILES, gdb.COMPLETE_FILENAME)

    def invoke(self, arg, from_tty):
        gdb.execute(f"add-symbol-file {arg}")


for command in (Domains, Vcpus, Frame, Walk, GuestSymbols):
    command()
print("Ringleader: rl-domains, rl-vcpus, rl-frame, rl-walk, rl-guest-symbols")
