"""The tests of tests/guest: guests on the kit that show one behaviour each, run as dom0.

Most are linked into one image and run in one boot; those that can't share have an image of their own. When a test takes
the shared boot down, it fails and those after it get a boot each.
"""
import os
import re

import pytest

import session as s

FOLDER = f"{s.m.TOP}/tests/guest"
NAMES = sorted(n for n in os.listdir(FOLDER) if os.path.exists(f"{FOLDER}/{n}/main.c"))
ALONE = {n for n in NAMES if os.path.exists(f"{FOLDER}/{n}/alone")}


def boot(hv, image, name, timeout):
    """Boots a kit guest as dom0; ({test: (verdict, text)}, what the console said)."""
    kernel = f"{s.m.B}/tests/{image}"
    assert os.path.exists(kernel), f"{kernel} isn't built: `make guests` does it"
    machine = s.m.Machine(hv=hv, kernel=kernel, initrd="", args="", append="dom0_max_vcpus=4", mem="512M", network=False)
    with s.Session(machine, f"guest-{name}") as session:
        try:
            session.expect(r"RL-TESTS \d+ .*\n", timeout)
        except s.Failed:
            pass                    # a missing verdict tells, with the log
        found = re.findall(r"^RL-TEST (\S+) (\w+)(?:: (.*))?$", session.text().replace("\r", ""), re.MULTILINE)
        return {test: (verdict, text) for test, verdict, text in found}, session.tail()


@pytest.fixture(scope="module")
def shared(hv):
    """The boot of all tests that share one, and the name of the one that ended it early, if any."""
    verdicts, tail = boot(hv, "all", "all", timeout=120)
    missing = [n for n in NAMES if n not in ALONE and n not in verdicts]
    return verdicts, tail, missing[0] if missing else None


@pytest.mark.parametrize("name", NAMES)
def test(name, hv, shared):
    verdicts, tail, culprit = shared
    if name in ALONE or (name not in verdicts and name != culprit):
        verdicts, tail = boot(hv, name, name, timeout=60)
    verdict, text = verdicts.get(name, ("none", "it ended without one"))
    if verdict == "SKIP":
        pytest.skip(text)
    assert verdict == "SUCCESS", f"{verdict}: {text}\n{tail}"
