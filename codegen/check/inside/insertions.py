"""A factor or a term put into an expression: what was left out may have stood there."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from typing import Any

Node = Any  # of a syntax tree: which fields it has is known where its kind is
Change = Callable[[Node], Node]
Spot = tuple[int, tuple[type[ast.operator], ...]]  # a node of `ast.walk`, what may be put beside it
SPOTS = ast.Name | ast.Call | ast.BinOp | ast.Subscript | ast.Attribute | ast.UnaryOp | ast.Compare
METHODS = ("sum", "mean", "dot")  # of which what they belong to may lack something
FUNCTIONS = (
    *("{}.sum(axis=-1, keepdims=True)", "{}.sum(axis=0, keepdims=True)", "{}.shape[0]"),
    *("{}.shape[1]", "{}.T", "({} > 0)", "(1 - {})", "{}**2", "np.diag({})"),
)
FACTORS = (ast.Mult, ast.Div)
TERMS = (ast.Add, ast.Sub)


def insertions(
    whole: ast.Expression, cost: int, names: Sequence[str], scalars: Sequence[str]
) -> Iterator[tuple[int, Change]]:
    """Where in an expression, and what is put there: a number or a name, or what is made of one."""
    spots = [*spots_of(whole)]
    if cost == 2:
        operands = [*numbers(), *map(name, names)]
        yield from beside(spots, operands, (*FACTORS, *TERMS))
    if cost == 3:
        products = [parsed(f"{a} * {b}") for a in scalars for b in names if b not in scalars]
        yield from beside(spots, products, TERMS)
        made = [parsed(f.format(n)) for n in names if n not in scalars for f in FUNCTIONS]
        yield from beside(spots, made, (*FACTORS, *TERMS))


def beside(
    spots: Sequence[Spot], operands: Sequence[Node], operators: Sequence[type[ast.operator]]
) -> Iterator[tuple[int, Change]]:
    """Every operand beside every node, by these operations where they are not its neighbour's."""
    for at, possible in spots:
        for operand in operands:
            for operator in (o for o in operators if o in possible):
                yield at, operation(operator, operand)
                if operator is ast.Sub:
                    yield at, taken_from(operand)


def inserted(at: int, change: Change, whole: ast.Expression) -> ast.Expression:
    """The expression with something put in at the node that `ast.walk` meets at this place."""
    from_ = [*ast.walk(whole)][at]
    for parent in ast.walk(whole):
        for field, value in ast.iter_fields(parent):
            if value is from_:
                setattr(parent, field, change(from_))
                return whole
            if isinstance(value, list) and any(v is from_ for v in value):
                setattr(parent, field, [change(v) if v is from_ else v for v in value])
                return whole
    return whole


def spots_of(whole: ast.Expression) -> Iterator[Spot]:
    """The nodes beside which something may be put, and by which operations.

    A factor of a factor is a factor of the product, and a term of a term is one of the sum.
    """
    above: dict[Node, Node] = {
        child: node for node in ast.walk(whole) for child in ast.iter_child_nodes(node)
    }
    for at, node in enumerate(ast.walk(whole)):
        if not isinstance(node, SPOTS) or not isinstance(
            getattr(node, "ctx", ast.Load()), ast.Load
        ):
            continue
        parent = above[node]
        if isinstance(node, ast.Attribute) and node.attr != "T":
            continue  # a method, a module's function, a shape
        if isinstance(parent, ast.Attribute) and parent.attr not in METHODS:
            continue  # np, or what has a shape
        if isinstance(parent, ast.Call) and node is parent.func:
            continue
        operator = getattr(parent, "op", None)
        found: tuple[type[ast.operator], ...] = ()
        if not isinstance(operator, ast.Mult | ast.Div | ast.USub):
            found += FACTORS
        if not isinstance(operator, ast.Add | ast.Sub):
            found += TERMS
        yield at, found


def numbers() -> Iterator[Node]:
    """Numbers that are left out."""
    yield from (ast.Constant(2), ast.Constant(1))


def name(text: str) -> Node:
    """A variable."""
    return ast.Name(text, ast.Load())


def parsed(text: str) -> Node:
    """An expression."""
    return ast.parse(text, mode="eval").body


def operation(operator: type[ast.operator], operand: Node) -> Change:
    """What puts an operand behind a node."""
    return lambda node: ast.BinOp(node, operator(), operand)


def taken_from(operand: Node) -> Change:
    """What takes a node from an operand."""
    return lambda node: ast.BinOp(operand, ast.Sub(), node)
