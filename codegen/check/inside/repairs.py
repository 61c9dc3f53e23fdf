"""Other spellings of one statement: single changes of its syntax tree, likely ones first."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator

MAX_REPAIRS = 300
OTHERS: dict[type, tuple[type, ...]] = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add, ast.Mult),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult,),
    ast.Gt: (ast.Lt, ast.GtE),
    ast.Lt: (ast.Gt, ast.LtE),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
}
CALLS = {"sum": "mean", "mean": "sum", "max": "min", "min": "max"}
CALLS |= {"maximum": "minimum", "minimum": "maximum", "argmax": "argmin", "argmin": "argmax"}


def repairs(text: str, line: int) -> Iterator[tuple[ast.Module, str]]:
    """Modules in which the statement of this line is changed at one place, and its new text.

    Where no statement starts in the line there are none.
    """
    tree = ast.parse(text)
    found = [n for n in ast.walk(tree) if isinstance(n, ast.stmt) and n.lineno == line]
    simple = [n for n in found if not isinstance(n, ast.FunctionDef | ast.ClassDef)]
    if not simple:
        return
    place = [n for n in ast.walk(tree)].index(simple[0])
    words = names_of(tree, simple[0])
    seen = {ast.unparse(simple[0]).splitlines()[0]}
    for count, change in enumerate(changes(simple[0], words)):
        if count >= MAX_REPAIRS:
            return
        new = copy.deepcopy(tree)
        at = [n for n in ast.walk(new)][place]
        change(at)
        if hasattr(at, "update"):
            put_over(new, at, updated(at))
            at = [n for n in ast.walk(new)][place]
        spelled = ast.unparse(at).splitlines()[0]
        if spelled not in seen:
            seen.add(spelled)
            yield new, spelled


def names_of(tree: ast.Module, statement: ast.stmt) -> list[str]:
    """The variables of the function in which a statement stands, set before it."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef) and statement in ast.walk(function):
            spec = function.args
            own = [a.arg for a in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)]
            own += [
                n.id
                for n in ast.walk(function)
                if isinstance(n, ast.Name)
                and isinstance(n.ctx, ast.Store)
                and n.lineno <= statement.lineno
            ]
            return list(dict.fromkeys(own))
    return []


Change = Callable[[ast.AST], None]


def changes(statement: ast.stmt, names: list[str]) -> Iterator[Change]:
    """Each change of a statement, as what is to be done with a copy of it."""
    body = {n for s in getattr(statement, "body", []) for n in ast.walk(s)}
    body |= {n for s in getattr(statement, "orelse", []) if isinstance(s, ast.stmt) for n in ast.walk(s)}
    for at, node in enumerate(ast.walk(statement)):
        if node in body:
            continue
        for replace in spellings(node, names):
            yield lambda whole, at=at, replace=replace: put_at(whole, at, replace)
    for other in (ast.Add, ast.Sub, ast.Mult, ast.Div):
        if isinstance(statement, ast.AugAssign):
            yield lambda whole, other=other: setattr(whole, "op", other())
        elif isinstance(statement, ast.Assign) and not isinstance(statement.targets[0], ast.Tuple):
            yield lambda whole, other=other: setattr(whole, "update", other())
    value = getattr(statement, "value", None)
    if value is not None:
        for name in names:
            for op in (ast.Mult, ast.Div, ast.Add, ast.Sub):
                yield lambda whole, name=name, op=op: around(whole, op, name)
        yield lambda whole: setattr(
            whole, "value", ast.UnaryOp(ast.USub(), whole.value)  # type: ignore[attr-defined]
        )


def around(whole: ast.AST, op: type[ast.operator], name: str) -> None:
    """The statement's value times, or over, a variable."""
    value = whole.value  # type: ignore[attr-defined]
    whole.value = ast.BinOp(value, op(), ast.Name(name, ast.Load()))  # type: ignore[attr-defined]


def updated(statement: ast.AST) -> ast.AugAssign:
    """`a += …` where `a = …` stood."""
    target, value = statement.targets[0], statement.value  # type: ignore[attr-defined]
    made = ast.AugAssign(target, statement.update, value)  # type: ignore[attr-defined]
    return ast.copy_location(made, statement)


def put_at(whole: ast.AST, at: int, replace: Callable[[ast.AST], ast.AST]) -> None:
    """Another node in place of the one that `ast.walk` meets at this place."""
    old = [*ast.walk(whole)][at]
    put_over(whole, old, replace(old))


def put_over(whole: ast.AST, old: ast.AST, new: ast.AST) -> None:
    """Another node in place of one."""
    for parent in ast.walk(whole):
        for field, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, field, new)
            elif isinstance(value, list) and any(v is old for v in value):
                setattr(parent, field, [new if v is old else v for v in value])


def spellings(node: ast.AST, names: list[str]) -> Iterator[Callable[[ast.AST], ast.AST]]:
    """What may stand in place of a node."""
    kind = type(node)
    if kind in OTHERS:
        yield from (lambda _, other=other: other() for other in OTHERS[kind])
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        near = (0, 1, -1, 2, 0.5, node.value - 1, node.value + 1)
        numbers = near if type(node.value) is not bool else ()
        yield from (lambda _, n=n: ast.Constant(n) for n in numbers if n != node.value)
    if isinstance(node, ast.BinOp):
        yield lambda n: n.left  # type: ignore[attr-defined, no-any-return]
        yield lambda n: n.right  # type: ignore[attr-defined, no-any-return]
        yield from (lambda n, c=c: ast.BinOp(ast.Constant(c), ast.Mult(), n) for c in (0.5, 2))
        if isinstance(node.op, ast.MatMult | ast.Sub | ast.Div):
            yield lambda n: ast.BinOp(n.right, n.op, n.left)  # type: ignore[attr-defined]
    if isinstance(node, ast.UnaryOp):
        yield lambda n: n.operand  # type: ignore[attr-defined, no-any-return]
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield lambda n: n.value  # type: ignore[attr-defined, no-any-return]
    if isinstance(node, ast.Attribute) and node.attr in CALLS:
        yield lambda n: ast.Attribute(n.value, CALLS[n.attr], n.ctx)  # type: ignore[attr-defined]
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id != "np":
        yield lambda n: ast.Attribute(n, "T", ast.Load())  # type: ignore[arg-type]
        yield from (lambda _, w=w: ast.Name(w, ast.Load()) for w in names if w != node.id)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        yield lambda n: n.func.value if n.func.value.__class__ is not ast.Name else n  # type: ignore
        if any(k.arg == "axis" for k in node.keywords):
            yield with_kept_axis
        if node.args:
            yield lambda n: n.args[0]  # type: ignore[attr-defined, no-any-return]


def with_kept_axis(node: ast.AST) -> ast.AST:
    """A call with `keepdims=True`."""
    keywords = node.keywords  # type: ignore[attr-defined]
    node.keywords = [*keywords, ast.keyword("keepdims", ast.Constant(True))]  # type: ignore[attr-defined]
    return node
