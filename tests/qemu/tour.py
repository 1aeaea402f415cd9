#!/usr/bin/python3
"""The scripted tour: what `make run` plays when it has no terminal, and what tests/qemu/test_tour.py checks.

Boots dom0, creates one guest of ours and one Linux, looks at them, pauses, shuts down, destroys, powers off; the session
is printed as it happens. Exits 0, or 1 with the reason.
"""
import re
import shutil
import sys
import tempfile

import session as s
import settings


class Tour:
    """The steps, in order; each says on the console what the reader sees next."""

    def __init__(self, session):
        self.session = session

    def say(self, text):
        print(f"\n\n== {text}\n", flush=True)

    def rl(self, command, timeout=60):
        """Types a command at dom0's prompt; its output. Its exit status must be 0."""
        self.session.send_line(f"{command}; echo status=$?")
        match = self.session.expect(r"(?s)status=\$\?\s*(.*?)status=(\d+)", timeout)
        self.session.expect(s.PROMPT)
        if match[2] != "0":
            raise s.Failed(f"`{command}` gave status {match[2]}")
        return match[1]

    def state_of(self, domain):
        """The line of `rl list` about a domain; empty when there is none."""
        found = re.search(rf"^\s*{domain}\s.*$", self.rl("rl list"), re.MULTILINE)
        return found[0] if found else ""

    def look_at_console(self, domain, pattern, type_first=""):
        """Attaches to a guest's console until it shows @pattern, then leaves by ^]."""
        self.session.send_line(f"rl console {domain}")
        if type_first:
            self.session.expect(f"rl console {domain}")
            self.session.send_line(type_first)
        self.session.expect(pattern, 120)
        self.session.send("\x1d")
        self.session.expect(s.PROMPT)

    def play(self):
        self.say("The hypervisor starts, and Debian's Linux as dom0 on it")
        self.session.wait_for_shell(180)
        self.session.send_line("stty cols 200")
        self.session.expect(s.PROMPT)

        self.say("What we run on")
        self.rl("rl info")

        self.say("A guest of ours, and a Linux beside it")
        self.rl("rl create /guests/hello.cfg")
        self.rl("rl create /guests/linux.cfg")
        for domain in ("hello", "linux"):
            if not self.state_of(domain):
                raise s.Failed(f"`rl list` doesn't show {domain}")

        self.say("What they say on their consoles (^] leaves)")
        self.look_at_console("hello", "you said: good morning", type_first="good morning")
        self.look_at_console("linux", "domU: Linux .* is up")

        self.say("Linux pauses, and goes on")
        self.rl("rl pause linux")
        if not re.search(r"\bpaused\b|[-rb]p[-sdc]", self.state_of("linux")):
            raise s.Failed("`rl list` doesn't show linux as paused")
        self.rl("rl unpause linux")
        if re.search(r"\bpaused\b|[-rb]p[-sdc]", self.state_of("linux")):
            raise s.Failed("`rl list` shows linux as paused still")

        self.say("Linux is asked to shut down, ours is destroyed")
        self.rl("rl shutdown linux")
        self.rl("rl wait linux", 120)
        self.rl("rl destroy hello")
        for domain in ("hello", "linux"):
            if self.state_of(domain):
                raise s.Failed(f"`rl list` still shows {domain}")

        self.say("dom0 powers the machine off")
        self.session.send_line("poweroff")
        code, what = self.session.end()
        if code:
            raise s.Failed(what)


def main(arguments):
    """Plays the tour on the machine that the settings among @arguments ask for; the exit code."""
    chosen = settings.chosen(arguments)
    folder = tempfile.mkdtemp(prefix="rl-tour-")
    chosen.setdefault("HOSTDIR", folder)
    try:
        machine = settings.describe(chosen, args="loglevel=4")
        with s.Session(machine, "tour", echo=sys.stdout) as session:
            Tour(session).play()
    except s.Failed as reason:
        print(f"\n\n== the tour failed: {reason}", flush=True)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print("\n\n== the tour is over: all went well", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
