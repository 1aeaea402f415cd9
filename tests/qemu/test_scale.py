"""Many small domains at once: all live and answer, each costs the hypervisor little memory and as much work to make as the one
before; while they sleep, so does the machine; when they are gone, all is as it was.

Instructions are counted, and make the time (counting.py), so no figure depends on the host.

What dom0's two daemons take is counted apart, shown and not judged: Debian's xenstored looks at all its connections, one for
each domain, whenever it has dealt with a request, and xenconsoled at all domains whenever one is made. Neither is ours. By
instructions, the hypervisor's are judged, whoever they were for; of dom0's all but its daemons'.
"""
import re

import pytest

import counting
import session as s
from leaks import differences, settled

pytestmark = pytest.mark.ours

SIZES = [10, pytest.param(300, marks=pytest.mark.soak)]
EACH_MIB = 8
TEN = 10
PAGE_KIB = 4
MOST_KIB = 64           # of the hypervisor's memory, a domain
MOST_DEARER = 1.2       # the last ten against the second ten; the first ten set up what is set up on first use
DAEMONS = "xenstored xenconsoled"
MOST_AWAKE = 0.001      # the share of the time that a machine full of sleepers may execute
ASLEEP_SECONDS = 60

# dom0's side: make and use ten at a time, so that the shell on the serial line weighs nothing.
TOOLS = f"""
made() {{ echo "s$1"; }}
make() {{ i=$1; while [ $i -lt $2 ]; do
         rl create /guests/hello.cfg name=$(made $i) memory={EACH_MIB} extra=quiet || return 1; i=$((i + 1)); done; }}
greeted() {{ grep -l 'hello from a guest domain' /var/log/xen/console/guest-s*.log | wc -l; }}
ask() {{ i=0; while [ $i -lt $1 ]; do id=$(rl list $(made $i) | awk 'NR == 2 {{ print $2 }}')
        echo "are you $(made $i)?" > $(xenstore-read /local/domain/$id/console/tty); i=$((i + 1)); done; }}
answered() {{ i=0; n=0; while [ $i -lt $1 ]; do
             grep -q "you said: are you $(made $i)?" /var/log/xen/console/guest-$(made $i).log && n=$((n + 1))
             i=$((i + 1)); done; echo $n; }}
leave() {{ i=0; while [ $i -lt $1 ]; do rl destroy $(made $i) || return 1; i=$((i + 1)); done; }}
"""


class Crowd:
    """dom0 and @size domains, made when the object is."""

    def __init__(self, session, counter, size):
        self.session, self.counter, self.size = session, counter, size
        session.check(f"cat > /tmp/tools <<'END'\n{TOOLS}END")
        self.tool("make 0 1 && leave 1")    # what is set up once
        self.frames = self.hypervisor_frames()
        self.costs = self.make()
        print("instructions a domain:", [cost.all for cost in self.costs], "of these the hypervisor's:",
              [cost.hypervisor for cost in self.costs], "the daemons':", self.daemons)

    def make(self):
        """Makes all; what each of ten cost, from ten to ten. What it cost the daemons, with all that was done for them, stays
        in self.daemons."""
        costs, self.daemons = [], []
        for n in range(0, self.size, TEN):
            before = self.daemons_executed()
            costs.append(self.cost(f"make {n} {n + TEN}") // TEN)
            self.daemons.append((self.daemons_executed() - before) // TEN)
        return costs

    def daemons_executed(self):
        """By the nanoseconds that their kernel counts."""
        told = self.session.check(f"cat $(for daemon in {DAEMONS}; do echo /proc/$(pidof $daemon)/schedstat; done)")
        return sum(int(line.split()[0]) for line in told.splitlines()) >> counting.SHIFT

    def tool(self, command, timeout=1200):
        return self.session.check(f". /tmp/tools; {command}", timeout)

    def cost(self, command):
        """The instructions that it takes to do @command in dom0."""
        before = self.counter.now()
        self.tool(command)
        return self.counter.now() - before

    def hypervisor_frames(self):
        """By debug key m: what is neither free nor a domain's."""
        return int(re.search(r"(\d+) the hypervisor's", "\n".join(self.session.debug_key("m"))).group(1))

    def count(self, tool):
        return int(self.tool(tool))


@pytest.fixture(scope="module", params=SIZES)
def crowd(request, hv, tmp_path_factory):
    folder = tmp_path_factory.mktemp("scale")
    counter = counting.Counter(str(folder))
    machine = s.m.Machine(hv=hv, kernel=s.m.UNPACKED, mem="4G" if request.param > 100 else "1G", append="dom0_mem=512M",
                          host_dir=str(folder), network=False, devices=counter.options())
    with s.Session(machine, f"scale-{request.param}") as session:
        session.wait_for_shell(300)
        yield Crowd(session, counter, request.param)


def test_all_alive(crowd):
    """Each said hello, and answers to its name."""
    crowd.session.wait_until("all have said hello", lambda: crowd.count("greeted") == crowd.size, 300)
    crowd.tool(f"ask {crowd.size}")
    crowd.session.wait_until("all have answered", lambda: crowd.count(f"answered {crowd.size}") == crowd.size, 300)


def test_memory(crowd):
    """Their own memory apart, the hypervisor has them for little."""
    kib = (crowd.hypervisor_frames() - crowd.frames) * PAGE_KIB / crowd.size
    print(f"{kib:.1f} KiB of the hypervisor's memory a domain")
    assert kib < MOST_KIB


@pytest.mark.soak
def test_cost_of_making(crowd):
    """The last costs the hypervisor what the first cost, and dom0 without its daemons."""
    hypervisor = [cost.hypervisor for cost in crowd.costs]
    others = [cost.all - daemons for cost, daemons in zip(crowd.costs, crowd.daemons)]
    print("all but the daemons':", others)
    assert hypervisor[-1] <= MOST_DEARER * hypervisor[1]
    assert others[-1] <= MOST_DEARER * others[1]


def test_asleep(crowd):
    """dom0 sleeps as well: of what its kernel and daemons do then, nothing is left out."""
    awake = crowd.cost(f"sleep {ASLEEP_SECONDS}")
    share = awake.all / (ASLEEP_SECONDS * counting.A_SECOND)
    print(f"of the time, {share:.4%} awake: the hypervisor executed {awake.hypervisor}, guests {awake.guests} instructions")
    assert share < MOST_AWAKE


def test_all_gone(crowd):
    """The last: nothing stays behind, but for what dom0 keeps for the next ones: the second time it needs no more."""
    def gone():
        crowd.tool(f"leave {crowd.size}")
        return settled(crowd.session)
    first = gone()
    crowd.make()
    second = gone()
    assert first == second, differences(first, second)
