"""Programs of hypercalls at random: 200,000 calls of domains without rights."""
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
