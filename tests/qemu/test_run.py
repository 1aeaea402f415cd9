"""scripts/run as `make run` calls it: what becomes its exit code."""
import subprocess

import pytest

import guests
import session as s

pytestmark = pytest.mark.ours


def run(*settings):
    """scripts/run without a terminal; its exit code and what it printed."""
    done = subprocess.run([f"{s.m.TOP}/scripts/run", "ACCEL=tcg", "TIMEOUT=150", *settings], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    return done.returncode, done.stdout


def test_kernel_alone():
    """A kit guest as dom0 says hello and powers off: 0."""
    code, text = run(f"KERNEL={guests.built('guests/hello')}", "MEM=256M", "ARGS=some words")
    assert code == 0, text
    assert 'command line "some words"' in text


def test_kernel_that_fails():
    """Linux without a root file system panics, and the machine resets."""
    code, text = run(f"KERNEL={s.m.B}/linux/vmlinuz", "MEM=512M", "ARGS=console=hvc0 panic=1 loglevel=2")
    assert code != 0, text
    assert "panic" in text


def test_command():
    """A command in dom0 sees the host folder, and its status becomes ours."""
    code, text = run("RUN=ls -d /host && exit 3")
    assert code == 3, text
    assert "RL-RUN end status=3" in text
