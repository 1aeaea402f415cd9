"""Builds Linux initramfs archives (cpio "newc") from lists of Debian package contents.

The same inputs give the same bytes: entries are sorted, times are fixed, owner and group are root. Nothing here needs
root, since device nodes and owners are only written into the archive.
"""
import os
import re
import stat
import subprocess

MTIME = 1700000000          # of every file in every archive
USR_MERGE = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib"}
LIB_DIR = "usr/lib/x86_64-linux-gnu"


def canonical(path):
    """An absolute path in the image, without the leading slash and with /bin and its kin moved into /usr."""
    first, _, rest = path.lstrip("/").partition("/")
    return f"{USR_MERGE[first]}/{rest}" if first in USR_MERGE and rest else path.lstrip("/")


class Archive:
    """A tree of files to be, written out by write()."""

    def __init__(self):
        self.entries = {}   # path -> (mode, content, (major, minor))

    def directory(self, path, mode=0o755):
        path = canonical(path)
        if path and path not in self.entries:
            self.directory(os.path.dirname(path))
            self.entries[path] = (stat.S_IFDIR | mode, b"", (0, 0))

    def file(self, path, content, mode=0o755):
        path = canonical(path)
        self.directory(os.path.dirname(path))
        self.entries[path] = (stat.S_IFREG | mode, content, (0, 0))

    def symlink(self, path, target):
        path = path.lstrip("/")
        self.directory(os.path.dirname(path))
        self.entries[path] = (stat.S_IFLNK | 0o777, target.encode(), (0, 0))

    def device(self, path, major, minor):
        self.directory(os.path.dirname(path))
        self.entries[canonical(path)] = (stat.S_IFCHR | 0o600, b"", (major, minor))

    def copy(self, source, path):
        """One file from the build machine; it keeps whether it may be executed."""
        with open(source, "rb") as f:
            self.file(path, f.read(), 0o755 if os.access(source, os.X_OK) else 0o644)

    def copy_tree(self, source, path=""):
        """A folder from the build machine with all that is in it."""
        for folder, _, names in os.walk(source):
            for name in names:
                full = os.path.join(folder, name)
                self.copy(full, os.path.join(path, os.path.relpath(full, source)))

    def usr_merge(self):
        """/bin, /sbin, /lib and /lib64 as links into /usr, as on Debian."""
        for name, target in USR_MERGE.items():
            self.directory(target)
            self.symlink(name, target)

    def write(self, out):
        for number, path in enumerate(sorted(self.entries), 1):
            mode, content, device = self.entries[path]
            _write_entry(out, number, path, mode, content, device)
        _write_entry(out, 0, "TRAILER!!!", 0, b"", (0, 0))


def _write_entry(out, number, path, mode, content, device):
    name = path.encode() + b"\0"
    fields = (number, mode, 0, 0, 2 if stat.S_ISDIR(mode) else 1, MTIME, len(content), 0, 0, *device, len(name), 0)
    header = b"070701" + b"".join(b"%08x" % f for f in fields) + name
    out.write(header + b"\0" * (-len(header) % 4) + content + b"\0" * (-len(content) % 4))


class Packages:
    """The unpacked Debian packages under one folder, a sub-folder each."""

    def __init__(self, root):
        self.root = root
        self.libs = {}      # soname -> path on the build machine

    def path(self, package, inside):
        return os.path.join(self.root, package, inside.lstrip("/"))

    def offer_libs(self, package):
        """Lets add_program() take libraries from this package."""
        for folder, _, names in os.walk(os.path.join(self.root, package)):
            for name in names:
                if re.search(r"\.so(\.|$)", name):
                    self.libs.setdefault(name, os.path.join(folder, name))

    def add_libs(self, archive, program):
        """Puts the libraries that the ELF file @program needs into the archive, and those that they need."""
        for soname in _needed(program):
            merged = "usr/lib/" + soname if soname.startswith("ld-linux") else f"{LIB_DIR}/{soname}"
            if merged in archive.entries:
                continue
            if soname not in self.libs:
                raise SystemExit(f"{program} needs {soname}, which no `libs` package has")
            archive.copy(os.path.realpath(self.libs[soname]), merged)
            self.add_libs(archive, self.libs[soname])


def _needed(program):
    """What an ELF file wants loaded: its DT_NEEDED names and its program interpreter."""
    text = subprocess.run(["readelf", "-ld", program], capture_output=True, text=True, check=True).stdout
    names = re.findall(r"\(NEEDED\).*\[(.*)\]", text)
    return names + [os.path.basename(p) for p in re.findall(r"interpreter: (.*)\]", text)]


class Modules:
    """The kernel modules of one unpacked kernel package, on which depmod has been run."""

    def __init__(self, folder, version):
        self.folder = folder
        self.version = version
        self.needs = {}     # path below @folder -> paths of the modules it needs
        self.by_name = {}
        with open(os.path.join(folder, "modules.dep")) as f:
            for line in f:
                path, _, needs = line.partition(":")
                self.needs[path] = needs.split()
                self.by_name[_module_name(path)] = path
        with open(os.path.join(folder, "modules.builtin")) as f:
            self.builtin = {_module_name(line.strip()) for line in f}

    def add(self, archive, names):
        """Puts the modules and all that they need into the archive, and the tables by which modprobe finds them."""
        wanted = set()
        for name in (n.replace("-", "_") for n in names):
            if name in self.builtin:
                continue
            if name not in self.by_name:
                raise SystemExit(f"kernel {self.version} has no module {name}")
            wanted.update([self.by_name[name], *self.needs[self.by_name[name]]])

        base = f"usr/lib/modules/{self.version}"
        for path in wanted:
            archive.copy(os.path.join(self.folder, path), f"{base}/{path}")
        dep = "".join(f"{p}: {' '.join(self.needs[p])}\n" for p in sorted(wanted))
        archive.file(f"{base}/modules.dep", dep.encode(), 0o644)
        archive.file(f"{base}/modules.alias", self._aliases({_module_name(p) for p in wanted}).encode(), 0o644)
        archive.file(f"{base}/modules.symbols", b"", 0o644)

    def _aliases(self, names):
        with open(os.path.join(self.folder, "modules.alias")) as f:
            return "".join(line for line in f if line.startswith("alias ") and line.split()[2] in names)


def _module_name(path):
    return os.path.basename(path).split(".")[0].replace("-", "_")


def add_busybox(archive, busybox):
    """A link for every applet of the busybox on the build machine that the image has as /bin/busybox."""
    applets = subprocess.run([busybox, "--list-full"], capture_output=True, text=True, check=True).stdout
    for applet in applets.split():
        path = canonical(applet)
        if path not in archive.entries:
            archive.symlink(path, "/bin/busybox")


def read_list(path, toolstack):
    """The rows of a .list file that hold for @toolstack, as lists of words."""
    with open(path) as f:
        rows = [line.split("#")[0].split() for line in f]
    for row in filter(None, rows):
        only, colon, kind = row[0].rpartition(":")
        if not colon or only == toolstack:
            yield [kind, *row[1:]]
