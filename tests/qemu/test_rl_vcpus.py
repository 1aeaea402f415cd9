"""`rl` on vcpus, weights, caps and memory of domains that run; and Debian's `xl`, which must see and say the same.

One boot of dom0 on two processors, with both toolstacks. A stock Linux guest, which has a word of its own on which vcpus
it uses, goes through all of it; then come the bounds.
"""
import json
import re
import subprocess
import time

import pytest

import session as s

pytestmark = pytest.mark.ours

GUEST = """name = "linux"
kernel = "/tmp/vmlinux"
ramdisk = "/guests/linux.initrd"
memory = 128
maxmem = 160
vcpus = 2
maxvcpus = 4
extra = 'console=hvc0 loglevel=4'
"""


@pytest.fixture(scope="module")
def dom0(hv, tmp_path_factory):
    subprocess.run([f"{s.m.TOP}/guest-ports/linux/mkimage", "TOOLSTACK=xl"], check=True)
    machine = s.m.Machine(hv=hv, kernel=s.m.UNPACKED, mem="1G", cpus=2, append="dom0_mem=512M", network=False,
                          initrd=f"{s.m.B}/linux/dom0-xl.initrd", host_dir=str(tmp_path_factory.mktemp("vcpus")))
    with s.Session(machine, "rl-vcpus") as session:
        session.wait_for_shell(240)
        yield session


@pytest.fixture(scope="module")
def linux(dom0):
    """The guest, up, with two of its four vcpus; it tells time and again which it uses. Its name."""
    dom0.check(f"cat > /tmp/linux <<'END'\n{GUEST}END")
    dom0.take(s.m.UNPACKED)
    dom0.check("rl create /tmp/linux")
    dom0.wait_until("the guest is up", lambda: "is up with 2 CPU" in dom0.shell("cat /var/log/xen/console/guest-linux.log")[1], 120)
    type_in(dom0, "while cat /sys/devices/system/cpu/online; do sleep 1; done &")
    uses(dom0, "0-1")
    yield "linux"
    dom0.shell("rl destroy linux")


@pytest.fixture
def busy(dom0, linux):
    """The guest, with work for one of its vcpus while the test lasts."""
    type_in(dom0, "while :; do :; done &")
    dom0.wait_until("the guest is at work", lambda before=used(dom0, linux): used(dom0, linux) > before + 10 ** 9)
    yield linux
    type_in(dom0, "kill $!")


@pytest.fixture
def hello(dom0):
    """Makes a paused guest with these settings, for the test."""
    def make(settings="", tool="rl"):
        if tool == "rl":
            dom0.check(f"rl create -p /guests/hello.cfg {settings}")
        else:
            dom0.check(f"printf '{settings}\\n' | cat /guests/hello.cfg - >/tmp/hello && xl create -p /tmp/hello")
        return "hello"
    yield make
    dom0.shell("rl destroy hello")


def type_in(dom0, line):
    """Types a line at the guest's shell."""
    domid = json.loads(dom0.check("rl list --json linux"))[0]["domid"]
    dom0.check(f"echo '{line}' > $(xenstore-read /local/domain/{domid}/console/tty)")


def used(dom0, name):
    """The nanoseconds that a domain has run."""
    return sum(row["cpu_ns"] for row in vcpus(dom0, name))


def uses(dom0, cpus, seconds=60):
    """Waits until the guest says that it uses these of its vcpus."""
    def said():
        lines = dom0.check("tail -n 3 /var/log/xen/console/guest-linux.log 2>/dev/null || true").split()
        return lines and lines[-1] == cpus
    dom0.wait_until(f"the guest on its vcpus {cpus}", said, seconds)


def vcpus(dom0, name):
    return json.loads(dom0.check(f"rl vcpu-list --json {name}"))


def affinities(dom0, name):
    return [(row["hard"], row["soft"]) for row in vcpus(dom0, name)]


def xl_affinities(dom0, name):
    return re.findall(r"(\S+) / (\S+)\s*$", dom0.check(f"xl vcpu-list {name}"), re.M)[1:]


def share(dom0, name):
    row, = json.loads(dom0.check(f"rl sched --json {name}"))["domains"]
    return row["weight"], row["cap"]


