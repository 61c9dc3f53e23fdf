"""How many single mutations of right backward passes are named: gradients, line and change."""

import pytest

from tests.check.measure import judged
from tests.check.mutants import mutants, names, normal

EVERY = 20  # of them, in the slow test; `python -m tests.check.measure` takes all


def test_mutants_differ_in_one_line():
    count = 0
    for name in names()[::4]:
        before = normal(name).splitlines()
        for mutant in mutants(name):
            after = mutant.text.splitlines()
            assert [
                k + 1 for k, pair in enumerate(zip(before, after, strict=True)) if len({*pair}) > 1
            ] == [mutant.line]
            count += 1
    assert count > 200


@pytest.mark.slow
def test_nearly_all_are_named():
    found = judged(names(), EVERY)
    assert len(found) >= 75
    assert sum(one.named for one in found) >= 0.94 * len(found)
    assert sum(one.gradients for one in found) >= 0.98 * len(found)
