"""Debian's `xl`, unmodified, against a stock Linux guest: every verb that an administrator of PV guests uses, one boot.

The same tests pass on Debian's Xen (`scripts/test qemu --hv=peer -k test_xl`): what works there works here.
"""
import re
import shutil
import struct
import subprocess

import pytest

import session as s
import settings

LINUX = "/guests/linux.cfg"
HELLO = "/guests/hello.cfg"
CONSOLE = "/var/log/xen/console/guest-linux.log"
LEAVE = "\x1d"      # Ctrl-]


@pytest.fixture(scope="module")
def dom0(hv, tmp_path_factory):
    """dom0 at its shell, with xl, and no guest."""
    machine = s.m.Machine(hv=hv, kernel=s.m.UNPACKED, mem="2G", append="dom0_mem=768M", network=False, cpus=2,
                          host_dir=str(tmp_path_factory.mktemp("xl")))
    machine.initrd = settings.build_image("xl")
    with s.Session(machine, "xl") as session:
        session.wait_for_shell(240)
        yield session


@pytest.fixture(scope="module")
def guest(dom0):
    """A Linux guest that has come up, with one vcpu of four. It is the same for all tests, which come in order."""
    kernel = dom0.take(s.m.UNPACKED)        # or each of its starts would take xl seconds to unpack it
    dom0.check(f"xl create {LINUX} 'kernel=\"{kernel}\"' maxvcpus=4", 120)
    console_says(dom0, "is up with 1 CPU", 120)
    return dom0


@pytest.fixture
def linux(guest):
    """The guest's domid."""
    return domid(guest)


def domid(dom0):
    return int(dom0.check("xl domid linux"))


def console_says(dom0, text, seconds=60):
    """Waits until the guest's console has shown @text."""
    dom0.wait_until(f"'{text}' on the guest's console", lambda: text in dom0.shell(f"cat {CONSOLE}")[1], seconds)


def type_in(dom0, line):
    """Types a line on the guest's console: xenconsoled takes it from the terminal that the store names."""
    dom0.check(f"echo '{line}' > $(xenstore-read /local/domain/{domid(dom0)}/console/tty)")


def state(dom0):
    """The guest's state letters, of `xl list`; None if it has gone."""
    found = re.search(r"^linux +\d+ +\d+ +\d+ +(\S+)", dom0.check("xl list"), re.MULTILINE)
    return found and found.group(1)


def mib(dom0):
    return int(re.search(r"^linux +\d+ +(\d+)", dom0.check("xl list linux"), re.MULTILINE).group(1))


def test_tells_of_the_machine(dom0):
    """info, list, dmesg, uptime, cpupool-list, sched-credit2, vcpu-list, debug-keys, of dom0 alone."""
    assert re.search(r"^xen_version *: 4\.17", dom0.check("xl info"), re.MULTILINE)
    assert "Domain-0" in dom0.check("xl list -v")
    assert '"domid": 0' in dom0.check("xl list -l")
    assert dom0.check("xl dmesg").strip()
    assert "Domain-0" in dom0.check("xl uptime")
    assert re.search(r"Pool-0 +2 +credit2 +y +1", dom0.check("xl cpupool-list"))
    assert re.search(r"Domain-0 +0 +256", dom0.check("xl sched-credit2"))
    assert len(re.findall(r"^Domain-0 ", dom0.check("xl vcpu-list"), re.MULTILINE)) == 2
    dom0.check("xl debug-keys h")
    assert dom0.check("xl dmesg | tail -n 60").count("\n") > 10
    # All of Xen's but R, which reboots, and W, which hangs a CPU for the watchdog if there is one: none disturbs.
    dom0.check("for key in % '*' + - 0 A G H I M N Q a c d e g h i m n q r s t u v w x z W; do xl debug-keys $key; done")
    assert re.search(r"Domain-0 .*-----r", dom0.check("xentop -b -i 1"))
    assert "VCPU 0: Interdomain" in dom0.check("lsevtchn 0")


def records(path):
    """What xentrace wrote to a file: (event, words) of each record."""
    with open(path, "rb") as f:
        data = f.read()
    found, at = [], 0
    while at + 12 <= len(data):
        head, = struct.unpack_from("<I", data, at)
        at += 12 if head >> 31 else 4                           # the TSC follows, or not
        if at + 4 * (head >> 28 & 7) > len(data):               # it was still being written
            break
        words = struct.unpack_from(f"<{head >> 28 & 7}I", data, at)
        at += 4 * len(words)
        found.append((head & 0xfffffff, words))
    return found


