"""Several processors: they come up, go and come back, and watch each other."""
import re

import pytest

import guests
import session as s

pytestmark = pytest.mark.ours
CPUS = 2


def boot(name, **settings):
    settings = {"cpus": CPUS, "append": "dom0_mem=256M", "network": False, "mem": "512M", **settings}
    return s.Session(s.m.Machine(**settings), f"cpus-{name}")


@pytest.fixture(scope="module")
def dom0(host_dir):
    with boot("dom0", kernel=s.m.UNPACKED, host_dir=host_dir, args="console=hvc0 loglevel=5 rl.shell") as session:
        yield session.wait_for_shell()


def test_all_are_used(dom0):
    """dom0 has a vcpu for each, and two busy programs run at once, each on its own."""
    assert dom0.check("nproc").strip() == str(CPUS)
    output = dom0.check("for i in 1 2; do sh -c 'while :; do :; done' & done\n"
                        "for i in 1 2 3 4 5 6 7 8 9 10; do sleep 1; rl vcpu-list; done; kill %1 %2")
    seen = re.findall(r"^Domain-0 +0 +0 +(\d+) .*\nDomain-0 +0 +1 +(\d+) ", output, re.M)
    assert any(sorted(pair) == ["0", "1"] for pair in seen), output


def test_away_and_back(dom0):
    """A CPU is taken away under load; all goes on on the other one; it comes back and is used again."""
    dom0.check("cat > /tmp/away <<'END'\n"
               "cd /sys/devices/system/xen_cpu\n"
               # cat writes by sendfile, which takes a file's position without its lock: nobody else may share that
               "for i in 1 2 3; do sh -c 'i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done; echo $i' > /tmp/away.$i & done\n"
               "for i in 1 2 3 4 5; do echo 0 > xen_cpu1/online; cat xen_cpu1/online; rl vcpu-list\n"
               "echo 1 > xen_cpu1/online; cat xen_cpu1/online; done\n"
               "wait\n"
               "cat /tmp/away.[123]\n"
               "END\n")
    output = dom0.check("sh /tmp/away", 180)
    assert output.count("30000\n") == 3, output
    away = [int(cpu) for cpu in re.findall(r"^Domain-0 +0 +\d+ +(\d+) ", output, re.M)]
    assert away == [0] * (5 * CPUS), output
    assert dom0.shell("echo 0 > /sys/devices/system/xen_cpu/xen_cpu0/online")[0] != 0


def test_crash_tells_of_all(dom0):
    """The crash report of one CPU says where the other was. The last test that uses this boot."""
    dom0.send("\x01\x01\x01")
    dom0.expect("the serial line talks to the hypervisor")
    dom0.send("C")
    dom0.expect(r"\*\*\* CRASH: asked for by debug key")
    dom0.expect(r"CPU \d was (at 0x\w+ [\w.]+\+0x|in its guest, rip 0x)")
    dom0.expect(r"d0v1: ")


def hang(session, ready=lambda: True):
    """Hangs a CPU once it is @ready, by debug key; the other one finds it, and it says where it is."""
    session.send("\x01\x01\x01")
    session.expect("the serial line talks to the hypervisor")
    session.wait_until("what comes before", ready)
    session.send("W")
    session.expect(r"\*\*\* CRASH: the watchdog found this CPU hanging")
    session.expect(r"rip [^\n]* key_hang\+")


def test_watchdog():
    """The other CPU idles."""
    with boot("watchdog", append="dom0_mem=256M watchdog=3 noreboot", kernel=guests.built("guests/hello"), initrd="",
              args="serve") as session:
        session.expect("hello from dom0")
        hang(session)


def flushes(session):
    """How many TLB flushes CPUs have asked of each other."""
    session.send("p")
    return int(session.expect(r"tlb_flush_ipis +(\d+) ").group(1))


def test_watchdog_where_others_wait():
    """The other one soon waits for the first, with interrupts off; their guests are isolated."""
    with boot("watchdog-busy", append="watchdog=5 xpti=on noreboot", kernel=guests.built("tests/smp_stress"), initrd="",
              args="rounds=1000000") as session:
        session.expect("watchdog: a CPU may hang for 5 seconds")
        hang(session, lambda: flushes(session) > 100)
