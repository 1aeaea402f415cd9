"""The README's figures: written between two marks by `make bench SAVE=1`, so that they are those of the tables."""
import re

import machine
from report import mean, number, ratios

README = f"{machine.TOP}/README.md"
BEGIN, END = "<!-- figures: make bench SAVE=1 writes them -->\n", "<!-- end of figures -->\n"
SHOWN = {
    "hypercall_null": "null hypercall",
    "hypercall_in_multicall_32": "hypercall in a multicall of 32",
    "mmu_update_one": "mmu_update of one L1 entry",
    "mmu_update_batch_32": "... per entry in a batch of 32",
    "va_mapping_noflush": "update_va_mapping",
    "emulated_write": "emulated write to a read-only L1",
    "pin_unpin_l1_512": "pin and unpin an L1 of 512 entries",
    "user_syscall": "user system call and return",
    "kernel_page_fault": "kernel page fault, handler, iret",
    "user_page_fault": "user page fault",
    "forced_cpuid": "forced cpuid",
    "event_to_self": "event to self: send, upcall, iret",
    "set_timer_pair": "set and cancel a timer",
    "yield": "yield, nothing else runnable",
    "grant_map_unmap": "grant map and unmap",
}


def lines(columns):
    """The table and the sentences below it, of one variant's columns of dom0."""
    def value(row, hv="ringleader"):
        return columns[hv][row]["value"]

    found = ratios(columns)
    highest = max(found, key=found.get)
    yield "| operation | Ringleader | Xen 4.17 | ratio |\n|---|---|---|---|\n"
    for row, text in SHOWN.items():
        yield f"| {text} | {number(value(row), 0)} | {number(value(row, 'peer'), 0)} | {found[row]:.2f} |\n"
    yield (f"\nThe geometric mean of the ratios of all {len(found)} operations is {mean(found.values()):.3f}, the highest ratio "
           f"{found[highest]:.2f}\n(`{highest}`; of a copy's instructions 512 are `rep`'s). From entry to the first instruction of a kit guest as "
           f"dom0: {value('start_instructions') / 1e6:.1f} million\ninstructions and {value('start_waits_us') / 1000:.0f} ms of waiting. "
           f"Memory of the hypervisor itself on a 512 MiB machine, after all rows: "
           f"{value('hypervisor_memory_kib') / 1024:.1f} MiB\n(Xen: {value('hypervisor_memory_kib', 'peer') / 1024:.1f}). "
           f"Image: {value('image_kib') / 1024:.2f} MiB ({value('image_kib', 'peer') / 1024:.1f}).\n")


def write(columns):
    """Puts the figures of @columns between the marks; does nothing where a row of them wasn't measured."""
    if any(row not in columns.get(hv, {}) for row in (*SHOWN, "image_kib", "hypervisor_memory_kib") for hv in ("ringleader", "peer")):
        return
    with open(README, encoding="utf-8") as f:
        text = f.read()
    with open(README, "w", encoding="utf-8") as f:
        f.write(re.sub(f"(?s)(?<={BEGIN}).*(?={END})", lambda _: "".join(lines(columns)), text))
