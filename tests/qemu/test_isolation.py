"""Isolation of guests' page tables: while a guest runs, CR3 leads to little of the hypervisor's. Seen from outside, by QEMU's monitor.

The guest tests run as dom0 on two processors meanwhile, all of them: so they hold for isolated guests, too.
"""
import re
import socket
import subprocess
import time

import pytest

import guests
import session as s

SLOTS = range(256, 272)             # of an L4: the hypervisor's
SHOWN = {256, 259, 260, 261}        # ... those of which a shadow root shows something: hypervisor/mm/shown.h
PRESENT, WRITABLE, USER, LARGE, FRAME = 1, 2, 4, 0x80, 0x000ffffffffff000


class Monitor:
    """QEMU's monitor, for people, on a socket."""

    def __init__(self, path):
        deadline = time.monotonic() + 60
        while True:
            self.socket = socket.socket(socket.AF_UNIX)
            try:
                self.socket.connect(path)
                break
            except OSError:
                self.socket.close()
                assert time.monotonic() < deadline, "QEMU's monitor doesn't come up"
                time.sleep(0.1)
        self.socket.settimeout(60)
        self._answer()

    def _answer(self):
        text = b""
        while not text.endswith(b"(qemu) "):
            more = self.socket.recv(65536)
            assert more, "QEMU has gone"
            text += more
        return text.decode(errors="replace")

    def ask(self, line):
        self.socket.sendall(line.encode() + b"\n")
        return self._answer()

    def table(self, address):
        """The 512 entries at physical @address."""
        rows = re.findall(r"^[0-9a-f]{16}: (.*?)\r?$", self.ask(f"xp /512xg {address:#x}"), re.MULTILINE)
        entries = [int(word, 16) for row in rows for word in row.split()]
        assert len(entries) == 512
        return entries


def leaves(monitor, entry, level, va):
    """{address: entry} of all that table entry @entry of @level leads to."""
    if not entry & PRESENT:
        return {}
    if level == 1 or entry & LARGE:
        return {va: entry}
    found = {}
    for i, below in enumerate(monitor.table(entry & FRAME)):
        if below & PRESENT:
            found.update(leaves(monitor, below, level - 1, va + (i << (12 + 9 * (level - 2)))))
    return found


def canonical(slot):
    return slot << 39 | 0xffff << 48


def guests_roots(monitor, cpus, nr):
    """L4s that CR3 holds while a guest runs, @nr of them, all different samples; the machine is stopped for each."""
    samples = 0
    deadline = time.monotonic() + 120 * s.SLOW
    while samples < nr:
        assert time.monotonic() < deadline, "no guest runs"
        monitor.ask("stop")
        for cpu in range(cpus):
            monitor.ask(f"cpu {cpu}")
            registers = monitor.ask("info registers")
            if re.search(r"\bCPL=3\b", registers):
                samples += 1
                yield monitor.table(int(re.search(r"\bCR3=([0-9a-f]+)", registers).group(1), 16) & FRAME)
        monitor.ask("cont")
        time.sleep(0.2)


def symbols():
    out = subprocess.run(["nm", f"{s.m.B}/ringleader-syms"], stdout=subprocess.PIPE, check=True, encoding="ascii").stdout
    return {name: int(address, 16) for address, _, name in (line.split() for line in out.splitlines())}


def check_isolated(monitor, root):
    """@root shows what mm/shown.h says, and no more; nor does a slot of the guest's lead to where there is more."""
    names = symbols()
    assert {i for i in SLOTS if root[i] & PRESENT} <= SHOWN
    for i in set(range(512)) - set(SLOTS):
        if root[i] & PRESENT:
            below = monitor.table(root[i] & FRAME)
            assert {j for j in SLOTS if below[j] & (PRESENT | USER) == PRESENT} <= SHOWN, i     # what is a guest's is USER
    pages = {}          # slot 256, the M2P, is the guest's to read anyway
    for slot in SHOWN - {256}:
        pages.update(leaves(monitor, root[slot], 4, canonical(slot)))
    assert not [hex(va) for va, entry in pages.items() if entry & (USER | LARGE)]

    text = range(names["entry_text_start"], names["entry_text_end"], 0x1000)
    data = range(names["entry_data_start"], names["entry_data_end"], 0x1000)
    image = {va for va in pages if va >= canonical(261)}
    assert image == {*text, *data, names["idt"]}
    assert not [hex(va) for va in image if pages[va] & WRITABLE]

    # Slots 259 and 260 lead to the same tables: a CPU's six pages, and the vcpu's window with three pages more, twice.
    frames = {entry & FRAME for va, entry in pages.items() if va < canonical(261)}
    assert 0 < len(frames) <= 6 + 32 + 3


@pytest.mark.ours
@pytest.mark.parametrize("isolated", [True, False])
def test_what_a_guest_runs_on(isolated, tmp_path):
    cpus = 2 if isolated else 1
    machine = s.m.Machine(kernel=guests.built("tests/all"), initrd="", cpus=cpus, mem="512M", network=False,
                          append=f"dom0_max_vcpus=4 xpti={'on' if isolated else 'off'}",
                          devices=["-monitor", f"unix:{tmp_path}/monitor,server=on,wait=off"])
    with s.Session(machine, f"isolation-{isolated}") as session:
        session.expect("RL-TEST ")
        monitor = Monitor(f"{tmp_path}/monitor")
        for root in guests_roots(monitor, cpus, 4 if isolated else 1):
            if isolated:
                check_isolated(monitor, root)
            else:
                assert all(root[i] & PRESENT for i in (257, 258, 262))   # so we would see them
        monitor.ask("cont")
        if not isolated:
            return
        succeeded, failed = session.expect(r"RL-TESTS (\d+) succeeded, \d+ skipped, (\d+ errors, \d+ failed)", 240).groups()
        assert failed == "0 errors, 0 failed", session.tail()
        assert int(succeeded) > 90
