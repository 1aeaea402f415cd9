"""The tests of tests/guest on several processors: the same behaviour, whatever the other vcpus and domains do at the
same time. Those about what vcpus do to each other (smp_*) are run by test_guest.py as well, on one processor."""
import re

import pytest

import guests

SHARED = [n for n in guests.NAMES if n not in guests.ALONE]
ALONE = sorted(guests.ALONE - guests.CRASHING)
TOGETHER = [n for n in guests.TOGETHER if not n.startswith("hog_cpu/")]     # two domains that share a single processor


class Boots:
    """The boots of one guest as dom0 on so many processors, each made when it is first asked for."""

    def __init__(self, hv, cpus):
        self.hv, self.cpus, self.made = hv, cpus, {}

    def of(self, kernel):
        if kernel not in self.made:
            self.made[kernel] = guests.Verdicts(self.hv, f"smp-{self.cpus}-{kernel.split('/')[-1]}", kernel,
                                                cpus=self.cpus, timeout=300)
        return self.made[kernel]


@pytest.fixture(scope="module", params=(2, 4))
def boots(hv, request):
    return Boots(hv, request.param)


@pytest.mark.parametrize("name", SHARED)
def test_as_dom0(name, boots):
    boots.of("tests/all").judge(name)


@pytest.mark.parametrize("name", ALONE)
def test_alone(name, boots):
    boots.of(f"tests/{name}").judge(name)


@pytest.mark.ours
def test_audit(boots):
    """The hypervisor counts all references anew after the stress, and finds none wrong."""
    verdicts = boots.of("tests/all")
    assert re.findall(r"(\d+) of its frames are wrong", verdicts.text), "smp_stress asked for no audit"
    assert not re.search(r"pagetable audit: |[1-9]\d* of its frames are wrong", verdicts.text)


@pytest.fixture(scope="module")
def domains_on_two(hv):
    """All of them as domains without rights, which share two processors with each other and with dom0."""
    return guests.Verdicts(hv, "smp-domains", "guests/dom0", "tests/domains.cpio", cpus=2,
                           args="domains.abi=peer" if hv == "peer" else "", end="RL-DOMAINS-END", timeout=400)


@pytest.mark.parametrize("name", guests.NAMES)
def test_as_domain(name, domains_on_two):
    domains_on_two.judge(name)


@pytest.mark.parametrize("name", TOGETHER)
def test_together(name, domains_on_two):
    domains_on_two.judge(name)


def test_domains_leave_nothing(domains_on_two):
    assert not domains_on_two.remains, f"{domains_on_two.remains}\n{domains_on_two.tail}"