def xl_share(dom0, name):
    return tuple(map(int, re.search(rf"^{name} +\d+ +(\d+) +(\d+)", dom0.check(f"xl sched-credit2 -d {name}"), re.M).groups()))


# --- vcpus on and off -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("command, count", [("rl vcpu-set --wait linux 4", 4), ("rl vcpu-set --wait linux 1", 1),
                                            ("xl vcpu-set --ignore-host linux 3", 3), ("rl vcpu-set linux 2", 2)])
def test_vcpu_set(dom0, busy, command, count):
    """The guest takes vcpus off and on, and dom0 sees it."""
    dom0.check(command, timeout=120)
    uses(dom0, f"0-{count - 1}" if count > 1 else "0")
    states = [row["state"] for row in vcpus(dom0, busy)]
    assert [state != "offline" for state in states] == [n < count for n in range(4)], states
    assert f" {count} " in re.search(r"^linux +(.*)", dom0.check("xl list linux"), re.M).group(1)


def test_vcpu_set_of_one_that_stopped(dom0, hello):
    """Nobody waits for what a guest can't do any more."""
    hello("maxvcpus=2 extra=reboot on_reboot=preserve")
    dom0.check("rl unpause hello && rl wait hello shutdown")
    status, output = dom0.shell("rl vcpu-set --wait hello 2")
    assert status == 1 and "has stopped (reboot), with 1 vcpus online" in output, output


# --- where they run ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("cpu", [1, 0])
def test_pinned(dom0, busy, cpu):
    """A guest's vcpus leave the other CPU, and stay away; the guest goes on working."""
    dom0.check(f"rl vcpu-pin linux all {cpu}")
    assert affinities(dom0, busy) == [([cpu], [0, 1])] * 4
    assert xl_affinities(dom0, busy) == [(str(cpu), "all")] * 4
    dom0.wait_until("them there", lambda: {row["cpu"] for row in vcpus(dom0, busy)[:2]} == {cpu})
    before = used(dom0, busy)
    for _ in range(5):
        assert {row["cpu"] for row in vcpus(dom0, busy)[:2]} == {cpu}
        time.sleep(0.2)
    dom0.wait_until("some work done there", lambda: used(dom0, busy) > before + 10 ** 8)
    dom0.check("rl vcpu-pin linux all all")
    assert affinities(dom0, busy) == [([0, 1], [0, 1])] * 4


def test_soft(dom0, linux):
    """One vcpu's preference; - leaves the other part alone."""
    dom0.check("rl vcpu-pin linux 1 0-1 1 && rl vcpu-pin linux 0 - 0 && rl vcpu-pin linux 0 all -")
    assert affinities(dom0, linux)[:3] == [([0, 1], [0]), ([0, 1], [1]), ([0, 1], [0, 1])]
    assert xl_affinities(dom0, linux)[:3] == [("all", "0"), ("all", "1"), ("all", "all")]
    dom0.check("rl vcpu-pin linux all all all")


def test_xl_pins(dom0, linux):
    dom0.check("xl vcpu-pin linux 2 1 0-1 && xl vcpu-pin linux 3 - 0")
    assert affinities(dom0, linux)[2:] == [([1], [0, 1]), ([0, 1], [0])]
    dom0.check("rl vcpu-pin linux all all all")


@pytest.mark.parametrize("tool", ["rl", "xl"])
def test_pinned_from_the_start(dom0, hello, tool):
    """By the file's lists: one for each vcpu, those without one anywhere."""
    quote = '"' if tool == "xl" else '\\"'
    each = f"cpus=[{quote}1{quote},{quote}0-1,^1{quote}]"
    name = hello(f"vcpus=3\\n{each}\\ncpus_soft={quote}1{quote}" if tool == "xl" else f'vcpus=3 "{each}" cpus_soft=1', tool)
    hard = [hard for hard, soft in affinities(dom0, name)]
    assert hard == [[1], [0], [0, 1]]
    assert [row[0] for row in xl_affinities(dom0, name)] == ["1", "0", "all"]
    assert [row[1] for row in xl_affinities(dom0, name)] == ["1"] * 3
    assert [soft for hard, soft in affinities(dom0, name)] == [[1]] * 3


