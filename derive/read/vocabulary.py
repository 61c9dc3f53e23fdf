"""The words of the language of definitions, what they mean, and the names that nobody may take."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Iterable
from difflib import get_close_matches

import sympy as sp
from sympy.core.relational import Relational

from pullback.derive.index.binders import Largest, Smallest, Sum
from pullback.derive.index.functions import FUNCTIONS, OF_TWO
from pullback.derive.index.kinks import Maximum, Minimum
from pullback.derive.read.matrix_functions import OF_MATRICES
from pullback.derive.read.sugar import SUGAR

REDUCTIONS = {"sum": Sum, "mean": Sum, "max": Largest, "min": Smallest}
PAIRS = {"max": Maximum, "min": Minimum}
RELATIONS: dict[str, type[Relational]] = {
    "==": sp.Eq,
    "!=": sp.Ne,
    "<": sp.StrictLessThan,
    "<=": sp.LessThan,
    ">": sp.StrictGreaterThan,
    ">=": sp.GreaterThan,
}
PI = "pi"  # the number π
WORDS = {*FUNCTIONS, *OF_TWO, *REDUCTIONS, *PAIRS, *OF_MATRICES, "where", "size", PI}
# words that no tensor and no axis may be called; the others mean a function before a '(' alone
KEPT = {*REDUCTIONS, *PAIRS, "where", "size", PI}
KEPT |= {"exp", "log", "log1p", "expm1", "sqrt", "tanh", "sigmoid", "erf", "erfc"}
KEPT |= {"sin", "cos", "abs"}
# what an emitted module's functions read of the module, and their own arguments: names that stay
# as they are; every other name in a module gives way to those of a definition
EMITTED = {
    *("np", "Cache", "Gradients", "Workspace", "forward", "backward"),
    *("work", "cache", "inputs", "tangents"),
}
LOOPS = {"int", "object", "range"}  # what the equations of an emitted test file read of Python
FORBIDDEN = {*keyword.kwlist, *EMITTED, *LOOPS}
# a layer's name is the name of a module, which others import beside Python's own names
FORBIDDEN_LAYERS = {*FORBIDDEN, *keyword.softkwlist, *dir(builtins), "numpy"} - {"_"}

COTANGENT = "d"  # the cotangent of z is called dz
TANGENT = "_dot"  # the tangent of z is called z_dot
SIZE = "size_"  # the size of the axis n is called size_n where N is a tensor
BATCH_AXIS = "batch"  # ... and that of the leading axes together size_batch
DOTS = "…"  # the leading axes, in print
HABITS = {"ln": "log", "pow": "**", "logistic": "sigmoid", "average": "mean"}
HABITS |= {"maximum": "max", "minimum": "min"}
HABITS |= {f"arc{word}": f"a{word}" for word in ("sin", "cos", "tan", "tan2")}
HABITS |= {f"ar{end}{word}": f"a{word}" for end in ("", "c") for word in ("sinh", "cosh", "tanh")}
# what there is not, and what to write
INSTEAD = {"cholesky": "logdet(A[i, j]) and solve(A[i, j], b[i]) need no factor of A"}
HABITS |= {"rint": "round", "ceiling": "ceil", "sgn": "sign", "lse": "logsumexp"}


def size_name(axis: str) -> str:
    """The name of an axis's size where the axis's capital is taken, or it has none."""
    return SIZE + axis


def size_words(name: str) -> str:
    """The name of a size in print: a capital as it is, else that of the axis between strokes.

    >>> size_words("N"), size_words("size_n"), size_words("size_batch")
    ('N', '|n|', '|…|')
    """
    axis = name.removeprefix(SIZE)
    return name if axis == name else f"|{DOTS if axis == BATCH_AXIS else axis}|"


def alike(word: str, known: Iterable[str], most: int, cutoff: float) -> list[str]:
    """Known words that look like one: first those whose letters are only in another order.

    >>> alike("tahn", ["tan", "tanh"], 1, 0.7)
    ['tanh']
    """
    words = sorted(known)
    turned = [w for w in words if len(w) > 2 and sorted(w) == sorted(word)]
    return [*dict.fromkeys((*turned, *get_close_matches(word, words, most, cutoff)))][:most]


def suggestion(name: str, known: Iterable[str] = ()) -> str:
    """A known word that looks like an unknown one, as a question, or nothing.

    >>> suggestion("sigmoidd"), suggestion("ln"), suggestion("qux")
    ("; did you mean 'sigmoid'?", "; did you mean 'log'?", '')
    """
    if name.lower() in INSTEAD:
        return f": {INSTEAD[name.lower()]}"
    close = alike(name.lower(), {*WORDS, *SUGAR, *known}, 1, 0.7)
    found = HABITS.get(name.lower()) or (close[0] if close else "")
    return f"; did you mean '{found}'?" if found else ""
