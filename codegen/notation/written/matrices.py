"""Index notation as matrices, which matrix notation reads back."""

from __future__ import annotations

from collections.abc import Sequence

from pullback.codegen.notation.written.layouts import (
    ATOM,
    POWER,
    PRODUCT,
    SIGN,
    SUM,
    Laid,
    NoWay,
    union,
)
from pullback.derive.index.functions import FUNCTIONS
from pullback.derive.layer import Layer
from pullback.derive.read.grammar import parse_equations
from pullback.derive.read.labels import with_scalar_labels
from pullback.derive.read.trees import (
    Apply,
    Equation,
    Length,
    Negative,
    Number,
    Operation,
    Ref,
    Shifted,
    Tree,
    spell,
)
from pullback.derive.read.vocabulary import PAIRS, PI

MOST = 2  # axes of a matrix
WHOLE = ("sum", "mean", "max", "min")  # that matrix notation has of all entries


def written(layer: Layer) -> str:
    """The lines of a layer; NoWay where one has no form in matrices."""
    text = "\n".join(node.text for node in layer.nodes)
    equations = with_scalar_labels(parse_equations(text, layer.name))
    return "\n".join(Writer(layer, equation).line() for equation in equations)


class Writer:
    """Writes one equation."""

    def __init__(self, layer: Layer, equation: Equation) -> None:
        self.layer, self.equation = layer, equation
        self.order = list(equation.axes or ())
        self.axes = {i.name for i in layer.axes}

    def line(self) -> str:
        """NAME = EXPRESSION."""
        left = tuple(self.equation.axes or ())
        found = self.laid(self.equation.right)
        if set(found.axes) != set(left):
            raise NoWay(f"the right side of '{self.equation.name}' lacks an axis of the left one")
        return f"{self.equation.name} = {turned(found, left).text}"

    def laid(self, tree: Tree) -> Laid:
        """A tree as text."""
        match tree:
            case Number(text, _):
                return Laid(text)
            case Negative(operand, _):
                own = self.laid(operand)
                return Laid(f"-{own.within(SIGN)}", own.axes, SIGN)
            case Ref():
                return self.entry(tree)
            case Operation("+" | "-" | "*" | "/" | "**", _, _, _):
                return self.operation(tree)
            case Apply():
                return self.applied(tree)
            case Shifted() | Length():
                raise NoWay(f"{spell(tree)} stands at sums of axes, or is the size of one")
        raise NoWay("matrix notation has no comparisons")

    def entry(self, tree: Ref) -> Laid:
        """A tensor at axes."""
        if tree.name == PI:
            return Laid("pi")
        if tree.indices is None and tree.name not in self.layer.tensors:
            raise NoWay("matrix notation has no sizes")
        axes = tuple(i.name for i in tree.indices or ())
        if not set(axes) <= self.axes or len(set(axes)) < len(axes):
            raise NoWay(f"'{tree.name}' is read at labels, or along a diagonal")
        if len(axes) > MOST:
            raise NoWay(f"'{tree.name}' has more than {MOST} axes")
        self.order += [a for a in axes if a not in self.order]
        return Laid(tree.name, axes)

    def operation(self, tree: Operation) -> Laid:
        """Arithmetic, entry by entry."""
        if labels := self.cross_entropy(tree):
            return labels
        left, right = self.laid(tree.left), self.laid(tree.right)
        if tree.op == "**":
            if right.axes:
                raise NoWay("an exponent with axes")
            sign = ".^" if left.axes else "^"
            return Laid(f"{left.within(ATOM)}{sign}{right.within(ATOM)}", left.axes, POWER)
        axes = union((left, right), self.order)
        if len(axes) > MOST:
            raise NoWay(f"something with more than {MOST} axes")
        if tree.op in ("+", "-"):
            sides = spread(left, axes).within(SUM), spread(right, axes).within(PRODUCT)
            return Laid(f"{sides[0]} {tree.op} {sides[1]}", axes, SUM)
        both = left.axes and right.axes
        division = " ./ " if right.axes else "/"
        sign = division if tree.op == "/" else " ⊙ " if both else " * "
        if right.axes or both:
            left, right = (spread(p, axes) if p.axes else p for p in (left, right))
        return Laid(f"{left.within(PRODUCT)}{sign}{right.within(SIGN)}", axes, PRODUCT)

    def cross_entropy(self, tree: Operation) -> Laid | None:
        """CE(z, y), where it is written out: log(sum(j, exp(z[n, j]))) - z[n, y[n]]."""
        match tree:
            case Operation(
                "-",
                Apply("log", (Apply("sum", (Ref(axis), Apply("exp", (Ref(name, own),)))),)),
                Ref(other, at),
            ) if name == other and own and at and own[-1].name == axis:
                label, rest = at[-1], tuple(i.name for i in at[:-1])
                labels = tuple(i.name for i in label.indices or ())
                if rest == labels == tuple(i.name for i in own[:-1]) and rest:
                    return Laid(f"CE({name}, {label.name})", rest)
        return None

    def applied(self, tree: Apply) -> Laid:
        """A function, or a reduction."""
        first = tree.args[0]
        if isinstance(first, Ref) and first.indices is None and first.name in self.axes:
            return self.reduced(tree)
        if tree.name in PAIRS:
            parts = [self.laid(t) for t in tree.args]
            axes = union(parts, self.order)
            words = ", ".join(p.text if not p.axes else spread(p, axes).text for p in parts)
            return Laid(f"{tree.name}({words})", axes)
        if tree.name not in FUNCTIONS:
            raise NoWay(f"matrix notation has no '{tree.name}'")
        own = self.laid(first)
        return Laid(f"{tree.name}({own.text})", own.axes)

    def reduced(self, tree: Apply) -> Laid:
        """A sum, a mean or an extreme value."""
        *over, body = tree.args
        axes = [t.name for t in over if isinstance(t, Ref)]
        if tree.name == "sum" and len(axes) == 1 and isinstance(body, Operation) and body.op == "*":
            left, right = self.laid(body.left), self.laid(body.right)
            if made := product(left, right, axes[0], self.order):
                return made
        own = self.laid(body)
        if set(axes) - set(own.axes):
            raise NoWay("a sum, or the like, over an axis that nothing in it has")
        rest = tuple(a for a in own.axes if a not in axes)
        if not rest and tree.name in WHOLE:
            return Laid(f"{tree.name}({own.text})")
        if tree.name != "sum":
            raise NoWay(f"matrix notation has no {tree.name} over one axis of two")
        return Laid(f"{turned(own, (*rest, *axes)).within(SIGN)} 𝟏", rest, PRODUCT)


