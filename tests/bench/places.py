"""Which functions the addresses lie in that a recording has: of the hypervisor, and of the guest if it has symbols."""
import bisect
import re
import subprocess

from boots import machine

HYPERVISOR = range(0xffff800000000000, 0xffff880000000000)      # L4 slots 256 to 271


class Places:
    """Which functions an address lies in: the one that was compiled first, then what is inlined into it, each into the one before.

    @guest: the guest's ELF, None if it has no symbols.
    """

    def __init__(self, addresses, hv, guest=None):
        self.at = {}
        self.compiled = set()   # those that C was compiled to
        ours = [a for a in addresses if a in HYPERVISOR]
        if guest:
            self._ask([a for a in addresses if a not in HYPERVISOR], guest)
        if hv == "ringleader":
            self._ask(ours, f"{machine.B}/ringleader-syms")
        for a in addresses:
            self.at.setdefault(a, ["xen"] if hv == "peer" and a in HYPERVISOR else ["?"])

    def _ask(self, addresses, elf):
        symbols = self._symbols(elf)
        text = "".join(f"{a:#x}\n" for a in addresses)
        out = subprocess.run(["addr2line", "-a", "-i", "-f", "-s", "-e", elf], input=text, stdout=subprocess.PIPE, text=True, check=True)
        for block in re.split(r"^0x", out.stdout, flags=re.M)[1:]:
            address, *lines = block.splitlines()
            names = [name for name in lines[0::2] if name != "??"][::-1]
            address = int(address, 16)
            self.at[address] = names or symbols(address)
            if re.match(r"\S+\.[ch]:", lines[-1]):
                self.compiled.add(address)

    @staticmethod
    def _symbols(elf):
        """What is in assembly has no function in the debug information: the last symbol before it."""
        out = subprocess.run(["nm", "-n", elf], stdout=subprocess.PIPE, text=True, check=True).stdout
        known = [(int(a, 16), name) for a, kind, name in (line.split() for line in out.splitlines() if len(line.split()) == 3)
                 if kind in "tT"]
        starts = [a for a, _ in known]

        def find(address):
            i = bisect.bisect_right(starts, address) - 1
            return [known[i][1] if i >= 0 and address - starts[i] < 0x10000 else "?"]
        return find
