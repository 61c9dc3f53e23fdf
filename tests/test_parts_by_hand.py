"""What docs/parallel.md shows to do by hand gives what one process gives, of unequal parts too."""

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from generated import mlp

PAGE = (Path(__file__).parent.parent / "docs" / "parallel.md").read_text(encoding="utf-8")


class Shard(SimpleNamespace):
    def __len__(self):
        return len(self.y)


def test_parts_by_hand_as_the_page_shows():
    section = PAGE.split("\n## By hand")[1].split("\n## ")[0]
    (code,) = re.findall(r"^```python\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    rng = np.random.default_rng(0)
    x, y, lamda = rng.normal(size=(30, 4)), rng.integers(0, 3, 30), 0.1
    weights = [rng.normal(size=s) for s in ((4, 5), 5, (5, 3), 3)]
    shards = [Shard(x=x[:3], y=y[:3]), Shard(x=x[3:], y=y[3:])]
    named = dict(zip("WcwB", weights, strict=True))
    names = {"mlp": mlp, "shards": shards, "lamda": lamda, **named, "b": named.pop("B")}
    exec(compile(code, "parallel.md", "exec"), names)
    assert names["weights"] == [{"L": 0.1}, {"L": 0.9}]  # as its comment says
    value, gradients = mlp.value_and_grad(x, *weights, y, lamda)
    np.testing.assert_allclose(names["values"]["L"], value, rtol=1e-12)
    for name, found in names["gradients"].items():
        np.testing.assert_allclose(found, getattr(gradients, name), rtol=1e-12, atol=1e-14)


def test_the_page_shows_the_table_of_the_module():
    (shown,) = re.findall(r"^PARTS = .*$", PAGE, re.MULTILINE)
    names = {}
    exec(shown, names)
    assert names["PARTS"] == mlp.PARTS
