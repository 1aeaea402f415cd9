"""Domains' lives through `rl`: created, looked at, paused, asked to leave, rebooted, crashed, destroyed; nothing leaks.

All in one boot of dom0; each test cleans up the domains that it made.
"""
import json
import re
import time

import pytest

import programs
import session as s
from leaks import check_no_leak, differences, resources

pytestmark = pytest.mark.ours


@pytest.fixture(scope="module")
def dom0(hv, tmp_path_factory):
    """dom0 at its shell, with memory left for domains."""
    machine = s.m.Machine(hv=hv, kernel=s.m.UNPACKED, mem="1536M", append="dom0_mem=512M", network=False,
                          host_dir=str(tmp_path_factory.mktemp("lifecycle")))
    with s.Session(machine, "lifecycle") as session:
        session.wait_for_shell(150)
        session.take(s.m.UNPACKED)
        session.check("mkdir -p /tmp/cfg")
        yield session


@pytest.fixture(autouse=True)
def clean(dom0):
    """Takes away what a test left."""
    yield
    if dom0.ended:
        return
    for domain in domains(dom0):
        dom0.shell(f"rl destroy {domain}")


def listed(dom0):
    """What `rl list` shows: {name: its fields}, without dom0."""
    rows = json.loads(dom0.check("rl list --json"))
    return {row["name"]: row for row in rows if row["domid"] != 0}


def domains(dom0):
    return list(listed(dom0))


def console_log(dom0, name):
    return dom0.shell(f"cat /var/log/xen/console/guest-{name}.log")[1]


def create_linux(dom0, name, extra="", vcpus=1, more=""):
    """Starts a Linux guest and waits until it says that it is up."""
    cfg = (f'name = "{name}"\nkernel = "/tmp/vmlinux"\nramdisk = "/guests/linux.initrd"\nmemory = 128\n'
           f'vcpus = {vcpus}\nextra = \'console=hvc0 loglevel=4 {extra}\'\n{more}\n')
    dom0.check(f"rm -f /var/log/xen/console/guest-{name}.log; cat > /tmp/cfg/{name} <<'END'\n{cfg}END")
    dom0.check(f"rl create /tmp/cfg/{name}")
    dom0.wait_until(f"{name} is up", lambda: "domU: Linux" in console_log(dom0, name), 90)


def test_info(dom0):
    assert "4.17" in dom0.check("rl info")
    json.loads(dom0.check("rl info --json"))


def test_dry_run(dom0):
    """-n checks and prints, and makes no domain."""
    dom0.check("rl create -n /guests/linux.cfg")
    assert not domains(dom0)


@pytest.mark.parametrize("command", ["rl create /nowhere.cfg", "rl destroy nobody", "rl pause nobody", "rl nonsense",
                                     "rl console nobody", "rl shutdown nobody"])
def test_mistakes(dom0, command):
    """A mistake gives a message and a status that isn't 0."""
    status, output = dom0.shell(command)
    assert status != 0 and output.strip()


def test_hello(dom0):
    """A guest of ours runs, talks, and leaves when asked to."""
    dom0.check("rm -f /var/log/xen/console/guest-hello.log; rl create /guests/hello.cfg")
    dom0.wait_until("hello said hello", lambda: "hello from a guest domain" in console_log(dom0, "hello"))
    assert listed(dom0)["hello"]["vcpus"] == 1
    dom0.check("rl shutdown hello && rl wait hello", timeout=60)
    assert not domains(dom0)


def test_linux_pauses(dom0):
    """A paused Linux uses no CPU time; unpaused it goes on, and shuts down in order. (This one has a grant table of version 2.)"""
    create_linux(dom0, "calm", extra='grant_table.version=2 rl.run="while :; do :; done"')
    domid = listed(dom0)["calm"]["domid"]
    assert re.search(rf"d{domid}: \d+ frames of table, version 2", "\n".join(dom0.debug_key("g")))
    dom0.check("rl pause calm")
    first = dom0.check("rl vcpu-list --json calm")
    time.sleep(3)
    assert dom0.check("rl vcpu-list --json calm") == first
    dom0.check("rl unpause calm")
    dom0.wait_until("running again", lambda: dom0.check("rl vcpu-list --json calm") != first)
    dom0.check("rl shutdown calm && rl wait calm", timeout=120)
    assert not domains(dom0)


def test_reboot(dom0):
    """A reboot gives a new domain of the same name."""
    create_linux(dom0, "again", more='on_reboot = "restart"')
    before = listed(dom0)["again"]["domid"]
    dom0.check("rl reboot again")
    dom0.wait_until("there again", lambda: listed(dom0).get("again", {}).get("domid", before) != before, 90)
    dom0.wait_until("up again", lambda: console_log(dom0, "again").count("domU: Linux") >= 2, 90)


def check_console(dom0, name):
    """`rl console` attaches to a shell in the guest; ^] leaves it, and the guest runs on."""
    dom0.send_line(f"rl console {name}")
    dom0.send_line()
    dom0.expect("domU:/# ")
    dom0.send_line("echo $((6 * 7)) is it")
    dom0.expect("42 is it")
    dom0.send("\x1d")
    dom0.expect(s.PROMPT)
    assert name in domains(dom0)


