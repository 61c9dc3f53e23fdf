"""The checker for every size, by itself: what it proves, what it refuses, what it leaves open."""

import ast
import os
import subprocess
import sys
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from pullback.codegen import library
from pullback.codegen.notation.printer import Notation
from pullback.derive.calculus.derivation import Derivation, derive
from pullback.derive.calculus.steps import Chain, Step
from pullback.derive.errors import ProofFailed
from pullback.derive.index.objects import entry_indices, entry_name
from pullback.derive.law_example import read_example
from pullback.derive.laws.registry import LAWS, Law
from pullback.derive.proof.every_size import theorems
from pullback.derive.proof.every_size.checker import Checker, Verdict
from pullback.derive.proof.proving import chains, every_size_checker, prove
from pullback.derive.proof.small_sizes import labels
from pullback.derive.proof.step_check import check_step
from pullback.derive.read.reader import read_layer
from tests import shipped
from tests.faults.test_false_laws import FALSE, FALSE_OF_FEW, TRUE
from tests.mutated_steps import mutants

ROOT = Path(__file__).parent.parent
EDGES = sorted((ROOT / "tests" / "edges").glob("*.toml"))
LONG = ("t_sne",)  # takes most of a minute
CHECKER = "pullback.derive.proof.every_size"
MAY_READ = ("errors", "index.", "layer", "calculus.steps", "proof.every_size.")

# files of the checker that rewrite nothing: places, names, what is known, what is needed, words
LOOK_ONLY = {
    "assumed", "canonical", "checker", "facts", "heads", "known", "left_in", "needs", "places",
    "said", "showing", "switches", "terms",
}  # fmt: skip
# ... and functions of others: ways to what rewrites, places and counts, whole values of rules above
LOOK_ONLY_HERE = {
    "alike.exponent", "alike.exponential", "alike.firsts", "alike.free", "alike.made_one",
    "exponentials.apart", "exponentials.either_way", "exponentials.is_nothing",
    "exponentials.leaves_log", "exponentials.log",
    "exponentials.log_of_number", "exponentials.rebuild", "exponentials.under_log",
    "made_up.MadeUp.counts", "made_up.MadeUp.differ", "made_up.MadeUp.even",
    "made_up.MadeUp.least", "meeting.direction", "meeting.fits", "meeting.known_switch",
    "meeting.put_in_by", "powers.bracket", "powers.may_leave_root", "powers.power",
    "powers.primes", "powers.root_of_number", "reader.Reader.anew",
    "reader.Reader.bound", "reader.Reader.chosen", "reader.Reader.compared",
    "reader.Reader.entry", "reader.Reader.facts", "reader.Reader.looked_through",
    "reader.Reader.number_of",
    "reader.Reader.place", "reader.Reader.read", "reader.is_place", "reader.masks_of",
    "ring.Ring.anew",
    "ring.Ring.beside", "ring.Ring.by_known", "ring.Ring.factor", "ring.Ring.has_pole",
    "ring.Ring.inside", "ring.Ring.move", "ring.Ring.put", "ring.Ring.settled",
    "ring.Ring.term", "ring.Ring.times", "ring.Ring.whole_primes",
    "shifted_places.open_places", "shifted_places.pivots", "shifted_places.places_alone",
    "signs.Signs.bound_of_term", "signs.Signs.in_case",
    "signs.Signs.by_others", "signs.Signs.factor_not_zero", "signs.Signs.least",
    "signs.Signs.not_negative", "signs.Signs.not_zero", "signs.Signs.positive",
    "signs.Signs.sign_of_term", "signs.Signs.worked_out", "slopes.is_place_or_number",
    "slopes.slope",
    "slopes.slope_of", "values.chosen_where", "values.conditions", "values.erf",
    "values.less_than_one", "values.logged", "values.of_one", "values.place_of",
    "values.product", "values.sum_over", "values.total", "zero.at_tie", "zero.bases",
    "zero.bound_below", "zero.bound_in_bases", "zero.choices", "zero.groups", "zero.is_zero",
    "zero.lift", "zero.nesting", "zero.put_in", "zero.settled", "zero.to_clear", "zero.without",
}  # fmt: skip
# what it leaves open, by definition: written out at small sizes, these hold
OPEN = {
    "gaussian_mixture": {"∂dmu/∂x, pushed forward: shifted softmax": 1},
    # a mask's own name for what it hides: 0 / p where p is 0 was 0 and is no number
    "mask_times_log": {"∂dp/∂p, pushed forward: fold": 1},
    "share_of_the_positive": {"dx_dot as matrices: as matrices": 1},
    "t_sne": {
        "∂C/∂y: chain rule": 1,
        "∂C/∂y: distribute": 1,
        "∂dy/∂y, pushed forward: distribute": 1,
    },
    "vicreg": {"∂dC/∂eps, pushed forward: fold": 1, "∂dC/∂C, pushed forward: fold": 1},
}


