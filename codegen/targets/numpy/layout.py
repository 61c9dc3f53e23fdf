"""Emitted statements in lines that are short enough, broken as `ruff format` breaks them."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from pullback.codegen.targets.numpy.source import Source

WIDTH = 100


def lay_out(source: Source) -> None:
    """Break each statement that is too long for its line into several."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.stmt):
            lines = source.lines[node.lineno - 1]
            head = isinstance(node, ast.FunctionDef | ast.If)
            if len(lines) == 1 and (head or node.end_lineno == node.lineno):
                lines[:] = broken(lines[0])


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
            case ast.FunctionDef(returns=returns):
                start, end = self.code.index("(") + 1, self.code.rindex(") ->" if returns else ")")
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
