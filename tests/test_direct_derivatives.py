"""Direct derivatives have a sign of their own, and are no total ones."""

import pytest

from pullback.codegen.notation.styles import LATEX, UNICODE
from pullback.codegen.pages.outlines import outline
from pullback.derive.calculus.derivation import derive
from pullback.derive.calculus.reading import Uses
from pullback.derive.proof.proving import prove
from pullback.derive.read.reader import read_equations

RESIDUAL = "u[n, k] = sum(d, x[n, d] * W[d, k])\ny[n, k] = x[n, k] + tanh(u[n, k])"
SHARED = """
u[n] := a * x[n]
v[n] = exp(u[n])
w[n] = u[n] * v[n]
L = sum(n, v[n] * w[n]) + a**2
"""


def slopes(text, style=UNICODE):
    derivation = derive(read_equations("own", text))
    page = outline(derivation, prove(derivation), style)
    parts = [p for s in page.sections for p in s.parts]
    return {p.jacobian.left: p.held for p in parts if p.jacobian}


def test_a_node_beside_which_others_hang_on_a_tensor_has_a_direct_derivative():
    found = slopes(RESIDUAL)
    assert found["∂y[n′,k′]/∂x[n,d]|u"] == (
        "`∂y/∂x|u` is the direct derivative, through this use alone, with `u` held; "
        "`∂y/∂x` is the total one"
    )
    assert found["∂u[n′,k′]/∂x[n,d]"] == "" == found["∂y[n′,k′]/∂u[n,k]"]
    assert r"\Big|_{u}" in next(left for left, words in slopes(RESIDUAL, LATEX).items() if words)


def test_all_that_is_held_is_named():
    found = slopes(SHARED)
    assert {left for left in found if "|" in left} == {
        "∂L/∂a|v,w", "∂L/∂v[n]|w", "∂w[n′]/∂a|v", "∂w[n′]/∂x[n]|v",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("node", "tensor", "names"), [("L", "a", ("v", "w")), ("w", "v", ()), ("L", "x", ("v", "w"))]
)
def test_notation_is_looked_through(node, tensor, names):
    layer = read_equations("own", SHARED)
    assert Uses(layer).held(layer.tensor(node), layer.tensor(tensor)) == names
