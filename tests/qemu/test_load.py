"""dom0 under load stays right: the results are checked, not just that it lives. See load/load.c."""
import shutil

import pytest

import session as s

# Takes so many MiB more than there is RAM
SWAP = "load memory $(($(sed -n 's/MemAvailable: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo) / 1024 + {}))"

#                 command                   seconds
SHORT = {
    "fork":       ("load fork 150",         240),
    "busy":       ("load busy 64 50000",    240),
    "faults":     ("load faults 128",       240),
    "swap":       (SWAP.format(64),         240),
}
LONG = {
    "fork":       ("load fork 20000",       3600),
    "busy":       ("load busy 64 5000000",  3600),
    "faults":     ("load faults 8192",      3600),
    "swap":       (SWAP.format(300),        3600),
}


@pytest.fixture(scope="module")
def dom0(hv, load, tmp_path_factory):
    """dom0 with 512 MiB and a swap disk."""
    folder = tmp_path_factory.mktemp("load")
    shutil.copy(load, folder)
    with open(folder / "swap.img", "wb") as f:
        f.truncate(512 << 20)
    devices = ["-drive", f"file={folder}/swap.img,if=none,id=swap,format=raw,cache=unsafe",
               "-device", "virtio-blk-pci,drive=swap"]
    machine = s.m.Machine(hv=hv, kernel=s.m.UNPACKED, mem="512M", append="", host_dir=str(folder), network=False, devices=devices)
    with s.Session(machine, "load") as session:
        session.wait_for_shell(150)
        session.check("cp /host/load /usr/bin/ && mkswap /dev/vda && swapon /dev/vda")
        yield session


def troubles(dom0):
    """The kernel's messages that tell of trouble."""
    return dom0.check("dmesg | grep -E 'BUG|WARNING|Call Trace|rcu.*stall|soft lockup' || true")


def run(dom0, command, seconds):
    before = troubles(dom0)
    assert "load OK" in dom0.check(command, timeout=seconds)
    assert troubles(dom0) == before


@pytest.mark.parametrize("what", SHORT)
def test_load(dom0, what):
    run(dom0, *SHORT[what])
    if what == "swap":
        assert int(dom0.check("sed -n 's/^pswpout //p' /proc/vmstat")) > 1000, "nothing was swapped"


@pytest.mark.soak
@pytest.mark.parametrize("what", LONG)
def test_long_load(dom0, what):
    run(dom0, *LONG[what])


@pytest.mark.soak
def test_builds(dom0):
    """What a build does: pipelines of short-lived processes, files written and read back, for minutes."""
    dom0.check("mkdir -p /tmp/b && cd /tmp/b && i=0; while [ $i -lt 500 ]; do seq $i $((i + 200)) | sort -rn | sort -n > f$i; "
               "[ \"$(head -n 1 f$i)\" = $i ] && [ \"$(wc -l < f$i)\" = 201 ] || exit 1; i=$((i + 1)); done; rm -r /tmp/b",
               timeout=3600)
