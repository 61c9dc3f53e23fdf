"""Other spellings of one statement: single changes of its syntax tree."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

MAX_REPAIRS = 400
OTHERS: dict[type, tuple[type, ...]] = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add, ast.Mult),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult,),
    ast.Gt: (ast.LtE, ast.Lt, ast.GtE),
    ast.Lt: (ast.GtE, ast.Gt, ast.LtE),
    ast.GtE: (ast.Lt, ast.LtE, ast.Gt),
    ast.LtE: (ast.Gt, ast.GtE, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
}
OPERATORS = (ast.Mult, ast.Div, ast.Add, ast.Sub)
CALLS = {"sum": "mean", "mean": "sum", "max": "min", "min": "max"}
CALLS |= {"maximum": "minimum", "minimum": "maximum", "argmax": "argmin", "argmin": "argmax"}
Node = Any  # of a syntax tree: which fields it has is known where its kind is
Change = Callable[[Node], Node]


def repairs(text: str, line: int) -> Iterator[tuple[str, str]]:
    """Texts in which the statement of this line is changed at one place, and how it is spelled.

    Of a loop or a condition it is the first line. Lines keep their numbers. Where no statement
    stands alone in the line there are none.
    """
    nodes: list[Node] = [*ast.walk(ast.parse(text))]
    found = [n for n in nodes if is_statement(n) and n.lineno == line]
    if not found:
        return
    statement, lines = found[0], text.splitlines()
    last = min([statement.end_lineno, *(n.lineno - 1 for n in getattr(statement, "body", []))])
    before = lines[line - 1].encode()[: statement.col_offset].decode()
    if before.strip() or last < line:
        return
    seen = {first_line(statement)}
    for count, change in enumerate(changes(statement, names_of(nodes, statement))):
        if count >= MAX_REPAIRS:
            return
        spelled = first_line(change(copy.deepcopy(statement)))
        if spelled not in seen:
            seen.add(spelled)
            blank = [""] * (last - line)
            yield "\n".join([*lines[: line - 1], before + spelled, *blank, *lines[last:]]), spelled


def is_statement(node: Node) -> bool:
    """Is it a statement that can be spelled another way?"""
    return isinstance(node, ast.stmt) and not isinstance(node, ast.FunctionDef | ast.ClassDef)


def first_line(statement: Node) -> str:
    """A statement as it is spelled, without its body."""
    return ast.unparse(statement).splitlines()[0]


def names_of(nodes: list[Node], statement: Node) -> list[str]:
    """The variables of the function in which a statement stands that are set before it."""
    for function in nodes:
        if isinstance(function, ast.FunctionDef) and statement in ast.walk(function):
            spec = function.args
            own = [a.arg for a in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)]
            names = (n for n in ast.walk(function) if isinstance(n, ast.Name))
            before = (n for n in names if n.lineno <= statement.lineno)
            own += [n.id for n in before if isinstance(n.ctx, ast.Store)]
            return list(dict.fromkeys(own))
    return []


def changes(statement: Node, names: list[str]) -> Iterator[Change]:
    """Each change of a statement, as what is to be done with a copy of it."""
    inner = [*getattr(statement, "body", []), *getattr(statement, "orelse", [])]
    body = {n for s in inner for n in ast.walk(s)}
    nodes = [(at, node) for at, node in enumerate(ast.walk(statement)) if node not in body]
    for small in (True, False):  # numbers and operators are the commonest slips
        for at, node in nodes:
            if small != (type(node) in OTHERS or isinstance(node, ast.Constant)):
                continue
            yield from (partial(put_at, at, replace) for replace in spellings(node, names))
    if isinstance(statement, ast.AugAssign):
        yield from (partial(with_field, "op", op()) for op in OPERATORS)
    if isinstance(statement, ast.Assign) and not isinstance(statement.targets[0], ast.Tuple):
        yield from (partial(updated, op) for op in OPERATORS)
    if getattr(statement, "value", None) is not None:
        yield from (partial(around, op, name) for name in names for op in OPERATORS)
        yield negated


def with_field(field: str, value: Node, statement: Node) -> Node:
    """A statement with something else in a field."""
    setattr(statement, field, value)
    return statement


def around(operator: type[ast.operator], name: str, statement: Node) -> Node:
    """A statement whose value stands in an operation with a variable."""
    statement.value = ast.BinOp(statement.value, operator(), ast.Name(name, ast.Load()))
    return statement


def negated(statement: Node) -> Node:
    """A statement whose value has the other sign."""
    statement.value = ast.UnaryOp(ast.USub(), statement.value)
    return statement


def updated(operator: type[ast.operator], statement: Node) -> Node:
    """`a += …` where `a = …` stood."""
    made = ast.AugAssign(statement.targets[0], operator(), statement.value)
    return ast.copy_location(made, statement)


def put_at(at: int, replace: Change, statement: Node) -> Node:
    """Another node in place of the one that `ast.walk` meets at this place."""
    old = [*ast.walk(statement)][at]
    new = replace(old)
    put_over(statement, old, new)
    return statement


def put_over(whole: Node, old: Node, new: Node) -> None:
    """Another node in place of one."""
    for parent in ast.walk(whole):
        if parent is new:
            continue  # which may hold the old one
        for field, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, field, new)
            elif isinstance(value, list) and any(v is old for v in value):
                setattr(parent, field, [new if v is old else v for v in value])


def spellings(node: Node, names: list[str]) -> Iterator[Change]:
    """What may stand in place of a node."""
    if isinstance(node, ast.Call | ast.BinOp | ast.Name) and not is_set(node):
        yield from (partial(from_one, op) for op in (ast.Add, ast.Sub))
    if type(node) in OTHERS:
        yield from (partial(constantly, other) for other in OTHERS[type(node)])
    elif isinstance(node, ast.Constant):
        yield from of_number(node.value)
    elif isinstance(node, ast.BinOp):
        yield from of_operation(node)
    elif isinstance(node, ast.UnaryOp):
        yield lambda n: n.operand
    elif isinstance(node, ast.Attribute):
        if node.attr == "T":
            yield lambda n: n.value
        if node.attr in CALLS:
            yield lambda n: ast.Attribute(n.value, CALLS[n.attr], n.ctx)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id != "np":
        yield lambda n: ast.Attribute(n, "T", ast.Load())
        others = (partial(ast.Name, name, ast.Load()) for name in names if name != node.id)
        yield from (partial(constantly, other) for other in others)
    elif isinstance(node, ast.Call):
        yield from of_call(node)


def is_set(node: Node) -> bool:
    """Is it a name that is set, or a module?"""
    return isinstance(node, ast.Name) and (isinstance(node.ctx, ast.Store) or node.id == "np")


def from_one(operator: type[ast.operator], node: Node) -> Node:
    """1 and a node."""
    return ast.BinOp(ast.Constant(1), operator(), node)


def of_number(value: Any) -> Iterator[Change]:
    """Other numbers in place of one."""
    if type(value) in (int, float):
        for number in (0, 1, -1, 2, 0.5, value - 1, value + 1):
            yield partial(constantly, partial(ast.Constant, number))


def constantly(make: Callable[[], Node], _: Node) -> Node:
    """The same node, whatever stood there."""
    return make()


def of_operation(node: ast.BinOp) -> Iterator[Change]:
    """One side of an operation alone, both swapped, half of it, twice."""
    yield lambda n: n.left
    yield lambda n: n.right
    for number in (0.5, 2):
        yield partial(scaled, number)
    if isinstance(node.op, ast.MatMult | ast.Sub | ast.Div):
        yield lambda n: ast.BinOp(n.right, n.op, n.left)


def scaled(number: float, node: Node) -> Node:
    """A number times a node."""
    return ast.BinOp(ast.Constant(number), ast.Mult(), node)


def of_call(node: ast.Call) -> Iterator[Change]:
    """A call left out, or with its axis kept."""
    if isinstance(node.func, ast.Attribute) and not isinstance(node.func.value, ast.Name):
        yield lambda n: n.func.value
    if any(k.arg == "axis" for k in node.keywords):
        yield with_kept_axis
    if node.args:
        yield lambda n: n.args[0]


def with_kept_axis(node: Node) -> Node:
    """A call with `keepdims=True`."""
    node.keywords = [*node.keywords, ast.keyword("keepdims", ast.Constant(True))]
    return node
