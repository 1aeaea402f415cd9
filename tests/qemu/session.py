"""A booted machine to talk to: QEMU under pexpect, its serial port kept in B/logs/NAME.log (make test: B/logs/WORKER/).

Time limits count only time in which the machine could run: not what QEMU's threads waited for a CPU of a busy host.
"""
import glob
import os
import re
import shutil
import signal
import sys
import time

import pexpect

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../scripts"))
import machine as m  # noqa: E402  (found by the line above)

LOGS = os.path.join(m.B, "logs", os.environ.get("PYTEST_XDIST_WORKER", ""))   # two workers may boot the same machine
PROMPT = r"dom0:[^#\r\n]*# "
SLOW = float(os.environ.get("RL_SLOW", "1"))    # stretches every time limit, for slow machines
LONG = float(os.environ.get("RL_LONG", "1"))    # ... and how long the tests last that last for a set time
SESSIONS = []       # all that ever started, for conftest.py to show the logs of a failing test


def soak(seconds):
    """How long a test marked soak is to last that is meant to last @seconds."""
    return seconds * LONG


class Failed(AssertionError):
    """What was awaited did not come."""


class Session:
    """One run of QEMU. Use it in a `with`: leaving kills what still runs."""

    def __init__(self, machine, name, echo=None):
        SESSIONS.append(self)
        os.makedirs(LOGS, exist_ok=True)
        self.machine = machine
        self.name = name
        self.log_path = os.path.join(LOGS, re.sub(r"[^\w.+-]+", "_", name) + ".log")
        self.log = open(self.log_path, "w", encoding="utf-8", errors="replace")
        self.commands = 0
        self.echo = echo
        self._start()

    def _start(self):
        self.starved = 0            # for clock()
        self.ended = None           # (exit code, what happened)
        self.outcome = m.Outcome()
        line = self.machine.command() + self.outcome.options() + ["-serial", "stdio"]
        self.log.write(" ".join(line) + "\n")
        self.qemu = pexpect.spawn(line[0], line[1:], encoding="utf-8", codec_errors="replace", echo=False,
                                  dimensions=(50, 250), timeout=60)
        self.qemu.logfile_read = Tee(self.log, self.echo)
        self.qemu.delaybeforesend = None
        self.outcome.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.ended is None:
            self.qemu.kill(signal.SIGKILL)
            self._reap()
            self.outcome.finish(-9)
        self.log.close()

    # --- time --------------------------------------------------------------------------------------------------------

    def clock(self):
        """Seconds that went by, less those that QEMU's busiest thread was ready to run and the host had no CPU for it."""
        for path in glob.glob(f"/proc/{self.qemu.pid}/task/*/schedstat"):
            try:
                with open(path, encoding="ascii") as f:
                    self.starved = max(self.starved, int(f.read().split()[1]) / 1e9)    # it tells nanoseconds
            except (OSError, IndexError):
                pass            # the thread has gone, or the host doesn't count
        return time.monotonic() - self.starved

    def wait_until(self, what, condition, seconds=60):
        """Waits until @condition() holds."""
        deadline = self.clock() + seconds * SLOW
        while not condition():
            if self.clock() >= deadline:
                raise Failed(f"{self.name}: not {what} within {seconds * SLOW:.0f} s")
            time.sleep(1)

    # --- the serial port ---------------------------------------------------------------------------------------------

    def expect(self, pattern, timeout=60):
        """Waits for one of @pattern (a regular expression or a list of them); the match."""
        patterns = [pattern] if isinstance(pattern, str) else list(pattern)
        deadline = self.clock() + timeout * SLOW
        try:
            self._expect_until(patterns, deadline)
        except pexpect.TIMEOUT:
            raise Failed(f"{self.name}: no {pattern!r} within {timeout * SLOW:.0f} s") from None
        except pexpect.EOF:
            raise Failed(f"{self.name}: QEMU ended before {pattern!r}: {self.end()[1]}") from None
        return self.qemu.match

    def _expect_until(self, patterns, deadline):
        """pexpect's expect() with a @deadline by clock()."""
        while True:
            try:
                return self.qemu.expect(patterns, timeout=max(0.1, deadline - self.clock()))
            except pexpect.TIMEOUT:
                if self.clock() >= deadline:
                    raise

    def send(self, text):
        self.qemu.send(text)

    def send_line(self, text=""):
        """Types a line, slowly: a serial port's receive buffer is small, and nobody holds us back."""
        for i in range(0, len(text), 16):
            self.send(text[i:i + 16])
            time.sleep(0.02)
        self.send("\r")

    def tail(self, lines=40):
        """The end of the serial log, for messages."""
        if not self.log.closed:
            self.log.flush()
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            text = [line.rstrip() for line in f]
        return f"--- the last lines of {self.log_path}:\n" + "\n".join(text[-lines:])

    def text(self):
        """All that came so far."""
        self.log.flush()
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    # --- dom0's shell ------------------------------------------------------------------------------------------------

    def wait_for_shell(self, timeout=120):
        """Waits for dom0's first prompt. QEMU may die of a fault of its own meanwhile (docs/debugging.md): once it starts anew."""
        try:
            self.expect(PROMPT, timeout)
        except Failed:
            if not self.ended or self.ended[1] != "QEMU died from signal 11":
                raise
            self.log.write(f"\n--- {self.ended[1]}: once more\n")
            self._start()
            self.expect(PROMPT, timeout)
        return self

    def shell(self, command, timeout=60):
        """Runs a shell command in dom0; (exit status, output). Both streams, by way of the host folder."""
        self.commands += 1
        n = self.commands
        here = self.machine.host_dir
        with open(f"{here}/cmd.{n}", "w", encoding="utf-8") as f:
            f.write(command + "\n")
        self.send_line(f"sh /host/cmd.{n} </dev/null >/host/out.{n} 2>&1; echo @{n} rc=$?")
        status = int(self.expect(rf"@{n} rc=(\d+)", timeout).group(1))
        self.expect(PROMPT)
        with open(f"{here}/out.{n}", encoding="utf-8", errors="replace") as f:
            output = f.read()
        self.log.write(f"\n--- {command}\n{output}--- status {status}\n")
        return status, output

    def check(self, command, timeout=60):
        """Like shell(), but the command must succeed; its output."""
        status, output = self.shell(command, timeout)
        if status:
            raise Failed(f"`{command}` in dom0 gave status {status}:\n{output}")
        return output

    def take(self, path):
        """Copies a file of the host's into dom0's /tmp, which is faster to read than /host; its path there."""
        name = os.path.basename(path)
        shutil.copy(path, self.machine.host_dir)
        self.check(f"cp /host/{name} /tmp/ && rm /host/{name}")
        return f"/tmp/{name}"

    # --- the hypervisor's debug keys ---------------------------------------------------------------------------------

    def debug_key(self, key):
        """What debug key @key prints, a list of lines; dom0's shell must be at its prompt."""
        switch, lines = "\x01" * 3, []
        self.send(switch)
        self.expect(r"the serial line talks to the hypervisor[^\n]*\n")
        self.send(key)
        self.expect(rf"'{key}': [^\n]*\n")
        self.send(switch)
        while True:
            line = self.expect(r"\(RL\) ([^\r\n]*)\r*\n").group(1)
            if line.startswith("the serial line talks to dom0"):
                return lines
            lines.append(line.strip())

    # --- the screen --------------------------------------------------------------------------------------------------

    def vga_text(self):
        """What the VGA's text screen shows: 25 lines."""
        path = f"{self.outcome.folder}/screen"
        self.outcome.execute("pmemsave", val=0xb8000, size=80 * 25 * 2, filename=path)
        self.wait_until("the screen saved", lambda: os.path.exists(path) and os.path.getsize(path) == 80 * 25 * 2)
        with open(path, "rb") as f:
            cells = f.read()[::2].decode("cp437")
        os.unlink(path)
        text = "\n".join(cells[i:i + 80].rstrip() for i in range(0, len(cells), 80))
        self.log.write(f"\n--- the screen\n{text}\n---\n")
        return text

    # --- the end -----------------------------------------------------------------------------------------------------

    def end(self, timeout=60):
        """Waits until QEMU has ended; (exit code, what happened), as scripts/run reports it."""
        if self.ended is None:
            try:
                self._expect_until([pexpect.EOF], self.clock() + timeout * SLOW)
            except pexpect.TIMEOUT:
                raise Failed(f"{self.name}: QEMU still runs after {timeout * SLOW:.0f} s") from None
            self._reap()
            status = self.qemu.exitstatus if self.qemu.signalstatus is None else -self.qemu.signalstatus
            self.ended = self.outcome.finish(status)
        return self.ended


    def _reap(self):
        """Waits for QEMU's end, which has begun. close() alone gives it a tenth of a second: too little on a busy host."""
        self.qemu.wait()
        self.qemu.close()


class Tee:
    """A file-like object that writes to the log, without what is for terminals only, and to @echo as it comes."""

    def __init__(self, log, echo=None):
        self.log = log
        self.echo = echo

    def write(self, text):
        self.log.write(re.sub("\r|\x1b\\[6n", "", text))
        if self.echo:
            self.echo.write(text)

    def flush(self):
        self.log.flush()
        if self.echo:
            self.echo.flush()
