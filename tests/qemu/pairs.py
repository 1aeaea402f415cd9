"""Pairs of guest-ports/pair in dom0: two domains that exchange grants and events, and check them."""
import json
import re

PATIENCE = 120      # seconds in which rounds must go on
KEPT = "on_poweroff=preserve on_crash=preserve"     # so that their ends can be told, and their consoles are read to the end


class Pair:
    """Two domains, brought together, that sleep for @pause_us after each round; /host/pair must be there."""

    def __init__(self, dom0, name, pause_us=0):
        self.dom0, self.name, self.seen = dom0, name, 0
        self.leads, self.follows = f"{name}-leads", f"{name}-follows"
        leader = self._create(self.leads, f"'extra=leads pause={pause_us}'")
        follower = self._create(self.follows)
        self._tell(leader, "peer", follower)
        self._tell(follower, "peer", leader)
        dom0.check(f"rl unpause {self.leads} {self.follows}")
        self.store = f"/local/domain/{leader}/data"
        dom0.wait_until(f"{name}'s offer is made", lambda: self._told("offer"), PATIENCE)
        self._tell(follower, "offer", self._told("offer"))

    def _create(self, domain, extra=""):
        self.dom0.check(f"rm -f /var/log/xen/console/guest-{domain}.log")
        made = self.dom0.check(f"rl create --json -p kernel=/host/pair memory=8 name={domain} {KEPT} {extra}", PATIENCE)
        return json.loads(made)["domid"]

    def _tell(self, domid, what, value):
        self.dom0.check(f"xenstore-write /local/domain/{domid}/data/{what} '{value}'")

    def _told(self, what):
        return self.dom0.shell(f"xenstore-read {self.store}/{what} 2>/dev/null")[1].strip()

    def _said(self, domain):
        return self.dom0.shell(f"cat /var/log/xen/console/guest-{domain}.log 2>/dev/null")[1]

    def _complaints(self):
        return [text for text in map(self._said, (self.leads, self.follows)) if "panic" in text]

    def rounds(self):
        return int(self._told("rounds") or 0)

    def check_goes_on(self):
        """More rounds have been done since the last call, or come to be done."""
        def goes_on():
            assert not self._complaints(), self._complaints()
            return self.rounds() > self.seen
        self.dom0.wait_until(f"{self.name} goes on after round {self.seen}", goes_on, PATIENCE)
        self.seen = self.rounds()

    def end(self):
        """Ends both, which found nothing wrong; the number of rounds."""
        self.dom0.check(f"rl shutdown {self.leads}")
        rounds = {self._end(domain) for domain in (self.leads, self.follows)}
        assert len(rounds) == 1, rounds
        return rounds.pop()

    def _end(self, domain):
        assert "poweroff" in self.dom0.check(f"rl wait {domain}", PATIENCE), self._said(domain)
        self.dom0.wait_until(f"{domain} said what it did", lambda: "rounds" in self._said(domain))
        self.dom0.check(f"rl destroy {domain}")
        return int(re.search(r"pair: (\d+) rounds", self._said(domain))[1])
