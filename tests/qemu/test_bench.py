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
