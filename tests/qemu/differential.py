"""The same programs of hypercalls (tests/guest/differential) on Ringleader and on Debian's Xen 4.17, answer by answer.

docs/differential.md explains differences, a row each:

    | CALL | OURS | THEIRS | WHY |

CALL is a row of hypercall/, perhaps with `*`; rows that Ringleader leaves out need none here. OURS and THEIRS are results. Or OURS is `output`,
and THEIRS says which words of the caller's memory may differ: offsets in what an argument points to, `*` for all that this points to in turn,
`all`. Where one of them does and the other refuses, or gives other frames, they are in different states from then on: the rest of that program
isn't compared.
Nor is it where a call's arguments differ because of what an earlier one wrote.
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
ROW = re.compile(r"^\| `([\w*]+)` \| ([\w-]+) \| ([\w* -]+) \| (.+) \|$", re.MULTILINE)
CALL = re.compile(r"^T (\d+) (\w+) (\w+) (-?\d+) \|(.*?) \|(.*)$", re.MULTILINE)
PROGRAMS = 60       # of one domain: then its memory is used up
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
    explained: dict = field(default_factory=dict)       # row of the page -> how often
    unexplained: dict = field(default_factory=dict)     # (call, ours, theirs) -> [examples]


def explanations():
    with open(PAGE, encoding="utf-8") as f:
        return [row[:3] for row in ROW.findall(f.read())]


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


def tell(hv, seed, rounds, domain, programs_each=PROGRAMS, calls=CALLS):
    """{(program, number): Call} of one boot, as dom0 or as domains without rights."""
    words = f"programs={programs_each},calls={calls}"
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
    text = re.sub(r"\((?:RL|XEN)\) .*\n", "", text)
    return {(int(program), number): Call(row, int(result), arguments, output)
            for program, number, row, result, arguments, output in CALL.findall(text)}


ARENA = re.compile(r"\ba0(?:\+([0-9a-f]+))?(?= )")     # the argument's address: main.c of the guest
WORD = 8
GIVES_FRAMES = ("XENMEM_exchange", "XENMEM_populate_physmap", "XENMEM_increase_reservation")


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


def _fits(row, ours, theirs, places):
    if row[1] != ours:
        return False
    return row[2] == "all" or places <= set(row[2].split()) if ours == "output" else row[2] == theirs


def _explained(rows, call, ours, theirs, places):
    for row in rows:
        if fnmatch.fnmatchcase(call, row[0]) and _fits(row, ours, theirs, places):
            return row
    return None


def compare(ours, theirs):
    rows, absent, result, skip = explanations(), left_out(), Comparison(), None
    for key, mine in ours.items():
        other = theirs.get(key)
        if key[0] == skip:
            continue
        if not other or (other.row, other.arguments) != (mine.row, mine.arguments):
            skip = key[0]
            continue
        result.compared += 1
        result.accepted += mine.result >= 0 and other.result >= 0
        if mine.result != other.result:
            difference = (mine.row, name(mine.row, mine.result), name(mine.row, other.result))
        elif mine.output != other.output:
            difference = (mine.row, "output", " ".join(sorted(_places(mine, other))))
        else:
            continue
        row = _explained(rows, *difference, set(difference[2].split())) or ((mine.row, "-ENOSYS", "any") if mine.row in absent and mine.result == -errno.ENOSYS else None)
        if row:
            result.explained[row] = result.explained.get(row, 0) + 1
        else:
            result.unexplained.setdefault(difference, []).append((key, mine, other))
        if (mine.result < 0) != (other.result < 0) or (mine.row in GIVES_FRAMES and mine.output != other.output):
            skip = key[0]
    return result


def report(result):
    lines = [f"{call:36} {mine:10} {theirs:10} {count:6} explained" for (call, mine, theirs), count in sorted(result.explained.items())]
    for (call, mine, theirs), examples in sorted(result.unexplained.items()):
        (program, number), ours, other = examples[0]
        lines += [f"{call:36} {mine:10} {theirs:10} {len(examples):6} NOT EXPLAINED in docs/differential.md, as program {program}, call {number}",
                  f"    |{ours.arguments}", f"    ours   |{ours.output}", f"    theirs |{other.output}"]
    return lines + [f"{result.compared} calls compared, {result.accepted} of them accepted by both; "
                    f"{sum(result.explained.values())} differences explained, {sum(map(len, result.unexplained.values()))} not"]