def ask(name: str, *example: str) -> Verdict:
    """What the checker says of a step that a law would take."""
    own = LAWS[name]
    read = read_example(Law(name, own.statement, own.apply, example, own.reason))
    definitions = {entry_name(q.entry): (entry_indices(q.entry), q.expr) for q in read.equations}
    step = Step(name, read.before, read.after, read.facts)
    checker = Checker(labels(read.layer), (), read.facts)
    return checker.chain(Chain(read.before, (step,)), definitions)[0]


@cache
def derived(path: Path) -> Derivation:
    """The derivation of a definition."""
    if path.parent == ROOT / "layers":
        return shipped.derived(path.stem)
    return shipped.derivation_of(path.stem, path.read_text(encoding="utf-8"))


def left_open(derivation: Derivation) -> dict[str, int]:
    """The steps of a derivation that are not decided."""
    checker = every_size_checker(derivation.labelled)
    return Counter(
        f"{what}: {step.law}"
        for what, chain, definitions in chains(derivation)
        for step, verdict in zip(chain.steps, checker.chain(chain, definitions), strict=True)
        if not verdict.proved
    )


# -- what it proves --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", library.shipped())
def test_every_step_of_every_shipped_layer_is_proved_for_every_size(name):
    assert left_open(derived(ROOT / "layers" / f"{name}.toml")) == {}


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    "path",
    [pytest.param(p, marks=pytest.mark.slow) if p.stem in LONG else p for p in EDGES],
    ids=[p.stem for p in EDGES],
)
def test_what_is_left_open_is_known(path):
    assert left_open(derived(path)) == OPEN.get(path.stem, {})


@pytest.mark.parametrize("name", sorted(LAWS))
def test_the_example_of_every_law_is_proved(name):
    assert ask(name, *LAWS[name].example).proved


@pytest.mark.parametrize("example", TRUE)
def test_what_is_true_is_proved(example):
    assert ask("fold", example).proved


# -- what it refuses -------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "example"), [(n, e) for n, *e in FALSE])
def test_a_law_without_its_guard_is_refused(name, example):
    assert not ask(name, *example).proved


@pytest.mark.parametrize("example", FALSE_OF_FEW)
def test_what_holds_for_some_signs_alone_is_refused(example):
    assert not ask("fold", example).proved


WITHOUT_A_VALUE = [  # the right side has none where the left has one
    "x + y = (x**2 - y**2) / (x - y)",
    "y = exp(log1p(y - 1))",
    "0 = log(x**2) - 2 * log(x)",
    "abs(x) = x**2 / abs(x)",
    "m = m + (p**2 - q**2) / (p - q) - p - q",
    "where(x >= y, x + y, 0) = where(x >= y, (x**2 - y**2) / (x - y), 0)",
    "[x > 0] * x = [x > 0] * x + (y**2 + y * z) / (y + z) - y",
    "sum(j, a[j] + a[k]) = sum(j, where(j == l, 2 * a[k], (a[j]**2 - a[k]**2) / (a[j] - a[k])))",
]


@pytest.mark.parametrize("example", WITHOUT_A_VALUE)
def test_the_right_side_must_have_a_value_where_the_left_has(example):
    verdict = ask("fold", example)
    assert not verdict.proved and "not seen to follow" in verdict.why


