#!/usr/bin/python3
"""Puts boot modules for GNU Mach under Xen into one file, which becomes the domain's ramdisk.

  modules.py OUT FILE COMMAND-LINE [FILE COMMAND-LINE]...

It begins with a multiboot_module for each (start, end, command line, 0), whose addresses count from the file's beginning,
and an empty one. Mach boots a single module as its first task; of several the command lines are a boot script.
"""
import struct
import sys

PAGE = 4096


def image(modules):
    """The file's bytes for a list of (content, command line)."""
    table, rest = b"", b""
    strings = b"".join(line.encode() + b"\0" for _, line in modules)
    place = 16 * (len(modules) + 1)
    begin = -(-(place + len(strings)) // PAGE) * PAGE
    for content, line in modules:
        start = begin + len(rest)
        table += struct.pack("<4I", start, start + len(content), place, 0)
        rest += content + b"\0" * (-len(content) % PAGE)
        place += len(line.encode()) + 1
    head = table + bytes(16) + strings
    return head + b"\0" * (begin - len(head)) + rest


def main():
    out, *words = sys.argv[1:]
    modules = []
    for path, line in zip(words[::2], words[1::2], strict=True):
        with open(path, "rb") as f:
            modules.append((f.read(), line))
    with open(out, "wb") as f:
        f.write(image(modules))


if __name__ == "__main__":
    main()
