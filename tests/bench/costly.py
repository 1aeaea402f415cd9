"""What costs hardware far more than one instruction, and how often a row of the bench does it: found in what the plugin
tests/qemu/count/path.c wrote down between the bench's marks.

What is a TLB flush when it writes CR3 is told as that; a flush is what empties the TLB or part of it.
"""
import array
import collections
import re

# A name, and how QEMU's disassembler writes it.
KINDS = [(name, re.compile(pattern)) for name, pattern in [
    ("CR3 write", r"mov\w* .*, %cr3"), ("CR write", r"mov\w* .*, %cr[048]|clts|lmsw"), ("INVLPG", r"invlpg|invpcid"),
    ("IRET", r"iret"), ("WRMSR", r"wrmsr"), ("RDMSR", r"rdmsr"), ("syscall", r"syscall|sysret|sysenter|sysexit"),
    ("int", r"int\b|int3"), ("locked", r"lock |xchg\w* .*\("), ("fence", r"[lms]fence"), ("rep", r"rep"),
    ("flags", r"popf|sti|cli\b"), ("segment", r"mov\w* .*, %[c-g]s$|l[dg]t|lidt|ltr|swapgs|wr[fg]sbase"),
    ("xsave", r"f?x(save|rstor)|xsetbv"), ("debug", r"mov\w* .*, %db|mov\w* .*, %dr"), ("port", r"in[bwl]?\b|out[bwl]?\b")]]

# Those that may not be more than the peer's on any row. Only these have a column in the report; rep's rounds, changes of the interrupt
# flag and the ports that a guest asked for are no such events.
JUDGED = ["CR3 write", "CR write", "INVLPG", "IRET", "WRMSR", "RDMSR", "syscall", "int", "locked", "fence", "segment", "xsave"]


def costly(reads):
    """The kind of the instruction that reads so, or None."""
    return next((name for name, pattern in KINDS if pattern.match(reads)), None)


class Recording:
    """What was executed between marks: two stretches a row, as guest-ports/bench/main.c makes them."""

    def __init__(self, path, output):
        """@path: the plugin's file; @output: what the bench printed."""
        self.numbers = array.array("I")
        with open(path, "rb") as f:
            self.numbers.frombytes(f.read())
        with open(f"{path}.text", encoding="ascii", errors="replace") as f:
            self.text = [None] + [(int(a, 16), reads) for a, _, reads in (line.rstrip("\n").partition(" ") for line in f)]
        self.operations = {name: int(count) for name, count in re.findall(r"RL-TRACED (\S+) (\d+)", output)}
        self._marks = [i for i, n in enumerate(self.numbers) if n == 0]

    def stretch(self, row, which=0):
        """The numbers of the instructions that @row executed: in its first stretch, or in its second, which has twice as many operations."""
        first = 4 * list(self.operations).index(row) + 2 * which
        return self.numbers[self._marks[first] + 1:self._marks[first + 1]]

    def events(self):
        """{row: {kind: how many per operation}}, of what is in the second stretch beyond the first."""
        kinds = [None] + [costly(reads) for _, reads in self.text[1:]]
        found = {}
        for row, operations in self.operations.items():
            once, twice = (collections.Counter(kinds[n] for n in self.stretch(row, which)) for which in (0, 1))
            found[row] = {kind: round((twice[kind] - once[kind]) / operations, 4)
                          for kind, _ in KINDS if twice[kind] != once[kind]}
        return found
