"""Single mutations of backward passes written by hand: the slips of those who write them."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

RIGHT = Path(__file__).parent / "right"


@dataclass(frozen=True)
class Mutant:
    """A changed file: the kind of change, its line before and after, the lines that may be blamed.

    Where a statement is left out these are the lines beside it that set the same name, too.
    """

    name: str
    kind: str
    line: int
    old: str
    new: str
    text: str
    lines: frozenset[int]


def names() -> list[str]:
    """The files that are right."""
    return sorted(p.stem for p in RIGHT.glob("*.py"))


def layer_of(name: str) -> str:
    """The definition against which a file is checked."""
    return name.rpartition("_")[0]


def normal(name: str) -> str:
    """A file's text as `ast` spells it, so that a mutant differs in one line."""
    return ast.unparse(ast.parse((RIGHT / f"{name}.py").read_text("utf-8"))) + "\n"


def mutants(name: str) -> Iterator[Mutant]:
    """Every single mutation of a file's functions, but for its own forward pass."""
    text = normal(name)
    tree = ast.parse(text)
    functions = [
        f for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) and f.name != "forward"
    ]
    whole = [*ast.walk(tree)]
    seen = {text}
    for function in functions:
        variables = sorted(
            {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and n.id != "np"}
            - {"range", "len"}
        )
        for node in ast.walk(function):
            for kind, change in changes(node, variables):
                new = copy.deepcopy(tree)
                at = [*ast.walk(new)][whole.index(node)]
                parent = next(
                    (p, f, k) for p in ast.walk(new) for f, k in places(p) if child(p, f, k) is at
                )
                put(*parent, change(at))
                spelled = ast.unparse(ast.fix_missing_locations(new)) + "\n"
                if spelled in seen or spelled.count("\n") != text.count("\n"):
                    continue
                seen.add(spelled)
                yield made(name, kind, text, spelled, function)


def made(name: str, kind: str, text: str, spelled: str, function: ast.FunctionDef) -> Mutant:
    """A mutant, with the lines that may be blamed."""
    old, new = text.splitlines(), spelled.splitlines()
    (at,) = [k for k, (a, b) in enumerate(zip(old, new, strict=True)) if a != b]
    lines = {at + 1}
    if kind == "statement left out":
        lines |= beside(function, at + 1)
    return Mutant(name, kind, at + 1, old[at].strip(), new[at].strip(), spelled, frozenset(lines))


def beside(function: ast.FunctionDef, line: int) -> set[int]:
    """The lines before and after this one that last, or next, set what this one sets."""
    by_line = {s.lineno: s for s in ast.walk(function) if isinstance(s, ast.stmt)}
    same = [k for k, s in by_line.items() if root(by_line[line]) in roots(s)]
    return {
        max([k for k in same if k < line], default=line),
        min([k for k in same if k > line], default=line),
    }


def root(statement: ast.stmt) -> str:
    """The name that a statement sets."""
    return next(iter(roots(statement)), "")


def roots(statement: ast.stmt) -> list[str]:
    """The names that a statement sets."""
    targets = getattr(statement, "targets", None) or [getattr(statement, "target", None)]
    found = []
    for target in [t for t in targets if t is not None]:
        for part in target.elts if isinstance(target, ast.Tuple) else [target]:
            key = ast.unparse(part.slice) if isinstance(part, ast.Subscript) else ""
            while isinstance(part, ast.Subscript):
                part = part.value
            name = ast.unparse(part)
            found.append(f"{name}[{key}]" if key.startswith("'") else name)
    return found


def places(node: ast.AST) -> Iterator[tuple[str, int | None]]:
    for field, value in ast.iter_fields(node):
        if isinstance(value, list):
            yield from ((field, k) for k in range(len(value)))
        else:
            yield field, None


def child(node: ast.AST, field: str, at: int | None):
    value = getattr(node, field)
    return value if at is None else value[at]


def put(node: ast.AST, field: str, at: int | None, new: ast.AST) -> None:
    if at is None:
        setattr(node, field, new)
    else:
        getattr(node, field)[at] = new


Change = Callable[[ast.AST], ast.AST]
OTHER = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Gt: ast.Lt,
    ast.Lt: ast.Gt,
    ast.LtE: ast.GtE,
    ast.GtE: ast.LtE,
}
WORDS = {
    ast.Add: "sign of a term", ast.Sub: "sign of a term", ast.Mult: "times for over",
    ast.Div: "over for times", ast.Gt: "comparison", ast.Lt: "comparison",
    ast.LtE: "comparison", ast.GtE: "comparison",
}  # fmt: skip


def changes(node: ast.AST, variables: list[str]) -> Iterator[tuple[str, Change]]:
    """The mutations at a node."""
    kind = type(node)
    if kind in OTHER:
        yield WORDS[kind], lambda _: OTHER[kind]()
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield "transpose left out", lambda n: n.value
    if isinstance(node, ast.Attribute) and node.attr in ("sum", "mean"):
        other = {"sum": "mean", "mean": "sum"}[node.attr]
        yield "mean for sum", lambda n: ast.Attribute(n.value, other, n.ctx)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div | ast.Add | ast.Sub):
        what = "factor" if isinstance(node.op, ast.Mult | ast.Div) else "term"
        yield f"{what} left out", lambda n: n.left
        if not isinstance(node.op, ast.Div):
            yield f"{what} left out", lambda n: n.right
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield "sign left out", lambda n: n.operand
    if isinstance(node, ast.keyword) and node.arg == "axis":
        number = ast.literal_eval(node.value)
        yield "other axis", lambda _: ast.keyword("axis", ast.Constant(0 if number else 1))
    if isinstance(node, ast.AugAssign):
        yield "= for an update", lambda n: ast.Assign([n.target], n.value, lineno=n.lineno)
    if isinstance(node, ast.AugAssign) or (
        isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript)
    ):
        yield "statement left out", lambda _: ast.Pass()
    if isinstance(node, ast.Constant) and type(node.value) in (int, float) and node.value > 1:
        yield "other number", lambda n: ast.Constant(n.value + 1)
    if isinstance(node, ast.Constant) and node.value == 0.5:
        yield "other number", lambda n: ast.Constant(1)
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in variables:
        at = variables.index(node.id)
        for other in {variables[at - 1], variables[(at + 1) % len(variables)]} - {node.id}:
            yield "wrong variable", lambda _, other=other: ast.Name(other, ast.Load())
    ranges = isinstance(node, ast.Call) and ast.unparse(node.func) == "range"
    if ranges and len(node.args) == 1 and isinstance(node.args[0], ast.Name):
        less = ast.BinOp(node.args[0], ast.Sub(), ast.Constant(1))
        yield "range too short", lambda n: ast.Call(n.func, [copy.deepcopy(less)], [])
