"""How names are used in matrix notation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pullback.derive.read.from_matrices.parser import BARS, BEHIND, BESIDE, Line
from pullback.derive.read.from_matrices.words import TRANSPOSE
from pullback.derive.read.guessing.candidates import Use
from pullback.derive.read.run_together import GREEK_NAMES
from pullback.derive.read.trees import Apply, Number, Operation, Ref, Tree, parts, walk

PRODUCTS = (BESIDE, BEHIND, "*")
BY_ROWS = ("softmax", "logsumexp", "CE")


def uses(lines: Iterable[Line]) -> Mapping[str, set[Use]]:
    """The ways in which each name is used."""
    found: dict[str, set[Use]] = {}
    for line in lines:
        for tree in walk(line.right):
            for name, use in here(tree):
                found.setdefault(name, set()).add(use)
    return found


def here(tree: Tree) -> Iterator[tuple[str, Use]]:
    """Names that one part uses in a certain way."""
    match tree:
        case Operation(op, left, right, _) if op in PRODUCTS:
            last = factors(left)[-1]
            if isinstance(last, Operation) and last.op == "/":
                yield from ((t.name, Use.NUMBER) for t in terms(last) if isinstance(t, Ref))
            lies = isinstance(right, Apply) and right.name == TRANSPOSE
            if isinstance(last, Ref) and op == BESIDE and not is_number(last) and not lies:
                yield last.name, Use.LEFT
                if isinstance(right, Ref) and not last.name[:1].isupper():
                    yield right.name, Use.RIGHT
        case Operation("+" | "-", left, right, _):
            for own, other in ((left, right), (right, left)):
                if isinstance(own, Ref) and is_product(other):
                    yield own.name, Use.ADDED
        case Operation("/", _, right, _):
            yield from ((t.name, Use.NUMBER) for t in terms(right) if isinstance(t, Ref))
        case Operation("^" | ".^", _, Ref(name, _, _), _):
            yield name, Use.NUMBER
        case Apply(word, args, _):
            first = args[0]
            if isinstance(first, Ref) and word == BARS:
                yield first.name, Use.NUMBER
            if isinstance(first, Ref) and word == TRANSPOSE:
                yield first.name, Use.TRANSPOSED
            if isinstance(first, Ref) and word in BY_ROWS:
                yield first.name, Use.ROWS
            if word == "CE" and len(args) == 2 and isinstance(args[1], Ref):
                yield args[1].name, Use.LABELS


def factors(tree: Tree) -> list[Tree]:
    """The factors of a product, in order."""
    if isinstance(tree, Operation) and tree.op in PRODUCTS:
        return [*factors(tree.left), *factors(tree.right)]
    return [tree]


def terms(tree: Tree) -> list[Tree]:
    """What a sum, a product or a power is made of."""
    if isinstance(tree, Operation):
        return [t for part in parts(tree) for t in terms(part)]
    return [tree]


def is_product(tree: Tree) -> bool:
    """Is it a product of what may be matrices, perhaps with terms added?"""
    if isinstance(tree, Operation) and tree.op in ("+", "-"):
        return is_product(tree.left) or is_product(tree.right)
    return len([f for f in factors(tree) if not is_number(f)]) > 1


def is_number(tree: Tree) -> bool:
    """Is it a number at first sight: a literal, a Greek letter, a fraction?"""
    if isinstance(tree, Operation):
        return tree.op == "/"
    return isinstance(tree, Number) or (isinstance(tree, Ref) and tree.name in GREEK_NAMES)
