"""Kernels that others wrote, unmodified, as guests: PV GRUB, GNU Mach, and the kernels that Debian ships beside its usual one.

guest-ports/NAME/mkimage fetches them. One boot of dom0 has them all, one after the other.
"""
import re
import shutil
import subprocess

import pytest

import session as s

pytestmark = pytest.mark.ours

RECIPES = f"{s.m.TOP}/guest-ports"
MACH = {"i386": "x86_32p", "amd64": "x86_64"}
GRUB = ("i386", "x86_64")


def recipe(name):
    subprocess.run([f"{RECIPES}/{name}"], check=True)


@pytest.fixture(scope="module")
def dom0(tmp_path_factory):
    """dom0 at its shell, with memory left for domains."""
    machine = s.m.Machine(kernel=s.m.UNPACKED, mem="1G", append="dom0_mem=384M loglvl=all", network=False,
                          host_dir=str(tmp_path_factory.mktemp("ports")))
    with s.Session(machine, "ports") as session:
        session.wait_for_shell(150)
        yield session


class Guest:
    """A domain of files from the build folder; it is destroyed at the end. Its console is what xenconsoled logs."""

    def __init__(self, dom0, kernel, ramdisk="", extra="", memory=64):
        self.dom0 = dom0
        self.name = re.sub(r"\W+", "-", kernel)
        self.domid = None
        self.settings = {"name": self.name, "memory": memory, "kernel": self._take(kernel), "on_crash": "preserve",
                         "on_poweroff": "preserve", "extra": extra}
        if ramdisk:
            self.settings["ramdisk"] = self._take(ramdisk)

    def _take(self, path):
        """The name in dom0 of @path in the build folder."""
        name = re.sub(r"\W+", "-", path)
        shutil.copy(f"{s.m.B}/{path}", f"{self.dom0.machine.host_dir}/{name}")
        return f"/host/{name}"

    def __enter__(self):
        self.create()
        return self

    def __exit__(self, *_):
        self.dom0.shell(f"rl destroy {self.name}")

    def create(self):
        with open(f"{self.dom0.machine.host_dir}/{self.name}.cfg", "w", encoding="utf-8") as f:
            f.writelines(f"{key} = {value!r}\n".replace("'", '"') for key, value in self.settings.items())
        told = self.dom0.check(f"rl create /host/{self.name}.cfg", 120)
        self.domid = int(re.search(r"is domain (\d+)", told).group(1))

    def console(self):
        return re.sub("\x1b\\[[0-9;?]*[A-Za-z]", "", self.dom0.shell(f"cat /var/log/xen/console/guest-{self.name}.log")[1])

    def says(self, text, seconds=60):
        self.dom0.wait_until(f"'{text}' on the console of {self.name}", lambda: text in self.console(), seconds)

    def type(self, line):
        """Types a line on its console: xenconsoled takes it from the terminal that the store names."""
        self.dom0.check(f"echo '{line}' > $(xenstore-read /local/domain/{self.domid}/console/tty)")


@pytest.fixture(scope="module")
def mach():
    recipe("gnumach/mkimage")


@pytest.mark.usefixtures("mach")
@pytest.mark.parametrize("width", MACH)
def test_mach_runs_its_first_task(dom0, width):
    with Guest(dom0, f"gnumach/gnumach-{width}", "gnumach/modules") as guest:
        guest.says("hello from the first task")
        assert f"Running on xen-3.0-{MACH[width]}." in guest.console()


@pytest.mark.usefixtures("mach")
def test_mach_misses_a_first_task(dom0):
    """Without modules it says so, and shuts down."""
    with Guest(dom0, "gnumach/gnumach-i386") as guest:
        guest.says("No bootstrap code loaded with the kernel!")
        dom0.wait_until("shut down", lambda: "shutdown" in dom0.check("rl list"))


@pytest.fixture(scope="module")
def grub():
    recipe("grub/mkimage")


@pytest.mark.usefixtures("grub")
@pytest.mark.parametrize("width", GRUB)
def test_grub_comes_to_its_prompt(dom0, width):
    with Guest(dom0, f"grub/grub-{width}-xen.bin") as guest:
        guest.says("grub>")
        guest.type("echo $grub_cpu $grub_platform")
        guest.says(f"{width} xen")


@pytest.mark.usefixtures("grub")
def test_grub_boots_mach(dom0):
    """What GRUB leaves behind of its page tables and grants is what the next kernel starts with: 32-bit."""
    with Guest(dom0, "grub/chain-i386.bin") as guest:
        guest.says("hello from the first task")


@pytest.mark.soak
@pytest.mark.usefixtures("grub")
def test_grub_boots_linux(dom0):
    """Likewise: stock Linux, from GRUB's memory disk, of which GRUB unpacks the XZ image itself."""
    with Guest(dom0, "grub/chain-x86_64.bin", memory=256) as guest:
        guest.says("is up with 1 CPU", 600)
        guest.type("echo $((6 * 7))9")
        guest.says("429")


@pytest.fixture(scope="module")
def kernels():
    recipe("linux/mkkernels")


@pytest.mark.soak
@pytest.mark.usefixtures("kernels")
@pytest.mark.parametrize("kernel", ["cloud", "backports"])
def test_linux(dom0, kernel):
    """To a shell that answers."""
    with Guest(dom0, f"linux/kernels/{kernel}", "linux/domu.initrd", "console=hvc0 loglevel=4", memory=256) as guest:
        guest.says("is up with 1 CPU", 300)
        guest.type("uname -r; echo $((6 * 7))9")
        guest.says("429")


@pytest.mark.soak
@pytest.mark.usefixtures("kernels")
def test_32_bit_linux_is_refused(dom0):
    """Linux 5.9 gave up PV in 32 bits: Debian's i386 kernel is for HVM and PVH alone, and rl says so."""
    guest = Guest(dom0, "linux/kernels/686-pae")
    with pytest.raises(s.Failed, match="no entry for PV"):
        guest.create()


@pytest.mark.soak
@pytest.mark.usefixtures("kernels")
def test_cloud_as_dom0():
    """Its configuration knows no dom0: it takes itself for a guest without a console, and gets to its /init all the same."""
    machine = s.m.Machine(kernel=f"{s.m.B}/linux/kernels/cloud", initrd=f"{s.m.B}/linux/domu.initrd", args="earlyprintk=xen",
                          network=False)
    with s.Session(machine, "ports-cloud") as session:
        session.expect("Run /init as init process", 120)


@pytest.mark.soak
def test_backports_as_dom0(tmp_path):
    """bookworm-backports' kernel as dom0: daemons, a guest, its console."""
    subprocess.run([f"{RECIPES}/linux/mkimage", "LINUX=backports"], check=True)
    machine = s.m.Machine(kernel=f"{s.m.B}/linux-backports/vmlinuz", initrd=f"{s.m.B}/linux-backports/dom0.initrd", cpus=2,
                          mem="1G", append="dom0_mem=512M", network=False, host_dir=str(tmp_path))
    with s.Session(machine, "ports-backports") as dom0:
        dom0.wait_for_shell(240)
        assert "6.12" in dom0.check("uname -r")
        dom0.check("rl create /guests/hello.cfg")
        dom0.wait_until("hello's hello", lambda: "hello from" in dom0.shell("cat /var/log/xen/console/guest-hello.log")[1])
        dom0.check("rl create /guests/linux.cfg", 120)
        dom0.wait_until("Linux up", lambda: "is up with" in dom0.shell("cat /var/log/xen/console/guest-linux.log")[1], 120)
