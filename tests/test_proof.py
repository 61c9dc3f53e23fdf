"""The proof accepts what is derived, and refuses a corrupted law, step or gradient."""

from dataclasses import replace
from itertools import pairwise

import pytest
import sympy as sp

from pullback.codegen import library
from pullback.derive import laws
from pullback.derive.calculus import derivation as derivation_module
from pullback.derive.calculus import jacobians, steps, tangents
from pullback.derive.calculus.derivation import Derivation, derive
from pullback.derive.errors import ProofFailed, TooLarge
from pullback.derive.index.objects import Index, free_indices
from pullback.derive.index.rewriting import substitute
from pullback.derive.laws.registry import LAWS, Law
from pullback.derive.proof import proving as proof
from pullback.derive.proof.proving import chains, prove
from pullback.derive.proof.step_check import check_step
from pullback.derive.read.reader import read_equations
from tests.meaning import shipped
from tests.shipped import derived, proved

TINY = sp.Rational(10**9 + 1, 10**9)  # 1 + 1e-9


def wrong_sign(expr):
    return -expr


def wrong_factor(expr):
    return TINY * expr


def wrong_axis(expr):
    """A free index replaced by another one of its size, or by a fixed place."""
    indices = free_indices(expr)
    for i in indices:
        for j in indices:
            if i.size == j.size and i.name < j.name:
                return substitute(expr, {i: j})
    return substitute(expr, {indices[0]: sp.Integer(0)}) if indices else 2 * expr


def lost_term(expr):
    return sp.Add(*expr.args[1:]) if expr.is_Add else expr + 1


def lost_size(expr):
    """A missing 1/N: every size is taken for 1."""
    sizes = [s for s in expr.free_symbols if s.is_positive and not isinstance(s, Index)]
    return expr.xreplace(dict.fromkeys(sizes, sp.S.One)) if sizes else expr / 2


CORRUPTIONS = [wrong_sign, wrong_factor, wrong_axis, lost_term, lost_size]


QUICK_AND_SLOW = [  # the network of sixteen nodes takes long, and has nothing that others have not
    pytest.param(n, marks=pytest.mark.slow) if n == "deep_mlp" else n for n in library.shipped()
]


@pytest.mark.parametrize("name", QUICK_AND_SLOW)
def test_every_step_of_every_layer_is_proved(name):
    derivation, proof = derived(name), proved(name)
    assert [s for s, _ in proof.steps] == list(derivation.steps)
    assert {n for n, _ in proof.results} == set(derivation.wanted)
    checks = [*(check for _, check in proof.steps + proof.results), proof.tangents]
    checks += [proof.seconds] if derivation.seconds else []
    assert all(check.cases > 0 and check.how for check in checks)


@pytest.mark.parametrize("name", ["softmax", "softmax_cross_entropy", "cross_entropy", "affine"])
@pytest.mark.parametrize("corrupt", CORRUPTIONS)
def test_every_corrupted_step_is_refused(name, corrupt):
    derivation = derive(shipped(name))
    for what, chain, definitions in chains(derivation):
        for step in chain.steps:
            bad = replace(step, after=corrupt(step.after))
            if bad.after == step.after:
                continue
            with pytest.raises(ProofFailed, match=step.law.split(":")[0]):
                check_step(derivation.labelled, what, bad, definitions)


USED = {
    "definition": "softmax_cross_entropy",
    "fold": "softmax",
    "log of a quotient": "softmax_cross_entropy",
    "distribute": "softmax",
    "sum term by term": "softmax",
    "sum over a delta": "affine",
    "common factor": "softmax",
    "assumption": "cross_entropy",
    "mask from the output": "relu",
    "shifted log-sum-exp": "softmax_cross_entropy",
    "shifted softmax": "softmax",
    "split off the largest": "softmax_cross_entropy",
    "minus the others": "softmax_cross_entropy",
    "entries that add up to nothing": "cross_entropy",
    "mean of the deviations": "layer_norm",
    "tanh as a sigmoid": "gelu_tanh",
    "complement of a sigmoid": "sigmoid",
    "sigmoid less a number": "binary_cross_entropy",
    "sum rule": "affine",
    "product rule": "gelu",
    "quotient rule": "softmax",
    "power rule": "l2",
    "chain rule": "softmax",
    "slope by cases": "relu",
    "entry by an entry": "affine",
}


