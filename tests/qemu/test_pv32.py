"""32-bit PAE guests, in ring 1: our own, and the tests of tests/guest that are built for them too, as dom0 and as domains."""
import os

import pytest

import guests
import session as s

pytestmark = pytest.mark.ours



def has_form(name):
    return not os.path.exists(f"{guests.FOLDER}/{name.split('/')[0]}/pv64")


NAMES = list(filter(has_form, guests.NAMES))


@pytest.fixture(scope="module")
def shared():
    return guests.Verdicts("ringleader", "guest-all32", "tests/all32")


@pytest.fixture(scope="module")
def domains32():
    """All of them as domains without rights, under our own little dom0, which has 64 bits."""
    return guests.Verdicts("ringleader", "guest-domains32", "guests/dom0", "tests/domains32.cpio", end="RL-DOMAINS-END",
                           timeout=240)


@pytest.mark.parametrize("name", [n for n in NAMES if n not in guests.ALONE])
def test_as_dom0(name, shared):
    shared.judge(name)


@pytest.mark.parametrize("name", NAMES)
def test_as_domain(name, domains32):
    domains32.judge(name)


@pytest.mark.parametrize("name", filter(has_form, guests.TOGETHER))
def test_together(name, domains32):
    domains32.judge(name)


def test_domains_leave_nothing(domains32):
    """Each could be destroyed, and gave back all frames."""
    assert not domains32.remains, f"{domains32.remains}\n{domains32.tail}"


@pytest.mark.parametrize("cpus", [1, 2])
def test_hello_as_dom0(cpus):
    """A kit guest of 32 bits as dom0 says hello and powers off."""
    machine = s.m.Machine(kernel=guests.built("guests/hello32"), cpus=cpus, mem="256M", initrd="", append="", args="",
                          network=False)
    with s.Session(machine, f"pv32-hello-{cpus}") as session:
        session.expect("dom0: 32-bit", 60)
        session.expect("hello from dom0, on version 4.17", 60)


def test_measured():
    """While latencies are measured, traps and hypercalls take another way."""
    names = ["exceptions", "multicall", "start_of_day"]
    verdicts = guests.Verdicts("ringleader", "guest-measured32", "tests/all32", args="tests=" + ",".join(names), append="latencies")
    for name in names:
        verdicts.judge(name)


def test_abi():
    """The sweep over all rows of hypercall/, as a 32-bit dom0 sees them."""
    guests.Verdicts("ringleader", "abi32", "tests/abi32").judge("abi")


def test_abi_as_domain(domains32):
    """... and as a 32-bit domain without rights does."""
    domains32.judge("abi")
