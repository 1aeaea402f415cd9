"""What domains that have come and gone may leave behind: nothing. And whether the hypervisor's own books are right."""
import json
import re
import time

import session as s


def resources(dom0):
    """What must be as before when domains have come and gone, as {what: how much}.

    The hypervisor's books of frames, event channels and grants, each of which also shows domains that are dead but not
    gone; what the store holds; the files that dom0's daemons have open.
    """
    info = json.loads(dom0.check("rl info --json"))
    found = {key: value for key, value in info.items() if "free" in key or "claimed" in key}
    for key in "eg":
        found |= {f"key {key}, {domain}": counts for domain, counts in
                  re.findall(r"^(d\d+): (\d.*)$", "\n".join(dom0.debug_key(key)), re.MULTILINE)}
        assert f"key {key}, d0" in found
    found["store"] = sorted(line.split(" = ")[0] for line in dom0.check("xenstore-ls -f").splitlines())
    for daemon in ("xenstored", "xenconsoled"):
        found[daemon] = int(dom0.check(f"ls /proc/$(pidof {daemon})/fd | wc -l"))
    return found


def differences(before, after):
    """What two resources() differ in, for a message."""
    found = []
    for what in sorted(before.keys() | after.keys()):
        old, new = before.get(what), after.get(what)
        if isinstance(old, list) and isinstance(new, list):
            old, new = [x for x in old if x not in new], [x for x in new if x not in old]
        if old != new:
            found.append(f"{what}: {old} became {new}")
    return "\n".join(found)


def settled(dom0):
    """resources(), once they have stopped changing."""
    last = None
    while (now := resources(dom0)) != last:
        last = now
        time.sleep(3)
    return now


def check_no_leak(dom0, churn, first, count):
    """Calls @churn(n) for n below @first, which sets up what is set up on first use, and up to @count, which must leak nothing."""
    for n in range(first):
        churn(n)
    before = settled(dom0)
    for n in range(first, count):
        churn(n)
    deadline = dom0.clock() + 30 * s.SLOW       # dom0 unmaps some grants later, and the daemons see the end later
    while (after := resources(dom0)) != before:
        assert dom0.clock() < deadline, "leaked:\n" + differences(before, after)
        time.sleep(1)


def check_audit(dom0):
    """The hypervisor counts all references to frames anew, of each domain's, and finds none wrong."""
    lines = dom0.debug_key("a")
    assert [line for line in lines if line.endswith("of its frames are wrong")]
    assert not [line for line in lines if "pagetable audit" in line or
                ("are wrong" in line and ": 0 of" not in line)], lines
