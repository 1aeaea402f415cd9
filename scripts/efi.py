"""EFI machines in QEMU: the firmware (OVMF), its variables, and the disk that it starts from.

    files = {"EFI/BOOT/BOOTX64.EFI": f"{m.B}/ringleader.efi", "EFI/BOOT/ringleader.cfg": b"[global]\\n..."}
    disk(f"{folder}/disk", files)
    machine.firmware = firmware(f"{folder}/disk")
"""
import os
import struct
import subprocess
import tempfile
import uuid

OVMF = "/usr/share/OVMF"
CODE = f"{OVMF}/OVMF_CODE_4M.fd"
SECURE_CODE = f"{OVMF}/OVMF_CODE_4M.secboot.fd"     # its variables can be written in SMM only
NO_VARIABLES = f"{OVMF}/OVMF_VARS_4M.fd"

GLOBAL = uuid.UUID("8be4df61-93ca-11d2-aa0d-00e098032b8c")
SECURITY = uuid.UUID("d719b2cb-3d3a-4596-a3bc-dad00e67656f")
OWNER = uuid.UUID("6e27ab5c-9e3c-4b0f-9b53-6d1f4c1a2b90")   # of the keys that we enroll: nobody's
X509 = uuid.UUID("a5c059a1-94e4-4aa7-87b5-ab155c2bf072")

STORED, BOOT_TIME, RUN_TIME, SIGNED = 0x01, 0x02, 0x04, 0x20


def firmware(disk, variables=NO_VARIABLES, secure=False, snapshot=True):
    """QEMU's options for a machine that OVMF starts from @disk. With @snapshot neither file is written to."""
    code, snapshot = SECURE_CODE if secure else CODE, "on" if snapshot else "off"
    line = ["-drive", f"if=pflash,format=raw,readonly=on,file={code}",
            "-drive", f"if=pflash,format=raw,snapshot={snapshot},file={variables}",
            "-drive", f"if=none,id=efi,format=raw,snapshot={snapshot},file={disk}",
            "-device", "virtio-blk-pci,drive=efi,bootindex=1"]
    if secure:
        # With S3 sleep this OVMF keeps memory about 16 MiB for the time of waking up, where Linux 6.1, as a PV
        # kernel, wants to lie.
        line += ["-global", "driver=cfi.pflash01,property=secure,value=on", "-global", "ICH9-LPC.disable_s3=1"]
    return line


def disk(path, files):
    """Makes a disk image with one FAT file system; @files: path on it -> a file's path, or its contents as bytes."""
    sizes = [len(source) if isinstance(source, bytes) else os.path.getsize(source) for source in files.values()]
    megabytes = 40 + sum(sizes) // 1000000          # FAT32 has a least size
    with open(path, "wb") as f:
        f.truncate(megabytes << 20)
    _mtools("mformat", "-i", path, "-F", "::")
    folders = {os.path.dirname(name)[:end] for name in files for end, c in enumerate(os.path.dirname(name) + "/") if c == "/"}
    for folder in sorted(folders - {""}):
        _mtools("mmd", "-i", path, f"::/{folder}")
    for name, source in files.items():
        if isinstance(source, bytes):
            with tempfile.NamedTemporaryFile() as f:
                f.write(source)
                f.flush()
                _mtools("mcopy", "-i", path, f.name, f"::/{name}")
        else:
            _mtools("mcopy", "-i", path, source, f"::/{name}")


def _mtools(*command):
    subprocess.run(command, check=True, env=os.environ | {"MTOOLS_SKIP_CHECK": "1"})


def grub(path, commands):
    """Makes GRUB as an EFI application that runs @commands."""
    modules = "fat part_gpt part_msdos search search_fs_file chain multiboot2 normal serial terminal echo boot".split()
    with tempfile.NamedTemporaryFile("w") as f:
        f.write(commands)
        f.flush()
        subprocess.run(["grub-mkimage", "-d", "/usr/lib/grub/x86_64-efi", "-O", "x86_64-efi", "-p", "/EFI/BOOT", "-c", f.name,
                        "-o", path, *modules], check=True)


def make_key(path):
    """A key, @path.key, that vouches for itself, @path.pem; the certificate in DER form."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", "/CN=a test key",
                    "-keyout", f"{path}.key", "-out", f"{path}.pem"], check=True, stderr=subprocess.DEVNULL)
    der = subprocess.run(["openssl", "x509", "-in", f"{path}.pem", "-outform", "DER"], check=True, stdout=subprocess.PIPE)
    return der.stdout


def sign(image, out, key):
    """@image with a signature by @key, as make_key() left it, for Secure Boot."""
    subprocess.run(["sbsign", "--key", f"{key}.key", "--cert", f"{key}.pem", "--output", out, image], check=True,
                   stderr=subprocess.DEVNULL)


class Variables:
    """The firmware's variables, as OVMF keeps them in flash: a list that we may only append to."""

    START = 0x48 + 28       # behind the headers of the volume and of the store
    ADDED = 0x3f            # the state of a variable that counts

    def __init__(self, template=NO_VARIABLES):
        with open(template, "rb") as f:
            self.flash = bytearray(f.read())
        self.end = self.START
        while self.flash[self.end:self.end + 2] == b"\xaa\x55":
            name, data = struct.unpack_from("<II", self.flash, self.end + 36)
            self.end = self._align(self.end + 60 + name + data)

    @staticmethod
    def _align(n):
        return (n + 3) & ~3

    def add(self, name, data, guid=GLOBAL, attributes=STORED | BOOT_TIME | RUN_TIME):
        name = _wide(name)
        header = struct.pack("<HBxIQ16xIII", 0x55aa, self.ADDED, attributes, 0, 0, len(name), len(data)) + guid.bytes_le
        entry = header + name + data
        self.flash[self.end:self.end + len(entry)] = entry
        self.end = self._align(self.end + len(entry))

    def add_key(self, name, certificate, guid=GLOBAL):
        """The one key that may sign for @name, a certificate in DER form. With a PK, Secure Boot is on."""
        entry = OWNER.bytes_le + certificate
        data = X509.bytes_le + struct.pack("<III", 28 + len(entry), 0, len(entry)) + entry
        self.add(name, data, guid, STORED | BOOT_TIME | RUN_TIME | SIGNED)

    def enroll(self, certificate):
        """One key for everything: whoever has it may sign images, and change the keys."""
        self.add_key("db", certificate, SECURITY)
        self.add_key("KEK", certificate)
        self.add_key("PK", certificate)

    def add_boot_entries(self, entries):
        """What the firmware tries, in this order: (title, path of an image on any disk, its load options)."""
        for n, (title, path, options) in enumerate(entries, 1):
            name = _wide(path.replace("/", "\\"))
            node = struct.pack("<BBH", 4, 4, 4 + len(name)) + name + b"\x7f\xff\x04\x00"
            data = struct.pack("<IH", 1, len(node)) + _wide(title) + node
            self.add(f"Boot{n:04X}", data + (_wide(options) if options else b""))
        self.add("BootOrder", struct.pack(f"<{len(entries)}H", *range(1, len(entries) + 1)))

    def save(self, path):
        with open(path, "wb") as f:
            f.write(self.flash)


def _wide(text):
    return (text + "\0").encode("utf-16-le")
