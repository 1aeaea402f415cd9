"""After a start by EFI: its runtime services, the screen, the way back to the firmware. GRUB starts the hypervisor by
multiboot 2 from the very ISO that BIOS machines start from; test_efi.py has the application.
"""
import os
import re
import subprocess

import pytest

import guests
import session as s

import efi  # scripts/efi.py: session has put its folder into the path

pytestmark = pytest.mark.ours


def start(folder, name, kernel, initrd="", args="", append="", **settings):
    """A Session of a machine that OVMF starts from an ISO with these modules."""
    iso = f"{folder}/{name}.iso"
    machine = s.m.Machine(append=append, network=False, **settings)
    subprocess.run([f"{s.m.TOP}/scripts/mkiso", "-o", iso, "-k", kernel, "-i", initrd, "-a", args,
                    "-x", machine.hypervisor_options(), s.m.hypervisor_image("ringleader")], check=True)
    machine.firmware = efi.firmware(iso)
    return s.Session(machine, f"efi-{name}")


def test_guest(tmp_path):
    """The guest test `firmware`, which elsewhere finds no EFI, finds all of it here; though it is isolated from what the hypervisor maps."""
    with start(tmp_path, "firmware", guests.built("tests/all"), args="tests=firmware", append="xpti=on",
               mem="512M") as session:
        session.expect(r"EFI 2\.\d+ by EDK II; runtime services mapped W\^X", 60)
        session.expect("RL-TEST firmware SUCCESS", 60)
        assert session.end()[0] == 0


def test_dom0(tmp_path):
    """Debian's Linux sees an EFI machine: variables, clock, screen, SMBIOS; and reboots it."""
    args = "console=hvc0 loglevel=5"
    with start(tmp_path, "dom0", f"{s.m.B}/linux/vmlinuz", f"{s.m.B}/linux/dom0.initrd", args, "dom0_mem=512M",
               host_dir=str(tmp_path)) as dom0:
        dom0.wait_for_shell(timeout=240)
        assert re.search(r"efi: .*SMBIOS=.* ACPI 2\.0=", dom0.check("dmesg"))
        assert "QEMU" in dom0.check("cat /sys/class/dmi/id/sys_vendor")
        assert "EFI VGA" in dom0.check("cat /proc/fb")

        assert re.search(r"BootOrder: \d", dom0.check("efibootmgr"))
        dom0.check("efibootmgr -t 11")
        dom0.check("efibootmgr -n 0000")
        shown = dom0.check("efibootmgr")
        assert "Timeout: 11 seconds" in shown and "BootNext: 0000" in shown

        ours = "/sys/firmware/efi/efivars/Ringleader-5f9b0d2c-33a1-4d17-0102-030405060708"
        dom0.check(rf"printf '\007\000\000\000written' > {ours}")
        assert dom0.check(f"tail -c +5 {ours}") == "written"
        assert "BootNext" not in dom0.check("efibootmgr -N")

        apart = int(dom0.check("echo $(($(date +%s) - $(cat /sys/class/rtc/rtc0/since_epoch)))"))
        assert -5 <= apart <= 5
        dom0.send_line("reboot -f")
        assert dom0.end()[1].startswith("the machine was reset")


FONT = f"{s.m.TOP}/hypervisor/console/font.def"
WIDTH, HEIGHT = 6, 10       # of a letter's cell


def font():
    """{rows of a letter: the letter}"""
    letters = {}
    with open(FONT, encoding="ascii") as f:
        for found in re.finditer(r"^GLYPH\('(\\?)(.)', (.*)\)", f.read(), re.M):
            rows = re.findall(r'"([.#]{5})"', found[3])
            letters[tuple(rows + ["....."] * (HEIGHT - 1 - len(rows)))] = found[2]
    return letters


def screen_text(session):
    """What the framebuffer shows, read by our own letters."""
    path = f"{session.outcome.folder}/screen"
    session.outcome.execute("screendump", filename=path)
    session.wait_until("the screen saved", lambda: os.path.exists(path) and os.path.getsize(path) > 100000)
    with open(path, "rb") as f:
        kind, size, _, pixels = f.read().split(b"\n", 3)
    assert kind == b"P6"
    width, height = map(int, size.split())
    session.wait_until("all of it", lambda: os.path.getsize(path) >= width * height * 3)
    with open(path, "rb") as f:
        pixels = f.read()[-width * height * 3:]
    os.unlink(path)

    letters, scale = font(), max(1, min(width // (80 * WIDTH), height // (25 * HEIGHT)))

    def letter(row, column):
        rows = []
        for y in range(HEIGHT - 1):
            line = ((row * HEIGHT + y) * scale * width + column * WIDTH * scale) * 3
            rows.append("".join("#" if pixels[line + x * scale * 3] else "." for x in range(WIDTH - 1)))
        return letters.get(tuple(rows), "?")

    text = "\n".join("".join(letter(row, column) for column in range(width // (WIDTH * scale))).rstrip()
                     for row in range(height // (HEIGHT * scale)))
    session.log.write(f"\n--- the screen\n{text}\n---\n")
    return text


def test_screen(tmp_path):
    """Whoever has no serial line reads on the screen why nothing starts."""
    (tmp_path / "text").write_text("this is no kernel" * 100)
    with start(tmp_path, "screen", f"{tmp_path}/text", append="noreboot loglvl=all", mem="256M") as session:
        session.expect("dom0 can't be built", 60)
        session.expect("see the lines above")
        text = screen_text(session)
        assert "(RL) Ringleader, speaking Xen 4.17's PV ABI" in text
        assert "(RL) dom0: the kernel is neither an ELF file nor a bzImage" in text
