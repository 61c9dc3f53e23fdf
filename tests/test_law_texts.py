"""Every law's example is read, the law turns its left side into its right, and both are equal.

Some examples use words beside the language of definitions, since no definition can write what their
laws are about: the rules of derivatives (diff, a derivative that is not yet worked out) and
`complementary error function` (erfc).
"""

import re

import pytest

from pullback.codegen.notation.styles import LATEX, UNICODE
from pullback.codegen.pages.law_texts import law_text, law_texts
from pullback.derive import laws
from pullback.derive.calculus.steps import Step
from pullback.derive.errors import DefinitionError, ProofFailed
from pullback.derive.index.binders import ArgLargest, Sum
from pullback.derive.index.objects import Index, entry_indices, entry_name, free_indices
from pullback.derive.index.rewriting import rewrite
from pullback.derive.law_example import FUNCTIONS, read_example
from pullback.derive.laws.registry import LAWS, Law, law
from pullback.derive.laws.zero_sums import Distribution
from pullback.derive.proof.step_check import check_step
from pullback.derive.read.reader import read_equations

BEYOND = {  # words that no definition can say
    "sum rule": {"diff"},
    "product rule": {"diff"},
    "quotient rule": {"diff"},
    "power rule": {"diff"},
    "chain rule": {"diff"},
    "slope by cases": {"diff"},
    "entry by an entry": {"diff"},
    "slope of an inverse": {"diff"},
    "slope of a determinant": {"diff"},
    "scaled error function": {"erfcx"},
    "log of the error function": {"erfcx"},
    "weights as exponentials": {"logsigmoid"},
    "log of a sigmoid in an exponent": {"logsigmoid"},
}


def distributions(example):
    """The tensors that a given fact sums to one, each with the index that runs."""
    bodies = [fact.lhs.open() for fact in example.facts]
    return [(body, index) for body, (index,) in bodies]


def axis_of(example, name):
    """The axis of this name."""
    return next(i for i in example.layer.axes if i.name == name)


def size_of(example, name):
    """How many places it has."""
    return axis_of(example, name).size


# what a law is told beside the expression, made of what its example says is given
CONTEXT = {
    "definition": lambda e: [e.equations],
    "fold": lambda e: [e.equations],
    "mask from the output": lambda e: [e.equations],
    "assumption": lambda e: e.facts,
    "declared domain": lambda e: [e.facts],
    "mean of the deviations": lambda e: [e.equations, {"a"}],
    "tanh as a sigmoid": lambda e: [e.equations],
    "complement of a sigmoid": lambda e: [e.equations],
    "exponential beside a sigmoid": lambda e: [e.equations],
    "sigmoid less a number": lambda e: [e.equations],
    "split off the largest": lambda e: [[q.expr for q in e.equations]],
    "what the others have": lambda e: [distributions(e)],
    "difference from a label": lambda e: [distributions(e)],
    "minus the others": lambda e: [distributions(e)],
    "entries that add up to nothing": lambda e: [
        [Distribution(body, index, body) for body, index in distributions(e)[:1]],
        e.facts,
    ],
    "rows apart": lambda e: [size_of(e, "n")],
    "parts of a sum": lambda e: [size_of(e, "n"), "q", axis_of(e, "p")],
}


def any_place(expr):
    """The place of the largest, which stands for any place, as the one called l."""
    return rewrite(expr, lambda e: Index("l", e.indices[0].size) if is_place(e) else None)


def is_place(expr):
    return isinstance(expr, ArgLargest)


def applied(own, example):
    found = any_place(own(example.before, *CONTEXT.get(own.name, lambda e: [])(example)))
    if own.name == "split off the largest":  # the sum itself, which the example gives a name
        (known,) = example.equations
        found = rewrite(found, lambda e: known.entry if e == known.expr else None)
    return found


def check_example(own):
    """Read it, apply the law, compare, and prove it by cases in scalars."""
    example = read_example(own)
    assert example.before != example.after
    assert applied(own, example) == example.after
    return proved(own, example, example.after)


def proved(own, example, after):
    """The proof's own check of a step from the left side to this."""
    definitions = {entry_name(q.entry): (entry_indices(q.entry), q.expr) for q in example.equations}
    step = Step(own.name, example.before, after, example.facts)
    return check_step(example.layer, own.name, step, definitions)


