"""The tour that `make run` plays without a terminal."""
import subprocess

import pytest

import session as s


@pytest.mark.parametrize("settings", [pytest.param("", id="plain"),
                                      pytest.param("ISO=1 MACHINE=q35 CPUS=4 MEM=2G", id="iso", marks=pytest.mark.soak)])
def test_tour(hv, settings):
    tour = subprocess.run([f"{s.m.TOP}/scripts/run", "ACCEL=tcg", f"HV={hv}", *settings.split()], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    assert tour.returncode == 0, "\n".join(tour.stdout.splitlines()[-40:])
