"""Starts by EFI: OVMF, its boot entries and GRUB start ringleader.efi; what it is told reaches the hypervisor and dom0, and
what can't work ends in a message and back in the firmware. OVMF is slow, so each boot shows as much as it can.
"""
import subprocess

import pytest

import guests
import session as s

import efi  # scripts/efi.py: session has put its folder into the path

pytestmark = pytest.mark.ours

APP = f"{s.m.B}/ringleader.efi"
FOLDER = "EFI/RINGLEADER"           # of the application and its files, for boot entries
IMAGE = f"{FOLDER}/ringleader.efi"
HELLO_CONFIG = b"""
[global]
default=hello
[hello]
options=loglvl=all
kernel=hello some words
[other]
options=loglvl=all
kernel=/hello in another
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("efi")


@pytest.fixture(scope="module")
def hello():
    return guests.built("guests/hello")


def make_disk(folder, name, files):
    efi.disk(f"{folder}/{name}", files)
    return f"{folder}/{name}"


def start(disk, entries=(), variables=None, secure=False, **settings):
    """A Session of a machine that OVMF starts from @disk, by boot entries if there are any."""
    variables = variables or efi.Variables()
    if entries:
        variables.add_boot_entries(entries)
    variables.save(f"{disk}.variables")
    settings = {"network": False, "mem": "256M", **settings}
    machine = s.m.Machine(firmware=efi.firmware(disk, f"{disk}.variables", secure), **settings)
    return s.Session(machine, f"efi-{disk.rpartition('/')[2]}")


def expect_hello(session, args, options):
    """Our little guest runs as dom0, with what the configuration says, and powers off."""
    found = session.expect(r"started by EFI firmware of [^\n]* with: ([^\r\n]*)\r*\n", 60)
    assert found[1] == options
    assert session.expect(r'command line "([^"]*)"')[1] == args
    assert session.end()[0] == 0


def expect_refusal(session, message):
    """The application says why, waits for a key, and leaves it to the firmware what comes next."""
    session.expect(f"Ringleader: {message}", 60)
    session.expect("Ringleader: back to the firmware with any key")
    session.send(" ")


def test_fallback_path(folder, hello):
    """A disk without a boot entry: EFI/BOOT/BOOTX64.EFI, with the usual configuration beside it."""
    disk = make_disk(folder, "fallback", {"EFI/BOOT/BOOTX64.EFI": APP, "EFI/BOOT/ringleader.cfg": HELLO_CONFIG,
                                          "EFI/BOOT/hello": hello})
    with start(disk) as session:
        expect_hello(session, "some words", "loglvl=all")


def test_chainloaded(folder, hello):
    """GRUB starts the application and names a section; the configuration has Xen's name."""
    efi.grub(f"{folder}/grub.efi", f"search --file --set=root /{IMAGE}\nchainloader /{IMAGE} other -- noreboot\nboot\n")
    disk = make_disk(folder, "grub", {"EFI/BOOT/BOOTX64.EFI": f"{folder}/grub.efi", IMAGE: APP,
                                      f"{FOLDER}/xen.cfg": HELLO_CONFIG, "hello": hello})
    with start(disk) as session:
        expect_hello(session, "in another", "loglvl=all noreboot")


def claim_size(disk, name, size):
    """Makes the directory entry of file @name tell another size; the firmware doesn't look before it reads."""
    with open(disk, "r+b") as f:
        at = f.read(8 << 20).index(name.upper().encode().ljust(11))
        f.seek(at + 28)
        f.write(size.to_bytes(4, "little"))


def test_boot_entries(folder, hello):
    """One boot entry after the other can't work, each for another reason; the last one does."""
    configs = {
        "gone.cfg": None,
        "broken.cfg": b"[hello]\nkernel=hello\nthis is no setting\n",
        "nokernel.cfg": b"[global]\ndefault=a\n[a]\noptions=loglvl=all\n",
        "nofile.cfg": b"kernel=no-such-kernel\n",
        "folder.cfg": b"kernel=folder\n",
        "huge.cfg": b"kernel=hello\nramdisk=huge\n",
        "text.cfg": b"\xff\xfek\0e\0r\0",
    }
    files = {f"{FOLDER}/{name}": text for name, text in configs.items() if text}
    files |= {IMAGE: APP, f"{FOLDER}/xen.cfg": HELLO_CONFIG, f"{FOLDER}/hello": hello, "hello": hello,
              f"{FOLDER}/folder/x": b"x", f"{FOLDER}/huge": b"x"}
    disk = make_disk(folder, "entries", files)
    claim_size(disk, "huge", 1 << 30)

    entries = [(name, IMAGE, f"-cfg={name}") for name in configs]
    entries += [("section", IMAGE, "nowhere"), ("good", IMAGE, "ringleader.efi -cfg=xen.cfg other -- loglvl=warning noreboot")]
    with start(disk, entries) as session:
        expect_refusal(session, "there is no file gone.cfg")
        expect_refusal(session, "broken.cfg, line 3: it is neither ")
        expect_refusal(session, "no kernel for dom0: ")
        expect_refusal(session, "there is no file no-such-kernel")
        expect_refusal(session, "the file folder is not a file")
        expect_refusal(session, "the file huge does not fit: too little memory")
        expect_refusal(session, "text.cfg, line 1: it is not plain ASCII text")
        expect_refusal(session, "xen.cfg: it has no section of the name that was asked for")
        session.expect(r'command line "in another"', 60)
        assert session.end()[0] == 0


