"""Other spellings of one statement: single changes of its syntax tree, cheap ones first."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pullback.codegen.check.inside.insertions import inserted, insertions

COSTS = (1, 2, 3)  # something else in one place; something left out or put in; a call put in
OTHERS: dict[type, tuple[type, ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.Gt: (ast.LtE, ast.Lt, ast.GtE),
    ast.Lt: (ast.GtE, ast.Gt, ast.LtE),
    ast.GtE: (ast.Lt, ast.LtE, ast.Gt),
    ast.LtE: (ast.Gt, ast.GtE, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
}
FARTHER: dict[type, tuple[type, ...]] = {
    ast.Add: (ast.Mult,),
    ast.Sub: (ast.Mult,),
    ast.Mult: (ast.Add, ast.Sub),
}
OPERATORS = (ast.Mult, ast.Div, ast.Add, ast.Sub)
CALLS = {"sum": "mean", "mean": "sum", "max": "min", "min": "max"}
CALLS |= {"maximum": "minimum", "minimum": "maximum", "argmax": "argmin", "argmin": "argmax"}
PLACES = ("value", "iter", "test")  # where a statement has its expression
Node = Any  # of a syntax tree: which fields it has is known where its kind is
Change = Callable[[Node], Node]
Names = Sequence[str]


@dataclass(frozen=True)
class Variables:
    """The variables at a line: those that may stand for others, may be put in, are one number."""

    names: Names = ()
    numbers: Names = ()
    scalars: Names = ()


@dataclass(frozen=True)
class Repair:
    """One change: of a statement's expression, as `ast.Expression`, or of the statement itself."""

    of_expression: bool
    change: Change

    def made(self, statement: Node) -> Node:
        """The changed expression alone, or the changed statement."""
        if self.of_expression:
            whole = ast.Expression(copied(expression_of(statement)))
            return ast.fix_missing_locations(self.change(whole))
        return ast.fix_missing_locations(self.change(copied(statement)))

    def statement(self, statement: Node) -> Node:
        """The changed statement, with the body that it has."""
        new = self.made(statement)
        if self.of_expression:
            changed = copy.copy(statement)
            setattr(changed, place_of(statement), new.body)
            return changed
        return new


def repairs(statement: Node, cost: int, variables: Variables) -> Iterator[Repair]:
    """The changes of this cost."""
    expression = expression_of(statement)
    if expression is not None:
        whole = ast.Expression(expression)
        made = changes(whole, variables.names) if cost < 3 else iter(())
        yield from (Repair(True, change) for own, change in made if own == cost)
        for at, change in insertions(whole, cost, variables.numbers, variables.scalars):
            yield Repair(True, partial(inserted, at, change))
    if cost == 1 and not hasattr(statement, "body"):
        yield from (Repair(False, change) for change in of_statement(statement, variables.names))


def copied(node: Node) -> Node:
    """A copy of a tree, faster than a deep copy of anything."""
    if isinstance(node, list):
        return [copied(n) for n in node]
    if not isinstance(node, ast.AST):
        return node
    new = type(node)(**{f: copied(getattr(node, f, None)) for f in node._fields})
    return ast.copy_location(new, node)


def statement_of(tree: ast.Module, line: int) -> Node | None:
    """The statement that begins in a line, if it can be spelled another way."""
    unfit = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    found = [n for n in ast.walk(tree) if isinstance(n, ast.stmt) and n.lineno == line]
    return found[0] if found and not isinstance(found[0], unfit) else None


def place_of(statement: Node) -> str:
    """The field in which a statement has its expression; nothing where it has none."""
    found = [f for f in PLACES if isinstance(getattr(statement, f, None), ast.expr)]
    return found[0] if found else ""


def expression_of(statement: Node) -> Node | None:
    """What a statement works out."""
    return getattr(statement, place_of(statement), None)


def first_line(statement: Node) -> str:
    """A statement as it is spelled, without its body."""
    return ast.unparse(ast.fix_missing_locations(statement)).splitlines()[0]


def names_of(tree: ast.Module, statement: Node) -> list[str]:
    """The variables of the function in which a statement stands that are set before it."""
    found: list[str] = []
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef) and statement in ast.walk(function):
            spec = function.args
            found = [a.arg for a in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)]
            names = (n for n in ast.walk(function) if isinstance(n, ast.Name))
            before = (n for n in names if n.lineno <= statement.lineno)
            found += [n.id for n in before if isinstance(n.ctx, ast.Store)]
    return list(dict.fromkeys(found))


def of_statement(statement: Node, names: Names) -> Iterator[Change]:
    """Changes of what is set, and of how."""
    targets = [*getattr(statement, "targets", []), *filter(None, [getattr(statement, "target", 0)])]
    inside = {n for t in targets for n in ast.walk(t)}
    for at, node in enumerate(ast.walk(statement)):
        if node in inside:
            made = spellings(node, names)
            yield from (partial(put_at, at, change) for cost, change in made if cost == 1)
            if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
                yield from (partial(put_at, at, partial(into, name)) for name in names)
    if isinstance(statement, ast.AugAssign):
        yield from (partial(with_field, "op", op()) for op in OPERATORS)
        yield assigned
    if isinstance(statement, ast.Assign) and not isinstance(statement.targets[0], ast.Tuple):
        yield from (partial(updated, op) for op in OPERATORS)


