"""No call keeps a CPU from its interrupts for long: counted in instructions, by -icount, so that no host's pace matters."""
import re

import pytest

import session as s

pytestmark = pytest.mark.ours
MOST = 1_000_000
CALLS = ("pin unpin pin-again unpin-again mmu_update multicall clear_page decrease_reservation populate_physmap grant_copy "
         "alloc_unbound console_write createdomain populate_gigabyte populate_rest destroydomain populate_used "
         "destroydomain-again").split()


@pytest.fixture(scope="module")
def latencies():
    """What guests/latency measures as dom0 of a machine that holds a domain of more than 4 GiB."""
    machine = s.m.Machine(kernel=f"{s.m.B}/guests/latency", initrd="", args="", append="dom0_mem=256M", mem="5G",
                          machine="q35", cpu="EPYC,check=off,-monitor", network=False,
                          devices=["-icount", "shift=0,sleep=off", "-rtc", "base=2024-01-01,clock=vm"])
    with s.Session(machine, "latency") as session:
        session.expect("RL-LATENCY end", 240)
        return {name: int(ns) for name, ns in re.findall(r"^RL-LATENCY (\S+) (\d+)$", session.text(), re.MULTILINE)}


@pytest.mark.parametrize("call", CALLS)
def test_latency(call, latencies):
    assert 0 < latencies[call] < MOST
