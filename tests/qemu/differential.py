"""The same programs of hypercalls (tests/guest/differential) on Ringleader and on Debian's Xen 4.17, answer by answer.

docs/differential.md explains differences, a row each:

    | CALL | OURS | THEIRS | WHY |

CALL is a row of hypercall/, perhaps with `*`, or NO_GRANTS; rows that Ringleader leaves out need none here. OURS and THEIRS are results:
    - one of each;
    - several, any of ours with any of theirs: only errors, so that no such row hides that one of them does what the other refuses;
    - `fewer` or `more`, where each tells how many it did of what was asked for; or both, where either may have done more.
Or OURS is `output`, and THEIRS says which words of the caller's memory may differ: offsets in what an argument points to, `*` for all that
this points to in turn, `all`. Where one of them does more than the other, or gives other frames or handles, they are in different states from
then on: the rest of that program isn't compared.
Nor is it where a call's arguments differ because of what an earlier one wrote. A later program of that domain is, and may meet the other
state: what has no row is looked at once more after the same programs, cut short where they went apart.
"""
import errno
import fnmatch
import glob
import re
import tempfile
from dataclasses import dataclass, field

import guests
import programs
import session as s

PAGE = f"{s.m.TOP}/docs/differential.md"
ROW = re.compile(r"^\| `([\w*]+)` \| ([\w -]+) \| ([\w* -]+) \| (.+) \|$", re.MULTILINE)
CALL = re.compile(r"^T (\d+) (\w+) (\w+) (-?\d+) \|(.*?) \|(.*)$", re.MULTILINE)
PROGRAMS = 60       # of one domain: then its memory is used up
ROUNDS = 5          # of one boot: later, domains get frames whose numbers are small ones (LOWEST_RAM of the guest)
CALLS = 25
ARGUMENT = 0x100    # no operation's argument is longer


@dataclass
class Call:
    row: str
    result: int
    arguments: str
    output: str


@dataclass
class Comparison:
    """Of two runs: how many calls were compared, and what differed, `explained` or not."""
    compared: int = 0
    accepted: int = 0
    made: int = 0
    apart: dict = field(default_factory=dict)           # program -> the call at which the two went apart
    gone: int = 0                                       # differences that were not there once programs before them were cut
    explained: dict = field(default_factory=dict)       # row of the page -> how often
    unexplained: dict = field(default_factory=dict)     # (call, ours, theirs) -> [examples]

    @property
    def enough(self):
        return self.compared > self.made / 2


def explanations():
    with open(PAGE, encoding="utf-8") as f:
        rows = [row[:3] for row in ROW.findall(f.read())]
    for call, ours, theirs in rows:
        results = [] if ours == "output" else (ours + " " + theirs).split()
        assert len(results) <= 2 or set(results) == COUNTS or all(r.startswith("-") for r in results), f"{call}: not all of several are errors"
    return rows


def left_out():
    """The rows of hypercall/ that Ringleader doesn't have, and docs/hypercalls.md says so."""
    found = set()
    for path in glob.glob(f"{s.m.TOP}/hypercall/ops/*.def"):
        with open(path, encoding="utf-8") as f:
            found |= {row for row, rest in re.findall(r"^SUBOP\((\w+), *(.*)$", f.read(), re.MULTILINE) if re.search(r" (SOON|NEVER),", rest)}
    return found


def name(call, result):
    """A result as the page has it. What operations on grants say of themselves are no error numbers."""
    if result >= 0 or call.startswith("GNTTABOP"):
        return str(result)
    return "-" + errno.errorcode.get(-result, str(-result))


def tell(hv, seed, rounds, domain, calls=CALLS, cuts=None):
    """{(program, number): Call} of rounds from @seed on: as domains without rights, some a boot, or as dom0, one a boot. @cuts: see compare."""
    each, told = ROUNDS if domain else 1, {}
    words = f"programs={PROGRAMS},calls={calls}" + "".join(f",cut{program % PROGRAMS}={number}" for program, number in (cuts or {}).items())
    for first in range(seed, seed + rounds, each):
        told |= _boot(hv, first, min(each, seed + rounds - first), domain, words)
    return told


