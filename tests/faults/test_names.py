"""No name of a definition meets a name of a module: each is refused in words, or works."""

import ast
import builtins
import inspect
import keyword
import re
from collections.abc import Iterable
from functools import cache
from types import ModuleType

import numpy as np
import pytest

from pullback.codegen.lower.assembly import lower
from pullback.codegen.program.plan.names import FIELDS, OWN_WORDS
from pullback.codegen.targets.numpy.loading import loaded
from pullback.codegen.targets.numpy.module import module
from pullback.derive.calculus.derivation import derive
from pullback.derive.errors import DefinitionError
from pullback.derive.read.reader import read_equations
from pullback.derive.read.vocabulary import FORBIDDEN, KEPT
from tests.samples import GENERATED

ROLES = ("INPUT", "NODE", "NOTATION", "LABEL", "AXIS", "OUTPUT", "NUMBER")
PLAIN = ("feature", "hidden", "chance", "right", "example", "loss", "factor")
ALONE = """
NODE[AXIS, q] = INPUT[AXIS, q] * w0[q] + sigmoid(NUMBER) * [AXIS <= q0[AXIS]]
NOTATION[AXIS, q] := exp(NODE[AXIS, q]) / sum(i, exp(NODE[AXIS, i]))
OUTPUT = mean(AXIS, -log(NOTATION[AXIS, LABEL[AXIS]])) + sqrt(size(i)) * NUMBER / size(AXIS)
"""
LEADING = """
NODE[..., AXIS] = sum(e0, INPUT[..., e0] * w0[e0, AXIS]) + NUMBER
NOTATION[..., AXIS] := exp(NODE[..., AXIS]) / sum(i, exp(NODE[..., i]))
OUTPUT[...] = -log(NOTATION[..., LABEL[...]]) * max(0, NUMBER)
"""
SHAPES = {
    ALONE: {"INPUT": (4, 3), "w0": (3,), "q0": (4,), "LABEL": (4,), "NUMBER": ()},
    LEADING: {"INPUT": (2, 2, 4), "w0": (4, 3), "LABEL": (2, 2), "NUMBER": ()},
}
TEMPLATES = [(text, precise) for text in SHAPES for precise in (False, True)]


def spelled(template: str, names: dict[str, str]) -> str:
    return re.sub("|".join(ROLES), lambda role: names[role[0]], template)


def emitted(template: str, names: dict[str, str], precise: bool) -> tuple[ModuleType, str]:
    layer = read_equations("own", spelled(template, names))
    derivation = derive(layer)
    text = module(derivation, lower(derivation, precise))
    return loaded(text, layer), text


def inputs_of(template: str) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {
        role: rng.integers(3, size=shape) if role in ("LABEL", "q0") else rng.normal(size=shape)
        for role, shape in SHAPES[template].items()
    }


def results(code: ModuleType, template: str, names: dict[str, str]) -> list[np.ndarray]:
    """All that a module says of the same inputs, by whatever names it takes them."""
    by_role = inputs_of(template)
    order = [name for name in inspect.signature(code.forward).parameters if name != "work"]
    roles = {names.get(role, role): role for role in by_role}
    inputs = {name: by_role[roles[name]] for name in order}
    real = [name for name in order if inputs[name].dtype.kind == "f"]
    tangents = tuple(np.cos(inputs[name]) for name in real)
    output, kept = code.forward(**inputs)
    weights = np.sin(np.arange(output.size)).reshape(output.shape)[()]
    work = code.workspace(**inputs)
    found = [output, *code.backward(weights, kept), code.value(**inputs)]
    for _ in range(2):
        again, kept = code.forward(**inputs, work=work)
        found += [again, *code.backward(weights, kept)]
    found += code.jvp(tuple(inputs.values()), tangents)
    found += code.jacobian(**inputs)
    if hasattr(code, "hvp"):
        found += code.hvp(tuple(inputs.values()), tangents)
        value, gradients = code.value_and_grad(**inputs, work=work)
        found += [value, *gradients]
    return [np.array(value) for value in found]


@cache
def wanted(template: str, precise: bool) -> list[np.ndarray]:
    plain = dict(zip(ROLES, PLAIN, strict=True))
    return results(emitted(template, plain, precise)[0], template, plain)


