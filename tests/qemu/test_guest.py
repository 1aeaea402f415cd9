"""The tests of tests/guest: guests on the kit that show one behaviour each, as dom0 and as a domain without rights.

Most are linked into one image and run in one boot; those that can't share have an image of their own. When a test takes
the shared boot down, it fails and those after it get a boot each. Some take several domains, a verdict each.
"""
import pytest

import guests


@pytest.fixture(scope="module")
def shared(hv):
    """The boot of all tests that share one."""
    return guests.Verdicts(hv, "guest-all", "tests/all")


@pytest.mark.parametrize("name", [n for n in guests.NAMES if n not in guests.CRASHING])
def test_as_dom0(name, hv, shared):
    verdicts = shared
    missing = [n for n in guests.NAMES if n not in guests.ALONE and n not in shared.found]
    if name in guests.ALONE or name in missing[1:]:
        verdicts = guests.Verdicts(hv, f"guest-{name}", f"tests/{name}", timeout=30)
    verdicts.judge(name)


@pytest.mark.parametrize("name", guests.NAMES)
def test_as_domain(name, domains):
    domains.judge(name)


@pytest.mark.parametrize("name", guests.TOGETHER)
def test_together(name, domains):
    domains.judge(name)


def test_domains_leave_nothing(domains):
    """Each could be destroyed, and gave back all frames."""
    assert not domains.remains, f"{domains.remains}\n{domains.tail}"


SWITCHED = ("pin pin_preempted promotion shared_l1 linear_table writable_table emulated_writes mmu_update_errors mmu_update_modes "
            "mmu_update_plain_write control_dead multicall foreign_frames fpu exceptions vcpu_modes vcpu_context").split()


@pytest.mark.ours
def test_with_all_switches():
    """Those of hypervisor/switches.def change nothing that a guest could see; nor does it matter whether latencies are measured."""
    switches = "no-batching no-coalescing no-direct_stores lazy_fpu latencies"
    verdicts = guests.Verdicts("ringleader", "guest-switches", "tests/all", args="tests=" + ",".join(SWITCHED), append=switches)
    for name in SWITCHED:
        verdicts.judge(name)
    guests.Verdicts("ringleader", "guest-switches-fpu", "tests/fpu_vcpus", append=switches).judge("fpu_vcpus")


@pytest.mark.ours
def test_with_l1tf():
    """On a processor that may look where an entry leads that isn't present."""
    guests.Verdicts("ringleader", "guest-l1tf", "tests/all", args="tests=l1tf l1tf", append="pv-l1tf=on").judge("l1tf")


def test_sysenter_of_intel(hv):
    """Only Intel's processors know SYSENTER in 64-bit mode; QEMU's usual one is AMD's."""
    guests.Verdicts(hv, "guest-sysenter-intel", "tests/all", args="tests=sysenter", cpu="max,vendor=GenuineIntel").judge("sysenter")


def all_pass(verdicts, but=()):
    bad = {name: found for name, found in verdicts.found.items() if found[0] not in ("SUCCESS", "SKIP") and name not in but}
    assert "RL-TESTS" in verdicts.text and not bad, f"{bad}\n{verdicts.tail}"


@pytest.mark.ours
def test_isolated_on_intel():
    """All that share a boot, isolated on an Intel processor: its ways into the hypervisor are others than QEMU's usual one has."""
    all_pass(guests.Verdicts("ringleader", "guest-isolated-intel", "tests/all", cpu="Skylake-Client",
                             append="dom0_max_vcpus=1 xpti=on"))


@pytest.mark.ours
@pytest.mark.parametrize("every", ["all", "all32"])
def test_with_smap(every):
    """A processor that doesn't say that it is QEMU's own gets SMAP; `sensitive` shows why the latter doesn't (QEMU 7.2)."""
    verdicts = guests.Verdicts("ringleader", f"guest-smap-{every}", f"tests/{every}", cpu="max,-hypervisor", append="dom0_max_vcpus=1")
    assert "SMAP on" in verdicts.text
    all_pass(verdicts, but=["sensitive"])
