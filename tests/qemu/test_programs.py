"""Programs of hypercalls at random: 200,000 calls of domains without rights, 60,000 of a process of dom0's."""
import pytest

import programs
import session as s

ROUNDS = 25


@pytest.mark.soak
@pytest.mark.ours
def test_two_domains():
    done = programs.Rounds(seed=1, rounds=max(3, int(ROUNDS * s.LONG)))
    print("\n".join(done.report()))
    assert not done.wrong, "\n".join(done.wrong)


@pytest.mark.soak
@pytest.mark.ours
def test_process_of_dom0():
    done = programs.by_process(seed=1, rounds=max(4, int(30 * s.LONG)))
    print("\n".join(done.report()))
    assert not done.wrong, "\n".join(done.wrong)
