#!/usr/bin/python3
"""Puts the images for dom0 and the sample Linux guest together from unpacked packages; mkimage calls it.

dom0's initramfs is three archives in a row, which Linux unpacks one after the other:
  base     what comes from Debian's packages, compressed once and then cached (the slow part)
  guests   the sample guests: files that are compressed already, stored as they are
  ours     /init, settings, rl, our own guests: changes with every build, so it is kept quick
"""
import argparse
import glob
import hashlib
import lzma
import os
import struct
import subprocess
import sys

import initramfs

HERE = os.path.dirname(os.path.abspath(__file__))
DIRECTORIES = ("dev", "proc", "sys", "run", "tmp", "host", "root", "etc", "var/lib/xen", "var/lib/xenstored", "var/log", "mnt")


def base_archive(list_file, packages, modules, toolstack):
    """What a .list file names."""
    archive = initramfs.Archive()
    archive.usr_merge()
    for name in DIRECTORIES:
        archive.directory(name)
    archive.symlink("var/run", "/run")
    archive.symlink("var/lock", "/run/lock")
    archive.device("dev/console", 5, 1)

    rows = list(initramfs.read_list(list_file, toolstack))
    for row in rows:
        if row[0] == "libs":
            packages.offer_libs(row[1])
    for kind, *row in rows:
        if kind == "file":
            source = packages.path(row[0], row[1])
            archive.copy(source, row[2])
            if is_elf(source):
                packages.add_libs(archive, source)
        elif kind == "link":
            archive.symlink(row[1], row[0])
    modules.add(archive, [row[1] for row in rows if row[0] == "module"])
    initramfs.add_busybox(archive, packages.path("busybox-static", "/bin/busybox"))
    return archive


def is_elf(path):
    with open(path, "rb") as f:
        return f.read(4) == b"\x7fELF"


def write_compressed(archive, path, command, pad=4):
    """Writes the archive to @path through a compressor, padded to a multiple: of 4 where another archive follows."""
    with open(path + ".cpio", "wb") as f:
        archive.write(f)
    with open(path + ".cpio", "rb") as plain:
        packed = subprocess.run(command, stdin=plain, stdout=subprocess.PIPE, check=True).stdout
    os.unlink(path + ".cpio")
    with open(path + ".new", "wb") as f:
        f.write(packed + b"\0" * (-len(packed) % pad))
    os.replace(path + ".new", path)


def digest(*paths):
    """Names the state of everything that a cached archive is made of."""
    h = hashlib.sha256()
    for path in paths:
        h.update(os.path.basename(path).encode())
        with open(path, "rb") as f:
            h.update(f.read())
    return h.hexdigest()[:16]


def dom0_base(args, packages, modules):
    """The compressed archive of dom0.list, made when no cached one fits."""
    list_file = f"{HERE}/dom0.list"
    key = digest(list_file, f"{HERE}/initramfs.py", __file__, args.stamp)
    path = f"{args.cache}/dom0-{args.toolstack}-{key}.img"
    if not os.path.exists(path):
        print("== packing dom0's base image", file=sys.stderr)
        for stale in glob.glob(f"{args.cache}/dom0-{args.toolstack}-*.img"):
            os.unlink(stale)
        archive = base_archive(list_file, packages, modules, args.toolstack)
        write_compressed(archive, path, ["zstd", "-q", "-10", "-c"])
    with open(path, "rb") as f:
        return f.read()


def domu_image(args, packages, modules):
    """The sample Linux guest's initramfs: one archive in one gzip, since toolstacks unpack such an image themselves."""
    path = f"{args.out}/domu.initrd"
    archive = base_archive(f"{HERE}/domu.list", packages, modules, args.toolstack)
    archive.copy_tree(f"{HERE}/domu")
    write_compressed(archive, path, ["gzip", "-9n"], pad=1)
    return path


def guests_archive(args, domu):
    """/guests of dom0: kernels, images and their configuration files."""
    archive = initramfs.Archive()
    archive.copy(args.kernel, "guests/vmlinuz")
    archive.copy(domu, "guests/linux.initrd")
    archive.copy_tree(f"{HERE}/guests", "guests")
    for guest in args.guest:
        archive.copy(guest, "guests/" + os.path.basename(guest))
    return archive


def unpack_kernel(vmlinuz, path):
    """The ELF file that a bzImage holds packed by XZ: by the header's setup_sects, payload_offset and payload_length."""
    with open(vmlinuz, "rb") as f:
        image = f.read()
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = (image[0x1f1] + 1) * 512 + offset
    with open(path + ".new", "wb") as f:
        f.write(lzma.LZMADecompressor().decompress(image[start:start + length]))    # its size follows, and is left
    os.replace(path + ".new", path)


def dom0_image(args, packages, modules, domu):
    path = f"{args.out}/dom0{'-xl' if args.toolstack == 'xl' else ''}.initrd"
    ours = initramfs.Archive()
    ours.copy_tree(f"{HERE}/dom0")
    for program in args.program:
        ours.copy(program, "usr/bin/" + os.path.basename(program))
        for row in initramfs.read_list(f"{HERE}/dom0.list", args.toolstack):
            if row[0] == "libs":
                packages.offer_libs(row[1])
        packages.add_libs(ours, program)
    with open(path + ".new", "wb") as f:
        f.write(dom0_base(args, packages, modules))
        guests_archive(args, domu).write(f)
        ours.write(f)
    os.replace(path + ".new", path)
    print(f"== {path}: {os.path.getsize(path) / 2**20:.1f} MiB", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", required=True, help="folder of the unpacked packages")
    parser.add_argument("--stamp", required=True, help="file that names the packages' versions")
    parser.add_argument("--cache", required=True, help="folder for compressed parts")
    parser.add_argument("--out", required=True, help="folder for the images")
    parser.add_argument("--kernel", required=True, help="the vmlinuz of dom0 and of the sample Linux guest")
    parser.add_argument("--unpacked", help="where that kernel goes unpacked")
    parser.add_argument("--modules", required=True, help="its folder below /lib/modules")
    parser.add_argument("--toolstack", default="rl", choices=("rl", "xl"))
    parser.add_argument("--program", action="append", default=[], help="goes to /usr/bin, with its libraries")
    parser.add_argument("--guest", action="append", default=[], help="goes to /guests")
    args = parser.parse_args()

    packages = initramfs.Packages(args.packages)
    modules = initramfs.Modules(args.modules, os.path.basename(args.modules))
    dom0_image(args, packages, modules, domu_image(args, packages, modules))
    if args.unpacked and (not os.path.exists(args.unpacked) or os.path.getmtime(args.unpacked) < os.path.getmtime(args.kernel)):
        unpack_kernel(args.kernel, args.unpacked)


if __name__ == "__main__":
    main()
