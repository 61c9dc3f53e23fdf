"""Emitted statements in lines that are short enough, broken as `ruff format` breaks them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence

WIDTH = 100


def laid_out(text: str) -> str:
    """A program with each statement that is too long for its line broken into several."""
    lines: list[str | list[str]] = [*text.split("\n")]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.stmt):
            line = lines[node.lineno - 1]
            head = isinstance(node, ast.FunctionDef | ast.If)
            if isinstance(line, str) and (head or node.end_lineno == node.lineno):
                lines[node.lineno - 1] = broken(line)
    return "\n".join(part for line in lines for part in ([line] if isinstance(line, str) else line))


def broken(line: str) -> list[str]:
    """A statement, or the head of one, on several lines."""
    if len(line) <= WIDTH:
        return [line]
    indent = line[: len(line) - len(line.lstrip())]
    code = line.strip()
    (node,) = ast.parse(f"{code} pass" if code.endswith(":") else code).body
    return [f"{indent}{part}" for part in Statement(code, WIDTH - len(indent)).lines(node)]


def item(key: str, call: str, indent: int) -> list[str]:
    """An item of a dictionary whose value is a call, in lines that stand at an indent."""
    line = f'"{key}": {call},'
    if len(line) + indent <= WIDTH:
        return [line]
    node = ast.parse(call, mode="eval").body
    assert isinstance(node, ast.Call)
    return Statement(call, WIDTH - indent).call(f'"{key}": ', node, ",")


class Statement:
    """A statement's text, to be broken at a width.

    Brackets that get a comma behind their last part stay as they are, whoever formats them.
    """

    def __init__(self, code: str, width: int) -> None:
        self.code = code
        self.width = width

    def source(self, node: ast.expr) -> str:
        """The text of an expression."""
        return self.code[node.col_offset : node.end_col_offset]

    def lines(self, node: ast.stmt) -> list[str]:
        """The statement in lines."""
        match node:
            case ast.FunctionDef():
                start, end = self.code.index("(") + 1, self.code.rindex(") ->")
                parts = separated(self.code[start:end])
                return self.bracketed(self.code[:start], parts, self.code[end:])
            case ast.If(test=ast.BoolOp(values=tests)):
                first, *rest = map(self.source, tests)
                return ["if (", f"    {first}", *(f"    or {test}" for test in rest), "):"]
            case ast.Assign(targets=[ast.Tuple(elts=elements)], value=value):
                return self.unpacking(elements, value)
            case ast.Assign(value=value) | ast.AugAssign(value=value) | ast.Expr(value=value):
                return self.valued(self.code[: value.col_offset], value)
            case ast.Return(value=ast.expr() as value):
                return self.valued("return ", value)
        return [self.code]

    def unpacking(self, elements: Sequence[ast.expr], value: ast.expr) -> list[str]:
        """`(a, b) = f(c)`: the right side is broken first, then the left side too."""
        before = self.code[: value.col_offset]
        right = self.valued(before, value)
        if len(right[0]) <= self.width:
            return right
        left = ["(", *(f"    {self.source(e)}," for e in elements)]
        end = f") = {self.source(value)}"
        return [*left, *([end] if len(end) <= self.width else self.valued(") = ", value))]

    def valued(self, before: str, value: ast.expr) -> list[str]:
        """A value behind some text: a call is broken within its brackets, a sum at its signs."""
        if isinstance(value, ast.Call):
            return self.call(before, value, "")
        if isinstance(value, ast.Tuple):
            return [f"{before}(", *(f"    {self.source(e)}," for e in value.elts), ")"]
        parts = operands(self.source(value))
        if len(parts) > 1 and len(self.source(value)) + 4 <= self.width:
            return [f"{before}(", f"    {self.source(value)}", ")"]
        if len(parts) > 1:
            return [f"{before}(", *(f"    {part}" for part in parts), ")"]
        return [before + self.source(value)]

    def call(self, before: str, node: ast.Call, after: str) -> list[str]:
        """A call with its arguments on a line of their own, or on one each."""
        start = node.func.end_col_offset
        assert start is not None and node.end_col_offset is not None
        parts = separated(self.code[start + 1 : node.end_col_offset - 1])
        return self.bracketed(f"{before}{self.source(node.func)}(", parts, f"){after}")

    def bracketed(self, before: str, parts: list[str], after: str) -> list[str]:
        """Parts between brackets."""
        one = f"    {', '.join(parts)}"
        if len(one) <= self.width:
            return [before, one, after]
        lines = [line for part in parts for line in self.part(f"{part},")]
        return [before, *lines, after]

    def part(self, code: str) -> list[str]:
        """A part of a bracket on a line of its own, or broken where it is a call."""
        if len(code) + 4 <= self.width:
            return [f"    {code}"]
        inner = Statement(code[:-1], self.width - 4)
        try:
            value = ast.parse(inner.code, mode="eval").body
        except SyntaxError:
            return [f"    {code}"]
        lines = inner.call("", value, ",") if isinstance(value, ast.Call) else [code]
        return [f"    {line}" for line in lines]


def operands(text: str) -> list[str]:
    """The operands of the operators that bind least, each behind its operator."""
    for signs in ((" + ", " - "), (" * ", " / ", " @ ")):
        parts, depth = [""], 0
        for place, sign in enumerate(text):
            depth += (sign in "([{") - (sign in ")]}")
            if not depth and text[place : place + 3] in signs:
                parts.append("")
            parts[-1] += sign
        if len(parts) > 1:
            return [part.strip() for part in parts]
    return [text]


def separated(text: str) -> list[str]:
    """The parts of a bracket's inside, at the commas that stand in no further bracket."""
    parts, depth, quoted = [""], 0, False
    for sign in text:
        quoted ^= sign == '"'
        depth += 0 if quoted else (sign in "([{") - (sign in ")]}")
        if sign == "," and not depth and not quoted:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts if part.strip()]


