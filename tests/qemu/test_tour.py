"""The tour that `make run` plays without a terminal."""
import subprocess

import session as s


def test_tour(hv):
    tour = subprocess.run(["/usr/bin/python3", f"{s.m.TOP}/tests/qemu/tour.py", hv], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=600,
                          check=False)
    assert tour.returncode == 0, "\n".join(tour.stdout.splitlines()[-40:])
