"""Linux guests that work on all their vcpus and tell what came out, and what kernels say when all is not well."""
import hashlib
import re

NUMBERS = hashlib.md5("".join(f"{n}\n" for n in range(1, 2001)).encode()).hexdigest()
TROUBLES = ["BUG:", "WARNING:", "Call Trace", "detected.*stall", "lockup", "hung task", "backward", "skew is"]
COMPLAINTS = f"dmesg | grep -iE '{'|'.join(TROUBLES)}' || true"


def config(name, vcpus, going_on, options=""):
    """The settings of a guest whose vcpus sort numbers, each as long as the shell's condition @going_on holds ($i counts), and
    which then says what it got how often, and what its kernel, with @options, complained of. Its command line is a line of its
    log, too."""
    complaints = " ".join(f"-e {trouble.replace(' ', '.')}" for trouble in TROUBLES)
    work = (f"for p in $(seq {vcpus}); do (while {going_on}; do seq 2000|sort -rn|sort -n|md5sum; i=$((i+1)); done >/tmp/w$p)& "
            f"done; wait; cat /tmp/w*|sort|uniq -c; dmesg|grep -i {complaints}|grep -v rl.run; echo work is done")
    return f"""name = "{name}"
kernel = "/guests/vmlinuz"
ramdisk = "/guests/linux.initrd"
memory = 160
vcpus = {vcpus}
extra = 'console=hvc0 loglevel=4 {options} rl.run="i=0; {work}"'
"""


def console(dom0, name):
    return dom0.shell(f"cat /var/log/xen/console/guest-{name}.log")[1]


def done(dom0, name):
    return "work is done" in console(dom0, name)


def rounds(dom0, name):
    """How often guest @name, which is done, sorted its numbers: always right, and its kernel had nothing to complain of."""
    told = console(dom0, name).replace("\r", "")
    found = re.search(rf"^ *(\d+) {NUMBERS}  -\nwork is done", told, re.MULTILINE)
    assert found and "  -\n" not in told[:found.start()], told
    return int(found[1])
