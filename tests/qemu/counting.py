"""Machines whose executed instructions are counted, by a plugin for QEMU (count/count.c), and make the time: two nanoseconds
each, so that nothing depends on the host. A processor that sleeps executes nothing, and time goes on to what wakes it.
"""
import mmap
import os
import struct
from dataclasses import dataclass

import session as s

SHIFT = 1                           # an instruction takes 2 to the power of this nanoseconds
A_SECOND = 1_000_000_000 >> SHIFT   # so many instructions, of a processor that never sleeps
ICOUNT = ["-icount", f"shift={SHIFT},sleep=off", "-rtc", "base=2024-01-01,clock=vm"]


@dataclass
class Counts:
    """Instructions so far, or between two moments."""
    guests: int
    hypervisor: int

    def __sub__(self, other):
        return Counts(self.guests - other.guests, self.hypervisor - other.hypervisor)

    def __floordiv__(self, by):
        return Counts(self.guests // by, self.hypervisor // by)

    @property
    def all(self):
        return self.guests + self.hypervisor


class _Plugin:
    """One that writes a file, which we read."""

    def __init__(self, name, folder, size):
        self.name = name
        self.path = os.path.join(folder, name)
        with open(self.path, "wb") as f:
            f.truncate(size)
        with open(self.path, "rb") as f:
            self.map = mmap.mmap(f.fileno(), size, prot=mmap.PROT_READ)

    def device(self):
        return ["-plugin", f"file={s.m.plugin(self.name)},counts={self.path}"]


class Counter(_Plugin):
    """Counts one machine's instructions: give it options() among its devices."""

    def __init__(self, folder):
        super().__init__("count", folder, struct.calcsize("=QQ"))

    def options(self):
        return [*self.device(), *ICOUNT]

    def now(self):
        return Counts(*struct.unpack("=QQ", self.map[:]))


@dataclass
class Wait:
    """How many instructions the hypervisor executed without taking interrupts; the addresses of their first and last blocks."""
    instructions: int
    first: int
    last: int


class Waits(_Plugin):
    """Finds the longest wait in each stretch that a guest marks: count/waits.c. Give the machine device()."""
    MEASURES = 256

    def __init__(self, folder):
        super().__init__("waits", folder, struct.calcsize("=Q") + self.MEASURES * struct.calcsize("=QQQ"))

    def found(self):
        measures, = struct.unpack_from("=Q", self.map)
        return [Wait(*struct.unpack_from("=QQQ", self.map, 8 + 24 * n)) for n in range(measures)]