@pytest.mark.parametrize("law_name", sorted(USED))
@pytest.mark.parametrize("corrupt", [wrong_sign, wrong_factor])
def test_a_corrupted_law_is_refused(law_name, corrupt, monkeypatch):
    law = LAWS[law_name]

    def applied_wrongly(expr, *context):
        result = law.apply(expr, *context)
        return result if result == expr else corrupt(result)

    bad = Law(law.name, law.statement, applied_wrongly)
    for module in (laws, steps, jacobians, tangents, derivation_module):
        for attribute, value in list(vars(module).items()):
            if value is law:
                monkeypatch.setattr(module, attribute, bad)
    with pytest.raises((ProofFailed, TooLarge)):
        prove(derive(shipped(USED[law_name])))  # anew, by the law as it is now


@pytest.mark.parametrize("inner", ["x[n] * w", "x[n]**3 + x[n]", "x[n] * w - x[n] * v[n]"])
def test_a_tie_of_a_product_is_put_in(inner):
    layer = read_equations("own", f"h[n] = log(1 + exp({inner}))")
    assert any(c.what == "shifted softplus" for _, c in prove(derive(layer)).steps)


def corrupted_total(derivation: Derivation, change) -> Derivation:
    """The derivation with the parts of one gradient changed."""
    gradients = [
        replace(g, parts=change(g.parts)) if g.tensor.name == "W" else g
        for g in derivation.gradients
    ]
    return replace(derivation, gradients=tuple(gradients))


@pytest.mark.parametrize(
    "change",
    [
        lambda parts: parts[:1],  # the chain rule forgets the regularisation
        lambda parts: parts[1:],  # ... or the layer
        lambda parts: parts + parts[:1],  # ... or counts a part twice
    ],
)
def test_a_wrong_sum_of_parts_is_refused(change):
    with pytest.raises(ProofFailed, match="gradient by W"):
        prove(corrupted_total(derived("mlp"), change))


@pytest.mark.parametrize(
    ("field", "name", "message"),
    [("tangents", "L", "tangent of the output"), ("seconds", "dW", "second derivative")],
)
@pytest.mark.parametrize(
    "change",
    [
        lambda parts: parts[1:],
        lambda parts: parts + parts[:1],
        lambda parts: (
            replace(parts[0], code=replace(parts[0].code, steps=(), start=TINY)),
            *parts[1:],
        ),
    ],
)
def test_a_wrong_tangent_is_refused(field, name, message, change):
    """A part lost, counted twice, or wrong in the form for computing alone."""
    derivation = derived("mlp")
    found = [
        replace(t, parts=change(t.parts)) if t.node.name == name else t
        for t in getattr(derivation, field)
    ]
    with pytest.raises(ProofFailed, match=message):
        prove(replace(derivation, **{field: tuple(found)}))


def test_a_wrong_pushforward_step_is_refused():
    derivation = derived("softmax")
    (tangent,) = derivation.tangents
    part = tangent.parts[0]
    last = part.result.steps[-1]
    wrong = replace(part.result, steps=(*part.result.steps[:-1], replace(last, after=-last.after)))
    found = replace(tangent, parts=(replace(part, result=wrong),))
    with pytest.raises(ProofFailed, match="pushed forward"):
        prove(replace(derivation, tangents=(found,)))


def test_a_chain_with_a_gap_is_refused():
    derivation = derived("affine")
    gradient = derivation.gradients[0]
    part = gradient.parts[0]
    chain = replace(part.jacobian.entry, steps=part.jacobian.entry.steps[1:])
    part = replace(part, jacobian=replace(part.jacobian, entry=chain))
    gradient = replace(gradient, parts=(part,))
    broken = replace(derivation, gradients=(gradient, *derivation.gradients[1:]))
    with pytest.raises(ProofFailed, match="does not start"):
        prove(broken)


def test_a_result_that_no_step_leads_to_is_refused():
    """A pullback that starts from something else than the sum of g times the Jacobian."""
    derivation = derived("affine")
    gradient = derivation.gradients[0]
    part = gradient.parts[0]
    wrong = replace(part.result, start=2 * part.result.start, steps=())
    gradient = replace(gradient, parts=(replace(part, result=wrong),))
    broken = replace(derivation, gradients=(gradient, *derivation.gradients[1:]))
    with pytest.raises(ProofFailed):
        prove(broken)


def test_products_of_matrices_are_written_out_one_after_the_other(monkeypatch):
    """Not at all places of all indices: for a few matrices more these are too many."""
    axes = "abcdefg"
    factors = " * ".join(f"A{a}[{a}, {b}]" for a, b in pairwise(axes))
    layer = read_equations("chain", f"L = sum({', '.join(axes)}, {factors})")
    monkeypatch.setattr(proof, "MAX_WHOLE", 1_000_000)  # at all places it is two million
    assert prove(derive(layer)).results