def without_dead_stores(text: str, functions: Iterable[str]) -> str:
    """A program in which every variable of these functions is read after it is written.

    In a tuple `_` stands for what nothing reads; a view or a size that nothing reads is left out,
    and of a check the call remains.
    """
    wanted = set(functions)
    while True:
        lines = text.split("\n")
        tree = ast.parse(text)
        bodies = [f for f in tree.body if isinstance(f, ast.FunctionDef) and f.name in wanted]
        edits = [edit for body in bodies for edit in dead_stores(body, lines)]
        if not edits:
            return text
        for number, line in edits:
            lines[number] = line
        text = "\n".join(line for line in lines if line != GONE)


GONE = "\0"


def dead_stores(function: ast.FunctionDef, lines: Sequence[str]) -> Iterable[tuple[int, str]]:
    """The lines of a function that store what nothing reads, by number, as they should be."""
    found = uses(function)
    for statement in ast.walk(function):
        if not isinstance(statement, ast.Assign) or statement.lineno != statement.end_lineno:
            continue
        (target,) = statement.targets
        names = target.elts if isinstance(target, ast.Tuple) else [target]
        dead = [
            n
            for n in names
            if isinstance(n, ast.Name) and n.id != "_" and is_dead(found[n.id], statement)
        ]
        line = lines[statement.lineno - 1]
        if dead and isinstance(target, ast.Tuple):
            for name in reversed(dead):
                line = f"{line[: name.col_offset]}_{line[name.end_col_offset :]}"
            yield statement.lineno - 1, line
        elif dead:
            value = statement.value
            check = isinstance(value, ast.Call) and not ast.unparse(value.func).startswith("_flat")
            kept = line[: target.col_offset] + line[value.col_offset :]
            yield statement.lineno - 1, kept if check else GONE


Use = tuple[int, int, bool]  # a line, where in it, and whether the variable is read there


def uses(function: ast.FunctionDef) -> Mapping[str, Sequence[Use]]:
    """Where the variables of a function are read and written."""
    found: dict[str, list[Use]] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            found.setdefault(node.target.id, []).append((node.lineno, -1, True))
        elif isinstance(node, ast.Name):
            use = node.lineno, order(node), isinstance(node.ctx, ast.Load)
            found.setdefault(node.id, []).append(use)
    return found


def is_dead(uses: Sequence[Use], statement: ast.stmt) -> bool:
    """Is a variable that a statement stores written again, or never read, after it?"""
    end = (statement.end_lineno, statement.end_col_offset)
    later = sorted((e for e in uses if e[:2] > end), key=lambda e: (e[0], not e[2], e[1]))
    return not later or not later[0][2]


def order(node: ast.Name) -> int:
    """Where a name stands in its line."""
    return node.col_offset
