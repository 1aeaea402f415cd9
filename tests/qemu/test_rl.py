"""`rl` as a demanding administrator meets it: bad input and the answer, exit codes, the daemon, what stays behind.

All in one boot of dom0. Exit codes: 1 failed, 2 usage, 3 no such domain, 4 timed out.
"""
import errno
import json
import re
import shutil

import pytest

import guests
import session as s

pytestmark = pytest.mark.ours


@pytest.fixture(scope="module")
def dom0(hv, tmp_path_factory):
    """dom0 at its shell, with memory left for domains."""
    machine = s.m.Machine(hv=hv, kernel=s.m.UNPACKED, mem="1G", append="dom0_mem=512M", network=False,
                          host_dir=str(tmp_path_factory.mktemp("rl")))
    with s.Session(machine, "rl") as session:
        session.wait_for_shell(150)
        yield session


def store(dom0):
    """The paths that the store holds, without the ends that are kept for `rl wait`."""
    paths = {line.split(" = ")[0] for line in dom0.check("xenstore-ls -f").splitlines()}
    return {path for path in paths if not path.startswith("/tool/ringleader")}


HELLO = "rl create /guests/hello.cfg"
MISTAKES = {
    "unknown domain": ("rl pause nobody", 3, "rl list"),
    "unknown verb": ("rl nonsense", 2, "rl help"),
    "unknown option": ("rl list --nonsense", 2, "usage: rl list"),
    "no word": ("rl destroy", 2, "usage: rl destroy"),
    "no file": ("rl create /nowhere.cfg", 1, "/nowhere.cfg can't be read"),
    "syntax": ("printf 'name = \"a\"\\nmemory = \\n' >/tmp/bad; rl create /tmp/bad", 1, "/tmp/bad, line 2"),
    "range": ("printf 'name = \"a\"\\n\\nvcpus = 0\\n' >/tmp/bad; rl create /tmp/bad", 1,
              "line 3: vcpus must be from 1"),
    "129 vcpus": (f"{HELLO} vcpus=129", 1, "vcpus must be from 1 to 128"),
    "missing kernel": (f"{HELLO} kernel=/nowhere", 1, "/nowhere can't be read"),
    "damaged kernel": (f"head -c 5000 /guests/vmlinuz >/tmp/cut; {HELLO} kernel=/tmp/cut", 1, "/tmp/cut"),
    "no kernel": ("rl create name=a", 1, "set kernel="),
    "too much memory": (f"{HELLO} memory=100000", 1, "give this one less"),
    "dom0": ("rl destroy 0", 1, "poweroff"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake(dom0, mistake):
    """A mistake gives its own status and says what to do; nothing of it stays."""
    command, status, message = MISTAKES[mistake]
    before = store(dom0)
    got, output = dom0.shell(command)
    assert (got, message in output) == (status, True), output
    assert store(dom0) == before
    assert len(json.loads(dom0.check("rl list --json"))) == 1


def test_perf(dom0):
    """Latencies are measured on demand: of hypercalls, and of traps that dom0's processes cause; then no longer."""
    before = json.loads(dom0.check("rl perf --reset --json"))
    assert not before["measured"] and not before["latencies"]

    dom0.check("rl perf --begin > /dev/null; true; cat /proc/interrupts > /dev/null")
    found = json.loads(dom0.check("rl perf --end --json"))
    latencies = {(row["kind"], row["name"]): row for row in found["latencies"]}
    assert {("hypercall", "mmu_update"), ("hypercall", "multicall"), ("hypercall", "iret"), ("trap", "page fault")} <= set(latencies)
    for row in latencies.values():
        assert 0 < row["p50_ns"] <= row["p99_ns"] and row["max_ns"] * row["calls"] >= row["total_ns"]
        assert row["p50_ns"] * 4 <= row["max_ns"] * 5 and row["calls"] > 0
    assert found["counters"]["page faults delivered to guests"] > 0

    again = json.loads(dom0.check("rl perf --json"))
    assert not again["measured"] and again["latencies"] == found["latencies"]

    text = dom0.check("rl perf --prometheus")
    calls = latencies["hypercall", "mmu_update"]["calls"]
    label = 'kind="hypercall",name="mmu_update"'
    assert f'ringleader_latency_seconds_bucket{{{label},le="+Inf"}} {calls}' in text
    assert f"ringleader_latency_seconds_count{{{label}}} {calls}" in text
    buckets = [int(n) for n in re.findall(rf"_bucket{{{label},le=.*}} (\d+)", text)]
    assert buckets == sorted(buckets) and len(buckets) == 28
    assert "p99" in dom0.check("rl perf --seconds 1") and not json.loads(dom0.check("rl perf --json"))["measured"]


def test_name_taken(dom0):
    """The one that has it keeps all it has in the store, even if the settings, given twice, name a UUID."""
    settings = "-p uuid=6f0b8f0e-2d3c-4c52-9a54-3a1f5c7d9e10"
    dom0.check(f"{HELLO} {settings}")
    before = store(dom0)
    status, output = dom0.shell(f"{HELLO} {settings}")
    assert status == 1 and "is called hello already" in output
    assert store(dom0) == before
    dom0.check("rl destroy hello")


def test_nothing_stays_in_the_store(dom0):
    """Not even an empty folder."""
    before = store(dom0)
    dom0.check(HELLO)
    home = store(dom0) - before
    assert any(path.endswith("/control/shutdown") for path in home)
    dom0.check("rl destroy hello")
    assert store(dom0) == before


def test_rights_in_the_store(dom0):
    """The guest may read its home and write only what is meant for it."""
    dom0.check(f"{HELLO} -p")
    domid = [row["domid"] for row in json.loads(dom0.check("rl list --json hello"))][0]
    listing = dom0.check(f"xenstore-ls -fp /local/domain/{domid}")
    rights = {line.split(" = ")[0].rsplit(f"/local/domain/{domid}", 1)[1]: line.rsplit("(", 1)[1].rstrip(")")
              for line in listing.splitlines()}
    own = {path for path, right in rights.items() if right == f"n{domid}"}
    assert own == {"/data", "/attr", "/error", "/control/shutdown", "/control/sysrq", "/control/feature-poweroff",
                   "/control/feature-reboot", "/control/feature-suspend"}
    assert {right for path, right in rights.items() if path not in own} == {f"n0,r{domid}"}
    dom0.check("rl destroy hello")


def test_rights_end_with_their_domain(dom0):
    """What one domain might read, the next one of its number may not (XSA-322): the daemon hears that the first has gone."""
    shutil.copy(guests.built("guests/greedy"), dom0.machine.host_dir)

    def may_read(name):
        dom0.check(f"rl create name={name} kernel=/host/greedy memory=16 domid=77 extra=read=/tool/secret")
        log = f"/var/log/xen/console/guest-{name}.log"
        dom0.wait_until("the guest's word", lambda: "/tool/secret is" in dom0.shell(f"cat {log}")[1], 120)
        status, output = dom0.shell(f"{HELLO} domid=77")
        assert (status, "File exists" in output) == (1, True), output
        dom0.check(f"rl destroy {name}")
        return "ours to read" in dom0.check(f"cat {log}")

    dom0.check("xenstore-write /tool/secret x && xenstore-chmod /tool/secret n0")
    assert not may_read("before")
    dom0.check(f"{HELLO} domid=77 -p && xenstore-chmod /tool/secret n0 r77")
    dom0.check("rl destroy hello")
    assert not may_read("after")
    dom0.check("xenstore-rm /tool/secret")


def test_store_is_shared_out(dom0):
    """A guest that writes to the store as long as it may comes to its quota; others don't notice (XSA-326)."""
    before = store(dom0)
    shutil.copy(guests.built("guests/greedy"), dom0.machine.host_dir)
    dom0.check("rl create name=hoard kernel=/host/greedy memory=16")
    log = "/var/log/xen/console/guest-hoard.log"
    dom0.wait_until("the guest's word", lambda: "the first one" in dom0.shell(f"cat {log}")[1], 120)
    nodes, error, first = re.search(r"(\d+) nodes, then (-\d+); the first one is (\w+)", dom0.check(f"cat {log}")).groups()
    assert 500 < int(nodes) < 1000 and int(error) == -errno.ENOSPC and first == "there"
    dom0.check(f"{HELLO} && rl destroy hello && rl destroy hoard")
    assert store(dom0) == before


def test_time_out(dom0):
    dom0.check(f"{HELLO} -p")
    assert dom0.shell("rl wait -t 1 hello")[0] == 4
    dom0.check("rl destroy hello")


def test_reason_is_told(dom0):
    """`rl wait` tells why a domain ended that has gone already; so does its log."""
    dom0.check(f"{HELLO} && rl destroy hello")
    assert json.loads(dom0.check("rl wait --json hello"))["reason"] == "destroyed"
    assert "ended: destroyed" in dom0.check("cat /var/log/ringleader/hello.log")


def test_reboots_at_once(dom0):
    """A guest that does nothing but reboot is started again, but not for ever."""
    log = "/var/log/ringleader/loop.log"
    dom0.check(f"rm -f {log}; {HELLO} name=loop extra=reboot on_reboot=restart domid=99")
    dom0.wait_until("the end of it", lambda: "not started again" in dom0.shell(f"cat {log}")[1], 120)
    assert "follows" in dom0.check(f"cat {log}")
    assert dom0.shell("rl destroy loop")[0] == 3


def test_daemon_killed(dom0):
    """The next verb that needs the daemon starts it; it finds what has ended meanwhile."""
    dom0.check(HELLO)
    dom0.check("kill -9 $(pidof rl-daemon)")
    dom0.check("rl shutdown hello && rl wait hello")
    assert dom0.check("pidof rl-daemon").strip()
    assert len(json.loads(dom0.check("rl list --json"))) == 1


@pytest.mark.parametrize("version, verdict", [(1, "SKIP"), (2, "SUCCESS")])
def test_max_grant_version(dom0, version, verdict):
    """A guest test of version 2 finds that there is none where the configuration says so."""
    shutil.copy(guests.built("tests/grant_v2_parts"), dom0.machine.host_dir)
    dom0.check(f"rl create name=grants{version} kernel=/host/grant_v2_parts memory=16 max_grant_version={version}")
    dom0.wait_until(verdict, lambda: f"RL-TEST grant_v2_parts {verdict}" in
                    dom0.shell(f"cat /var/log/xen/console/guest-grants{version}.log")[1])
    dom0.shell(f"rl destroy grants{version}")


@pytest.mark.parametrize("kernel, words", [("tsc", ""), ("clock", ""), ("all32", "tests=tsc,clock ")])
def test_emulated_tsc(dom0, kernel, words):
    """With tsc_mode=always_emulate a guest's TSC is one of its own, for kernel and processes, and its clock is by that."""
    shutil.copy(guests.built(f"tests/{kernel}"), dom0.machine.host_dir)
    dom0.check(f"rl create name=tsc-{kernel} kernel=/host/{kernel} memory=64 tsc_mode=always_emulate extra='{words}emulated'")
    log = f"/var/log/xen/console/guest-tsc-{kernel}.log"
    dom0.wait_until("its word", lambda: "RL-TESTS" in dom0.shell(f"cat {log}")[1], 120)
    text = dom0.check(f"cat {log}")
    assert "0 errors, 0 failed" in text and "RL-TEST" in text
    assert "emulated" in text or kernel == "clock", text
    dom0.shell(f"rl destroy tsc-{kernel}")


def test_dry_run_json(dom0):
    plan = json.loads(dom0.check(f"{HELLO} -n --json memory=8"))
    assert plan["frames_given"] == 2048 and 'memory = 8' in plan["settings"]
    assert {"kernel", "page tables", "stack"} <= {area["name"] for area in plan["layout"]}
    assert len(json.loads(dom0.check("rl list --json"))) == 1


@pytest.mark.parametrize("verb", ["info", "list", "vcpu-list", "sched", "dmesg"])
def test_json(dom0, verb):
    json.loads(dom0.check(f"rl {verb} --json"))
