"""The same hypercalls on Ringleader and on Debian's Xen: docs/differential.md explains each difference."""
import pytest

import differential as d


@pytest.mark.soak
@pytest.mark.ours
@pytest.mark.parametrize("kind", ["domain", "dom0"])
def test_same_answers(kind):
    ours, theirs = (d.tell(hv, seed=1, rounds=4, domain=kind == "domain") for hv in ("ringleader", "peer"))
    result = d.compare(ours, theirs)
    print("\n".join(d.report(result)))
    assert not result.unexplained, "\n".join(d.report(result))
    assert result.compared > len(ours) / 2, f"of {len(ours)} calls only {result.compared} could be compared"
