"""Names for the values of a program that the mathematics gives none."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, count

from sympy import Expr

from pullback.codegen.program.operations import (
    Arange,
    Constant,
    Contract,
    Elementwise,
    OneHot,
    Operation,
    Pick,
    Put,
    Reduce,
    Scan,
    Scanned,
    Scatter,
    Size,
    Take,
    Values,
)
from pullback.derive.calculus.derivation import cotangent_name
from pullback.derive.calculus.tangents import tangent_name
from pullback.derive.layer import Layer
from pullback.derive.read.trees import BATCH
from pullback.derive.read.vocabulary import EMITTED

LONGEST = 18  # letters of a name that is made up from others
# variables of a module's own text, called so unless a definition takes the name
OWN_WORDS = (
    "dtype",
    "batch",
    "shape",
    "turn",
    "given",
    "arrays",
    "places",
    "math",
    "xp",
    "torch",
    "jnp",
)
# what a tuple has already: fields of a workspace beside its arrays, and methods
FIELDS = {"sizes", "owned", "turns", "count", "index"}


JOINED = {"multiply": "_", "divide": "_over_", "add": "_plus_"}
KINDS = {
    "multiply": "product",
    "divide": "quotient",
    "add": "sum",
    "subtract": "difference",
    "where": "choice",
}


def kind_of(op: Operation) -> str:
    """What an operation makes, in a word."""
    if isinstance(op, Elementwise):
        return KINDS.get(op.function, op.function)
    if isinstance(op, Reduce):
        return op.kind
    words = {Contract: "product", Take: "rows", Pick: "entries", Constant: "number"}
    return words.get(type(op), type(op).__name__.lower())


def layer_names(layer: Layer) -> set[str]:
    """Every name that a definition brings into its module: tensors, gradients, tangents, sizes."""
    tensors = [*(t.name for t in layer.inputs), *(n.name for n in layer.nodes)]
    values = [*tensors, *map(cotangent_name, tensors)]
    labels = [t.labels_of for t in layer.inputs if t.labels_of is not None]
    sizes = [*(i.size for i in layer.axes), *(i.size for t in layer.inputs for i in t.indices)]
    return {
        *values,
        *map(tangent_name, values),
        *(i.name for i in layer.axes),
        *map(str, (*sizes, *labels)),
    }


def own_words(layer: Layer) -> Mapping[str, str]:
    """How the variables of the module's own text are called beside the names of a definition."""
    taken = {*layer_names(layer), *EMITTED}
    return {word: free_name(word, taken) for word in OWN_WORDS}


def free_name(name: str, taken: set[str]) -> str:
    """The name, with a number where it is taken; then it is taken."""
    candidates = chain([name], (f"{name}_{i}" for i in count(2)))
    free = next(c for c in candidates if c not in taken)
    taken.add(free)
    return free