WITH_A_VALUE = [  # since the condition holds beside which it stands
    "where(x > y, x + y, 0) = where(x > y, (x**2 - y**2) / (x - y), 0)",
    "[x > y] * (x + y) = [x > y] * (x**2 - y**2) / (x - y)",
    "where(y > 0, y, 0) = where(y > 0, exp(log(y**2) / 2), 0)",
    "log(x) = log(x**2) / 2",
]


@pytest.mark.parametrize("example", WITH_A_VALUE)
def test_what_has_a_value_where_its_condition_holds_is_proved(example):
    assert ask("fold", example).proved


SIZES = [  # true of one size, or of some, and of no other
    "sum(j, a[j] - sum(k, a[k]) / 2) = 0",
    "sum(j, 1) = 3",
    "sum(j, a[j]) = sum(j, a[j]) / sum(j, 1)",
    "sum(j, sum(k, [j == k] * a[j])) = sum(j, a[j]) * sum(j, 1)",
    "sum(j, a[j])**2 = sum(j, a[j]**2)",
    "max(j, exp(z[j])) = exp(z[k])",
    "max(j, a * z[j]) = a * max(j, z[j])",
    "log(sum(j, exp(z[j]))) = max(j, z[j])",
]


@pytest.mark.parametrize("example", SIZES)
def test_what_is_true_at_some_sizes_alone_is_refused(example):
    assert not ask("fold", example).proved


def test_what_a_step_does_not_say_that_it_assumes_is_not_used():
    read = read_example(LAWS["assumption"])
    checker = Checker(labels(read.layer), (), read.facts)
    for assumes, proved in ((read.facts, True), ((), False)):
        step = Step("assumption", read.before, read.after, assumes)
        assert checker.chain(Chain(read.before, (step,)), {})[0].proved == proved


def corrupted(path: Path, count: int, seed: int = 0) -> tuple[int, int]:
    """How many mutants of the steps of a definition were asked about, and how many are proved.

    A mutant that is proved must be true: written out, it must hold.
    """
    derivation, asked, proved = derived(path), 0, 0
    checker = every_size_checker(derivation.labelled)
    for number, (what, chain, definitions) in enumerate(chains(derivation)):
        for place, step in enumerate(chain.steps):
            for _, mutant in mutants(step.after, count, seed + 1000 * number + place):
                asked += 1
                wrong = Step(step.law, step.before, mutant, step.assumes)
                mixed = Chain(chain.start, (*chain.steps[:place], wrong))
                if checker.chain(mixed, definitions)[-1].proved:
                    proved += 1
                    check_step(derivation.layer, what, wrong, definitions)
    return asked, proved


FEW = [ROOT / "layers" / f"{name}.toml" for name in (
    "affine", "attention", "gelu", "huber", "l2", "layer_norm", "max_pool", "relu", "softmax",
    "softmax_cross_entropy", "softplus", "weighted_cross_entropy",
)]  # fmt: skip


@pytest.mark.parametrize("path", FEW, ids=lambda path: path.stem)
def test_a_corrupted_step_is_refused(path):
    asked, proved = corrupted(path, 1)
    assert asked > 3 and proved < asked / 2


ALL = [*sorted((ROOT / "layers").glob("*.toml")), *(e for e in EDGES if e.stem != "t_sne")]


