"""The bench's own works: what it measures is no test (docs/benchmarking.md)."""
import re
import subprocess

import pytest

import session as s

pytestmark = pytest.mark.ours


def test_cycles_beside_counts():
    """A row's instructions, and a column of cycles: here by QEMU's own TSC, for want of KVM."""
    run = subprocess.run([f"{s.m.TOP}/tests/bench/bench", "--once", "--only", "ringleader", "--variants", "dom0-amd", "--rows", "hypercall_null",
                          "--cycles", "tcg"], stdout=subprocess.PIPE, text=True, check=True, timeout=300)
    assert "Ringleader, cycles" in run.stdout
    row = re.search(r"^null hypercall +- +([\d.]+) +- +\d+ +([\d.]+)", run.stdout, re.M)
    assert row and float(row[1]) > 10 and float(row[2]) > 10


def test_path_of_a_row():
    """Where a row's instructions are, by function: those of the bench's own loop, and the handler's."""
    run = subprocess.run([f"{s.m.TOP}/tests/bench/path", "rdmsr"], stdout=subprocess.PIPE, text=True, check=True, timeout=300)
    assert re.search(r"^guest +[\d.]+$", run.stdout, re.M)
    assert re.search(r"^ +emulate_privileged +[\d.]+$", run.stdout, re.M)
    assert re.search(r"^ +.*IRET: 1, RDMSR: 1\b", run.stdout, re.M)


@pytest.mark.soak
def test_where_linux_spends():
    """getpid is one system call: there and back is one entry each, and nobody else has a part that is worth a line."""
    run = subprocess.run([f"{s.m.TOP}/tests/bench/linux", "--where", "getpid"], stdout=subprocess.PIPE, text=True, check=True, timeout=900)
    rows = {name.strip(): (float(entries or 0), float(count)) for name, entries, count in
            re.findall(r"^ *(\S.*?) {2,}([\d.]*) +([\d.]+)$", run.stdout, re.M)}
    assert abs(rows["syscall_from_user"][0] - 1) < 0.01 and abs(rows["entry_syscall_iret"][0] - 1) < 0.01
    assert rows["dom0, in all"][1] > rows["the bare machine, in all"][1] > 100
