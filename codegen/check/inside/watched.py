"""The file's code with a look at each value that it sets.

After each statement that sets names stands a call that takes note of their values, and may put
others in their place: unlike a trace by the interpreter it sees what a line has set and no more,
and can change it, in every version of Python.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

LOOK = "__pullback_look__"  # the name of the observer in the user's module
ERROR = "__pullback_error__"
MAX_LABEL = 60


def watched(tree: ast.Module) -> ast.Module:
    """The module whose functions are watched."""
    Watch().visit(tree)
    return ast.fix_missing_locations(tree)


class Watch(ast.NodeTransformer):
    """Puts looks behind the statements of functions."""

    inside = 0
    parameters: frozenset[str] = frozenset()  # of the function that is being visited

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        """A function's own statements."""
        before, spec = self.parameters, node.args
        every = (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)
        self.parameters = frozenset(a.arg for a in every)
        self.inside += 1
        self.generic_visit(node)
        self.inside -= 1
        self.parameters = before
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        """Methods, but not the body of the class."""
        before, self.inside = self.inside, 0
        self.generic_visit(node)
        self.inside = before
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.Lambda:
        """An expression, as it is."""
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.stmt | list[ast.stmt]:
        """`a = …`, `a, b = …`, `a[…] = …`."""
        if not self.inside:
            return node
        looks = [look for t in node.targets for look in seen(t, node.lineno, own=False)]
        return [guarded(node), *looks]

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt | list[ast.stmt]:
        """`a += …`."""
        return [guarded(node), *seen(node.target, node.lineno)] if self.inside else node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt | list[ast.stmt]:
        """`a: float = …`."""
        if not self.inside or node.value is None:
            return node
        return [node, *seen(node.target, node.lineno)]

    def visit_Expr(self, node: ast.Expr) -> ast.stmt | list[ast.stmt]:
        """A call that may write into its arguments."""
        if not (self.inside and isinstance(node.value, ast.Call)):
            return node
        whole = [*node.value.args, *(k.value for k in node.value.keywords)]
        names = {a.id: None for a in whole if isinstance(a, ast.Name)}
        looks = [statement(look(node, n, load(n), changed=True)) for n in names]
        return [node, *(ast.copy_location(s, node) for s in looks)]

    def visit_Return(self, node: ast.Return) -> ast.stmt:
        """What is worked out in a `return`."""
        if self.inside and node.value is not None:
            node.value = returned(node.value, self.parameters)
        return node


def returned(value: ast.expr, parameters: frozenset[str]) -> ast.expr:
    """The value of a return, with looks at what no statement of the function has set."""
    if isinstance(value, ast.Tuple | ast.List):
        value.elts = [returned(e, parameters) for e in value.elts]
    elif isinstance(value, ast.Dict):
        value.values = [returned(v, parameters) for v in value.values]
    elif isinstance(value, ast.Name) and value.id not in parameters:
        pass
    elif not isinstance(value, ast.Constant | ast.Starred):
        empty = ast.arguments([], [], None, [], [], None, [])
        inner = ast.Lambda(empty, value)
        return ast.copy_location(
            call("given", ast.Constant(value.lineno), ast.Constant(label(value)), inner), value
        )
    return value


def label(value: ast.AST) -> str:
    """What an expression without a name is called."""
    text = ast.unparse(value)
    return text if len(text) <= MAX_LABEL else f"{text[: MAX_LABEL - 1]}…"


def guarded(node: ast.Assign | ast.AugAssign) -> ast.stmt:
    """The statement; where it raises, another value may be put in place of what it would set."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    if len(targets) != 1 or not isinstance(targets[0], ast.Name):
        return node
    name = targets[0].id
    arguments = (ast.Constant(node.lineno), ast.Constant(name), load(ERROR))
    instead = ast.Assign([ast.Name(name, ast.Store())], call("fails", *arguments))
    handler = ast.ExceptHandler(load("Exception"), ERROR, [instead])
    return ast.copy_location(ast.Try([node], [handler], [], []), node)


def seen(target: ast.expr, line: int, own: bool = True) -> Iterator[ast.stmt]:
    """Looks at what a target has set; a name that is set anew may share its array with another."""
    if isinstance(target, ast.Tuple | ast.List):
        for part in target.elts:
            yield from seen(part, line, own)
    elif isinstance(target, ast.Name):
        new = look(target, target.id, load(target.id), line, own=own)
        yield ast.copy_location(ast.Assign([ast.Name(target.id, ast.Store())], new), target)
    elif isinstance(target, ast.Subscript):
        base, keys = target, [target.slice]
        while isinstance(base.value, ast.Subscript):
            base = base.value
            keys.append(base.slice)
        if isinstance(base.value, ast.Name) and isinstance(keys[-1], ast.Constant | ast.Name):
            arguments = (ast.Constant(base.value.id), load(base.value.id), keys[-1])
            made = call("item", ast.Constant(line), *arguments)
            yield ast.copy_location(statement(made), target)
        elif isinstance(base.value, ast.Name):
            made = look(target, base.value.id, load(base.value.id), line)
            yield ast.copy_location(statement(made), target)


def look(
    node: ast.AST,
    name: str,
    value: ast.expr,
    line: int = 0,
    changed: bool = False,
    own: bool = True,
) -> ast.Call:
    """A look at a value."""
    line = line or int(getattr(node, "lineno", 0))
    flags = [ast.Constant(changed), ast.Constant(own)]
    return call("see", ast.Constant(line), ast.Constant(name), value, *flags)


def call(method: str, *arguments: ast.expr) -> ast.Call:
    """A call of the observer's."""
    return ast.Call(ast.Attribute(load(LOOK), method, ast.Load()), [*arguments], [])


def load(name: str) -> ast.Name:
    """A name that is read."""
    return ast.Name(name, ast.Load())


def statement(value: ast.expr) -> ast.Expr:
    """An expression as a statement."""
    return ast.Expr(value)