class Names:
    """The names of values: their own, or words that say how they are made, no two the same.

    Nothing that is made up here is a name of the definition or of the module's own text.
    """

    def __init__(self, program: Values) -> None:
        self.program = program
        self.own = own_words(program.layer)
        self.given = {v.number: v.name for v in program.values if v.name}
        for number, name in self.given.items():
            if name == BATCH:  # the places of the leading axes
                self.given[number] = self.own["places"]
        self.used = {*layer_names(program.layer), *self.own.values(), *EMITTED}
        self.loops: frozenset[str] = frozenset()  # variables of the loops around

    def __copy__(self) -> Names:
        """Names that go on apart from these."""
        made = Names(self.program)
        made.own = self.own
        made.given, made.used, made.loops = dict(self.given), set(self.used), self.loops
        return made

    def within(self, step: Values, at: str, given: Mapping[int, str]) -> Names:
        """Names for the step of a scan at a place that is called `at`; some are given."""
        made = Names(step)
        made.own, made.given, made.loops = self.own, dict(given), self.loops | {at}
        made.used = {*self.used, *self.given.values(), *given.values(), at}
        for value in step.values:
            if value.name and value.number not in given:
                name = self.own["places"] if value.name == BATCH else value.name
                made.given[value.number] = made.free(f"{name}_{at}")
        return made

    def place(self, size: Expr) -> str:
        """The variable of a loop over the places of an axis of this size: the axis's name."""
        layer = self.program.layer
        name = next((i.name for i in layer.axes if i.size == size and i.name != BATCH), "")
        taken = {*layer.tensors, *self.own.values(), *EMITTED, *self.given.values(), *self.loops}
        return name if name and name not in taken else self.free(name or "t")

    def __getitem__(self, number: int) -> str:
        op = self.program[number].op
        return str(op.symbol) if isinstance(op, Size) else self.given[number]

    def give(self, number: int, like: int, about: str = "") -> None:
        """Name a value, as the value `like` that it turns into, on the way to `about`."""
        if number in self.given or isinstance(self.program[number].op, Size):
            return
        if like not in self.given:
            name = self.describe(like)
            if len(name) > LONGEST:
                name = "_".join(filter(None, (about, kind_of(self.program[like].op))))
            self.given[like] = self.free(name)
        self.given[number] = self.given[like]

    def free(self, name: str) -> str:
        """A name that no value has, and that none will get: this one, or one with a number."""
        return free_name(name, self.used)

    def field(self, name: str) -> str:
        """The field of a workspace for a variable: its name, unless a tuple has that already."""
        return self.free(name) if name in FIELDS else name

    def same(self, number: int, as_value: int) -> None:
        """Two values share one variable."""
        self.given[number] = self.given[as_value]

    def root(self, number: int) -> str:
        """The name of a value, or what it would be called; of a place of an array the array's."""
        if number in self.given:
            return self.given[number].partition("[")[0]
        op = self.program[number].op
        if isinstance(op, Elementwise) and op.function == "subtract":
            first = op.operands[0].value
            if self.program[first].kind != "number":
                return self.root(first)
        return self.describe(number)

    def describe(self, number: int) -> str:
        """What a value is, in a word or two: `z_max`, `exp_z`, `sum_exp_z`."""
        op = self.program[number].op
        match op:
            case Reduce("sum", value, _):
                inner = self.program[value].op
                whole = not (isinstance(inner, Put) and self.number(inner.filling.value) == 0)
                return ("sum_" if whole else "others_") + self.root(value)
            case Reduce(kind, value, _):
                return f"{self.root(value)}_{kind}"
            case Take(value, _, labels):
                return f"{self.root(value)}_{self.root(labels)}"
            case Pick(value, at):
                picked = [o.value for o in at if not isinstance(self.program[o.value].op, Arange)]
                if len(picked) != 1:
                    return f"{self.root(value)}_picked"
                place = self.program[picked[0]].op
                if isinstance(place, Reduce):
                    return f"{self.root(value)}_{place.kind.removeprefix('arg')}"
                return f"{self.root(value)}_{self.root(picked[0])}"
            case Put(value, _, _) | Scatter(value, _, _):
                return self.root(value)
            case Contract(values):
                return "_".join(dict.fromkeys(map(self.root, values)))
            case Elementwise("float", operands):
                return self.root(operands[0].value)
            case Elementwise(function, operands):
                return self.describe_elementwise(function, [o.value for o in operands])
            case Size(symbol):
                return str(symbol)
            case Scanned(scan, result):
                made = self.program[scan].op
                assert isinstance(made, Scan)
                return f"{made.step.results[result][0]}_steps"
            case OneHot(labels, _):
                return f"is_{self.root(labels)}"
        return kind_of(self.program[number].op)

    def describe_elementwise(self, function: str, values: list[int]) -> str:
        """What an elementwise result is called."""
        numbers = [self.number(v) for v in values]
        named = [v for v, n in zip(values, numbers, strict=True) if n is None]
        arrays = [v for v in named if self.program[v].kind != "number"]
        words = [self.root(v) for v in arrays or named]
        if function == "subtract" and words:
            return f"{words[0]}_shifted" if numbers[0] is None else self.less(numbers[0], words[0])
        if function == "add" and 1 in numbers and words[0].startswith("others_"):
            return "sum_" + words[0].removeprefix("others_")  # the largest term is exp(0) = 1
        if function in JOINED:
            return JOINED[function].join(words[:2]) or "number"
        if function == "negative" and words:
            return words[0]
        return "_".join([function.removesuffix("_difference"), *words[:1]])

    def less(self, number: int, word: str) -> str:
        """What a number less something is called."""
        return f"one_minus_{word}" if number == 1 else f"number_minus_{word}"

    def number(self, value: int) -> int | None:
        """The whole number that a value is, or None."""
        op = self.program[value].op
        return int(op.number) if isinstance(op, Constant) and op.number.is_Integer else None
