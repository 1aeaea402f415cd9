"""Linux with four vcpus on two processors, as dom0 and as a guest at once, both busy; and domains that are destroyed
in the middle of what their vcpus do. The results of the work are checked; nobody complains of a processor that hangs
or a clock that jumps; the hypervisor's audit finds all references right."""
import hashlib
import shutil

import pytest

import guests
import session as s

pytestmark = pytest.mark.ours

ROUNDS = 4
NUMBERS = hashlib.md5("".join(f"{n}\n" for n in range(1, 2001)).encode()).hexdigest()
COMPLAINTS = "dmesg | grep -iE 'BUG:|WARNING:|Call Trace|rcu.*stall|lockup|hung task|backward' || true"

# A guest sorts numbers on all its vcpus, tells what it got, and what its kernel complained of.
WORK = (f"for p in 1 2 3 4; do (for i in $(seq {ROUNDS}); do seq 2000|sort -rn|sort -n|md5sum; done >/tmp/$p)& done; "
        "wait; cat /tmp/1 /tmp/2 /tmp/3 /tmp/4|sort|uniq -c; "
        "dmesg|grep -i -e BUG: -e WARNING: -e rcu.*stall -e lockup -e backward|grep -v rl.run; echo work is done")

GUEST = f"""name = "four"
kernel = "/guests/vmlinuz"
ramdisk = "/guests/linux.initrd"
memory = 160
vcpus = 4
extra = 'console=hvc0 loglevel=4 rl.run="{WORK}"'
"""
STRESS = """name = "stress"
kernel = "/host/smp_stress"
memory = 32
vcpus = 4
"""


@pytest.fixture(scope="module")
def dom0(hv, load, tmp_path_factory):
    folder = tmp_path_factory.mktemp("smp")
    shutil.copy(load, folder)
    shutil.copy(guests.built("tests/smp_stress"), folder)
    machine = s.m.Machine(hv=hv, mem="1G", cpus=2, append="dom0_mem=512M dom0_max_vcpus=4", host_dir=str(folder),
                          network=False)
    with s.Session(machine, "smp-linux") as session:
        session.wait_for_shell(240)
        session.check("cp /host/load /usr/bin/")
        for name, text in (("four", GUEST), ("stress", STRESS)):
            session.check(f"cat > /tmp/{name} <<'END'\n{text}END")
        yield session


def console(dom0, name):
    return dom0.shell(f"cat /var/log/xen/console/guest-{name}.log")[1]


def test_both_busy(dom0):
    """dom0 forks, computes and faults on its four vcpus while the guest sorts on its own."""
    assert dom0.check("nproc").strip() == "4"
    dom0.check("rl create /tmp/four")
    output = dom0.check("(load busy 8 5000 & load faults 64 & load fork 40 & wait)", timeout=400)
    assert output.count("load OK") == 3, output
    dom0.wait_until("the guest's work is done", lambda: "work is done" in console(dom0, "four"), 400)
    told = console(dom0, "four").replace("\r", "")
    assert f"{4 * ROUNDS} {NUMBERS}  -\nwork is done" in told, told
    assert not dom0.check(COMPLAINTS).strip()


def test_destroyed_at_work(dom0):
    """Vcpus that map, pin, grant and send against each other end wherever they are."""
    free = int(dom0.check("rl info --json | sed -n 's/.*\"free_frames\": *\\([0-9]*\\).*/\\1/p'"))
    for i in range(6):
        dom0.check(f"rl create /tmp/stress && usleep {50000 + i * 130000}; rl destroy stress || rl list", timeout=120)
    dom0.wait_until("all are gone", lambda: "stress" not in dom0.check("rl list"), 60)
    left = int(dom0.check("rl info --json | sed -n 's/.*\"free_frames\": *\\([0-9]*\\).*/\\1/p'"))
    assert left >= free, "frames have leaked"
    assert not dom0.check(COMPLAINTS).strip()


def test_audit(dom0):
    lines = dom0.debug_key("a")
    assert [line for line in lines if line.endswith("of its frames are wrong")]
    assert not [line for line in lines if "pagetable audit" in line or
                ("are wrong" in line and ": 0 of" not in line)], lines