@pytest.mark.slow
@pytest.mark.parametrize("path", ALL, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_corrupted_steps_of_every_definition_are_refused(path):
    """One mutant of each step of all definitions; `make trust` asks about more."""
    asked, proved = corrupted(path, 1, seed=1)
    assert asked and proved <= asked / 2


def test_a_false_mutant_that_were_proved_would_be_seen(monkeypatch):
    monkeypatch.setattr(Checker, "step", lambda self, reader, step: Verdict(True))
    with pytest.raises(ProofFailed):
        corrupted(ROOT / "layers" / "linear.toml", 1)


# -- what it is made of ----------------------------------------------------------------------------


def functions() -> dict[str, str]:
    """Every function of the checker, as file, class and name, with its file."""
    found = {}
    for path in sorted((ROOT / "derive" / "proof" / "every_size").glob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                found[f"{path.stem}.{node.name}"] = path.stem
            elif isinstance(node, ast.ClassDef):
                methods = [n.name for n in node.body if isinstance(n, ast.FunctionDef)]
                found |= {f"{path.stem}.{node.name}.{name}": path.stem for name in methods}
    return found


NEEDS = {  # equations, and what their steps need, in print
    "u[n] = exp(x[n]) / sum(m, exp(x[m]) + 1)": set(),
    "u[n] = log(1 + x[n]**2) + sqrt(x[n]**2 + 1/10) + a / (1 + a**2)": set(),
    "u[n] = a / x[n]": {"x[n] ≠ 0", "x[n′] ≠ 0"},
    "u[n] = log(x[n])": {"x[n] > 0", "x[n′] > 0", "x[n] ≠ 0", "x[n′] ≠ 0"},
    "u[n] = log1p(x[n])": {
        "1 + x[n] > 0",
        "1 + x[n′] > 0",
        "1 + x[n] ≠ 0",
        "1 + x[n′] ≠ 0",
    },
    "u[n] = where(m[n] > 0, a / x[n], 0)": {
        "x[n] ≠ 0 if m[n] > 0",
        "x[n′] ≠ 0 if m[n′] > 0",
    },
    "w[n] := x[n] - 1\nu[n] = a / w[n]": {"w[n] ≠ 0", "x[n′] - 1 ≠ 0"},
    # indices that two definitions bind under one name
    "m[n] := sum(j, w[j] * a[n, j]**2)\ns[n] := sum(i, m[i] / m[n])\nL = sum(n, log(s[n]))": {
        "m[n] ≠ 0",
        "s[n] > 0",
        "Σ_i (Σ_j w[j] a[i,j]²) / (Σ_j w[j] a[n,j]²) > 0",
        "Σ_i (Σ_j w[j] a[i,j]²) / (Σ_j w[j] a[n,j]²) ≠ 0",
        "Σ_j w[j] a[n,j]² ≠ 0",
        "Σ_j w[j] a[n′,j]² ≠ 0",
        "Σ_{n,j} w[j] a[n,j]² ≠ 0",
    },
    "v = sum(n, (x[n] - mean(m, x[m]))**2) / (N - 1)": {"M - 1 ≠ 0"},
}


@pytest.mark.parametrize("equations", NEEDS)
def test_what_a_step_needs_is_collected(equations):
    layer = read_layer("own", f'equations = """{equations}"""', library.shipped_source)
    proof = prove(derive(layer))
    notation = Notation(layer)
    found = {notation.needed(n.relation, n.beside) for _, c in proof.steps for n in c.needs}
    assert found == NEEDS[equations]
    assert ("no step needs a condition" in proof.words) == (not found)


def test_every_rule_that_it_uses_is_proved_in_coq():
    known = tomllib.loads((ROOT / "proofs" / "rules.toml").read_text(encoding="utf-8"))
    used = {rule for rules in theorems.RULES.values() for rule in rules}
    assert used <= set(known), used - set(known)
    named = {*theorems.RULES, *theorems.GIVEN}
    assert named <= set(functions()), named - set(functions())
    assert not {*theorems.RULES} & {*theorems.GIVEN}


def test_every_function_that_rewrites_names_its_rules():
    """Those that only look, name and count are known by their files or here."""
    unnamed = {
        name
        for name, file in functions().items()
        if file not in LOOK_ONLY and name not in theorems.RULES and "__" not in name
    } - {*theorems.GIVEN}
    assert unnamed == LOOK_ONLY_HERE, (unnamed - LOOK_ONLY_HERE, LOOK_ONLY_HERE - unnamed)


def test_it_shares_no_code_with_laws_derivation_and_the_other_checker():
    for path in sorted((ROOT / "derive" / "proof" / "every_size").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("pullback."):
                name = str(node.module).removeprefix("pullback.derive.")
                assert f"{name}.".startswith(MAY_READ), f"{path.name} imports {node.module}"


ASK = """
from tests.test_every_size import ROOT, derived, every_size_checker, chains
derivation = derived(ROOT / "tests" / "edges" / "cox_likelihood.toml")
checker = every_size_checker(derivation.labelled)
print([checker.chain(chain, known) for _, chain, known in chains(derivation)])
"""


def test_verdicts_are_the_same_in_every_run():
    runs = [
        subprocess.run(
            [sys.executable, "-c", ASK],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1] != ""