# --- shares -----------------------------------------------------------------------------------------------------------

def test_share(dom0, linux):
    assert share(dom0, linux) == (256, 0)
    dom0.check("rl sched -w 512 linux")
    assert share(dom0, linux) == xl_share(dom0, linux) == (512, 0)
    dom0.check("rl sched linux -c 150")
    assert share(dom0, linux) == xl_share(dom0, linux) == (512, 150)
    dom0.check("xl sched-credit2 -d linux -w 100 -c 0")
    assert share(dom0, linux) == (100, 0)
    dom0.check("rl sched -w 256 linux")
    assert "scheduler credit2, rate limit 200 us" in dom0.check("rl sched")
    dom0.check("rl sched -r 1000")
    assert "rate limit 1000 us" in dom0.check("rl sched") and "ratelimit=1000us" in dom0.check("xl sched-credit2")
    dom0.check("rl sched -r 200")
    assert "linux" in dom0.check("xl sched-credit2")


@pytest.mark.parametrize("tool", ["rl", "xl"])
def test_share_from_the_start(dom0, hello, tool):
    name = hello("cpu_weight=1000 cap=50" if tool == "rl" else "cpu_weight=1000\\ncap=50", tool)
    assert share(dom0, name) == xl_share(dom0, name) == (1000, 50)


def test_cap_holds(dom0, busy):
    """A busy guest with a cap of 20 uses a fifth of one CPU's time."""
    def uptime():
        return float(dom0.check("cut -d' ' -f1 /proc/uptime"))
    dom0.check("rl sched -c 20 linux")
    time.sleep(1)
    start, before = uptime(), used(dom0, busy) # the clock is read outside of what it measures, however long each takes
    time.sleep(8)
    after, end = used(dom0, busy), uptime()
    dom0.check("rl sched -c 0 linux")
    assert 0 < after - before < 0.3 * (end - start) * 1e9


# --- memory -----------------------------------------------------------------------------------------------------------

def test_mem_set(dom0, linux):
    """The guest's balloon gives back and takes again."""
    def mib():
        return json.loads(dom0.check("rl list --json linux"))[0]["frames"] / 256
    start = mib()
    dom0.check("rl mem-set linux 100")
    dom0.wait_until("a smaller guest", lambda: mib() <= 101)
    dom0.check("rl mem-set linux 150M")
    dom0.wait_until("a larger guest", lambda: mib() >= 149)
    dom0.check("rl mem-set linux 131072K")
    dom0.wait_until("the guest as it was", lambda: mib() <= start)


# --- mistakes ---------------------------------------------------------------------------------------------------------

