"""The OCaml xenstored in xenstored's place, with both toolstacks: domains come, are in the store, and leave nothing in it."""
import re

import pytest

import session as s
import settings

pytestmark = pytest.mark.soak


@pytest.fixture(scope="module")
def dom0(hv, tmp_path_factory):
    """dom0 at its shell, as `make run XENSTORED=oxenstored` boots it."""
    machine = settings.describe({"HV": hv, "XENSTORED": "oxenstored", "MEM": "1G", "APPEND": "dom0_mem=512M",
                                 "HOSTDIR": str(tmp_path_factory.mktemp("oxenstored")), "ACCEL": "tcg"})
    with s.Session(machine, "oxenstored") as session:
        session.wait_for_shell(240)
        yield session


def in_store(dom0):
    """The domids that the store knows."""
    return set(dom0.check("xenstore-ls -f /local/domain | sed -n 's,^/local/domain/\\([0-9]*\\) .*,\\1,p'").split())


def test_daemon(dom0):
    """It is the OCaml one that runs and answers."""
    dom0.check("pidof oxenstored")
    assert dom0.shell("pidof xenstored")[0] != 0
    assert "Domain-0" in dom0.check("xenstore-read /local/domain/0/name")


@pytest.mark.parametrize("tool", ["rl", "xl"])
def test_domain(dom0, tool):
    """A domain of either toolstack's is told of itself by the store, is seen by both, and leaves nothing there."""
    before = in_store(dom0)
    dom0.check(f"{tool} create /guests/hello.cfg", 120)
    new = in_store(dom0) - before
    assert len(new) == 1
    domid = new.pop()
    tree = dom0.check(f"xenstore-ls /local/domain/{domid}")
    assert re.search(r'^name = "hello"', tree, re.MULTILINE)
    assert re.search(r"^console = ", tree, re.MULTILINE)
    for other in ("rl", "xl"):
        assert "hello" in dom0.check(f"{other} list", 60)
    dom0.check(f"{tool} destroy hello", 60)
    dom0.wait_until("the store without the domain", lambda: in_store(dom0) == before, 60)


def test_watch(dom0):
    """Watches fire, and transactions of its many clients don't disturb each other."""
    dom0.check("(xenstore-watch -n 2 /test > /tmp/seen &) && xenstore-write /test/a 1")
    dom0.wait_until("the watch's event", lambda: "/test" in dom0.shell("cat /tmp/seen")[1], 60)
    dom0.check("for i in 1 2 3 4 5 6 7 8; do xenstore-write /test/$i $i & done; wait")
    assert dom0.check("for i in 1 2 3 4 5 6 7 8; do xenstore-read /test/$i; done").split() == list("12345678")
    dom0.check("xenstore-rm /test")
