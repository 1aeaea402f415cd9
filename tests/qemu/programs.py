"""Programs of hypercalls (tests/programs) by two domains at once, on a debug build of the hypervisor.

A round is a seed: two new domains make `calls` hypercalls each and go. What must not be: that the machine crashes or a
domain ends before its last call, that a call doesn't come back, or that anything is left of a domain that is gone.
"""
import os
import re
import subprocess
import tempfile

import guests
import session as s

CALLS = 4000        # of one domain in a round
SLACK = 8           # frames that the hypervisor may take for what it makes once


def debug_build():
    """The hypervisor with assertions, checked locks, and the audit of page tables' counts after each call."""
    b = os.path.relpath(s.m.B, s.m.TOP)
    subprocess.run(["make", "-s", f"-j{os.cpu_count()}", f"B={b}/debug", "DEBUG=y", "hypervisor"], cwd=s.m.TOP, check=True)
    return f"{s.m.B}/debug/ringleader"


def archive(folder):
    """An initial RAM disk for guest-ports/dom0 with nothing else in it."""
    path = f"{folder}/domains.cpio"
    with open(path, "wb") as f:
        subprocess.run(["cpio", "--quiet", "-o", "-H", "newc"], input=b"together\ntogether.groups", cwd=f"{s.m.B}/tests", stdout=f,
                       check=True)
    return path


def again(seed, calls):
    return f"to see it again: make programs SEED={seed} ROUNDS=1 CALLS={calls}"


class Rounds:
    """@rounds of them, from @seed on: what was wrong in `wrong`, and what each row of the ABI answered in `rows`."""

    def __init__(self, seed, rounds, calls=CALLS, tell=False, log="programs"):
        self.seed, self.calls = seed, calls
        self.wrong, self.rows, self.text = [], {}, ""
        guests.built("tests/together")
        os.environ["RINGLEADER"] = debug_build()
        try:
            self._boot(rounds, "report,tell" if tell else "report", log)
        finally:
            del os.environ["RINGLEADER"]
        self._count()

    def _boot(self, rounds, words, log):
        with tempfile.TemporaryDirectory() as folder:
            machine = s.m.Machine(kernel=guests.built("guests/dom0"), initrd=archive(folder), mem="512M", network=False,
                                  args=f"groups=programs seed={self.seed} rounds={rounds} each={words},calls={self.calls}",
                                  append="dom0_mem=128M dom0_max_vcpus=4 noreboot")
            with s.Session(machine, log) as session:
                seed = self.seed
                try:
                    for seed in range(self.seed, self.seed + rounds):
                        session.expect(rf"RL-ROUND [^\n]*seed={seed}\D[^\n]*\n", 300)
                    session.expect("RL-DOMAINS-END", 300)
                except s.Failed as failed:
                    self.wrong.append(f"{failed}; {again(seed - (seed > self.seed), self.calls)}\n{session.tail()}")
                self.text = session.text()

    def _count(self):
        for name, accepted, refused in re.findall(r"^row (\w+) (\d+) (\d+)$", self.text, re.MULTILINE):
            old = self.rows.get(name, (0, 0))
            self.rows[name] = (old[0] + int(accepted), old[1] + int(refused))
        free = []
        for part in re.split(r"^RL-ROUND ", self.text, flags=re.MULTILINE)[1:]:
            seed = int(re.search(r"seed=(\d+)", part).group(1))
            free.append(int(re.search(r", (\d+) frames free", part).group(1)))
            for problem in self._problems(part):
                self.wrong.append(f"seed {seed}: {problem}; {again(seed, self.calls)}")
            if len(free) > 2 and free[-1] + SLACK < free[2]:
                self.wrong.append(f"before seed {seed} {free[-1]} frames were free, before the third one {free[2]}")

    @staticmethod
    def _problems(part):
        """Of one round's text."""
        found = re.findall(r"^\((?:RL|XEN)\).*(?:crashed|audit|ASSERT|BUG).*$|^RL-DOMAIN \S+ (?:timeout|could not|left|leaked|error).*$", part,
                           re.MULTILINE)
        verdicts = re.findall(r"^RL-TEST programs/\w+ (\w+)", part, re.MULTILINE)
        return found or ([] if verdicts == ["SUCCESS"] * 2 else [f"verdicts {verdicts} instead of two successes"])

    def report(self):
        """Lines: each row, then sums."""
        lines = [f"{name:40} {accepted:9} accepted {refused:9} refused" for name, (accepted, refused) in self.rows.items()]
        accepted, refused = (sum(row[i] for row in self.rows.values()) for i in (0, 1))
        reached = sum(row[0] > 0 for row in self.rows.values())
        return lines + [f"{accepted} accepted, {refused} refused; of {len(self.rows)} rows {reached} were accepted"]