@pytest.mark.parametrize("name", sorted(LAWS))
def test_an_example_is_what_its_law_does_and_is_true(name):
    check = check_example(LAWS[name])
    # the log of a product with erf in it is not taken apart, as the sign of 1 - erf is not known
    assert check.how == ("50 digits" if name == "log of the error function" else "exact")


@pytest.mark.parametrize("name", sorted(LAWS))
def test_a_corrupted_example_is_refused(name):
    own = LAWS[name]
    *given, last = own.example
    before, after = last.split(" = ")
    for wrong in (f"{last} + 1", f"{before} = 3 - ({after})", f"{after} = {before}"):
        with pytest.raises(AssertionError):
            check_example(Law(name, own.statement, own.apply, (*given, wrong), own.reason))


@pytest.mark.parametrize("name", sorted(LAWS))
def test_the_check_alone_refuses_a_wrong_example(name):
    example = read_example(LAWS[name])
    with pytest.raises(ProofFailed):
        proved(LAWS[name], example, example.after + 1)


@pytest.mark.parametrize("name", sorted(LAWS))
def test_examples_are_text_in_the_language_of_definitions(name):
    *given, last = LAWS[name].example
    text = "\n".join([*given, last])
    beyond = {"diff", *FUNCTIONS} - {"erfc"}
    words = {word for word in beyond if re.search(rf"\b{word}\(", text)}
    assert words == BEYOND.get(name, set())
    if not words and not given and not free_indices(read_example(LAWS[name]).before):
        before, _ = last.split(" = ")
        if name != "sum of a constant":  # where no tensor has the axis
            read_equations("example", f"u = {before}")


def test_a_law_without_its_three_texts_is_refused():
    def lacking(expr):
        """Nothing is changed.

        a = a
        """

    def without_example(expr):
        """Nothing is changed.

        There is no example here.

        Nothing is to be said.
        """

    for apply, words in ((lacking, "2 paragraphs"), (without_example, "before = after")):
        with pytest.raises(ValueError, match=words):
            law("a test's own")(apply)
    assert "a test's own" not in LAWS


def test_an_example_that_cannot_be_read_is_refused():
    own = laws.sum_over_delta
    for line in ("sum(j, f[j) = f[k]", "sum(j, nonsense(f[j])) = f[k]"):
        with pytest.raises(DefinitionError):
            read_example(Law(own.name, own.statement, own.apply, (line,), own.reason))


def test_texts_for_pages():
    texts = law_texts()
    assert [t.name for t in texts] == sorted(LAWS)
    for text in texts:
        assert text.reason.endswith(".") and len(text.reason.split()) >= 5
        assert text.statement == LAWS[text.name].statement
    delta = law_text(laws.sum_over_delta)
    assert (delta.before, delta.after) == ("Σ_j δ(j,k) f[j]", "f[k]")
    typeset = law_text(laws.sum_over_delta, LATEX)
    assert (typeset.before, typeset.after) == (r"\sum_{j} \delta_{j k} \, f_{j}", "f_{k}")
    mask = law_text(laws.mask_from_output, UNICODE)
    assert mask.given == ("h[n] = max(0, u[n])",)
    assert law_text(laws.assumption).given == ("Σ_j t[j] = 1",)
    shifted = law_text(laws.shift_log_sum_exp)
    assert shifted.before == "log(Σ_i exp(a[i]))", "no bound index is called l beside the free one"


def test_distributions_come_from_the_facts():
    ((body, index),) = distributions(read_example(laws.complement))
    assert Sum(body, index) == read_example(laws.complement).facts[0].lhs


@pytest.mark.parametrize("name", sorted(LAWS))
def test_words_and_formulas_have_one_sign(name):
    """δ for two indices, in the order of their names, and 𝟙 for an index and a label."""
    text = law_text(LAWS[name])
    formula = " ".join((*text.given, text.before, text.after))
    words = f"{text.statement} {text.reason}"
    for pair in re.findall(r"δ\((\w), (\w)\)", words):
        assert "δ(" in formula and list(pair) == sorted(pair), words
    if re.search(r"𝟙\[\w = ", words):
        assert re.search(r"𝟙\[\w = ", formula) and "δ(" not in words
