"""Random programs of NumPy expressions, of known shapes, as text."""

from __future__ import annotations

import random

SHAPES = {"x": "N D", "w": "D K", "b": "D", "s": "", "u": "N K", "t": "N", "y": "N: K"}
SIZES = {"N": 3, "D": 4, "K": 2}
HEAD = "N, D = x.shape\nK = w.shape[1]"
ONE = "1"
UNARY = (
    "np.tanh({})", "np.square({})", "np.abs({})", "-{}", "np.exp(-np.abs({}))", "({} / 2)",
    "np.sqrt(1 + np.square({}))", "np.log1p(np.abs({}))", "np.maximum({}, 0)", "({} ** 2)",
    "np.clip({}, -1, 0.5)", "np.sign({})", "expit({})", "np.where({0} > 0.1, {0}, -0.3)",
)  # fmt: skip
BINARY = ("({} + {})", "({} - {})", "({} * {})", "np.maximum({}, {})", "np.minimum({}, {})")
COMPARED = (">", "<", ">=", "<=", "!=")
REDUCTIONS = ("sum", "mean", "max", "min", "std", "var")
Shape = tuple[str, ...]


class Program:
    """Statements that grow, with the variables that they leave."""

    def __init__(self, choose: random.Random) -> None:
        self.choose = choose
        self.known: dict[str, Shape] = {
            n: tuple(s.split()) for n, s in SHAPES.items() if ":" not in s
        }
        self.lines = HEAD.split("\n")

    def text(self, count: int) -> str:
        """A program of so many statements; the last has the output."""
        for _ in range(count):
            self.statement()
        return "\n".join([*self.lines, f"out = {self.expression(self.shape(), 3)}"])

    def shape(self) -> Shape:
        """Any shape of at most two axes."""
        return tuple(self.choose.sample(list(SIZES), self.choose.randrange(3)))

    def size(self, axis: str) -> str:
        """The size of an axis, as NumPy writes it."""
        forms = {"N": ["N", "len(x)", "x.shape[0]"], "D": ["D", "x.shape[-1]"], "K": ["K"]}
        return self.choose.choice(forms.get(axis, [axis]))

    def statement(self) -> None:
        """One more statement."""
        own = [n for n in self.known if n.startswith("v") and self.known[n]]
        kind = self.choose.randrange(8)
        if kind < 4 or not own:
            name, shape = f"v{self.choose.randrange(5)}", self.shape()
            self.lines.append(f"{name} = {self.expression(shape, 3)} * 1")
            self.known[name] = shape
            return
        name = self.choose.choice(own)
        shape = self.known[name]
        if kind == 4:
            sign = self.choose.choice(["+=", "-=", "*="])
            self.lines.append(f"{name} {sign} {self.expression(self.narrower(shape), 2)}")
        elif kind == 5:
            sign = self.choose.choice(["=", "+=", "*="])
            self.lines.append(f"{name}[{name} < {self.number()}] {sign} {self.number()}")
        elif kind == 6 and shape == ("N", "K"):
            sign = self.choose.choice(["=", "-=", "*="])
            right = self.expression(self.choose.choice([("N",), ()]), 2)
            self.lines.append(f"{name}[np.arange({self.size('N')}), y] {sign} {right}")
        else:
            self.lines.append(f"{name} = {self.expression(shape, 2)} + {name}")

    def number(self) -> str:
        """A literal."""
        return self.choose.choice(["0", "1", "0.5", "-2", "1e-3", "3"])

    def narrower(self, shape: Shape) -> Shape:
        """A shape that broadcasts to another one."""
        cut = self.choose.randrange(len(shape) + 1)
        return tuple(ONE if self.choose.random() < 0.25 else a for a in shape[cut:])

    def leaf(self, shape: Shape) -> str:
        """A variable of this shape, or a constant one."""
        names = [n for n, s in self.known.items() if s == shape]
        if names and self.choose.random() < 0.9:
            return self.choose.choice(names)
        if not shape:
            return f"({self.number()})"
        sizes = "".join(f"{self.size(a)}, " for a in shape)
        return f"({self.choose.choice(['np.ones', 'np.zeros'])}(({sizes})) + s)"

    def expression(self, shape: Shape, depth: int) -> str:
        """An expression of exactly this shape."""
        if depth <= 0:
            return self.leaf(shape)
        makers = [self.unary, self.binary, self.binary, self.chosen, self.reduced, self.axes]
        makers += [self.product, self.labelled, self.leaf_of]
        return self.choose.choice(makers)(shape, depth - 1)

    def leaf_of(self, shape: Shape, depth: int) -> str:
        """A variable."""
        return self.leaf(shape)

    def unary(self, shape: Shape, depth: int) -> str:
        """A function of one."""
        return self.choose.choice(UNARY).format(self.expression(shape, depth))

    def binary(self, shape: Shape, depth: int) -> str:
        """Two values that broadcast to the shape."""
        both = [self.expression(shape, depth), self.expression(self.narrower(shape), depth)]
        self.choose.shuffle(both)
        return self.choose.choice(BINARY).format(*both)

    def chosen(self, shape: Shape, depth: int) -> str:
        """np.where, or a mask that multiplies."""
        a, b = (self.expression(self.narrower(shape), depth) for _ in range(2))
        test = f"({a} {self.choose.choice(COMPARED)} {b})"
        if self.choose.random() < 0.3:
            test = f"(np.logical_not{test} | {test.replace('<', '>')})"
        whole = self.expression(shape, depth)
        if self.choose.random() < 0.5:
            return f"({test} * {whole})"
        return f"np.where({test}, {whole}, {self.expression(self.narrower(shape), depth)})"

    def reduced(self, shape: Shape, depth: int) -> str:
        """A reduction over one more axis, or one that keeps it at size 1."""
        word = self.choose.choice(REDUCTIONS)
        ones = [p for p, a in enumerate(shape) if a == ONE]
        keep = bool(ones) and self.choose.random() < 0.7
        free = [a for a in SIZES if a not in shape]
        if not free:
            return self.binary(shape, depth)
        axis = self.choose.choice(free)
        place = self.choose.choice(ones) if keep else self.choose.randrange(len(shape) + 1)
        inner = (*shape[:place], axis, *shape[place + keep :])
        body = self.expression(inner, depth)
        number = place - self.choose.choice([0, len(inner)])
        more = ", keepdims=True" if keep else ""
        if self.choose.random() < 0.5:
            return f"np.{word}({body}, axis={number}{more})"
        return (
            f"({body}).{word}({number}{more})"
            if keep is False
            else (f"({body}).{word}(axis={number}{more})")
        )

    def axes(self, shape: Shape, depth: int) -> str:
        """Axes in another order, or a new one."""
        ones = [p for p, a in enumerate(shape) if a == ONE]
        if ones:
            place = self.choose.choice(ones)
            inner = self.expression(shape[:place] + shape[place + 1 :], depth)
            if self.choose.random() < 0.5:
                return f"np.expand_dims({inner}, {place - self.choose.choice([0, len(shape)])})"
            if not shape[1:]:
                return f"np.reshape({inner}, (1,))"
            return f"({inner})[{', '.join([':'] * place + ['None'])}]"
        inner = self.expression(shape[::-1], depth)
        if len(shape) == 2 and self.choose.random() < 0.3:
            return f"np.swapaxes({inner}, 0, -1)"
        return (
            f"np.transpose({inner})"
            if self.choose.random() < 0.5 or not shape
            else (f"({inner}).T")
        )

    def product(self, shape: Shape, depth: int) -> str:
        """A product that sums over an axis."""
        free = [a for a in SIZES if a not in shape]
        if ONE in shape or not shape or not free:
            return self.unary(shape, depth)
        inner = self.choose.choice(free)
        left, right = ((*shape[:1], inner), (inner, *shape[1:]))
        a, b = self.expression(left, depth), self.expression(right, depth)
        letters = dict(zip((*shape, inner), "abc", strict=False))
        words = ["".join(letters[x] for x in axes) for axes in (left, right, shape)]
        forms = [f"({a} @ {b})", f"np.dot({a}, {b})", f"np.matmul({a}, {b})"]
        forms.append(f"np.einsum('{words[0]},{words[1]}->{words[2]}', {a}, {b})")
        return self.choose.choice(forms)

    def labelled(self, shape: Shape, depth: int) -> str:
        """Entries that labels name."""
        if shape == ("N",):
            return f"({self.expression(('N', 'K'), depth)})[np.arange({self.size('N')}), y]"
        if shape[:1] == ("N",) and "K" not in shape:
            return f"({self.expression(('K', *shape[1:]), depth)})[y]"
        if shape == ("N", "K"):
            return self.choose.choice(["np.eye(K)[y]", "((y[:, None] == np.arange(K)) * 1.0)"])
        return self.binary(shape, depth)
