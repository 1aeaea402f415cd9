"""Programs of hypercalls at random: 200,000 calls of domains without rights, 200,000 of a process of dom0's."""
import pytest

import programs
import session as s

ROUNDS = 25             # of two domains
PROCESS_ROUNDS = 100


@pytest.fixture(scope="module")
def two_domains():
    return programs.Rounds(seed=1, rounds=max(3, int(ROUNDS * s.LONG)))


@pytest.fixture(scope="module")
def process():
    return programs.by_process(seed=1, rounds=max(4, int(PROCESS_ROUNDS * s.LONG)))


@pytest.mark.soak
@pytest.mark.ours
def test_two_domains(two_domains):
    print("\n".join(two_domains.report()))
    assert not two_domains.wrong, "\n".join(two_domains.wrong)


@pytest.mark.soak
@pytest.mark.ours
def test_process_of_dom0(process):
    print("\n".join(process.report()))
    assert not process.wrong, "\n".join(process.wrong)


@pytest.mark.soak
@pytest.mark.ours
def test_every_row_was_accepted(two_domains, process):
    """Calls that die at the checks of their arguments show little: each row gets past them, or is listed with the reason."""
    both = programs.Answers()
    both.add(two_domains)
    both.add(process)
    print("\n".join(both.report()))
    refused = {row for row, (accepted, _) in both.rows.items() if not accepted}
    listed = programs.never_accepted()
    assert s.LONG < 1 or refused <= listed, f"never accepted: {', '.join(sorted(refused - listed))}"
    assert not {row for row in listed if row not in both.rows}, "listed, but no rows"
