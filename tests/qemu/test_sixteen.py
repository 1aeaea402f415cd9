"""Sixteen processors: all come up, Linux as dom0 has a vcpu for each, and it and its domains keep all of them busy, with the
right results."""
import json
import shutil

import pytest

import busy
import guests
import session as s
from leaks import check_audit
from pairs import Pair

pytestmark = [pytest.mark.ours, pytest.mark.soak]

CPUS = 16
PAIRS = 3
PAUSE_US = 2000     # of the pairs, which would never let a processor rest, and a host with fewer is to do the rest of the work, too
VCPUS = 8           # of the Linux guest
ROUNDS = 4          # of sorting, on each of them

# A processor of these is a thread of QEMU's, of which sixteen share what CPUs a busy host has. Kernels go by the wall clock, and
# take one that has executed little in 20 seconds for one that hangs: so they wait as long as they can be told to.
PATIENCE = "rcupdate.rcu_cpu_stall_timeout=300 watchdog_thresh=60"


@pytest.fixture(scope="module")
def dom0(hv, load, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sixteen")
    shutil.copy(load, folder)
    shutil.copy(guests.built("guests/pair"), folder)
    machine = s.m.Machine(hv=hv, mem="2G", cpus=CPUS, append="dom0_mem=768M", host_dir=str(folder), network=False,
                          args=f"console=hvc0 {PATIENCE}")
    with s.Session(machine, "sixteen") as session:
        session.wait_for_shell(600)
        session.check("cp /host/load /usr/bin/")
        yield session


def test_all_up(dom0):
    assert f"{CPUS} CPUs are up" in dom0.text()
    assert int(dom0.check("nproc")) == CPUS
    assert json.loads(dom0.check("rl info --json"))["cpus"] == CPUS


def test_busy_on_all(dom0):
    """Pairs of domains, a Linux guest and dom0 work at once, on all processors."""
    pairs = [Pair(dom0, f"pair{i}", PAUSE_US) for i in range(PAIRS)]
    dom0.check(f"cat > /tmp/eight <<'END'\n{busy.config('eight', VCPUS, f'[ $i -lt {ROUNDS} ]', PATIENCE)}END")
    dom0.check("rl create /tmp/eight", timeout=300)
    dom0.check(f"(load busy {2 * CPUS} 20000; load fork 50; load faults 16) > /tmp/load.log 2>&1 &")

    ran, used = {}, set()
    while not busy.done(dom0, "eight") or dom0.check("grep -c OK /tmp/load.log || true").strip() != "3":
        assert "FAILED" not in dom0.check("cat /tmp/load.log")
        for row in json.loads(dom0.check("rl vcpu-list --json")):
            vcpu = row["domid"], row["vcpu"]
            if row["cpu_ns"] > ran.get(vcpu, 0):        # it has run since the last look, at last there where it is
                used.add(row["cpu"])
            ran[vcpu] = row["cpu_ns"]
        for pair in pairs:
            pair.check_goes_on()
    assert busy.rounds(dom0, "eight") == VCPUS * ROUNDS
    assert used == set(range(CPUS))
    print([pair.end() for pair in pairs], "rounds of the pairs")


def test_no_complaint(dom0):
    assert not dom0.check(busy.COMPLAINTS).strip()


def test_audit(dom0):
    check_audit(dom0)