def test_xentrace(dom0):
    """xentrace and xenalyze read what the hypervisor records: hypercalls, faults, switches, a domain that comes and goes."""
    # Not to /host: the kernel can't write mapped pages of others there.
    dom0.check("xentrace -D -S 512 /tmp/trace & "
               "until [ -s /tmp/trace ]; do usleep 100000; done; "
               f"xl create {HELLO} && xl destroy hello", 120)

    def domain_gone():
        dom0.check("cp /tmp/trace /host/trace")
        return any(event == 0x41002 for event, _ in records(f"{dom0.machine.host_dir}/trace"))
    dom0.wait_until("recorded that the domain has gone", domain_gone, 120)
    # xenalyze gives up where a vcpu comes before the one that it replaces has left.
    dom0.check("kill -INT $(pidof xentrace); while pidof xentrace > /dev/null; do usleep 100000; done; "
               "cp /tmp/trace /host/trace; xenalyze --dump-all /tmp/trace > /dev/null && rm /tmp/trace", 120)
    found = records(f"{dom0.machine.host_dir}/trace")
    events = {event for event, _ in found}
    calls = {words[0] & 0xfffff for event, words in found if event == 0x20100d}
    assert {0x20100d, 0x20200e} <= events, "hypercalls, alone and in multicalls"
    assert {1, 26, 32, 36} <= calls, "mmu_update, mmuext_op, event_channel_op, domctl"
    assert 0x201104 in events, "page faults"
    assert {0x21021, 0x21101, 0x21211, 0x2800a} <= events, "a vcpu goes to sleep, runs, wakes up; a switch"
    came, went = ([words[0] for event, words in found if event == which] for which in (0x41001, 0x41002))
    assert len(came) == 1 and came == went, "the domain"
    cpus = {words[0] for event, words in found if event == 0x1f003}
    assert cpus == {0, 1}


def test_xenperf(dom0):
    """xenperf reads counters and histograms, whose sum is the number of calls, and sets them to 0."""
    dom0.check("xl debug-keys l; xenperf > /dev/null; xl debug-keys L")
    text = dom0.check("xenperf")
    found = {name.strip(): int(total) for name, total in re.findall(r"^(.+?) +T= *(\d+)", text, re.MULTILINE)}
    assert found["hypercall sysctl: calls by ns"] >= 1, text
    assert found["page faults delivered to guests"] > 0
    dom0.check("xenperf -r")
    found = dict(re.findall(r"^(.+?) +T= *(\d+)", dom0.check("xenperf"), re.MULTILINE))
    assert int(found["hypercall sysctl: calls by ns"]) == 0


def create_from(dom0, name, kernel, *more):
    """A domain of a file from the build folder."""
    shutil.copy(f"{s.m.B}/{kernel}", f"{dom0.machine.host_dir}/{name}")
    with open(f"{dom0.machine.host_dir}/{name}.cfg", "w", encoding="utf-8") as f:
        f.write("\n".join([f'name = "{name}"', f'kernel = "/host/{name}"', "memory = 64", *more]) + "\n")
    dom0.check(f"xl create /host/{name}.cfg", 120)


def visit(dom0, name, line, answer):
    """`xl console` attaches to the domain's console; what is typed there is answered; Ctrl-] leaves, and the domain goes on."""
    dom0.send_line(f"xl console {name}")
    dom0.expect(f"xl console {name}")
    dom0.send_line()
    dom0.send_line(line)
    dom0.expect(answer, 120)
    dom0.send(LEAVE)
    dom0.expect(s.PROMPT)
    assert re.search(rf"^{name} .* [rb-]{{2}}---- ", dom0.check("xl list"), re.MULTILINE)


def test_grub(dom0):
    """create of a PV GRUB image, console: to its prompt, which answers."""
    subprocess.run([f"{s.m.TOP}/guest-ports/grub/mkimage"], check=True)
    create_from(dom0, "grub", "grub/grub-x86_64-xen.bin")
    visit(dom0, "grub", "echo $grub_cpu is it", "x86_64 is it")
    dom0.check("xl destroy grub")


@pytest.mark.ours
def test_32_bit(dom0):
    """create and console of a 32-bit guest, which Debian's Xen has no support for; its width as xl tells it."""
    create_from(dom0, "narrow", "guests/hello32", "vcpus = 2")
    visit(dom0, "narrow", "is there anybody", "you said: is there anybody")
    assert "hello from a guest domain" in dom0.check("cat /var/log/xen/console/guest-narrow.log")
    dom0.check("xl pause narrow && xl unpause narrow && xl shutdown -w narrow", 120)
    dom0.wait_until("gone", lambda: "narrow" not in dom0.check("xl list"))


