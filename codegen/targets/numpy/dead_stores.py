"""What emitted functions store and never read, taken out: liveness, worked out from the end back.

On the way back a variable is live where a later statement reads it and none in between stores it.
What a statement stores without need is dead, and what it alone has read is dead with it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence

from pullback.codegen.targets.numpy.source import Source

VIEW = "_flat"  # the one function that only makes a view: it is not called for nothing


def take_out_dead_stores(source: Source, functions: Iterable[str]) -> None:
    """Let every variable of these functions be read after it is written.

    In a tuple `_` stands for what nothing reads; a view or a size that nothing reads is left out,
    and of a check the call remains.
    """
    for function in source.functions(functions):
        function.body = without_dead(function.body, set(), source)


def without_dead(body: Sequence[ast.stmt], live: set[str], source: Source) -> list[ast.stmt]:
    """Statements without what is dead; `live` is what is read behind them, and then before them."""
    kept: list[ast.stmt] = []
    for statement in reversed(body):
        match statement:
            case ast.If():
                other = {*live}
                statement.body = without_dead(statement.body, live, source)
                statement.orelse = without_dead(statement.orelse, other, source)
                live |= other | read(statement.test)
            case ast.For():  # another round may follow, and reads what this one stores
                live |= read(statement)
                statement.body = without_dead(statement.body, live, source)
                live |= read(statement)
            case ast.Assign():
                found = needed_of(statement, live, source)
                if found is None:
                    continue
                statement = found
                live -= {n.id for n in stored(statement)}
                live |= read(statement)
            case _:
                live |= read(statement)
        kept.append(statement)
    return kept[::-1]


def needed_of(statement: ast.Assign, live: set[str], source: Source) -> ast.stmt | None:
    """What is needed of an assignment that stands on one line; None where nothing is."""
    dead = [n for n in stored(statement) if n.id != "_" and n.id not in live]
    if not dead or statement.lineno != statement.end_lineno:
        return statement
    lines, value = source.lines[statement.lineno - 1], statement.value
    line = lines.pop()
    if isinstance(statement.targets[0], ast.Tuple):
        for name in reversed(dead):
            line, name.id = f"{line[: name.col_offset]}_{line[name.end_col_offset :]}", "_"
        lines.append(line)
        return statement
    while isinstance(value, ast.Call) and is_view(value):  # what it is a view of may be a check
        value = value.args[0]
    if not isinstance(value, ast.Call):
        return None
    lines.append(line[: statement.col_offset] + line[value.col_offset : value.end_col_offset])
    return ast.copy_location(ast.Expr(value), statement)


def stored(statement: ast.stmt) -> list[ast.Name]:
    """The variables that an assignment stores."""
    if not isinstance(statement, ast.Assign):
        return []
    (target,) = statement.targets
    parts = target.elts if isinstance(target, ast.Tuple) else [target]
    return [part for part in parts if isinstance(part, ast.Name)]


def read(tree: ast.AST) -> set[str]:
    """The variables that are read; `u += c` reads both."""
    changed = (node.target for node in ast.walk(tree) if isinstance(node, ast.AugAssign))
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    found = {name.id for name in names if isinstance(name.ctx, ast.Load)}
    return found | {target.id for target in changed if isinstance(target, ast.Name)}


def is_view(value: ast.Call) -> bool:
    """Does a call only make a view?"""
    return isinstance(value.func, ast.Name) and value.func.id == VIEW
