"""No call keeps a CPU from what happens meanwhile for long: counted in instructions, by -icount, so that no host's pace matters.

An instruction takes a nanosecond of the machine's time. guests/latency, as dom0 of a machine with a domain of more than 4 GiB, asks
for all that takes long. The hypervisor's trace tells how late the latest timer was served (hypervisor/trace/counters.def); a plugin that
follows every instruction tells the longest that the CPU took no interrupts, and between which places of the hypervisor that was.
"""
import re
import subprocess
from collections import namedtuple

import pytest

import counting
import session as s

pytestmark = pytest.mark.ours
MOST = 1_000_000
CALLS = ("pin unpin pin-again unpin-again mmu_update multicall multicall_pins clear_page decrease_reservation populate_physmap "
         "grant_copy multicall_copies alloc_unbound console_write createdomain populate_gigabyte populate_rest destroydomain "
         "populate_used multicall_populate multicall_destroy").split()
Latency = namedtuple("Latency", "timer wait")


@pytest.fixture(scope="module")
def latencies(tmp_path_factory):
    """What was measured of each call."""
    waits = counting.Waits(str(tmp_path_factory.mktemp("waits")))
    machine = s.m.Machine(kernel=f"{s.m.B}/guests/latency", initrd="", args="", append="dom0_mem=256M", mem="5G",
                          machine="q35", cpu="EPYC,check=off,-monitor", network=False,
                          devices=["-icount", "shift=0,sleep=off", "-rtc", "base=2024-01-01,clock=vm", *waits.device()])
    with s.Session(machine, "latency") as session:
        session.expect("RL-LATENCY end", 300)
        found = re.findall(r"^RL-LATENCY (\S+) (\d+)$", session.text(), re.MULTILINE)
    assert len(found) == len(waits.found()), "a mark of the guest's was not seen"
    return {name: Latency(int(ns), wait) for (name, ns), wait in zip(found, waits.found())}


def place(address):
    """An address of the hypervisor's by name."""
    line = subprocess.run(["addr2line", "-fse", f"{s.m.B}/ringleader-syms", hex(address)], stdout=subprocess.PIPE, text=True,
                          check=False)
    return " ".join(line.stdout.split())


@pytest.mark.parametrize("call", CALLS)
def test_latency(call, latencies):
    timer, wait = latencies[call]
    print(f"{call}: a timer waited for {timer}; no interrupts in {wait.instructions}, from {place(wait.first)} to {place(wait.last)}")
    assert 0 < timer < MOST
    assert 0 < wait.instructions < MOST
