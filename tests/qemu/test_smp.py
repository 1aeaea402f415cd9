"""The tests of tests/guest on several processors: the same behaviour, whatever the other vcpus and domains do at the
same time. Those about what vcpus do to each other (smp_*) are run by test_guest.py as well, on one processor.

All run as dom0 on two processors; on four, and as domains that share two, only those with several vcpus and those for several
domains. The others do so too in `make soak`.
"""
import re

import pytest

import guests

SHARED = [n for n in guests.NAMES if n not in guests.ALONE]
TOGETHER = [n for n in guests.TOGETHER if not n.startswith("hog_cpu/")]     # two domains that share a single processor


def rarely(name):
    """The marks of a test's run that seldom tells more than its other runs."""
    return () if name in guests.PARALLEL else pytest.mark.soak


def on_two_and_four(names):
    return [pytest.param(2, n) for n in names] + [pytest.param(4, n, marks=rarely(n)) for n in names]


def selection(soak, between):
    """The runner's list of tests when those that seldom tell more are left out."""
    return "" if soak else "tests=" + between.join(sorted(guests.PARALLEL - guests.ALONE))


class Boots:
    """The boots of guests as dom0 on several processors, each made when it is first asked for."""

    def __init__(self, hv, soak):
        self.hv, self.soak, self.made = hv, soak, {}

    def of(self, kernel, cpus):
        if (kernel, cpus) not in self.made:
            args = selection(cpus == 2 or self.soak, ",") if kernel == "tests/all" else ""
            self.made[kernel, cpus] = guests.Verdicts(self.hv, f"smp-{cpus}-{kernel.split('/')[-1]}", kernel, args=args,
                                                      cpus=cpus, timeout=300)
        return self.made[kernel, cpus]


@pytest.fixture(scope="module")
def boots(hv, request):
    return Boots(hv, request.config.getoption("soak"))


@pytest.mark.parametrize("cpus, name", on_two_and_four(SHARED))
def test_as_dom0(boots, cpus, name):
    boots.of("tests/all", cpus).judge(name)


@pytest.mark.parametrize("cpus, name", on_two_and_four(sorted(guests.ALONE - guests.CRASHING)))
def test_alone(boots, cpus, name):
    boots.of(f"tests/{name}", cpus).judge(name)


@pytest.mark.parametrize("cpus", (2, 4))
@pytest.mark.ours
def test_audit(boots, cpus):
    """The hypervisor counts all references anew after the stress, and finds none wrong."""
    verdicts = boots.of("tests/all", cpus)
    assert re.findall(r"(\d+) of its frames are wrong", verdicts.text), "smp_stress asked for no audit"
    assert not re.search(r"pagetable audit: |[1-9]\d* of its frames are wrong", verdicts.text)


@pytest.fixture(scope="module")
def domains_on_two(hv, request):
    """They as domains without rights, which share two processors with each other and with dom0."""
    some = selection(request.config.getoption("soak"), "+")
    args = ("domains.abi=peer " if hv == "peer" else "") + (f"domains.all={some}" if some else "")
    return guests.Verdicts(hv, "smp-domains", "guests/dom0", "tests/domains.cpio", cpus=2, args=args, end="RL-DOMAINS-END",
                           timeout=400)


@pytest.mark.parametrize("name", [pytest.param(n, marks=rarely(n)) for n in guests.NAMES])
def test_as_domain(name, domains_on_two):
    domains_on_two.judge(name)


@pytest.mark.parametrize("name", TOGETHER)
def test_together(name, domains_on_two):
    domains_on_two.judge(name)


def test_domains_leave_nothing(domains_on_two):
    assert not domains_on_two.remains, f"{domains_on_two.remains}\n{domains_on_two.tail}"
