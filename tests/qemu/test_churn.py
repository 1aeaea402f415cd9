"""Domains come and go on all processors, for an hour, while a pair of others exchanges grants and events and checks every byte;
then nothing has leaked."""
import json
import shutil
import time

import pytest

import busy
import guests
import session as s
from leaks import check_audit, check_no_leak
from pairs import Pair

pytestmark = [pytest.mark.ours, pytest.mark.soak]

CPUS = 2
SECONDS = 3600
WARM_UP = 15        # in which everything happens once that sets something up

# Two of them make and destroy at once, each its own kinds of domains in turn: asleep, busy with four vcpus, never started,
# and now and then Linux in its boot, whose kernel takes long to unpack. Each lives for up to a third of a second.
CHURN = """
churn() {
    n=0
    while [ ! -e /tmp/stop ]; do
        case $((n % 64)),$((n % 4)) in
            3,*) from="/guests/linux.cfg";;
            *,1) from="kernel=/host/smp_stress memory=16 vcpus=4";;
            *) from="/guests/hello.cfg memory=8";;
        esac
        [ $((n % 4)) = 2 ] && paused=-p || paused=
        rl create $paused $from name=churn-$1 && usleep $((n * 7919 % 300000)) || { echo "$1 failed"; return 1; }
        rl destroy churn-$1 || [ $? = 3 ] || { echo "$1 failed"; return 1; }    # 3: the busy one is done, and has gone
        n=$((n + 1))
    done
    echo "churned $n"
}
rm -f /tmp/stop /tmp/churn.?.log
(churn a > /tmp/churn.a.log 2>&1) & (churn b > /tmp/churn.b.log 2>&1) &
"""


@pytest.fixture(scope="module")
def dom0(hv, tmp_path_factory):
    folder = tmp_path_factory.mktemp("churn")
    shutil.copy(guests.built("guests/pair"), folder)
    shutil.copy(guests.built("tests/smp_stress"), folder)
    machine = s.m.Machine(hv=hv, mem="1G", cpus=CPUS, append="dom0_mem=512M", host_dir=str(folder), network=False)
    with s.Session(machine, "churn") as session:
        session.wait_for_shell(240)
        session.check(f"cat > /tmp/start <<'END'\n{CHURN}END")
        yield session


def uptime(dom0):
    return float(dom0.check("cut -d' ' -f1 /proc/uptime"))


def ended(dom0):
    """What the two loops said at their ends, so far."""
    return dom0.check("grep -hE '^churned|failed$' /tmp/churn.?.log || true").splitlines()


def processors(dom0):
    """Those on which domains that come and go have run last."""
    rows = json.loads(dom0.check("rl vcpu-list --json"))
    return {row["cpu"] for row in rows if row["name"].startswith("churn-") and row["cpu_ns"]}


def churn_beside_pair(dom0, seconds):
    """Lets domains come and go for @seconds of dom0's time; how many did, on which processors, and the pair's rounds."""
    pair = Pair(dom0, "pair", pause_us=2000)   # which leaves time for the others
    dom0.check(". /tmp/start")
    end, used = uptime(dom0) + seconds, set()
    while uptime(dom0) < end:
        time.sleep(min(5, seconds / 4))
        used |= processors(dom0)
        pair.check_goes_on()
        assert not ended(dom0), dom0.check("tail -n 20 /tmp/churn.?.log")
    dom0.check("touch /tmp/stop")
    dom0.wait_until("domains have stopped to come and go", lambda: len(ended(dom0)) == 2, 300)
    domains = [line.removeprefix("churned ") for line in ended(dom0)]
    assert all(n.isdigit() and int(n) for n in domains), dom0.check("tail -n 20 /tmp/churn.?.log")
    return sum(map(int, domains)), used, pair.end()


def test_churn(dom0):
    def churn(n):
        domains, used, rounds = churn_beside_pair(dom0, s.soak(SECONDS) if n else WARM_UP)
        print(f"{domains} domains came and went beside {rounds} rounds")
        assert not n or used == set(range(CPUS))
    check_no_leak(dom0, churn, 1, 2)


def test_no_complaint(dom0):
    assert not dom0.check(busy.COMPLAINTS).strip()


def test_audit(dom0):
    check_audit(dom0)
