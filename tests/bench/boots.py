"""Boots the bench (guest-ports/bench): as dom0 or as an ordinary domain, on Ringleader or on Debian's Xen, on a processor of AMD's or
of Intel's; and tells what it printed.

QEMU's virtual nanoseconds are executed instructions, and the TSC counts them: they are the same from run to run. Where there is KVM
the bench is booted on the processor itself as well, whose TSC counts cycles.
"""
import hashlib
import os
import re
import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "scripts"))
import machine  # noqa: E402  (found by the line above)
from costly import Recording  # noqa: E402  (beside this file)

# The same from run to run only with a fixed clock and no input.
CLOCK = ["-rtc", "base=2024-01-01,clock=vm", "-nographic", "-no-reboot", "-device", machine.EXIT_PORT]
TIMEOUT = 600
FOLDER = f"{machine.B}/bench"
# The peer's MWAIT is not QEMU's.
MODELS = {"amd": "EPYC,check=off,-monitor", "intel": "Skylake-Client,check=off,-monitor"}
VENDORS = {"amd": "AuthenticAMD", "intel": "GenuineIntel"}
CYCLE_BOOTS = 5         # of which a row's cycles are the median


@dataclass
class Variant:
    """A column of the bench: who runs it on what. The options are the hypervisors' own."""
    name: str
    role: str = "dom0"          # or "domU", which guests/dom0 makes
    model: str = "amd"
    options: dict = None        # {hypervisor: options}; a hypervisor that is missing isn't measured
    events: bool = False        # are costly events counted, too? One model's are the other's

    def hypervisors(self):
        return list(self.options or {"ringleader": "", "peer": ""})

    def options_of(self, hv):
        return (self.options or {}).get(hv, "")


# Both isolate page tables on Intel's processors, against Meltdown (docs/isolation.md): compared without, and with it.
VARIANTS = [
    Variant("dom0-amd", options={"native": "", "ringleader": "", "peer": ""}, events=True),
    Variant("domU-amd", role="domU", events=True),
    Variant("dom0-intel", model="intel", options={"ringleader": "xpti=no", "peer": "xpti=no"}),
    Variant("domU-intel", role="domU", model="intel", options={"ringleader": "xpti=no", "peer": "xpti=no"}),
    Variant("dom0-intel-isolated", model="intel", options={"ringleader": "xpti=yes", "peer": "xpti=yes"}),
    Variant("domU-intel-isolated", role="domU", model="intel", options={"ringleader": "xpti=yes", "peer": "xpti=yes"}),
]


def _processor(model, shift, accel):
    """QEMU's options: an instruction takes 2^@shift ns of a @model; or, with @accel, as long as it takes, and under KVM not on a model."""
    if accel:
        return ["-accel", accel, "-cpu", "host" if accel == "kvm" else MODELS[model]]
    return ["-icount", f"shift={shift},sleep=off", "-cpu", MODELS[model]]


def boot(image, append, initrd, shift=0, model="amd", more=(), accel=None):
    """Boots @image until QEMU ends: what it printed."""
    line = [machine.QEMU, "-kernel", image, "-append", append, *(["-initrd", initrd] if initrd else []), *_processor(model, shift, accel),
            "-m", "512", *more]
    try:
        run = subprocess.run(line + CLOCK, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=TIMEOUT, check=False)
        output = run.stdout
    except subprocess.TimeoutExpired as expired:
        output = expired.stdout or b""
    return output.decode(errors="replace")


def archive(path, base, files):
    """An initramfs at @path: what is in @base, and over it @files, {name: (contents, mode)}."""
    root = f"{path}.root"
    for name, (contents, mode) in files.items():
        os.makedirs(os.path.dirname(f"{root}/{name}"), exist_ok=True)
        with open(f"{root}/{name}", "wb") as f:
            f.write(contents)
        os.chmod(f"{root}/{name}", mode)
    names = sorted({part for name in files for part in parents(name)})
    for name in names:
        os.utime(f"{root}/{name}", (0, 0))
    packed = subprocess.run(["cpio", "--quiet", "-o", "-H", "newc", "--reproducible", "-R", "0:0"], cwd=root, stdout=subprocess.PIPE,
                            input="".join(f"{name}\n" for name in names).encode(), check=True).stdout
    with open(base, "rb") as f:
        first = f.read()
    with open(path, "wb") as f:
        f.write(first + bytes(-len(first) % 4) + packed)        # what comes later replaces what came before
    return path


