"""What emitted functions store and never read is taken out, and with it what it alone has read."""

import pytest

from pullback.codegen.targets.numpy.dead_stores import take_out_dead_stores
from pullback.codegen.targets.numpy.source import Source

# a function's body, and what is left of it
BODIES = {
    "a size": (["N = x.shape[0]", "return x"], ["return x"]),
    "a size that is read": (["N = x.shape[0]", "return N"], ["N = x.shape[0]", "return N"]),
    "a view": (["x = _flat(x, batch)", "return 1"], ["return 1"]),
    "a check": (["x = _array(x)", "return 1"], ["_array(x)", "return 1"]),
    "a view of a check": (["x = _flat(_like(x), n)", "return 1"], ["_like(x)", "return 1"]),
    "a part of a tuple": (["x, N, D = f(x)", "return x, D"], ["x, _, D = f(x)", "return x, D"]),
    "what only a dead store reads": (
        ["x, batch, N = f(x)", "y = x.T", "z = _flat(y, batch)", "return N"],
        ["_, _, N = f(x)", "return N"],
    ),
    "what is written over": (["a = b.c", "a = 1", "return a"], ["a = 1", "return a"]),
    "what is changed in place": (["a = b", "a += 1", "return 0"], ["a = b", "a += 1", "return 0"]),
    "what a branch reads": (
        ["N = x.shape[0]", "if x:", "    _raise(N)", "return x"],
        ["N = x.shape[0]", "if x:", "    _raise(N)", "return x"],
    ),
    "what only one branch writes over": (
        ["a = b", "if x:", "    a = 1", "return a"],
        ["a = b", "if x:", "    a = 1", "return a"],
    ),
    "what the next round reads": (
        ["a = 0", "for i in x:", "    _f(a)", "    a = i", "    b = i", "return x"],
        ["a = 0", "for i in x:", "    _f(a)", "    a = i", "return x"],
    ),
    "entries": (["a[0] = 1", "return 2"], ["a[0] = 1", "return 2"]),
}


def text(name, body):
    return "\n".join([f"def {name}(x):", *("    " + line for line in body)])


@pytest.mark.parametrize(("before", "after"), BODIES.values(), ids=BODIES)
def test_what_is_left(before, after):
    source = Source.of("\n".join([text("f", before), text("g", before)]))
    take_out_dead_stores(source, ["f"])
    assert "\n".join(source.text()) == "\n".join([text("f", after), text("g", before)])
    left = Source.of(text("f", after)).functions(["f"])[0].body
    assert len(source.functions(["f"])[0].body) == len(left)