def identifiers(text: str) -> set[str]:
    """Every name in a program: variables, arguments, attributes, keywords, functions, fields."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        for field in ("id", "arg", "attr", "name"):
            value = getattr(node, field, None)
            found |= {value} if isinstance(value, str) else set()
    return found


def names_to_try(texts: Iterable[str]) -> list[str]:
    """The names of programs, and those whose gradients or tangents would have such a name."""
    found = set().union(*map(identifiers, texts), FORBIDDEN)
    found |= {name[1:] for name in found if name.startswith("d")}
    found |= {name.removesuffix("_dot") for name in found} | {"size_batch", "BATCH", "N"}
    others = {*PLAIN, *KEPT, "w0", "q0", "e0", "q", "i"}
    others |= {"E0", "Q", "I"}  # the sizes of these axes, where they stand as one number
    return sorted(n for n in found - others if re.fullmatch(r"[A-Za-z]\w{0,60}", n))


def own_texts() -> list[str]:
    """The modules of the definitions here."""
    plain = dict(zip(ROLES, PLAIN, strict=True))
    return [emitted(template, plain, precise)[1] for template, precise in TEMPLATES]


def all_texts() -> list[str]:
    """All committed modules too, and Python's own names."""
    paths = [p for p in GENERATED.glob("*.py") if not p.name.startswith("test_")]
    words = [*keyword.softkwlist, *dir(builtins)]
    python = "\n".join(word for word in words if not keyword.iskeyword(word))
    return [*own_texts(), *(p.read_text(encoding="utf-8") for p in sorted(paths)), python]


def groups(names: list[str], turn: int) -> list[tuple[str, ...]]:
    """The names, as many at a time as there are roles; each turn gives each another role."""
    padded = [*names, *(f"spare{i}" for i in range(-len(names) % len(ROLES)))]
    rows = zip(*[iter(padded)] * len(ROLES), strict=True)
    return [row[turn:] + row[:turn] for row in rows]


def refused(template: str, names: dict[str, str]) -> str:
    try:
        read_equations("own", spelled(template, names))
    except DefinitionError as error:
        return str(error)
    return ""


def taken_names(template: str, group: tuple[str, ...]) -> dict[str, str]:
    """Names by role, without those that are refused when they stand alone."""
    plain = dict(zip(ROLES, PLAIN, strict=True))
    names = dict(plain)
    for role, name in zip(ROLES, group, strict=True):
        words = refused(template, {**plain, role: name})
        if words:
            assert re.search(r"'\w+'", words), words
        elif not refused(template, {**names, role: name}):
            names[role] = name
    return names


@pytest.mark.slow
@pytest.mark.parametrize(("template", "precise"), [TEMPLATES[0], TEMPLATES[3]])
def test_each_name_of_a_module_may_be_a_tensors(template, precise):
    """Each name stands in another role in each template."""
    check_names(template, precise, groups(names_to_try(own_texts()), turn_of(template, precise)))


@pytest.mark.sampled(6)
@pytest.mark.parametrize("turn", range(len(ROLES)))
def test_the_modules_own_words_give_way_in_each_role(turn):
    """The variables of its text, the places of leading axes, and the fields of a workspace."""
    for template, precise in (TEMPLATES[turn % 2], TEMPLATES[3 - turn % 2]):
        check_names(template, precise, groups(sorted({*OWN_WORDS, *FIELDS, "type"}), turn))


@pytest.mark.parametrize("name", ["el", "ef"])
def test_a_cotangent_is_no_keyword(name):
    with pytest.raises(DefinitionError, match=f"'{name}' cannot be a name: its cotangent would be"):
        read_equations("own", f"h[n] = {name}[n]**2")


@pytest.mark.parametrize(
    "text",
    [
        "h[..., batch] = u[..., batch] + BATCH[batch]",
        "h[n] = E[y[n]] + w[n] * E_0 + sum(E_0, e[E_0])".replace("* E_0 +", "* s +"),
    ],
)
def test_two_sizes_have_two_names(text):
    """Or the definition is refused in words; no two sizes are one by their names."""
    with pytest.raises(DefinitionError, match="would be called 'size_"):
        read_equations("own", text)


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(len(ROLES)))
def test_each_name_of_all_modules_in_each_role(turn):
    """Each role in another template, each name in one or two of the roles."""
    template, precise = TEMPLATES[turn % len(TEMPLATES)]
    check_names(template, precise, groups(names_to_try(all_texts()), turn)[turn % 6 :: 6])


def turn_of(template: str, precise: bool) -> int:
    return 2 * TEMPLATES.index((template, precise))


def check_names(template: str, precise: bool, rows: list[tuple[str, ...]]) -> None:
    """Whatever the names, the same numbers."""
    for row in rows:
        names = taken_names(template, row)
        found = results(emitted(template, names, precise)[0], template, names)
        for value, exact in zip(found, wanted(template, precise), strict=True):
            np.testing.assert_allclose(value, exact, rtol=1e-12, atol=1e-12, err_msg=str(names))
