"""Calls: axes by position, names that stay apart, and errors that say in which text they are."""

import pytest

from pullback.derive.calculus.derivation import derive
from pullback.derive.errors import DefinitionError
from pullback.derive.proof.proving import prove
from pullback.derive.read.calls import MAX_CALLS
from pullback.derive.read.reader import read_equations, read_layer

LIBRARY = {
    name: f'equations = """\n{text}\n"""'
    for name, text in {
        "relu": "h[n, k] = max(0, u[n, k])",
        "affine": "u[n, k] = sum(d, x[n, d] * W[d, k]) + c[k]",
        "softmax": "p[n, j] = exp(z[n, j]) / sum(i, exp(z[n, i]))",
        "loss": "p[n, j] := exp(z[n, j]) / sum(i, exp(z[n, i]))\nL[n] = -log(p[n, y[n]])",
        "embed": "e[n, k] = T[y[n], k]",
        "scores": "s[i, j] = sum(d, q[i, d] * r[j, d])",
        "scale": "v[n] = a * t[n]",
        "center": "m[n] = mean(d, x[n, d])\nv[n, d] = (x[n, d] - m[n]) * D",
        "total": "T = sum(n, w[n])\nN[n] = w[n] / T",
        "trailing": "v[n] = 2 * x[n]\nunused[n] := v[n]",
        "leaky": "v[n] = max(a * x[n], x[n])",
        "broken": "h[n] = max(0, u[n)",
        "unbound": "h[n] = 2 * x[n, d]",
        "missing": "h[n] = missingg(x)",
        "ping": "h[n] = pong(x)",
        "pong": "h[n] = ping(x)",
        "me": "h[n] = me(x)",
    }.items()
} | {"nokeys": "title = 'x'", "notoml": "title ="}


def read(text, library=LIBRARY, **keys):
    return read_equations("test", text, library.__getitem__, **keys)


def texts(text):
    return [n.text for n in read(text).nodes]


def refused(text, library=LIBRARY):
    with pytest.raises(DefinitionError) as info:
        read(text, library)
    return info.value


WRITTEN_OUT = [
    ("h = relu(u)", ["h[n, k] = max(0, u[n, k])"]),
    ("h[a, b] = relu(u)", ["h[a, b] = max(0, u[a, b])"]),
    ("h[k, n] = relu(u)", ["h[k, n] = max(0, u[k, n])"]),
    ("h = relu(x[k, n])", ["h[k, n] = max(0, x[k, n])"]),
    ("h := relu(u)\nJ = sum(n, k, h[n, k])", ["h[n, k] := max(0, u[n, k])", None]),
    ("s = scores(x, x)", ["s[i, j] = sum(d, x[i, d] * x[j, d])"]),
    ("s[n, m] = scores(x[n, d], x[m, d])", ["s[n, m] = sum(d, x[n, d] * x[m, d])"]),
    ("v = scale(2, t)", ["v[n] = 2 * t[n]"]),
    ("v = scale(-0.5, t)", ["v[n] = -0.5 * t[n]"]),
    ("e = embed(M, y)", ["e[n, k] = M[y[n], k]"]),
    ("e = embed(M[v, k], y[n])", ["e[n, k] = M[y[n], k]"]),
    ("w[n] = trailing(x)", ["w[n] = 2 * x[n]"]),
]


@pytest.mark.parametrize(("text", "wanted"), WRITTEN_OUT, ids=[w[0] for w in WRITTEN_OUT])
def test_a_call_is_written_out(text, wanted):
    for found, expected in zip(texts(text), wanted, strict=True):
        assert expected is None or found == expected


def test_inner_nodes_keep_their_names_where_these_are_free():
    assert [n.name for n in read("v = center(x)").nodes] == ["m", "v"]
    two = read("v = center(x)\nw = center(m)\nL = sum(n, d, v[n, d] * w[n, d])")
    assert [n.name for n in two.nodes] == ["v_m", "v", "w_m", "w", "L"]
    assert {n.origin for n in two.nodes[:4]} == {"center"} and two.output.origin == "test"


