"""Programs of hypercalls (tests/programs) on a debug build of the hypervisor: by two domains at once, or by a process of dom0.

A round is a seed: two new domains make `calls` hypercalls each and go; or a process of dom0's Linux makes them about a domain that
is there for that. What must not be: that the machine crashes or a domain ends before its last call, that a call doesn't come back,
or that anything is left of a domain that is gone.
"""
import os
import re
import shutil
import subprocess
import tempfile

import guests
import leaks
import session as s

CALLS = 4000        # of one domain in a round
SLACK = 8           # frames that the hypervisor may take for what it makes once: its heap keeps a page of each of 8 sizes


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


def again(seed, calls, words=""):
    return f"to see it again: make programs {words}SEED={seed} ROUNDS=1 CALLS={calls}"


def never_accepted():
    """The rows that no call of programs can be accepted by: tests/programs/never-accepted.txt says why."""
    with open(f"{s.m.TOP}/tests/programs/never-accepted.txt", encoding="utf-8") as f:
        return {line.split()[0] for line in f if line.strip() and not line.startswith("#")}


class Answers:
    """What each row of the ABI answered, (accepted, refused) in `rows`; what was wrong in `wrong`."""

    def __init__(self):
        self.wrong, self.rows = [], {}

    def count(self, text):
        for name, accepted, refused in re.findall(r"^row (\w+) (\d+) (\d+)$", text, re.MULTILINE):
            old = self.rows.get(name, (0, 0))
            self.rows[name] = (old[0] + int(accepted), old[1] + int(refused))

    def add(self, other):
        for name, counts in other.rows.items():
            self.rows[name] = tuple(map(sum, zip(self.rows.get(name, (0, 0)), counts)))

    def report(self):
        """Lines: each row, then sums."""
        lines = [f"{name:40} {accepted:9} accepted {refused:9} refused" for name, (accepted, refused) in self.rows.items()]
        accepted, refused = (sum(row[i] for row in self.rows.values()) for i in (0, 1))
        reached = sum(row[0] > 0 for row in self.rows.values())
        return lines + [f"{accepted} accepted, {refused} refused; of {len(self.rows)} rows {reached} were accepted"]


class Rounds(Answers):
    """@rounds of them by two domains, from @seed on."""

    def __init__(self, seed, rounds, calls=CALLS, tell=False, log="programs"):
        super().__init__()
        self.seed, self.calls, self.text = seed, calls, ""
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
        self.count(self.text)
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


PROCESS_CALLS = 2000


class ProcessRounds(Answers):
    """@rounds of them by a process of @dom0, a session that is at its shell; those that @tell have each call in its log."""

    def __init__(self, dom0, seed, rounds, calls=PROCESS_CALLS, tell=False):
        super().__init__()
        self.dom0, self.calls = dom0, calls
        shutil.copy(guests.built("tests/programs-linux"), f"{dom0.machine.host_dir}/programs")
        for n in range(seed, seed + rounds):
            try:
                self._one(n, tell)
            except s.Failed as failed:
                self._fail(n, str(failed))
                break

    def _fail(self, seed, problem):
        self.wrong.append(f"seed {seed}: {problem}; {again(seed, self.calls, 'AS=dom0-user ')}")

    def _one(self, seed, tell):
        told = len(self.dom0.text())
        status, text = self.dom0.shell(f"/host/programs seed={seed} calls={self.calls}{' tell' if tell else ''}", 600)
        self.count(text)
        if status or "RL-PROGRAMS-END" not in text:
            self._fail(seed, f"status {status}: {text[-300:]}")
        problems = re.findall(r"^\(RL\).*(?:d0 crashed|audit|ASSERT|BUG).*$|^.*\] (?:BUG|WARNING):.*$", self.dom0.text()[told:], re.MULTILINE)
        if problems:
            self._fail(seed, "; ".join(problems[:3]))


def by_process(seed, rounds, calls=PROCESS_CALLS, tell=False):
    """ProcessRounds in a dom0 of their own, on a debug build; nothing may be left behind of rounds after the first two."""
    os.environ["RINGLEADER"] = debug_build()
    try:
        with tempfile.TemporaryDirectory() as folder:
            machine = s.m.Machine(append="dom0_mem=384M noreboot", mem="512M", network=False, host_dir=folder)
            with s.Session(machine, "programs-process") as dom0:
                dom0.wait_for_shell(300)
                first = ProcessRounds(dom0, seed, min(rounds, 2), calls, tell)
                if first.wrong or rounds <= 2:
                    return first
                before = leaks.settled(dom0)
                done = ProcessRounds(dom0, seed + 2, rounds - 2, calls, tell)
                done.add(first)
                after = leaks.settled(dom0)
                if 0 <= before["free_frames"] - after["free_frames"] <= SLACK:
                    after["free_frames"] = before["free_frames"]
                if not done.wrong and after != before:
                    done.wrong.append("left behind: " + leaks.differences(before, after))
                return done
    finally:
        del os.environ["RINGLEADER"]