def test_tsc_mode(dom0):
    """create with tsc_mode: a guest's TSC is emulated; that it goes on well, the guest says itself."""
    create_from(dom0, "tsc", "tests/tsc", 'tsc_mode = "always_emulate"', 'extra = "emulated"', 'on_poweroff = "preserve"',
                'on_crash = "preserve"')
    console = "/var/log/xen/console/guest-tsc.log"
    dom0.wait_until("its word", lambda: "RL-TESTS" in dom0.shell(f"cat {console}")[1], 60)
    assert "RL-TESTS 1 succeeded" in dom0.check(f"cat {console}"), dom0.check(f"cat {console}")
    dom0.check("xl destroy tsc")


def pools(dom0):
    """{name: (CPUs, domains)}"""
    cpus = dict(re.findall(r"^(\S+) +([\d,-]*)$", dom0.check("xl cpupool-list -c"), re.MULTILINE))
    return {name: (cpus[name], int(domains)) for name, domains
            in re.findall(r"^(\S+) +\d+ +credit2 +y +(\d+)", dom0.check("xl cpupool-list"), re.MULTILINE)}


def test_pools(dom0):
    """cpupool-cpu-remove, -create, -migrate, -rename, -cpu-add, -destroy, -numa-split; sched-credit2 of a pool."""
    dom0.check("xl cpupool-cpu-remove Pool-0 1")
    dom0.check("""xl cpupool-create 'name="other"' 'cpus=["1"]'""")
    assert pools(dom0) == {"Pool-0": ("0", 1), "other": ("1", 0)}
    dom0.check(f"""xl create {HELLO} 'pool="other"'""", 120)
    assert re.search(r"^hello +\d+ +0 +1 ", dom0.check("xl vcpu-list hello"), re.MULTILINE)
    assert "busy" in dom0.check("xl cpupool-cpu-remove other 1"), "hello needs it"
    dom0.check("xl sched-credit2 -s -p other -r 2000")
    assert "Cpupool other: ratelimit=2000us" in dom0.check("xl sched-credit2 -p other")
    dom0.check("xl cpupool-migrate hello Pool-0 && xl cpupool-rename other another")
    assert pools(dom0) == {"Pool-0": ("0", 2), "another": ("1", 0)}
    dom0.check("xl cpupool-migrate hello another")
    assert pools(dom0) == {"Pool-0": ("0", 1), "another": ("1", 1)}
    dom0.check("xl destroy hello && xl cpupool-destroy another && xl cpupool-cpu-add Pool-0 1")
    assert pools(dom0) == {"Pool-0": ("0,1", 1)}
    dom0.check("xl cpupool-numa-split && xl cpupool-rename Pool-node0 Pool-0")
    assert pools(dom0) == {"Pool-0": ("0,1", 1)}


def test_console(dom0, linux):
    """console: to the shell of a Linux guest, twice, since one may come back."""
    for n in (11, 13):
        visit(dom0, "linux", f"echo $(({n} * 7)) is it", f"{n * 7} is it")
    assert domid(dom0) == linux


@pytest.mark.usefixtures("linux")
def test_top(dom0):
    """top: the screen of xentop, on a terminal; q leaves it."""
    dom0.send_line("stty rows 50 cols 200; xl top")
    dom0.expect(r"\d+ domains: ")
    for column in ("NAME", "Domain-0", "-----r", "linux"):      # between them the terminal's cursor is moved about
        dom0.expect(column)
    dom0.send("q")
    dom0.expect(s.PROMPT)


def test_life(dom0, linux):
    """create, list -l, pause, unpause, rename, console, sysrq, trigger nmi, xenstore-ls, xentop, uptime, lsevtchn."""
    assert f'"domid": {linux}' in dom0.check("xl list -l linux")
    dom0.check("xl pause linux")
    assert "p" in state(dom0)
    dom0.check("xl unpause linux")
    assert "p" not in state(dom0)
    dom0.check("xl rename linux other")
    assert dom0.check("xl domname " + str(linux)).strip() == "other"
    dom0.check("xl rename other linux")
    type_in(dom0, "echo $((6 * 7))9")
    console_says(dom0, "429")
    dom0.check("xl sysrq linux h")
    console_says(dom0, "sysrq: HELP")
    dom0.check("xl trigger linux nmi")
    console_says(dom0, "NMI received")
    assert "linux" in dom0.check(f"xenstore-ls /local/domain/{linux}")
    assert re.search(r"^ +linux ", dom0.check("xentop -b -i 1"), re.MULTILINE)
    assert "linux" in dom0.check("xl uptime")
    assert "Interdomain" in dom0.check(f"lsevtchn {linux}")


