"""A booted machine to talk to: QEMU under pexpect, its serial port kept in B/logs/NAME.log."""
import os
import re
import sys
import time

import pexpect

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../scripts"))
import machine as m  # noqa: E402  (found by the line above)

LOGS = os.path.join(m.B, "logs")
PROMPT = r"dom0:[^#\r\n]*# "
SLOW = float(os.environ.get("RL_SLOW", "1"))    # stretches every time limit on a slow or busy machine


class Failed(AssertionError):
    """What was awaited did not come; the text ends with the tail of the serial log."""


class Session:
    """One run of QEMU. Use it in a `with`: leaving kills what still runs."""

    def __init__(self, machine, name, echo=None):
        os.makedirs(LOGS, exist_ok=True)
        self.machine = machine
        self.name = name
        self.log_path = os.path.join(LOGS, re.sub(r"[^\w.+-]+", "_", name) + ".log")
        self.log = open(self.log_path, "w", encoding="utf-8", errors="replace")
        self.commands = 0
        self.ended = None           # (exit code, what happened)
        self.outcome = m.Outcome()
        line = machine.command() + self.outcome.options() + ["-serial", "stdio"]
        self.log.write(" ".join(line) + "\n")
        self.qemu = pexpect.spawn(line[0], line[1:], encoding="utf-8", codec_errors="replace", echo=False,
                                  dimensions=(50, 250), timeout=60)
        self.qemu.logfile_read = Tee(self.log, echo)
        self.qemu.delaybeforesend = None
        self.outcome.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.ended is None:
            self.qemu.close(force=True)
            self.outcome.finish(-9)
        self.log.close()

    # --- the serial port ---------------------------------------------------------------------------------------------

    def expect(self, pattern, timeout=60):
        """Waits for one of @pattern (a regular expression or a list of them); the match. Fails with the log's tail."""
        patterns = [pattern] if isinstance(pattern, str) else list(pattern)
        try:
            self.qemu.expect(patterns, timeout=timeout * SLOW)
        except pexpect.TIMEOUT:
            raise Failed(f"{self.name}: no {pattern!r} within {timeout * SLOW:.0f} s\n{self.tail()}") from None
        except pexpect.EOF:
            raise Failed(f"{self.name}: QEMU ended before {pattern!r}: {self.end()[1]}\n{self.tail()}") from None
        return self.qemu.match

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
            raise Failed(f"`{command}` in dom0 gave status {status}:\n{output}\n{self.tail()}")
        return output

    # --- the screen --------------------------------------------------------------------------------------------------

    def vga_text(self):
        """What the VGA's text screen shows: 25 lines."""
        path = f"{self.outcome.folder}/screen"
        self.outcome.execute("pmemsave", val=0xb8000, size=80 * 25 * 2, filename=path)
        deadline = time.monotonic() + 10 * SLOW
        while not os.path.exists(path) or os.path.getsize(path) < 80 * 25 * 2:
            assert time.monotonic() < deadline, "QEMU doesn't save the screen"
            time.sleep(0.1)
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
                self.qemu.expect(pexpect.EOF, timeout=timeout * SLOW)
            except pexpect.TIMEOUT:
                raise Failed(f"{self.name}: QEMU still runs after {timeout * SLOW:.0f} s\n{self.tail()}") from None
            self.qemu.close()
            status = self.qemu.exitstatus if self.qemu.signalstatus is None else -self.qemu.signalstatus
            self.ended = self.outcome.finish(status)
        return self.ended


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