def test_the_size_of_an_axis_follows_its_name():
    (_, v) = read("v[a, b] = center(x)").nodes
    assert "size(b)" in v.text and str(v.expr.free_symbols & {v.indices[1].size}) == "{B}"


def test_two_calls_of_one_definition_keep_their_axes_apart():
    layer = read("p = softmax(z)\nq = softmax(w)\nL = sum(n, j, p[n, j]) + sum(a, b, q[a, b])")
    z, w = (layer.tensor(n) for n in "zw")
    assert {i.size for i in z.indices}.isdisjoint({i.size for i in w.indices})
    joined = read("p = softmax(z)\nq = softmax(w)\nL = sum(n, j, p[n, j] * q[n, j])")
    z, w = (joined.tensor(n) for n in "zw")
    assert [i.size for i in z.indices] == [i.size for i in w.indices]


def test_new_axes_take_no_name_that_means_a_size():
    layer = read("p = softmax(z)\nL[n] = I * sum(j, p[n, j])")
    assert "I" in {t.name for t in layer.inputs}
    assert not any(a.name == "i" for a in layer.axes)
    total = read("v = total(w)\nu[n] = v[n] / N")
    assert str(total.output.expr) == "v[n]/N" and "N" not in {n.name for n in total.nodes}


def test_a_network_of_calls_derives_and_proves():
    layer = read("u = affine(x, W, c)\nh = relu(u)\nv = center(h)\nJ = mean(n, k, v[n, k])")
    assert [t.name for t in layer.inputs] == ["x", "W", "c"]
    assert [m.name for m in layer.nodes] == ["u", "h", "m", "v", "J"]
    prove(derive(layer))


REFUSED = [
    ("J = 2 * center(u)", 1, 9, "a line of its own"),
    ("J[n] = relu(u)", 1, 1, "'J' has 1 axis here; relu wants 2 axes"),
    ("u[n] = x[n]\nh = relu(u)", 2, 10, "'u' has 1 axis here; relu wants 2 axes"),
    ("h = relu(u, u)", 1, 5, "relu takes 1 argument (u); it has 2"),
    ("h = affine(x, W)", 1, 5, "affine takes 3 arguments (x, W, c); it has 2"),
    ("h = relu(3)", 1, 10, "'u' of relu is a tensor and no number"),
    ("h = center(u + c)", 1, 14, "give the expression a line of its own"),
    ("h = center(-u)", 1, 12, "give the expression a line of its own"),
    ("h = center(x[n, y[n]])", 1, 12, "only axes in its brackets"),
    ("h = relu(x[n, n])", 1, 10, "'n' stands for two axes of relu"),
    ("h[n, k] = relu(x[k, n])", 1, 16, "one axis where 'n' and 'k' stand"),
    ("u = affine(x[n, d], W[e, k], c[k])", 1, 21, "one axis where 'd' and 'e' stand"),
    ("h = relu(h)", 1, 10, "'h' is used before it is defined"),
    ("h[n] = x(n) + x[n]", 1, 8, "square brackets: x[…]"),
    ("h = ln(x)", 1, 5, "did you mean 'log'?"),
    ("h[n] = sigmod(x[n])", 1, 8, "did you mean 'sigmoid'?"),
    ("h[n] = whatever(x[n])", 1, 8, "neither a function nor a definition; the functions are abs"),
    ("h = me(x)", 2, 8, "me: 'me' calls itself: test → me → me"),
    ("h = ping(x)", 2, 8, "pong: 'ping' calls itself: test → ping → pong → ping"),
    ("h = test(x)", 1, 5, "'test' calls itself"),
    ("h = broken(x)", 2, 18, "broken: expected ']'"),
    ("h = unbound(x)", 2, 17, "unbound: 'd' is not bound"),
    ("h = missing(x)", 2, 8, "missing: 'missingg' is neither"),
    ("h = nokeys(x)", 0, 0, "nokeys: the key 'equations' is missing"),
    ("h = notoml(x)", 0, 0, "notoml: not a TOML file"),
]


