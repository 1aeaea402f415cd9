"""A guest's clock against QEMU's, over ten minutes of -icount's time; on no host does that take as long."""
import pytest

import session as s

pytestmark = pytest.mark.ours
MOST = 10_000       # parts in 1e9: ten in a million


@pytest.mark.parametrize("machine, cpus", [("pc", 1), ("q35", 2)])
def test_drift(machine, cpus):
    machine = s.m.Machine(kernel=f"{s.m.B}/guests/drift", initrd="", args="", append="", mem="256M", machine=machine, cpus=cpus,
                          network=False, devices=["-icount", "shift=0,sleep=off"])
    with s.Session(machine, f"drift-{machine.machine}") as session:
        assert abs(int(session.expect(r"RL-DRIFT (-?\d+)", 120).group(1))) < MOST