def _boot(hv, seed, rounds, domain, words):
    with tempfile.TemporaryDirectory() as folder:
        if domain:
            what = {"kernel": guests.built("guests/dom0"), "initrd": programs.archive(folder),
                    "args": f"groups=differential seed={seed} rounds={rounds} each={words}"}
        else:
            what = {"kernel": guests.built("tests/together"), "initrd": "",
                    "args": f"tests=differential role=teller seed={seed} {words.replace(',', ' ')}"}
        machine = s.m.Machine(hv=hv, mem="512M", network=False, append="dom0_mem=128M dom0_max_vcpus=4 noreboot", **what)
        with s.Session(machine, f"differential-{hv}-{'domain' if domain else 'dom0'}") as session:
            try:
                session.expect("RL-DOMAINS-END" if domain else r"RL-TESTS \d+ .*\n", 60 + 60 * rounds)
            except s.Failed as failed:
                raise s.Failed(f"{failed}\n{session.tail()}") from None
            text = session.text()
    told = len(re.findall(r"RL-TEST differential/teller SUCCESS", text))
    if told != rounds:
        raise s.Failed(f"only {told} of {rounds} rounds from seed {seed} on could be told: build/logs/differential-{hv}-*.log")
    text = re.sub(r"\((?:RL|XEN)\) .*\n", "", text)
    return {(int(program), number): Call(row, int(result), arguments, output)
            for program, number, row, result, arguments, output in CALL.findall(text)}


ARENA = re.compile(r"\ba0(?:\+([0-9a-f]+))?(?= )")     # the argument's address: main.c of the guest
WORD = 8
GIVES = ("XENMEM_exchange", "XENMEM_populate_physmap", "XENMEM_increase_reservation", "GNTTABOP_map_grant_ref")
GIVES_BACK = ("XENMEM_exchange", "XENMEM_decrease_reservation", "GNTTABOP_transfer")
TAKES = ("GNTTABOP_set_version", "GNTTABOP_setup_table")    # frames for what guests may map: perhaps such as were given back, if they were
COUNTS = {"fewer", "more"}
NO_GRANTS = "GNTTABOP_none"     # any operation on grants, of which there are none


def _name(call):
    """As the page has it."""
    return NO_GRANTS if call.row.startswith("GNTTABOP") and call.arguments.split()[2] == "0" else call.row


def _difference(mine, other):
    """(CALL, OURS, THEIRS) of a row that would explain it, or None."""
    if mine.result == other.result:
        return (_name(mine), "output", " ".join(sorted(_places(mine, other)))) if mine.output != other.output else None
    if min(mine.result, other.result) >= 0:
        return (_name(mine), *(("fewer", "more") if mine.result < other.result else ("more", "fewer")))
    return (_name(mine), name(mine.row, mine.result), name(mine.row, other.result))


def _changes(output):
    """{address: what is there now} of the words that a call wrote to."""
    return {int(at, 16): value for at, value in (change.split(":") for change in output.split())}


def _places(call, other):
    """Where the outputs of @call and @other differ, as THEIRS of a row says it: offsets in hexadecimal, or `*`."""
    if call.row == "memory":
        pages = zip(call.output.split(), other.output.split())
        return {f"{i:x}" for i, (ours, theirs) in enumerate(pages) if ours != theirs} or {"all"}
    ours, theirs = _changes(call.output), _changes(other.output)
    direct = [int(at or "0", 16) for at in ARENA.findall(call.arguments.split("[")[0] + " ")]
    found = set()
    for at in ours.keys() | theirs.keys():
        if ours.get(at) != theirs.get(at):
            near = [at - base for base in direct if 0 <= at - base < ARGUMENT]
            found.add(f"{min(near) // WORD * WORD:x}" if near else "*")
    return found


