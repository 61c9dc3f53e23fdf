"""Products in a formula with their factors transposed or exchanged: a slip that shapes show."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from copy import deepcopy
from itertools import islice

MOST = 200  # formulas that are tried


def turned(tree: ast.expr) -> Iterator[ast.expr]:
    """A formula with one of its products turned, every way; then with two."""
    first = list(islice(once(tree), MOST))
    yield from first
    for other in first:
        yield from once(other)


def once(tree: ast.expr) -> Iterator[ast.expr]:
    """A formula with one of its products turned."""
    count = sum(map(is_product, ast.walk(tree)))
    for place in range(count):
        for turn in TURNS:
            new = deepcopy(tree)
            product = [node for node in ast.walk(new) if is_product(node)][place]
            assert isinstance(product, ast.BinOp)
            product.left, product.right = turn(product.left, product.right)
            yield new


def is_product(node: ast.AST) -> bool:
    """Is this a product of matrices?"""
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)


def flipped(tree: ast.expr) -> ast.expr:
    """A factor transposed; twice is not at all."""
    if isinstance(tree, ast.Attribute) and tree.attr == "T":
        return tree.value
    return ast.Attribute(tree, "T", ast.Load())


TURNS: tuple[Callable[[ast.expr, ast.expr], tuple[ast.expr, ast.expr]], ...] = (
    lambda a, b: (a, flipped(b)),
    lambda a, b: (flipped(a), b),
    lambda a, b: (b, a),
    lambda a, b: (flipped(b), flipped(a)),
    lambda a, b: (flipped(a), flipped(b)),
    lambda a, b: (b, flipped(a)),
    lambda a, b: (flipped(b), a),
)