def parents(name):
    """@name and the folders that it lies in."""
    while name:
        yield name
        name = os.path.dirname(name)


def contents(path):
    with open(path, "rb") as f:
        return f.read()


def stamp(line):
    """A hash of a command line and of the files that it names, wherever they lie: the same stamp means the same figures."""
    found = hashlib.sha256()
    for word in line:
        found.update(word.replace(machine.B, "").encode())
        for path in re.split(r"[ ,]", word):
            if os.path.isfile(path):
                found.update(contents(path))
    return found.hexdigest().encode()


def _domain_archive():
    """What guests/dom0 runs: the bench alone, then two of it at once. Its path."""
    folder = f"{FOLDER}/domains"
    os.makedirs(folder, exist_ok=True)
    for name in ("bench", "pair"):
        shutil.copyfile(f"{machine.B}/guests/bench", f"{folder}/{name}")
    with open(f"{folder}/pair.groups", "w", encoding="ascii") as f:
        f.write("bench leader follower\n")
    names = "bench\npair\npair.groups\n"
    packed = subprocess.run(["cpio", "--quiet", "-o", "-H", "newc", "--reproducible"], cwd=folder, input=names.encode(),
                            stdout=subprocess.PIPE, check=True).stdout
    with open(f"{FOLDER}/domains.cpio", "wb") as f:
        f.write(packed)
    return f"{FOLDER}/domains.cpio"


def _modules(role, words):
    """QEMU's -initrd for the bench in @role with these words on its command line."""
    if role == "dom0":
        return f"{machine.B}/guests/bench {' '.join(['exit=port'] + words)}".replace(",", ",,")
    words = ",".join(word.replace(",", "/") for word in words)
    own = "exit=port" + (f" domains.bench={words} each={words}" if words else "")
    return f"{machine.B}/guests/dom0 {own}".replace(",", ",,") + "," + _domain_archive()


def boot_bench(hv, variant, rows="", options="", shift=0, trace_to=None, accel=None):
    """Boots the bench on hypervisor @hv (or its native kernel on none), with a recording of all rows' instructions where @trace_to says: what it printed.
    Says so when it didn't end."""
    words = ([f"rows={rows}"] if rows else []) + (["trace"] if trace_to else [])
    more = ["-plugin", f"file={machine.plugin('path')},counts={trace_to}"] if trace_to else []
    if hv == "native":
        return boot(f"{machine.B}/guests/bench-native", "", "", shift, variant.model, accel=accel)
    append = f"{machine.CONSOLE[hv]} noreboot dom0_mem=128M dom0_max_vcpus=2 {variant.options_of(hv)} {options}"
    output = boot(machine.hypervisor_image(hv), append, _modules(variant.role, words), shift, variant.model, more, accel)
    if "RL-BENCH-END" not in output:
        print(f"the bench did not end on {hv}, {variant.name}; its last lines:", *output.splitlines()[-20:], sep="\n", file=sys.stderr)
    return output


def figures(output):
    """{row: {"value": , "median": , "worst": }} of what the bench printed."""
    return {name: dict(zip(("value", "median", "worst"), map(float, numbers)))
            for name, *numbers in re.findall(r"RL-BENCH (\S+) ([\d.]+) ([\d.]+) ([\d.]+)", output)}


def cycles(hv, variant, accel, rows="", options=""):
    """{row: cycles per operation}. Under KVM only of variants that are of this machine's vendor."""
    if accel == "kvm" and VENDORS[variant.model].encode() not in contents("/proc/cpuinfo"):
        return {}
    found = [figures(boot_bench(hv, variant, rows, options, accel=accel)) for _ in range(CYCLE_BOOTS)]
    return {row: statistics.median(boot[row]["value"] for boot in found if row in boot) for row in found[0]}


def events(hv, variant, rows="", options=""):
    """{row: {kind of costly instruction: how many per operation}}."""
    os.makedirs(FOLDER, exist_ok=True)
    path = f"{FOLDER}/recording"
    output = boot_bench(hv, variant, rows, options, trace_to=path)
    found = Recording(path, output).events()
    os.unlink(path)
    os.unlink(f"{path}.text")
    return found