def turned(own: Laid, axes: Sequence[str]) -> Laid:
    """With its axes in this order."""
    if own.axes == tuple(axes):
        return own
    return Laid(f"{own.within(ATOM)}ᵀ", tuple(axes), ATOM)


def spread(own: Laid, axes: Sequence[str]) -> Laid:
    """Over these axes, repeated over those that it lacks; a number meets each entry anyway."""
    if len(own.axes) == len(axes):
        return turned(own, axes)
    if not own.axes:
        return own
    if own.axes[0] == axes[0]:
        return Laid(f"{own.within(SIGN)} 𝟏ᵀ", tuple(axes), PRODUCT)
    text = own.text if own.rank == ATOM and own.text.isidentifier() else ""
    return Laid(text or f"𝟏 {own.within(ATOM)}ᵀ", tuple(axes), ATOM if text else PRODUCT)


def product(a: Laid, b: Laid, over: str, order: Sequence[str]) -> Laid | None:
    """The product of matrices that sums over an axis; None where there is none."""
    both = set(a.axes) & set(b.axes)
    if both != {over} or max(len(a.axes), len(b.axes)) > MOST:
        return None
    axes = [x for x in union((a, b), order) if x != over]
    if axes and axes[0] not in a.axes:
        a, b = b, a
    left = [x for x in a.axes if x != over]
    right = [x for x in b.axes if x != over]
    first = turned(a, (*left, over)) if left else Laid(f"{a.within(ATOM)}ᵀ", a.axes)
    second = turned(b, (over, *right))
    text = f"{first.within(SIGN)} {second.within(POWER)}"
    return Laid(text, (*left, *right), PRODUCT)