def test_console_and_crash(dom0):
    """A guest that crashes is destroyed, and only that: another one answers on its console, before and after."""
    create_linux(dom0, "bystander")
    check_console(dom0, "bystander")
    create_linux(dom0, "wild", extra='rl.run="sleep 2; echo c > /proc/sysrq-trigger"', more='on_crash = "destroy"')
    dom0.wait_until("gone", lambda: "wild" not in domains(dom0), 90)
    check_console(dom0, "bystander")


def test_four_busy_vcpus(dom0):
    """Four virtual CPUs on one: all come up, all are busy, and dom0 gets its share, a fifth, since each virtual CPU counts alike."""
    loop = "while :; do :; done"
    create_linux(dom0, "busy", vcpus=4, extra=f'rl.run="({loop})& ({loop})& ({loop})& {loop}"')
    assert "with 4 CPU(s)" in console_log(dom0, "busy")
    assert len(json.loads(dom0.check("rl vcpu-list --json busy"))) == 4

    def cpu_ns():
        rows = json.loads(dom0.check("rl list --json"))
        return [sum(row["cpu_ns"] for row in rows if (row["domid"] == 0) == wanted) for wanted in (True, False)]
    before = cpu_ns()
    dom0.check("i=0; while [ $i -lt 10000 ]; do i=$((i + 1)); done", timeout=120)
    dom0_ns, guest_ns = (now - then for then, now in zip(before, cpu_ns()))
    assert dom0_ns > 0.15 * (dom0_ns + guest_ns)
    dom0.check("rl shutdown busy && rl wait busy", timeout=120)


def ten_hellos(dom0):
    """Ten of our guests, one after another, each seen running and destroyed."""
    dom0.check("i=0; while [ $i -lt 10 ]; do rl create /guests/hello.cfg && rl list hello && rl destroy hello || exit 1; "
               "i=$((i + 1)); done", timeout=240)


def paused_linux(dom0, n):
    """Built, and never run."""
    dom0.check("rl create -p /guests/linux.cfg && rl destroy linux")


def booting_linux(dom0, n):
    """Taken away somewhere in its boot."""
    dom0.check("rl create /guests/linux.cfg")
    time.sleep(n % 4)
    dom0.check("rl destroy linux")


def running_linux(dom0, n):
    """Up, all its virtual CPUs busy."""
    loop = "while :; do :; done"
    create_linux(dom0, "linux", vcpus=1 + n % 4, extra=f'rl.run="({loop})& {loop}"')
    dom0.check("rl destroy linux")


def ending_linux(dom0, n):
    """Up, and powers itself off."""
    create_linux(dom0, "linux", extra='rl.run="true"')
    dom0.wait_until("linux is off", lambda: not domains(dom0), 90)


def crashing_linux(dom0, n):
    """Up, and crashes."""
    create_linux(dom0, "linux", extra='rl.run="echo c > /proc/sysrq-trigger"', more='on_crash = "destroy"')
    dom0.wait_until("linux has crashed", lambda: not domains(dom0), 90)


def asked_linux(dom0, n):
    """Up, and shut down by dom0."""
    create_linux(dom0, "linux")
    dom0.check("rl shutdown linux && rl wait linux", timeout=120)


LINUX_ENDS = [paused_linux, booting_linux, running_linux, ending_linux, crashing_linux, asked_linux]


def test_books(dom0):
    """What the tests below compare does show a domain that lives."""
    before = resources(dom0)
    dom0.check("rl create /guests/hello.cfg")
    domid = listed(dom0)["hello"]["domid"]
    dom0.wait_until("its console is open", lambda: resources(dom0)["xenconsoled"] != before["xenconsoled"])
    found = differences(before, resources(dom0))
    for what in "free_frames", "key e, d0", f"key e, d{domid}", "key g, d0", f"key g, d{domid}", "store":
        assert f"{what}: " in found


@pytest.mark.soak
def test_hundred_leak_nothing(dom0):
    check_no_leak(dom0, lambda n: ten_hellos(dom0), 1, 11)


@pytest.mark.soak
def test_linux_leaks_nothing(dom0):
    """24 times a stock Linux that ends in all ways that there are, one after another."""
    ways = len(LINUX_ENDS)
    check_no_leak(dom0, lambda n: LINUX_ENDS[n % ways](dom0, n // ways), ways, ways + 24)


def test_programs_of_hypercalls(dom0):
    """Hypercalls at random by a process of dom0 (tests/programs), about domains that come and go: dom0 and its books stay as they were."""
    assert not programs.ProcessRounds(dom0, seed=1, rounds=1, calls=400).wrong     # some of what it sets up stays
    before = resources(dom0)
    done = programs.ProcessRounds(dom0, seed=2, rounds=2, calls=400)
    assert not done.wrong, "\n".join(done.wrong)
    dom0.wait_until("as before", lambda: resources(dom0) == before)


def test_power_off(dom0):
    """The last: dom0 powers off while a guest runs."""
    dom0.check("rl create /guests/hello.cfg")
    dom0.send_line("poweroff")
    assert dom0.end() == (0, "powered off")
