"""Boots the guests of tests/guest and tests/abi, alone as dom0 or as domains under guest-ports/dom0, for their verdicts."""
import os
import re

import pytest

import session as s

FOLDER = f"{s.m.TOP}/tests/guest"
NAMES = sorted(n for n in os.listdir(FOLDER) if os.path.exists(f"{FOLDER}/{n}/main.c"))


def _roles(name):
    """The domains that a test takes, as its file `roles` names them; none for one that takes a single one."""
    try:
        with open(f"{FOLDER}/{name}/roles", encoding="utf-8") as f:
            return f.read().split()
    except FileNotFoundError:
        return []


def _alone(name):
    """What the file `alone` says about a test that can't share a boot; None for one that can."""
    try:
        with open(f"{FOLDER}/{name}/alone", encoding="utf-8") as f:
            return f.read().strip()
    except FileNotFoundError:
        return None


def _has_vcpus(name):
    with open(f"{FOLDER}/{name}/main.c", encoding="utf-8") as f:
        return bool(re.search(r"\bvcpu_(start|prepare)\(|\"team\.h\"", f.read()))


TOGETHER = [f"{n}/{role}" for n in NAMES for role in _roles(n)]
NAMES = [n for n in NAMES if not _roles(n)]
ALONE = {n for n in NAMES if _alone(n) is not None}
PARALLEL = {n for n in NAMES if _has_vcpus(n)}              # these are about what several vcpus do at once
CRASHING = {n for n in NAMES if _alone(n) == "crash"}       # these crash their domain, which must not be dom0

MESSAGES = ["-device", "edu", "-device", "virtio-rng-pci"]  # PCI functions that interrupt by MSI, and by MSI-X


def built(path):
    full = f"{s.m.B}/{path}"
    assert os.path.exists(full), f"{full} isn't built: `make guests tools` does it"
    return full


class Verdicts:
    """What one boot had to tell about its tests."""

    def __init__(self, hv, log, kernel, initrd="", args="", end=r"RL-TESTS \d+ .*\n", timeout=120,
                 cpu="max", cpus=1, append=""):
        machine = s.m.Machine(hv=hv, kernel=built(kernel), initrd=built(initrd) if initrd else "", args=args, cpu=cpu, cpus=cpus,
                              append=f"dom0_max_vcpus=4 {append}" + (" dom0_mem=128M" if initrd else ""), mem="512M", network=False,
                              devices=MESSAGES)
        with s.Session(machine, log) as session:
            try:
                session.expect(end, timeout)
            except s.Failed:
                pass                # a missing verdict tells, with the log
            self.text = text = session.text()
            self.tail = session.tail()
        guests_own = re.sub(r"\((?:RL|XEN)\) .*\n", "", text)  # the hypervisor's lines may come in the middle of theirs
        self.remains = re.findall(r"^RL-DOMAIN \S+ (?:could not|left|leaked|error) .*$", guests_own, re.MULTILINE)
        self.found = {}
        for name, verdict, reason in re.findall(r"^RL-TEST (\S+) (\w+)(?:: (.*))?$", guests_own, re.MULTILINE):
            self.found[name] = (verdict, reason)

    def judge(self, name):
        """Passes, skips or fails the running test as guest test @name ended."""
        verdict, reason = self.found.get(name, ("no verdict", "it ended, or hung, before"))
        if verdict == "SKIP":
            pytest.skip(reason)
        if verdict != "SUCCESS":
            pytest.fail(f"{verdict}: {reason}\n{self.tail}", pytrace=False)
