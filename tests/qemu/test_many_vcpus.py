"""dom0 with many vcpus: a guest of ours that has as many as there may be, and checks what concerns them
(tests/guest/many_vcpus), on two processors and, in `make soak`, on 16; and there Linux with more than have a place in
shared_info, which loads them all. test_smp_linux.py has a domain of as many as there may be."""
import json
import shutil

import pytest

import busy
import guests
import session as s
from leaks import check_audit

pytestmark = pytest.mark.ours

MOST = 128
LINUX = 40          # of 128, each with 250 ticks a second until Linux has learnt not to tick when idle, two slow CPUs see no end


def boot(name, cpus=2, **settings):
    return s.Session(s.m.Machine(cpus=cpus, network=False, **settings), f"many-vcpus-{name}")


@pytest.mark.parametrize("cpus", [2, pytest.param(16, marks=pytest.mark.soak)])
def test_ours(cpus):
    kernel = guests.built("tests/many_vcpus")
    with boot(f"ours-{cpus}", cpus, kernel=kernel, initrd="", args="", mem="256M", append=f"dom0_max_vcpus={MOST}") as session:
        session.expect(r"RL-TESTS \d+ .*\n", 240)
        assert f"{cpus} CPUs are up" in session.text()
        assert f"{MOST} vcpus\nRL-TEST many_vcpus SUCCESS" in session.text()


@pytest.fixture(scope="module")
def linux(load, tmp_path_factory):
    folder = tmp_path_factory.mktemp("many")
    shutil.copy(load, folder)
    with boot("linux", mem="2G", append=f"dom0_mem=1G dom0_max_vcpus={LINUX}", host_dir=str(folder)) as session:
        session.wait_for_shell(900)
        session.check("cp /host/load /usr/bin/")
        yield session


@pytest.mark.soak
def test_linux(linux):
    """Processes on all vcpus compute, fork and fault, with the right results."""
    def cpu_ns():
        return {row["vcpu"]: row["cpu_ns"] for row in json.loads(linux.check("rl vcpu-list --json 0"))}
    assert int(linux.check("nproc")) == LINUX
    before = cpu_ns()
    output = linux.check(f"(load busy {2 * LINUX} 20000 & load fork 400 & load faults 64 & wait)", timeout=1200)
    assert output.count("load OK") == 3, output
    idle = [vcpu for vcpu, ns in cpu_ns().items() if ns == before[vcpu]]
    assert len(before) == LINUX and not idle, f"these did nothing: {idle}"
    assert not linux.check(busy.COMPLAINTS).strip()


@pytest.mark.soak
def test_linux_audit(linux):
    check_audit(linux)
