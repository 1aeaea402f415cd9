"""Boots that can't work end with a message that says why, on the serial port and on the screen."""
import random
import re

import pytest

import session as s

pytestmark = pytest.mark.ours
END = 60            # seconds until the message must be there


def boot(name, **settings):
    settings = {"hv": "ringleader", "append": "noreboot", "network": False, "mem": "256M", **settings}
    return s.Session(s.m.Machine(**settings), f"broken-{name}")


@pytest.fixture(scope="module")
def damaged(tmp_path_factory):
    """Debian's kernel with its compressed part overwritten here and there, and one that ends too early."""
    folder = tmp_path_factory.mktemp("damaged")
    with open(f"{s.m.B}/linux/vmlinuz", "rb") as f:
        data = bytearray(f.read())
    (folder / "short").write_bytes(data[:len(data) // 2])
    rng = random.Random(1)
    for _ in range(64):
        data[rng.randrange(len(data) // 4, len(data) * 3 // 4)] ^= 0xff
    (folder / "flipped").write_bytes(data)
    (folder / "text").write_text("this is no kernel\n" * 1000)
    return folder


def test_no_module():
    with boot("no-module", kernel="", initrd="") as session:
        session.expect(r"No dom0: .*module.*\n", END)
        assert "No dom0" in session.vga_text()


@pytest.mark.parametrize("kind", ["short", "flipped", "text"])
def test_damaged_kernel(kind, damaged):
    with boot(f"damaged-{kind}", kernel=str(damaged / kind), initrd="", mem="512M") as session:
        session.expect(r"(?i)dom0.*(kernel|image|elf|xz|damaged|corrupt|format)|"
                       r"(kernel|image|xz).*(damaged|corrupt|bad|not|invalid)", 60)


def test_too_little_memory():
    """Linux and its initramfs don't fit into 64 MiB."""
    with boot("little-memory", mem="64M") as session:
        session.expect(r"(?i)(too little|not enough|out of|insufficient|no) .*memory|memory.*(too|not enough|need)", END)


@pytest.mark.parametrize("cpu, what", [("qemu32", r"(?i)long mode|64.?bit"), ("qemu64,-nx", r"(?i)\bNX\b|no-execute")],
                         ids=["no-long-mode", "no-nx"])
def test_cpu_without(cpu, what):
    with boot(f"cpu-{cpu}", cpu=cpu) as session:
        session.expect(what, END)
        session.expect("\n", END)
        assert re.search(what, session.vga_text())


def test_unknown_option():
    """An option that doesn't exist is reported, and the boot goes on."""
    with boot("option", append="noreboot colour=blue", kernel="", initrd="") as session:
        session.expect(r"(?i)(unknown|ignor).*colour|colour.*(unknown|ignor|no such)", END)
