"""How QEMU is started: the one description of the machine that `make run`, the tour and the tests boot.

A Machine says what is wanted (hypervisor, modules, memory, devices); command() turns that into QEMU's command line.
Outcome tells afterwards how it ended.
"""
import json
import os
import re
import socket
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
B = os.path.abspath(os.environ.get("B", os.path.join(TOP, "build")))
UNPACKED = f"{B}/linux/vmlinux"      # dom0's usual kernel, for tests that are about other things: a boot takes seconds less
EXIT_PORT = "isa-debug-exit,iobase=0xf4,iosize=0x04"


def _qemu():
    """The program: that of QEMU=, where QEMU=10 is the one that scripts/qemu fetches."""
    name = os.environ.get("QEMU") or "qemu-system-x86_64"
    if name.isdigit():
        out = subprocess.run([f"{TOP}/scripts/qemu", name], stdout=subprocess.PIPE, text=True, check=True)
        name = os.environ["QEMU"] = out.stdout.strip()      # for our children
    return name


QEMU = _qemu()

# What each hypervisor needs said so that its console is the first serial port: ours takes it, and the screen, by itself.
CONSOLE = {"ringleader": "", "peer": "console=com1 com1=115200,8n1"}


def hypervisor_image(hv):
    """The file that QEMU's -kernel takes for hypervisor @hv; the peer is downloaded when it must be."""
    if hv == "peer":
        out = subprocess.run([f"{TOP}/scripts/peer"], stdout=subprocess.PIPE, text=True, check=True)
        return out.stdout.strip()
    return os.environ.get("RINGLEADER", f"{B}/ringleader")


@dataclass
class Machine:
    hv: str = "ringleader"          # "ringleader", "peer" (Debian's Xen) or "none" (the kernel on the bare machine)
    kernel: str = f"{B}/linux/vmlinuz"
    initrd: str = f"{B}/linux/dom0.initrd"
    args: str = "console=hvc0"      # dom0's command line
    append: str = "dom0_mem=512M"   # the hypervisor's, beside what its console needs
    mem: str = "1G"
    cpus: int = 1
    cpu: str = "max"
    machine: str = "pc"
    accel: str = "tcg"
    iso: str = ""                   # boot this instead of kernel and initrd
    firmware: list = field(default_factory=list)    # QEMU's options that boot instead, as scripts/efi.py makes them
    host_dir: str = ""              # dom0 sees it as /host
    network: bool = True            # a virtio network card on QEMU's user network
    devices: list = field(default_factory=list)    # more of QEMU's options

    def command(self):
        """QEMU's command line, without what says where serial port and QMP go."""
        line = [QEMU, "-accel", self.accel, "-machine", self.machine, "-cpu", self._cpu_model(), "-m", self.mem,
                "-smp", str(self.cpus), "-display", "none", "-device", EXIT_PORT, "-nodefaults", "-vga", "std"]
        line += self.boot_options()
        if self.host_dir:
            line += ["-virtfs", f"local,path={_escape(self.host_dir)},mount_tag=host,security_model=none,multidevs=remap"]
        if self.network:
            line += ["-netdev", "user,id=net0", "-device", "virtio-net-pci,netdev=net0,romfile="]
        return line + self.devices

    def _cpu_model(self):
        # QEMU 7.2 without KVM lets IRET in user mode read its stack as the kernel would, which Debian's Xen takes for
        # an attack; and its MWAIT is not what that Xen expects.
        if self.hv == "peer" and self.accel.startswith("tcg"):
            return self.cpu + ",-smap,-monitor"
        return self.cpu

    def hypervisor_options(self):
        # Without a maximum Debian's Xen lets dom0 set up tables for all of the machine's memory.
        append = re.sub(r"dom0_mem=(\w+)(?=\s|$)", r"dom0_mem=\1,max:\1", self.append) if self.hv == "peer" else self.append
        return f"{CONSOLE[self.hv]} {append}".strip()

    def boot_options(self):
        if self.firmware:
            return self.firmware
        if self.iso:
            return ["-cdrom", self.iso]
        if self.hv == "none":
            return ["-kernel", self.kernel, "-append", self.args] + (["-initrd", self.initrd] if self.initrd else [])

        line = ["-kernel", hypervisor_image(self.hv), "-append", self.hypervisor_options()]
        if self.kernel:
            modules = f"{_escape(self.kernel)} {_escape(self.args)}".strip()
            line += ["-initrd", modules + ("," + _escape(self.initrd) if self.initrd else "")]
        return line