@pytest.mark.usefixtures("linux")
def test_memory(dom0):
    """mem-set down and up: the guest's balloon follows, and so does what `xl list` tells."""
    assert mib(dom0) == 128
    dom0.check("xl mem-set linux 100")
    dom0.wait_until("down to 100 MiB", lambda: mib(dom0) == 100)
    dom0.check("xl mem-set linux 120")
    dom0.wait_until("up to 120 MiB", lambda: mib(dom0) == 120)


@pytest.mark.usefixtures("linux")
def test_vcpus(dom0):
    """vcpu-set, vcpu-pin, sched-credit2."""
    def online():
        return len(re.findall(r"^linux +\d+ +\d+ +\d ", dom0.check("xl vcpu-list linux"), re.MULTILINE))

    assert online() == 1
    dom0.check("xl vcpu-set linux 2")
    type_in(dom0, "for c in /sys/devices/system/cpu/cpu[1-9]*; do echo 1 > $c/online; done; echo brought up")
    console_says(dom0, "\nbrought up")
    dom0.wait_until("two vcpus online", lambda: online() == 2)
    dom0.check("xl vcpu-set linux 1")
    dom0.wait_until("one vcpu online", lambda: online() == 1)

    dom0.check("xl vcpu-pin linux 0 1 all")
    assert re.search(r"^linux +\d+ +0 +1 +\S+ +\S+ +1 / all", dom0.check("xl vcpu-list linux"), re.MULTILINE)
    dom0.check("xl sched-credit2 -d linux -w 512 -c 50")
    assert re.search(r"linux +\d+ +512 +50", dom0.check("xl sched-credit2 -d linux"))
    assert dom0.shell("xl sched-credit2 -d linux -w 65536")[0] != 0


def test_reboot(dom0, linux):
    dom0.check("xl reboot linux")
    dom0.wait_until("a new domain", lambda: dom0.shell("xl domid linux")[1].strip() not in ("", str(linux)), 120)
    dom0.wait_until("up again", lambda: dom0.shell(f"cat {CONSOLE}")[1].count("is up with") == 2, 120)


def test_save_and_restore(dom0, linux):
    """A process of the guest counts on where it was saved; its memory is as it was."""
    type_in(dom0, "head -c 8000000 /dev/urandom > /tmp/data; md5sum /tmp/data > /tmp/sum; echo ready")
    console_says(dom0, "\nready")
    # By mv, so that whoever reads the count finds one.
    type_in(dom0, "(n=0; while [ $n -lt 100000 ]; do n=$((n+1)); echo $n > /tmp/new; mv /tmp/new /tmp/n; usleep 10000; done) & echo counting")
    console_says(dom0, "\ncounting")
    for round in range(2):          # a domain that was restored can be saved again
        dom0.check("xl save linux /tmp/saved", 180)
        assert state(dom0) is None
        dom0.check("xl restore /tmp/saved && rm /tmp/saved", 180)
        assert domid(dom0) == linux + round + 1
        type_in(dom0, f"cp /tmp/n /tmp/m; usleep 500000; [ $(cat /tmp/n) -gt $(cat /tmp/m) ] && md5sum -c /tmp/sum && echo round {round}")
        console_says(dom0, f"\nround {round}")
    type_in(dom0, "kill $!")


def test_save_that_goes_on(dom0, linux):
    """save -c: the guest is resumed where it was, in the same domain. xl no longer watches it: it won't reboot after this."""
    dom0.check("xl save -c linux /tmp/saved && rm /tmp/saved", 180)
    assert domid(dom0) == linux
    type_in(dom0, "echo $((6 * 7))8")
    console_says(dom0, "428")


def test_dump_core(dom0, linux):
    """A core is an ELF file with the registers and all of the memory of the guest, which goes on."""
    dom0.check("xl mem-set linux 100")
    dom0.wait_until("down to 100 MiB", lambda: mib(dom0) == 100)
    dom0.check("xl dump-core linux /tmp/core", 180)
    size = int(dom0.check("stat -c %s /tmp/core"))
    assert 100 << 20 < size < 102 << 20
    assert dom0.check("head -c 4 /tmp/core").endswith("ELF")
    dom0.check("rm /tmp/core")
    type_in(dom0, "echo $((6 * 7))7")
    console_says(dom0, "427")
    assert domid(dom0) == linux


@pytest.mark.usefixtures("linux")
def test_shutdown(dom0):
    """Nobody watches the guest since it was saved, so that it stays for us to look at, and to destroy."""
    dom0.check("xl shutdown -w linux", 120)
    dom0.wait_until("shut down", lambda: "s" in state(dom0))
    dom0.check("xl destroy linux")
    assert state(dom0) is None
