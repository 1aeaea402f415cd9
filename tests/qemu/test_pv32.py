"""32-bit PAE guests, in ring 1: our own, and the tests of tests/guest that are built for them too."""
import os

import pytest

import guests
import session as s

pytestmark = pytest.mark.ours

NAMES = [n for n in guests.NAMES if n not in guests.ALONE and not os.path.exists(f"{guests.FOLDER}/{n}/pv64")]


@pytest.fixture(scope="module")
def shared():
    return guests.Verdicts("ringleader", "guest-all32", "tests/all32")


@pytest.mark.parametrize("name", NAMES)
def test_as_dom0(name, shared):
    shared.judge(name)


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
