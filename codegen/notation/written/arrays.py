"""Index notation as NumPy expressions, which array notation reads back."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase

from pullback.codegen.notation.written.layouts import (
    ATOM,
    COMPARED,
    POWER,
    PRODUCT,
    SIGN,
    SUM,
    Laid,
    NoWay,
    union,
)
from pullback.derive.index.functions import OF_TWO
from pullback.derive.layer import Layer
from pullback.derive.read.grammar import parse_equations
from pullback.derive.read.labels import with_scalar_labels
from pullback.derive.read.trees import (
    BATCH,
    COMPARISONS,
    Apply,
    Equation,
    Iverson,
    Negative,
    Number,
    Operation,
    Ref,
    Tree,
    spell,
    walk,
)
from pullback.derive.read.vocabulary import PAIRS, PI, REDUCTIONS

FUNCTIONS = {word: f"np.{word}" for word in ("exp", "log", "log1p", "expm1", "sqrt", "tanh")}
FUNCTIONS |= {"sin": "np.sin", "cos": "np.cos", "abs": "np.abs"}
FUNCTIONS |= {w: f"scipy.special.{n}" for w, n in (("sigmoid", "expit"), ("erf", "erf"))}
FUNCTIONS |= {"erfc": "scipy.special.erfc", "lgamma": "scipy.special.gammaln", "sinc": "np.sinc"}
FUNCTIONS |= {word: f"scipy.special.{word}" for word in ("digamma", "erfinv")}
FUNCTIONS |= {word: f"np.{word}" for word in ("tan", "sinh", "cosh", "cbrt", "floor", "ceil")}
FUNCTIONS |= {f"a{w}": f"np.arc{w}" for w in ("sin", "cos", "tan", "sinh", "cosh", "tanh")}
FUNCTIONS |= {"sign": "np.sign", "round": "np.rint"}
EINSUM = "np.einsum"
EXTREMES = {"max": "maximum", "min": "minimum", "atan2": "arctan2"}  # words of NumPy for ours
RANKS = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "**": POWER}


def written(layer: Layer) -> str:
    """The lines of a layer; NoWay where one has no NumPy expression here."""
    text = "\n".join(node.text for node in layer.nodes)
    equations = with_scalar_labels(parse_equations(text, layer.name))
    return "\n".join(Writer(layer, equation).line() for equation in equations)


class Writer:
    """Writes one equation."""

    def __init__(self, layer: Layer, equation: Equation) -> None:
        self.layer, self.equation = layer, equation
        self.order = list(equation.axes or ())
        self.sizes = {i.name: i.size for i in layer.axes}

    def line(self) -> str:
        """NAME = EXPRESSION."""
        left = tuple(self.equation.axes or ())
        found = self.laid(self.equation.right)
        if set(found.axes) != set(left):
            raise NoWay(f"the right side of '{self.equation.name}' lacks an axis of the left one")
        return f"{self.equation.name} = {found.ordered(left).text}"

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
            case Iverson(comparison, _):
                return self.compared(comparison)
            case Apply():
                return self.applied(tree)
            case Operation():
                return self.operation(tree)
        raise NoWay(f"{spell(tree)} stands at sums of axes")

    def together(self, *trees: Tree) -> tuple[list[Laid], tuple[str, ...]]:
        """Parts that NumPy spreads over one another, and the axes of what they make."""
        parts = [self.laid(t) for t in trees]
        axes = union(parts, self.order)
        return [part.beside(axes) for part in parts], axes

    # -- entries -----------------------------------------------------------------------------------

    def entry(self, tree: Ref) -> Laid:
        """A tensor, at axes or at labels."""
        if tree.name == PI:
            return Laid("np.pi")
        if tree.indices is None and tree.name not in self.layer.tensors:
            return self.size(next(a for a, s in self.sizes.items() if str(s) == tree.name))
        indices = tree.indices or ()
        labels = [i for i in indices if i.name in self.layer.tensors]
        axes = tuple(i.name for i in indices if i.name not in self.layer.tensors)
        if len(set(axes)) < len(axes):
            raise NoWay(f"'{tree.name}' is read along a diagonal")
        self.order += [a for a in axes if a not in self.order]
        if not labels:
            return Laid(tree.name, axes)
        if len(labels) > 1:
            raise NoWay(f"'{tree.name}' is read at several labels")
        own = self.entry(labels[0])
        if indices[0] is labels[0] and not set(own.axes) & set(axes):
            return Laid(f"{tree.name}[{own.text}]", (*own.axes, *axes))
        if indices[-1] is labels[0] and own.axes == axes and axes:
            if BATCH not in axes:
                places = self.places(axes)
                return Laid(f"{tree.name}[{places}, {own.text}]", axes)
            taken = f"np.take_along_axis({tree.name}, {own.text}[..., None], axis=-1)"
            return Laid(f"{taken}[..., 0]", axes)
        raise NoWay(f"'{tree.name}' is read at labels among other axes")

    def places(self, axes: Sequence[str]) -> str:
        """The places on each axis, spread over those behind it."""
        return ", ".join(self.along(a).beside(axes).text for a in axes)

    def along(self, axis: str) -> Laid:
        """The places on an axis."""
        return Laid(f"np.arange({self.size(axis).text})", (axis,))

    def size(self, axis: str) -> Laid:
        """The size of an axis, that of the first input that has it."""
        if axis == BATCH:
            raise NoWay("the number of leading places is no size in NumPy")
        for tensor in self.layer.inputs:
            sizes = [i.size for i in tensor.indices]
            if self.sizes[axis] in sizes:
                place = sizes.index(self.sizes[axis])
                leading = any(i.name == BATCH for i in tensor.indices)
                return Laid(f"{tensor.name}.shape[{place - len(sizes) if leading else place}]")
        raise NoWay(f"no input has the axis '{axis}'")

    # -- operations --------------------------------------------------------------------------------

    def operation(self, tree: Operation) -> Laid:
        """Arithmetic."""
        if tree.op in COMPARISONS:
            return self.compared(tree)
        (left, right), axes = self.together(tree.left, tree.right)
        rank = RANKS[tree.op]
        sides = (left.within(rank + (tree.op == "**")), right.within(rank + (tree.op != "**")))
        between = tree.op if tree.op == "**" else f" {tree.op} "
        return Laid(between.join(sides), axes, rank)

    def compared(self, tree: Tree) -> Laid:
        """A comparison of numbers, or of places and labels."""
        assert isinstance(tree, Operation)
        parts = [self.side(t) for t in (tree.left, tree.right)]
        axes = union(parts, self.order)
        sides = (part.beside(axes).within(SUM) for part in parts)
        return Laid(f" {tree.op} ".join(sides), axes, COMPARED)

    def side(self, tree: Tree) -> Laid:
        """A side of a comparison, which may be an axis."""
        if isinstance(tree, Ref) and tree.indices is None and tree.name in self.sizes:
            self.order += [tree.name] * (tree.name not in self.order)
            return self.along(tree.name)
        bare = (t.name for t in walk(tree) if isinstance(t, Ref) and t.indices is None)
        if any(name in self.sizes for name in bare):
            raise NoWay("a comparison of sums of axes")
        return self.laid(tree)

    def applied(self, tree: Apply) -> Laid:
        """A function, a reduction, where( ) or a size."""
        first = tree.args[0]
        over = isinstance(first, Ref) and first.indices is None and first.name in self.sizes
        if tree.name == "size" and isinstance(first, Ref):
            return self.size(first.name)
        if tree.name in REDUCTIONS and over:
            return self.reduced(tree)
        if tree.name in PAIRS or tree.name in OF_TWO or tree.name == "where":
            name = EXTREMES.get(tree.name, tree.name)
            parts, axes = self.together(*tree.args)
            return Laid(f"np.{name}({', '.join(p.text for p in parts)})", axes)
        if tree.name not in FUNCTIONS:
            raise NoWay(f"NumPy has no {tree.name}")
        own = self.laid(first)
        return Laid(f"{FUNCTIONS[tree.name]}({own.text})", own.axes)

    # -- reductions --------------------------------------------------------------------------------

    def reduced(self, tree: Apply) -> Laid:
        """A sum, a mean or an extreme value over axes."""
        *over, body = tree.args
        axes = [t.name for t in over if isinstance(t, Ref)]
        parts = [self.laid(f) for f in factors(body)]
        if tree.name == "sum" and len(parts) > 1 and all(p.rank == ATOM for p in parts):
            return product(parts, axes, self.order)
        own = self.laid(body)
        if set(axes) - set(own.axes):
            raise NoWay("a sum, or the like, over an axis that nothing in it has")
        rest = tuple(a for a in own.axes if a not in axes)
        if BATCH in axes and rest:
            raise NoWay("a sum over the leading axes alone")
        back = BATCH in own.axes
        places = [own.axes.index(a) - (len(own.axes) if back else 0) for a in axes]
        words = ", ".join(map(str, sorted(places)))
        axis = f"axis={words if len(places) == 1 else f'({words})'}" if rest else ""
        return Laid(f"{own.within(ATOM)}.{tree.name}({axis})", rest)


def factors(tree: Tree) -> list[Tree]:
    """The factors of a product."""
    if isinstance(tree, Operation) and tree.op == "*":
        return [*factors(tree.left), *factors(tree.right)]
    return [tree]


def product(parts: Sequence[Laid], over: Sequence[str], order: Sequence[str]) -> Laid:
    """The sum of a product over axes: with @ where that fits, else with np.einsum."""
    axes = tuple(a for a in union(parts, order) if a not in over)
    if len(parts) == 2 and len(over) == 1:
        for a, b in (parts, parts[::-1]):
            if (made := matmul(a, b, over[0])) and set(made.axes) == set(axes):
                return made
    every = dict.fromkeys(a for part in parts for a in part.axes if a != BATCH)
    free = (c for c in ascii_lowercase if c not in every)
    letters = {a: a if len(a) == 1 else next(free) for a in every} | {BATCH: "..."}
    given = ",".join("".join(letters[a] for a in part.axes) for part in parts)
    subscripts = f"{given}->{''.join(letters[a] for a in axes)}"
    return Laid(f"{EINSUM}('{subscripts}', {', '.join(p.text for p in parts)})", axes)


def matmul(a: Laid, b: Laid, over: str) -> Laid | None:
    """a @ b over an axis, transposed where that helps; None where it does not fit."""
    if over not in a.axes or over not in b.axes or not 1 <= len(b.axes) <= 2 or BATCH in b.axes:
        return None
    if len(a.axes) > 2 and BATCH not in a.axes:
        return None
    left = [x for x in a.axes if x != over]
    right = [x for x in b.axes if x != over]
    if set(left) & set(right) or (BATCH in a.axes and a.axes[-1] != over):
        return None
    first, second = a.ordered([*left, over]), b.ordered([over, *right])
    text = f"{first.within(PRODUCT)} @ {second.within(SIGN)}"
    return Laid(text, (*left, *right), PRODUCT)
