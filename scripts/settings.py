"""The NAME=VALUE settings that scripts/run and the tour take (scripts/run --help tells them), and the Machine they mean."""
import atexit
import os
import shlex
import subprocess
import sys

import efi
import machine as m

SETTINGS = ("HV KERNEL INITRD ARGS APPEND MEM CPUS CPU MACHINE HOSTDIR TOOLSTACK XENSTORED ISO EFI ACCEL TIMEOUT "
            "QEMU_OPTIONS RUN TOUR").split()


def chosen(arguments, usage=""):
    """{name: value}, arguments before environment; empty ones count as absent. Exits at a wrong one, and at --help."""
    found = {name: os.environ[name] for name in SETTINGS if os.environ.get(name)}
    for argument in arguments:
        if argument in ("-h", "--help"):
            print(usage)
            sys.exit(0)
        name, equals, value = argument.partition("=")
        if not equals or name not in SETTINGS:
            sys.exit(f"run: what is `{argument}`?\n{usage}")
        if value:
            found[name] = value
    return found


def build_image(toolstack):
    """dom0's image, up to date; its path."""
    subprocess.run([f"{m.TOP}/guest-ports/linux/mkimage", f"TOOLSTACK={toolstack}"], check=True)
    return f"{m.B}/linux/dom0{'-xl' if toolstack == 'xl' else ''}.initrd"


def describe(settings, args="loglevel=5"):
    """The Machine that these settings ask for, its images built. dom0's own command line is @args if ARGS doesn't say."""
    hv = settings.get("HV", "ringleader")
    accel = settings.get("ACCEL", "auto")
    if hv == "ringleader" and not os.path.exists(m.hypervisor_image(hv)):
        sys.exit(f"run: {m.hypervisor_image(hv)} is not built: `make hypervisor` does it")

    machine = m.Machine(hv=hv, mem=settings.get("MEM", "1G"), cpus=int(settings.get("CPUS", "1")),
                        machine=settings.get("MACHINE", "pc"), devices=shlex.split(settings.get("QEMU_OPTIONS", "")))
    machine.accel = m.accelerator() if accel == "auto" else accel
    machine.cpu = settings.get("CPU", "host" if machine.accel == "kvm" else "max")
    machine.append = settings.get("APPEND", "" if "KERNEL" in settings else machine.append)
    if "KERNEL" in settings:
        _boot_kernel(machine, settings)
    else:
        _boot_dom0(machine, settings, args)
    if "ISO" in settings:
        _boot_iso(machine)
    if "EFI" in settings:
        _boot_efi(machine)
    return machine


def _boot_kernel(machine, settings):
    """One kernel alone."""
    machine.kernel = settings["KERNEL"]
    machine.initrd = settings.get("INITRD", "")
    machine.args = settings.get("ARGS", "")
    # Debian's Xen can't turn the machine off unless dom0 tells it how. Kit guests can say by another way that they end.
    if machine.hv == "peer" and "exit=" not in machine.args:
        machine.args = f"{machine.args} exit=port".strip()
    machine.network = False
    machine.host_dir = settings.get("HOSTDIR", "")


def _boot_dom0(machine, settings, args):
    """Debian's Linux with our image."""
    command = settings.get("RUN", "")
    if '"' in command:
        sys.exit("run: RUN can't hold double quotes, which a kernel's command line has no way to write: use '...'")
    store = settings.get("XENSTORED", "xenstored")
    if store not in ("xenstored", "oxenstored"):
        sys.exit(f"run: XENSTORED is xenstored or oxenstored, not `{store}`")
    # The OCaml one comes with xl.
    machine.initrd = build_image("xl" if store == "oxenstored" else settings.get("TOOLSTACK", "rl"))
    console = "ttyS0" if machine.hv == "none" else "hvc0"
    machine.args = (f"console={console} {settings.get('ARGS', args)}" + (" rl.oxenstored" if store == "oxenstored" else "") +
                    (f' rl.run="{command}"' if command else ""))
    machine.host_dir = settings.get("HOSTDIR", f"{m.B}/host")
    os.makedirs(machine.host_dir, exist_ok=True)


def _own_file(kind):
    """The name of a file in B for this run alone, which goes with it."""
    path = f"{m.B}/run.{os.getpid()}.{kind}"
    atexit.register(lambda: os.path.exists(path) and os.unlink(path))
    return path


def _boot_iso(machine):
    """What was described so far, from a CD by way of GRUB."""
    machine.iso = _own_file("iso")
    subprocess.run([f"{m.TOP}/scripts/mkiso", "-o", machine.iso, "-k", machine.kernel, "-i", machine.initrd, "-a", machine.args,
                    "-x", machine.hypervisor_options(), m.hypervisor_image(machine.hv)], check=True)


def _boot_efi(machine):
    """What was described so far, by our EFI application on a disk that OVMF starts from."""
    if machine.hv != "ringleader" or not os.path.exists(f"{m.B}/ringleader.efi"):
        sys.exit(f"run: EFI=1 starts Ringleader alone, {m.B}/ringleader.efi, which `make efi` builds")
    config = f"options={machine.hypervisor_options()}\nkernel=vmlinuz {machine.args}\n"
    files = {"EFI/BOOT/BOOTX64.EFI": f"{m.B}/ringleader.efi", "EFI/BOOT/vmlinuz": machine.kernel}
    if machine.initrd:
        files["EFI/BOOT/initrd"] = machine.initrd
        config += "ramdisk=initrd\n"
    files["EFI/BOOT/ringleader.cfg"] = config.encode()
    disk = _own_file("disk")
    efi.disk(disk, files)
    machine.firmware = efi.firmware(disk)
