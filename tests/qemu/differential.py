"""The same programs of hypercalls (tests/guest/differential) on Ringleader and on Debian's Xen 4.17, answer by answer.

docs/differential.md explains differences, a row each:

    | CALL | OURS | THEIRS | WHY |

CALL is a row of hypercall/, perhaps with `*`; rows that Ringleader leaves out need none here. OURS and THEIRS are results, `output` for what is written to the caller's memory, `refused` or `any`.
Where one of them does and the other refuses, they are in different states from then on: the rest of that program isn't compared.
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
ROW = re.compile(r"^\| `([\w*]+)` \| ([\w-]+) \| ([\w-]+) \| (.+) \|$", re.MULTILINE)
CALL = re.compile(r"^T (\d+) (\w+) (\w+) (-?\d+) \|(.*?) \|(.*)$", re.MULTILINE)
PROGRAMS = 60       # of one domain: then its memory is used up
CALLS = 25


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


def _fits(have, want):
    """Does a row's OURS or THEIRS say @want?"""
    return have in (want, "any") or (have == "refused" and want.startswith("-"))


def _explained(rows, call, ours, theirs):
    for row in rows:
        if fnmatch.fnmatchcase(call, row[0]) and _fits(row[1], ours) and _fits(row[2], theirs):
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
            difference = (mine.row, "output", "output")
        else:
            continue
        row = _explained(rows, *difference) or ((mine.row, "-ENOSYS", "any") if mine.row in absent and mine.result == -errno.ENOSYS else None)
        if row:
            result.explained[row] = result.explained.get(row, 0) + 1
        else:
            result.unexplained.setdefault(difference, []).append((key, mine, other))
        if (mine.result < 0) != (other.result < 0):
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
