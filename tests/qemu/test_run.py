"""`make run` and scripts/run below it: each setting does what it says, and what becomes the exit code."""
import json
import re
import subprocess

import pytest

import guests
import session as s

pytestmark = pytest.mark.ours


def run(*settings, command=(f"{s.m.TOP}/scripts/run",)):
    """scripts/run without a terminal; its exit code and what it printed."""
    done = subprocess.run([*command, "ACCEL=tcg", "TIMEOUT=1200", *settings], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    return done.returncode, done.stdout.replace("\r", "")


def make_run(*settings):
    """The same by way of `make run`, whose exit code is 0 or not: make turns all failures into 2."""
    return run(*settings, command=("make", "--no-print-directory", "-C", s.m.TOP, f"B={s.m.B}", "run"))


def tail(text):
    return "\n".join(text.splitlines()[-40:])


def test_kernel_alone():
    """A kit guest as dom0 says hello and powers off: 0."""
    code, text = run(f"KERNEL={guests.built('guests/hello')}", "MEM=256M", "ARGS=some words")
    assert code == 0, tail(text)
    assert 'command line "some words"' in text


@pytest.mark.soak       # needs that package of Debian's
def test_kernel_on_the_peer():
    """The same on Debian's Xen, which can't power off for it."""
    code, text = run("HV=peer", f"KERNEL={guests.built('guests/hello')}", "MEM=256M", "ARGS=some words")
    assert code == 0, tail(text)
    assert 'command line "some words' in text


def test_kernel_that_resets():
    """Linux without a root file system panics, and the machine resets."""
    code, text = run(f"KERNEL={s.m.B}/linux/vmlinuz", "MEM=512M", "ARGS=console=hvc0 panic=1 loglevel=2")
    assert code == 1, tail(text)
    assert "panic" in text


def test_kernel_that_fails():
    """A guest's own code comes through: our little dom0 panics without domains to start."""
    code, text = run(f"KERNEL={guests.built('guests/dom0')}", "MEM=256M")
    assert code == 127, tail(text)


def test_make_run():
    """`make run` hands its settings on, and succeeds or fails as the guest does."""
    code, text = make_run(f"KERNEL={guests.built('guests/hello')}", "MEM=256M", "ARGS=some words", "CPUS=4", "MACHINE=q35",
                          "APPEND=loglvl=all colour=blue")
    assert code == 0, tail(text)
    assert 'command line "some words"' in text and "colour" in text
    code, text = make_run(f"KERNEL={guests.built('guests/dom0')}", "MEM=256M")
    assert code == 2 and "reported 127" in text, tail(text)


def test_command(tmp_path):
    """A command in dom0 sees the host folder, and its status becomes ours; MEM, CPUS, MACHINE, CPU, HOSTDIR and APPEND are the
    machine's and the hypervisor's."""
    code, text = run("RUN=rl info --json > /host/info && exit 3", f"HOSTDIR={tmp_path}", "MEM=2G", "CPUS=2", "MACHINE=q35", "CPU=EPYC",
                     "APPEND=dom0_mem=384M")
    assert code == 3, tail(text)
    assert "RL-RUN end status=3" in text
    found = json.loads((tmp_path / "info").read_text())
    assert found["cpus"] == 2 and found["command_line"] == "dom0_mem=384M"
    assert 2048 - 64 <= found["total_frames"] / 256 <= 2048
    assert 2048 - 384 - 128 <= found["free_frames"] / 256 <= 2048 - 384


def test_iso():
    """GRUB's ISO boots the same, command lines unharmed; and the image with Debian's xl, which works."""
    code, text = run("ISO=1", "TOOLSTACK=xl", "RUN=echo 'it is' $((6 * 7)), && cat /proc/cmdline && rl info && xl list && "
                     "xl create /guests/hello.cfg && xl list hello && xl destroy hello && exit 3", "APPEND=dom0_mem=384M")
    assert "it is 42," in text and re.search(r"command_line *: .*dom0_mem=384M", text), tail(text)
    assert re.search(r"^Domain-0 +0 ", text, re.MULTILINE) and re.search(r"^hello +\d+ ", text, re.MULTILINE), tail(text)
    assert code == 3, tail(text)


def test_iso_of_kernel():
    """A guest of ours alone, from an ISO without an initrd."""
    code, text = run("ISO=1", f"KERNEL={guests.built('guests/hello')}", "MEM=256M", "ARGS=some words")
    assert code == 0, tail(text)
    assert 'command line "some words"' in text
