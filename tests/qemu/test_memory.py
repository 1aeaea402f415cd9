"""Memory maps from small to large, with holes: a guest of ours as dom0 gets what the machine has."""
import pytest

import guests
import session as s

pytestmark = pytest.mark.ours

#         machine memory
MAPS = [("pc",   "128M"), ("pc", "3584M"), ("q35", "8G"), ("pc", "64G"), ("q35", "64G")]


def mib(text):
    return int(text[:-1]) * (1024 if text.endswith("G") else 1)


@pytest.mark.parametrize("machine, memory", MAPS)
def test_memory_map(machine, memory):
    """dom0 gets all but what the hypervisor needs, for itself and each page, and a reserve that doesn't grow without end."""
    ram = ["-object", f"memory-backend-ram,size={memory},id=ram,reserve=off", "-machine", "memory-backend=ram"]
    described = s.m.Machine(kernel=guests.built("guests/hello"), initrd="", args="", append="", machine=machine, mem=memory,
                            network=False, devices=ram)
    with s.Session(described, f"memory-{machine}-{memory}") as session:
        got = int(session.expect(r"memory (\d+) MiB", 60).group(1))
        assert mib(memory) * 0.98 - min(mib(memory) / 16, 512) - 24 <= got <= mib(memory)
        session.end()