def _escape(text):
    """QEMU's options separate by commas; a doubled one is a comma."""
    return text.replace(",", ",,")


class Outcome:
    """Watches a QEMU over QMP and tells how it ended.

    Takes QEMU's command line further: add options() to it, start it, then call start(). QEMU is told to stop instead of
    exiting, so that we learn why it would exit; then it is told to quit.
    """

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="rl-")
        self.path = os.path.join(self.folder, "qmp")
        self.reason = None          # of QEMU's SHUTDOWN event
        self.running = False        # did QEMU ever talk to us?
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(self.path)
        self.server.listen(1)
        self.stream = None          # the connection, while it stands
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def options(self):
        return ["-action", "reboot=shutdown,shutdown=pause", "-qmp", f"unix:{self.path}"]

    def start(self):
        self.thread.start()

    def _watch(self):
        self.server.settimeout(600)
        try:
            connection, _ = self.server.accept()
            connection.settimeout(None)
            self.stream = connection.makefile("rw")
            self.execute("qmp_capabilities")
            for line in self.stream:
                self.running = True
                event = json.loads(line)
                if event.get("event") == "SHUTDOWN":
                    self.reason = self.reason or event["data"]["reason"]     # our quit causes another
                    self.execute("quit")
        except (OSError, ValueError):
            pass                    # QEMU is gone

    def execute(self, command, **arguments):
        """Sends QEMU a QMP command; its answer is not waited for."""
        self.stream.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.stream.flush()

    def finish(self, status):
        """(exit code, what happened) for a QEMU that left with @status, a negative one being a signal."""
        self.thread.join(2)
        self.server.close()
        if os.path.exists(self.path):
            os.unlink(self.path)
        os.rmdir(self.folder)
        if status < 0:
            return 128 - status, f"QEMU died from signal {-status}"
        if self.reason in ("guest-reset", "guest-panic"):
            return 1, "the machine was reset: a reboot, or a crash"
        if status == 0:
            return 0, "powered off"
        if status == 1 and not self.running:
            return 1, "QEMU didn't start"
        return status >> 1, f"the guest reported {status >> 1} through the exit port"


def plugin(name):
    """The path of tests/qemu/count/NAME.c, built for the QEMU that there is."""
    version = subprocess.run([QEMU, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout
    api = 1 if int(re.search(r"version (\d+)", version)[1]) < 9 else 2
    out = f"{B}/tests/qemu/{name}-{api}.so"
    os.makedirs(os.path.dirname(out), exist_ok=True)
    own = f"{out}.{os.getpid()}"    # another process may be using it already
    subprocess.run(["gcc", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC", "-fvisibility=hidden",
                    f"-DPLUGIN_API={api}", "-o", own, f"{TOP}/tests/qemu/count/{name}.c"], check=True)
    os.replace(own, out)
    return out


def accelerator():
    """"kvm" where a probe shows that a hypervisor boots under it, else "tcg". The answer is kept in B/accel."""
    answer = os.path.join(B, "accel")
    if not os.path.exists(answer):
        os.makedirs(B, exist_ok=True)
        with open(answer, "w") as f:
            f.write("kvm" if _kvm_works() else "tcg")
    with open(answer) as f:
        return f.read().strip()


def _kvm_works():
    """Boots the hypervisor alone under KVM for a moment: does it get as far as missing its dom0?

    A /dev/kvm that opens proves little: some die in a hypervisor's first instructions.
    """
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    machine = Machine(accel="kvm", cpu="host", kernel="", initrd="", network=False, mem="256M")
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "serial")
        line = machine.command() + ["-serial", f"file:{log}", "-no-reboot"]
        qemu = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 3
        found = False
        while not found and time.monotonic() < deadline and qemu.poll() is None:
            time.sleep(0.1)
            found = _mentions(log, b"dom0") or _mentions(log, b"module")
        found = found or _mentions(log, b"dom0") or _mentions(log, b"module")
        qemu.kill()
        qemu.wait()
    return found


def _mentions(path, text):
    try:
        with open(path, "rb") as f:
            return text in f.read()
    except OSError:
        return False