def into(name: str, node: ast.Subscript) -> Node:
    """Entries of another array."""
    return ast.Subscript(ast.Name(name, ast.Load()), node.slice, node.ctx)


def with_field(field: str, value: Node, statement: Node) -> Node:
    """A statement with something else in a field."""
    setattr(statement, field, value)
    return statement


def assigned(statement: ast.AugAssign) -> Node:
    """`a = …` where `a += …` stood."""
    made = ast.Assign([statement.target], statement.value)
    return ast.copy_location(made, statement)


def updated(operator: type[ast.operator], statement: Node) -> Node:
    """`a += …` where `a = …` stood."""
    made = ast.AugAssign(statement.targets[0], operator(), statement.value)
    return ast.copy_location(made, statement)


def changes(whole: ast.Expression, names: Names) -> Iterator[tuple[int, Change]]:
    """Each change of an expression with its cost, as what is to be done with a copy of it."""
    nodes = [*enumerate(ast.walk(whole))]
    sides = [s for _, n in nodes if isinstance(n, ast.BinOp) for s in (n.left, n.right)]
    for small in (True, False):  # numbers and operators are the commonest slips
        for at, node in nodes:
            if small != (type(node) in OTHERS or isinstance(node, ast.Constant)):
                continue
            if isinstance(node, ast.Constant) and node.value == 1 and node in sides:
                continue  # it is rather left out
            for cost, replace in spellings(node, names):
                yield cost, partial(put_at, at, replace)
    yield 1, lambda e: ast.Expression(ast.UnaryOp(ast.USub(), e.body))


def put_at(at: int, replace: Change, whole: Node) -> Node:
    """Another node in place of the one that `ast.walk` meets at this place."""
    old = [*ast.walk(whole)][at]
    new = replace(old)
    put_over(whole, old, new)
    return whole


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


def spellings(node: Node, names: Names) -> Iterator[tuple[int, Change]]:
    """What may stand in place of a node, with its cost."""
    if type(node) in OTHERS:
        yield from ((1, partial(constantly, other)) for other in OTHERS[type(node)])
        yield from ((2, partial(constantly, other)) for other in FARTHER.get(type(node), ()))
    elif isinstance(node, ast.Constant):
        yield from of_number(node.value)
    elif isinstance(node, ast.BinOp):
        yield from of_operation(node)
    elif isinstance(node, ast.UnaryOp):
        yield 1, lambda n: n.operand
    elif isinstance(node, ast.Attribute):
        if node.attr == "T":
            yield 1, lambda n: n.value
        if node.attr in CALLS:
            yield 1, lambda n: ast.Attribute(n.value, CALLS[n.attr], n.ctx)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id != "np":
        yield 1, lambda n: ast.Attribute(n, "T", ast.Load())
        others = (partial(ast.Name, name, ast.Load()) for name in names if name != node.id)
        yield from ((1, partial(constantly, other)) for other in others)
    elif isinstance(node, ast.Call):
        yield from of_call(node)


def of_number(value: Any) -> Iterator[tuple[int, Change]]:
    """Other numbers in place of one; 0 and 1 are mostly axes and places, and seldom slips."""
    if type(value) in (int, float):
        for number in (0, 1, -1, 2, 0.5, value - 1, value + 1):
            cost = 2 if value in (0, 1) and number not in (0, 1) else 1
            yield cost, partial(constantly, partial(ast.Constant, number))


def constantly(make: Callable[[], Node], _: Node) -> Node:
    """The same node, whatever stood there."""
    return make()


def of_operation(node: ast.BinOp) -> Iterator[tuple[int, Change]]:
    """One side of an operation alone, both swapped."""
    if isinstance(node.op, ast.MatMult | ast.Sub | ast.Div):
        yield 1, lambda n: ast.BinOp(n.right, n.op, n.left)
    yield 1 if isinstance(node.right, ast.Constant) else 2, lambda n: n.left
    yield 1 if isinstance(node.left, ast.Constant) else 2, lambda n: n.right


def of_call(node: ast.Call) -> Iterator[tuple[int, Change]]:
    """A call left out, with its axis kept, or with an axis."""
    if any(k.arg == "axis" for k in node.keywords):
        yield 1, partial(with_keywords, {"keepdims": True})
    elif ast.unparse(node.func).rpartition(".")[2] in CALLS:
        for axis in (0, 1):
            yield 2, partial(with_keywords, {"axis": axis})
            yield 2, partial(with_keywords, {"axis": axis, "keepdims": True})
    if isinstance(node.func, ast.Attribute) and not isinstance(node.func.value, ast.Name):
        yield 2, lambda n: n.func.value
    if node.args:
        yield 2, lambda n: n.args[0]


def with_keywords(words: dict[str, Any], node: Node) -> Node:
    """A call with arguments more."""
    more = [ast.keyword(name, ast.Constant(value)) for name, value in words.items()]
    node.keywords = [*node.keywords, *more]
    return node
