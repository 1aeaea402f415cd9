"""What it costs to make a domain while others live: rl's part of it, the kernel's and the hypervisor's is the same however
many there are. Counted in instructions, by dom0's clock under -icount.

What xenstored takes is shown, not judged: each request costs it a walk over its connections, one for each domain, and rl
can only ask for the same few things each time.
"""
import re

import pytest

import session as s

pytestmark = pytest.mark.ours
STORE = "write its entries to the store"


def boot(folder, mem):
    return s.Session(s.m.Machine(kernel=s.m.UNPACKED, mem=mem, append="dom0_mem=384M", network=False, host_dir=str(folder), cpu="EPYC,check=off",
                                 devices=["-icount", "shift=0,sleep=off", "-rtc", "base=2024-01-01,clock=vm"]), "creation")


def create(dom0, first, last):
    """Makes domains number @first to @last."""
    dom0.check(f"i={first}; while [ $i -le {last} ]; do rl create /guests/hello.cfg memory=4 name=h$i || exit 1; i=$((i+1)); done",
               timeout=40 * (last - first + 1))


def steps_of(output):
    """[(microseconds, step)] from main() on to the last step, after which the domain is unpaused."""
    steps = [(int(us), what) for us, what in re.findall(r"rl: +(\d+) us  (.*)", output)]
    assert steps and steps[-1][1].startswith(STORE), output
    return steps


def cost(dom0, n):
    """Makes domain number @n; microseconds, that is thousands of instructions, of (rl's steps, its talk with the store)."""
    steps = steps_of(dom0.check(f"rl create -v /guests/hello.cfg memory=4 name=h{n}"))
    return tuple(sum(us for us, what in steps if what.startswith(STORE) == store) for store in (False, True))


def check_flat(folder, mem, last):
    """The tenth domain, and number @last."""
    with boot(folder, mem) as dom0:
        dom0.wait_for_shell(300)
        create(dom0, 1, 9)
        ours, store = cost(dom0, 10)
        create(dom0, 11, last - 1)
        ours_late, store_late = cost(dom0, last)
    print(f"rl's steps: {ours} us, then {ours_late} us; its talk with the store: {store} us, then {store_late} us")
    assert ours_late <= 1.2 * ours


def test_flat(tmp_path):
    check_flat(tmp_path, "1G", 20)


def test_from_main(tmp_path):
    """Under six million instructions from rl's main() on until a guest of 16 MiB starts, in memory that was somebody else's and
    that the idle loop has scrubbed; what nobody has had yet is scrubbed then and there."""
    with boot(tmp_path, "1G") as dom0:
        dom0.wait_for_shell(300)
        costs = []
        for _ in range(3):
            costs.append(sum(us for us, _ in steps_of(dom0.check("rl create -v /guests/hello.cfg memory=16 name=h"))))
            dom0.check("rl destroy h && sleep 2")
        print(f"from main() to the end of the last step: {costs} us")
        assert costs[-1] < 6000


@pytest.mark.soak
def test_flat_at_300(tmp_path):
    check_flat(tmp_path, "2560M", 300)
