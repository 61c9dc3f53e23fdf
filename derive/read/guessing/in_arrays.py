"""How names are used in array notation, in Python's syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from pullback.derive.read.guessing.candidates import Use

PRODUCTS = ("dot", "matmul")
REDUCED = ("sum", "mean", "norm", "max", "min")


def uses(tree: ast.AST) -> Mapping[str, set[Use]]:
    """The ways in which each name is used."""
    found: dict[str, set[Use]] = {}
    for node in ast.walk(tree):
        for name, use in here(node):
            found.setdefault(name, set()).add(use)
    return found


def here(node: ast.AST) -> Iterator[tuple[str, Use]]:
    """Names that one part uses in a certain way."""
    pair = factors(node)
    if pair is not None:
        left, right = pair
        if isinstance(left, ast.Name):
            yield left.id, Use.LEFT
            if isinstance(right, ast.Name) and not left.id[:1].isupper():
                yield right.id, Use.RIGHT
    if isinstance(node, ast.BinOp):
        for own, other in ((node.left, node.right), (node.right, node.left)):
            adds = isinstance(node.op, ast.Add | ast.Sub) and is_product(other)
            if adds and isinstance(own, ast.Name):
                yield own.id, Use.ADDED
            if isinstance(node.op, ast.Mult | ast.Div) and is_reduced(other):
                yield from ((name, Use.NUMBER) for name in scalars(own))
        if isinstance(node.op, ast.Pow) and isinstance(node.right, ast.Name):
            yield node.right.id, Use.NUMBER
    if isinstance(node, ast.Subscript):
        keys = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        yield from ((k.id, Use.LABELS) for k in keys if isinstance(k, ast.Name))
    if isinstance(node, ast.Attribute) and node.attr == "T" and isinstance(node.value, ast.Name):
        yield node.value.id, Use.ROWS
    if isinstance(node, ast.Call) and by_rows(node):
        first = node.func.value if isinstance(node.func, ast.Attribute) else None
        by_name = (n.id for n in (first, *node.args[:1]) if isinstance(n, ast.Name))
        yield from ((name, Use.ROWS) for name in by_name)


def factors(node: ast.AST) -> tuple[ast.expr, ast.expr] | None:
    """The two factors of a matrix product."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        return node.left, node.right
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    if node.func.attr not in PRODUCTS:
        return None
    if len(node.args) == 1:
        return node.func.value, node.args[0]
    return (node.args[0], node.args[1]) if len(node.args) == 2 else None


def is_product(node: ast.expr) -> bool:
    """Is it a matrix product, perhaps with terms added?"""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        return is_product(node.left) or is_product(node.right)
    return factors(node) is not None


def is_reduced(node: ast.expr) -> bool:
    """Is it a sum, or the like, over all axes?"""
    if isinstance(node, ast.BinOp):
        return is_reduced(node.left) and is_reduced(node.right)
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    return node.func.attr in REDUCED and not node.keywords and len(node.args) <= 1


def scalars(node: ast.expr) -> Iterator[str]:
    """The names that a factor of a number is made of."""
    if isinstance(node, ast.BinOp):
        yield from scalars(node.left)
        yield from scalars(node.right)
    elif isinstance(node, ast.Name):
        yield node.id


def by_rows(node: ast.Call) -> bool:
    """Is something taken along the second axis?"""
    axis = next((k.value for k in node.keywords if k.arg in ("axis", "keepdims")), None)
    return isinstance(axis, ast.Constant) and axis.value in (1, True)


def axes(tree: ast.AST) -> Mapping[str, int]:
    """How many axes names have, where the text says so: N, D = x.shape, and np.einsum's letters."""
    found: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
            name, _, what = ast.unparse(node.value).rpartition(".")
            if what == "shape":
                found[name] = len(node.targets[0].elts)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("einsum"):
            text = getattr(node.args[0], "value", "") if node.args else ""
            given = str(text).replace(" ", "").partition("->")[0].split(",")
            for own, letters in zip(node.args[1:], given, strict=False):
                if isinstance(own, ast.Name) and "." not in letters:
                    found[own.id] = len(letters)
    return found


def loaded(tree: ast.AST) -> dict[str, ast.Name]:
    """Every name that is read, by its first place."""
    found: dict[str, ast.Name] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            first = found.get(node.id)
            if first is None or (node.lineno, node.col_offset) < (first.lineno, first.col_offset):
                found[node.id] = node
    return dict(sorted(found.items(), key=lambda p: (p[1].lineno, p[1].col_offset)))


def stored(tree: ast.AST) -> set[str]:
    """Every name that is set."""
    nodes = list(ast.walk(tree))
    names = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return names | {n.arg for n in nodes if isinstance(n, ast.arg)}