@pytest.fixture(scope="module")
def key(folder):
    """A key's path, and its certificate."""
    return f"{folder}/test", efi.make_key(f"{folder}/test")


def unify(folder, name, *parts):
    out = f"{folder}/{name}"
    subprocess.run([f"{s.m.TOP}/boot/efi/unify", *parts, "-o", out, APP], check=True)
    return out


def test_secure_boot(folder, hello, key):
    """Of images that are unsigned, changed by a byte after they were signed, or signed but in want of files, none starts
    anything; the one that is signed and whole does.
    """
    (folder / "hello.cfg").write_bytes(HELLO_CONFIG)
    whole = unify(folder, "whole.efi", "-c", f"{folder}/hello.cfg", "-k", hello)
    efi.sign(whole, f"{folder}/signed.efi", key[0])
    efi.sign(APP, f"{folder}/plain.efi", key[0])
    flipped = bytearray((folder / "signed.efi").read_bytes())
    flipped[len(flipped) // 2] ^= 1
    files = {"unsigned.efi": whole, "flipped.efi": bytes(flipped), "plain.efi": f"{folder}/plain.efi",
             "signed.efi": f"{folder}/signed.efi", "ringleader.cfg": HELLO_CONFIG, "hello": hello}
    disk = make_disk(folder, "secure", {f"{FOLDER}/{name}": source for name, source in files.items()})

    variables = efi.Variables()
    variables.enroll(key[1])
    entries = [(name, f"{FOLDER}/{name}.efi", "") for name in ("unsigned", "flipped", "plain")]
    entries += [("signed", f"{FOLDER}/signed.efi", "-cfg=evil.cfg other -- evil")]
    with start(disk, entries, variables, secure=True, machine="q35,smm=on") as session:
        session.expect(r'failed to load Boot0001 "unsigned"[^\n]*: Access Denied', 60)
        session.expect(r'failed to load Boot0002 "flipped"[^\n]*: Access Denied', 60)
        expect_refusal(session, "Secure Boot is on, and the file ringleader.cfg is no part of the signed image")
        session.expect("Ringleader: -cfg=evil.cfg is ignored")
        session.expect("Ringleader: .* the load options after -- are ignored")
        expect_hello(session, "in another", "loglvl=all")


@pytest.mark.soak
def test_secure_boot_linux(folder, key, host_dir):
    """`make efi-unified` and a signature: Linux as dom0 knows that it must be locked down, and rl works nevertheless."""
    subprocess.run(["make", "-s", "-C", s.m.TOP, f"B={s.m.B}", "efi-unified"], check=True)
    efi.sign(f"{s.m.B}/ringleader-unified.efi", f"{folder}/linux.efi", key[0])
    disk = make_disk(folder, "secure-linux", {"EFI/BOOT/BOOTX64.EFI": f"{folder}/linux.efi"})
    variables = efi.Variables()
    variables.enroll(key[1])
    with start(disk, (), variables, secure=True, machine="q35,smm=on", mem="1G", host_dir=host_dir) as session:
        session.wait_for_shell(180)
        assert "Secure boot enabled" in session.check("dmesg")
        session.check("rl create /guests/hello.cfg && rl destroy hello")
        session.send_line("poweroff")
        assert session.end()[0] == 0


@pytest.mark.parametrize("what", ["RUN=rl create /guests/hello.cfg && rl destroy hello",
                                  pytest.param("TOUR=1", marks=pytest.mark.soak)], ids=["command", "tour"])
def test_dom0(what):
    """Debian's Linux as dom0 makes a domain; and shows all that `make run` shows."""
    done = subprocess.run([f"{s.m.TOP}/scripts/run", "ACCEL=tcg", "EFI=1", what], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    assert done.returncode == 0, "\n".join(done.stdout.splitlines()[-40:])