@pytest.mark.parametrize(
    ("text", "line", "column", "words"), REFUSED, ids=[r[0][:30] for r in REFUSED]
)
def test_a_call_that_does_not_fit_is_refused(text, line, column, words):
    error = refused(text)
    assert words in str(error)
    assert (error.line, error.column) == (line, column)


def test_a_function_wins_over_a_definition_of_its_name():
    library = LIBRARY | {"tanh": 'equations = "h[n] = tanh(u[n])"'}
    assert str(read("h[n] = tanh(u[n])", library).output.expr) == "tanh(u[n])"
    assert read_layer("tanh", library["tanh"], library.__getitem__).name == "tanh"


def test_a_row_of_calls_is_limited():
    def row(length):
        calls = {f"c{i}": f'equations = "u[n] = c{i + 1}(x)"' for i in range(length)}
        return calls | {f"c{length}": 'equations = "u[n] = x[n]"'}

    assert read("u = c0(x)", row(MAX_CALLS - 2)).output.text == "u[n] = x[n]"
    for length in (MAX_CALLS, 2000):
        assert "call each other in a row" in str(refused("u = c0(x)", row(length)))


def test_calls_that_double_are_refused():
    calls = {
        f"c{i}": f'equations = """\na = c{i + 1}(x)\nb = c{i + 1}(x)\nu[n] = a[n] + b[n]"""'
        for i in range(25)
    }
    calls["c25"] = 'equations = "u[n] = x[n]"'
    assert "more than 256 equations" in str(refused("u = c0(x)", calls))


def test_many_calls_of_a_long_definition_are_refused():
    long = {"long": f'equations = "u[n] = {" + ".join(["x[n]"] * 300)}"'}
    many = "\n".join(f"u{i} = long(x)" for i in range(60))
    assert "more than 2,000 parts" in str(refused(many, long))
    assert read("u = long(x)", long).output.expr == 300 * read("u[n] = x[n]").output.expr


def test_the_digest_covers_what_is_called():
    first = read_layer("test", 'equations = "h = relu(u)"', LIBRARY.__getitem__)
    changed = LIBRARY | {"relu": LIBRARY["relu"] + "\n# changed"}
    assert first.digest != read_layer("test", first_source(), changed.__getitem__).digest


def first_source():
    return 'equations = "h = relu(u)"'


ASSUMING = {
    "ce": 'equations = "L[n] = -sum(i, t[n, i] * z[n, i])"\nassume = ["sum(i, t[n, i]) == 1"]'
}


def facts_of(text):
    layer = read_equations("net", text, ASSUMING.__getitem__)
    return [str(fact) for fact in layer.assumptions], layer.wrt


def test_what_is_assumed_of_an_input_is_assumed_by_the_caller():
    fact = "Eq(Sum(q[m, _1a], _1a), 1)"
    assert facts_of("a[m] = ce(q, r)\nb[m] = ce(q, s)") == ([fact], ("r", "s"))


def test_nothing_is_assumed_of_a_node():
    assert facts_of("q[m, k] = exp(r[m, k])\na[m] = ce(q, r)") == ([], ("r",))


def test_a_tensor_held_by_an_assumption_has_no_gradient():
    with pytest.raises(DefinitionError, match="'q', which is held by an assumption"):
        read_equations("net", "a[m] = ce(q, r)", ASSUMING.__getitem__, wrt=["q"])
    layer = read_equations("net", "a[m] = sum(k, q[m, k])", assume=["sum(k, q[m, k]) == 1"])
    with pytest.raises(DefinitionError, match="no gradient to derive"):
        derive(layer)


def test_a_misspelt_definition_gets_a_suggestion():
    def missing(name):
        raise KeyError(name, ["relu"])

    with pytest.raises(DefinitionError, match="did you mean 'relu'"):
        read_equations("net", "h[n] = rellu(u)", missing)
