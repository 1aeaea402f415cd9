"""The same hypercalls on Ringleader and on Debian's Xen: docs/differential.md explains each difference."""
import pytest

import differential as d


@pytest.mark.soak
@pytest.mark.ours
@pytest.mark.parametrize("kind", ["domain", "dom0"])
def test_same_answers(kind):
    result = d.differ(seed=1, rounds=4 if kind == "domain" else 1, domain=kind == "domain")
    print("\n".join(d.report(result)))
    assert not result.unexplained, "\n".join(d.report(result))
    assert result.enough, f"of {result.made} calls only {result.compared} could be compared"
