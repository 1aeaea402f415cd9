"""The sweep over the tables of hypercall/ (tests/abi), with dom0's rights and with none."""
import guests


def test_as_dom0(hv):
    guests.Verdicts(hv, "abi", "tests/abi", args="peer" if hv == "peer" else "").judge("abi")


def test_as_domain(domains):
    domains.judge("abi")
