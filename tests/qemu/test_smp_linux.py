"""Linux with four vcpus on two processors, as dom0 and as a guest at once, both busy: for a short while in `make test`, for
half an hour in `make soak`; and domains that are destroyed in the middle of what their vcpus do. The results of the work
are checked; nobody complains of a processor that hangs or a clock that jumps; the hypervisor's audit finds all references
right. The guests are isolated from Meltdown, and dom0 isn't: one processor runs the one after the other."""
import re
import shutil

import pytest

import busy
import guests
import session as s
from leaks import check_audit

pytestmark = pytest.mark.ours

ROUNDS = 4
LONG_SECONDS = 1800

GUESTS = {
    "four": busy.config("four", 4, f"[ $i -lt {ROUNDS} ]"),
    "long": busy.config("long", 4, f"read t d </proc/uptime; [ ${{t%.*}} -lt {s.soak(LONG_SECONDS):.0f} ]"),
}
STRESS = """name = "stress"
kernel = "/host/smp_stress"
memory = 32
vcpus = 4
"""


@pytest.fixture(scope="module")
def dom0(hv, load, tmp_path_factory):
    folder = tmp_path_factory.mktemp("smp")
    shutil.copy(load, folder)
    for name in "smp_stress", "many_vcpus":
        shutil.copy(guests.built(f"tests/{name}"), folder)
    machine = s.m.Machine(hv=hv, kernel=s.m.UNPACKED, mem="1G", cpus=2,
                          append="dom0_mem=512M dom0_max_vcpus=4 xpti=domu=on,dom0=off", host_dir=str(folder), network=False)
    with s.Session(machine, "smp-linux") as session:
        session.wait_for_shell(240)
        session.check("cp /host/load /usr/bin/")
        for name, text in {**GUESTS, "stress": STRESS}.items():
            session.check(f"cat > /tmp/{name} <<'END'\n{text}END")
        yield session


def test_both_busy(dom0):
    """dom0 forks, computes and faults on its four vcpus while the guest sorts on its own."""
    assert dom0.check("nproc").strip() == "4"
    dom0.check("rl create /tmp/four")
    output = dom0.check("(load busy 8 5000 & load faults 64 & load fork 40 & wait)", timeout=400)
    assert output.count("load OK") == 3, output
    dom0.wait_until("the guest's work is done", lambda: busy.done(dom0, "four"), 400)
    assert busy.rounds(dom0, "four") == 4 * ROUNDS
    assert not dom0.check(busy.COMPLAINTS).strip()


@pytest.mark.soak
def test_long_both_busy(dom0):
    """The same, dom0 over and over, until the guest has been up for half an hour."""
    dom0.check("rl create /tmp/long")
    while not busy.done(dom0, "long"):
        output = dom0.check("(load busy 8 20000 & load faults 128 & load fork 200 & wait)", timeout=600)
        assert output.count("load OK") == 3, output
        assert not dom0.check(busy.COMPLAINTS).strip()
    print(f"the guest sorted its numbers {busy.rounds(dom0, 'long')} times")


def test_destroyed_at_work(dom0):
    """Vcpus that map, pin, grant and send against each other end wherever they are."""
    free = int(dom0.check("rl info --json | sed -n 's/.*\"free_frames\": *\\([0-9]*\\).*/\\1/p'"))
    for i in range(6):
        dom0.check(f"rl create /tmp/stress && usleep {50000 + i * 130000}; rl destroy stress || rl list", timeout=120)
    dom0.wait_until("all are gone", lambda: "stress" not in dom0.check("rl list"), 60)
    left = int(dom0.check("rl info --json | sed -n 's/.*\"free_frames\": *\\([0-9]*\\).*/\\1/p'"))
    assert left >= free, "frames have leaked"
    assert not dom0.check(busy.COMPLAINTS).strip()


def test_domain_of_most_vcpus(dom0):
    """A guest of ours with as many vcpus as there may be: tests/guest/many_vcpus tells what they do."""
    dom0.check("rl create kernel=/host/many_vcpus memory=16 vcpus=128 name=many", timeout=120)
    dom0.wait_until("it has come to a verdict", lambda: "RL-TEST " in busy.console(dom0, "many"), 240)
    assert re.search(r"^128 vcpus\s+RL-TEST many_vcpus SUCCESS", busy.console(dom0, "many"), re.MULTILINE)


def test_audit(dom0):
    check_audit(dom0)