HELLO = "rl create -n /guests/hello.cfg"
MISTAKES = {
    "no vcpu": ("rl vcpu-set linux 0", 1, "0 vcpus are out of bounds: domain {id} can have 1 to 4 online"),
    "too many vcpus": ("rl vcpu-set linux 5", 1, "domain {id} can have 1 to 4 online"),
    "words for a number": ("rl vcpu-set linux two", 2, "must be a number, not `two`"),
    "unknown vcpu": ("rl vcpu-pin linux 4 0", 1, "vcpu 4 is out of bounds: domain {id} has vcpus 0 to 3"),
    "unknown CPU": ("rl vcpu-pin linux 0 0-2", 1, "there is no CPU 2: this machine has CPUs 0 to 1"),
    "unknown soft CPU": ("rl vcpu-pin linux 0 - 7", 1, "there is no CPU 7"),
    "no list": ("rl vcpu-pin linux 0 x", 1, "`x` is no list of CPUs"),
    "empty list": ("rl vcpu-pin linux 0 0,^0", 1, "leaves no CPU"),
    "weight 0": ("rl sched -w 0 linux", 1, "weight 0 is out of bounds: 1 to 65535"),
    "large weight": ("rl sched -w 65536 linux", 1, "weight 65536 is out of bounds: 1 to 65535"),
    "large cap": ("rl sched -c 401 linux", 1, "cap 401 is out of bounds: 0 to 400, 100 for each of 4 vcpus"),
    "weight of whom": ("rl sched -w 5", 2, "of which domain?"),
    "rate limit": ("rl sched -r 99", 1, "takes no rate limit of 99 us"),
    "a good weight beside it": ("rl sched -w 300 -r 99 linux", 1, "takes no rate limit of 99 us"),
    "a bad weight beside it": ("rl sched -r 100 -w 0 linux", 1, "weight 0 is out of bounds: 1 to 65535"),
    "a bad weight for one of two": ("rl sched -w 300 -c 201 linux 0", 1, "cap 201 is out of bounds: 0 to 200"),
    "much memory": ("rl mem-set linux 161", 1, "domain {id} can have 1024 to 163840 KiB"),
    "little memory": ("rl mem-set linux 1K", 1, "1 KiB are out of bounds"),
    "little for dom0": ("rl mem-set 0 16", 1, "domain 0 can have 131072 to"),
    "no size": ("rl mem-set linux much", 2, "`much` is no size"),
    "file: CPU": (f"{HELLO} cpus=5", 1, "there is no CPU 5: this machine has CPUs 0 to 1"),
    "file: soft CPU": (f"{HELLO} cpus_soft=0-9", 1, "there is no CPU 9"),
    "file: no list": (f"{HELLO} cpus=0-", 1, "cpus: `0-` is no list of CPUs"),
    "file: weight": (f"{HELLO} cpu_weight=65536", 1, "cpu_weight must be from 1 to 65535"),
    "file: cap": (f"{HELLO} cap=101", 1, "cap must be from 0 to 100: 100 for each of 1 vcpus"),
    "file: maxvcpus": (f"{HELLO} maxvcpus=129", 1, "maxvcpus must be from 1 to 128"),
}


def settings(dom0):
    """All that a mistake could change."""
    return dom0.check("rl vcpu-list linux | awk '{ print $2, $3, $(NF - 1), $NF }'; rl sched linux; xenstore-ls /local/domain")


@pytest.fixture(scope="module")
def before(dom0, linux):
    """settings() before the first mistake."""
    return settings(dom0)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake(dom0, before, mistake):
    """Its own status, the bound that was broken, and nothing changed."""
    command, status, message = MISTAKES[mistake]
    got, output = dom0.shell(command)
    domid = re.search(r"^(\d+) 0 ", before, re.M).group(1)
    assert (got, message.format(id=domid) in output) == (status, True), output
    assert settings(dom0) == before


def test_offline_cpu(dom0, linux):
    """A CPU that was taken away is none to be pinned to."""
    dom0.check("echo 0 > /sys/devices/system/xen_cpu/xen_cpu1/online")
    try:
        status, output = dom0.shell("rl vcpu-pin linux 0 1")
    finally:
        dom0.check("echo 1 > /sys/devices/system/xen_cpu/xen_cpu1/online")
    assert status == 1 and ("none of them is online" in output or "there is no CPU 1" in output), output


# --- names ------------------------------------------------------------------------------------------------------------

def test_names_that_xl_gives(dom0, hello):
    """rl remembers names, and must not believe it when xl has renamed, made or destroyed a domain."""
    name = hello()
    dom0.check("rl list hello")
    dom0.check(f"xl rename {name} other")
    dom0.wait_until("the new name known", lambda: "other" in dom0.check("rl list"))
    assert dom0.shell("rl list hello")[0] == 3
    status, output = dom0.shell("rl create -p /guests/hello.cfg name=other")
    assert status == 1 and "is called other already" in output
    dom0.check("rl create -p /guests/hello.cfg && xl destroy hello && rl create -p /guests/hello.cfg && rl destroy other")
    dom0.check("xl create -p /guests/hello.cfg 'name=\"third\"'")
    assert dom0.shell("rl create -p /guests/hello.cfg name=third")[0] == 1
    dom0.check("rl destroy third && rl create -p /guests/hello.cfg name=third && rl destroy third")


def test_names_without_the_daemon(dom0, hello):
    """What nobody watches isn't believed."""
    name = hello()
    dom0.check(f"kill -9 $(pidof rl-daemon); xl rename {name} other && rl list other && rl destroy other")
    assert dom0.shell("rl list hello")[0] == 3