def _fits(row, ours, theirs):
    if ours == "output":
        return row[1] == ours and (row[2] == "all" or set(theirs.split()) <= set(row[2].split()))
    return ours in row[1].split() and theirs in row[2].split()


def _explained(rows, call, ours, theirs):
    for row in rows:
        if fnmatch.fnmatchcase(call, row[0]) and _fits(row, ours, theirs):
            return row
    return None


def _went_apart(mine, other):
    """Do they leave different states? What both refuse whole, and what only looks, leaves none."""
    if mine.result != other.result:
        return max(mine.result, other.result) >= 0
    return mine.output != other.output and (mine.row in GIVES or mine.result < 0)


def compare(ours, theirs):
    rows, absent, result = explanations(), left_out(), Comparison(made=len(ours))
    given_back = None    # the program that gave frames back
    for key, mine in ours.items():
        program, number = key
        other = theirs.get(key)
        if program in result.apart:
            continue
        if not other or (other.row, other.arguments) != (mine.row, mine.arguments):
            result.apart[program] = number
            continue
        result.compared += 1
        result.accepted += mine.result >= 0 and other.result >= 0
        if mine.row in GIVES_BACK and mine.result >= 0:
            given_back = program
        if _went_apart(mine, other) or (mine.row in TAKES and mine.result >= 0 and given_back == program):
            result.apart[program] = number
        difference = _difference(mine, other)
        if not difference:
            continue
        row = _explained(rows, *difference)
        if not row and mine.row in absent and mine.result == -errno.ENOSYS:
            row = (mine.row, "-ENOSYS", "any")
        if row:
            result.explained[row] = result.explained.get(row, 0) + 1
        else:
            result.unexplained.setdefault(difference, []).append((key, mine, other))
    return result


def _both(seed, rounds, domain, calls, cuts=None):
    return compare(*(tell(hv, seed, rounds, domain, calls, cuts) for hv in ("ringleader", "peer")))


def _program(example):
    return example[0][0]


def _remains(result, program, domain, calls):
    """@program is the first of its round with something unexplained: does such remain when none before it leaves different states?"""
    seed, cuts = program // PROGRAMS, {}
    while True:
        before = {p: n for p, n in result.apart.items() if seed * PROGRAMS <= p < program}
        if not before:
            return True
        cuts |= before
        result = _both(seed, 1, domain, calls, cuts)
        if not result.unexplained:
            return False
        program = min(_program(e) for examples in result.unexplained.values() for e in examples)


def differ(seed, rounds, domain, calls=CALLS):
    """The Comparison of both on the same programs."""
    result = _both(seed, rounds, domain, calls)
    first = {}          # round -> its first program with something unexplained
    for program in sorted((_program(e) for examples in result.unexplained.values() for e in examples), reverse=True):
        first[program // PROGRAMS] = program
    gone = {at for at, program in first.items() if not _remains(result, program, domain, calls)}
    for difference, examples in list(result.unexplained.items()):
        result.unexplained[difference] = [e for e in examples if _program(e) // PROGRAMS not in gone]
        result.gone += len(examples) - len(result.unexplained[difference])
        if not result.unexplained[difference]:
            del result.unexplained[difference]
    return result


def report(result):
    lines = [f"{call:36} {mine:10} {theirs:10} {count:6} explained" for (call, mine, theirs), count in sorted(result.explained.items())]
    for (call, mine, theirs), examples in sorted(result.unexplained.items()):
        (program, number), ours, other = examples[0]
        lines += [f"{call:36} {mine:10} {theirs:10} {len(examples):6} NOT EXPLAINED in docs/differential.md, as program {program}, call {number}",
                  f"    |{ours.arguments}", f"    ours   {ours.result} |{ours.output}", f"    theirs {other.result} |{other.output}"]
    return lines + [f"{result.compared} of {result.made} calls compared, {result.accepted} of them accepted by both; "
                    f"{sum(result.explained.values())} differences explained, {sum(map(len, result.unexplained.values()))} not; "
                    f"{result.gone} only after programs that went apart"]
