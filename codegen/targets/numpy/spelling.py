"""How each operation is spelled in NumPy."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from string import ascii_letters

from pullback.codegen.program import (
    Arange,
    Contract,
    Determinant,
    Elementwise,
    Fold,
    Inverse,
    OneHot,
    Operand,
    Operation,
    Pick,
    Reduce,
    Scatter,
    Size,
    Solve,
    Take,
    Values,
    Window,
)
from pullback.codegen.targets.numpy.contractions import RULES, is_product
from pullback.codegen.targets.numpy.text import (
    CALL,
    INFIX,
    POWER,
    UNARY,
    Text,
    call,
    function_name,
    infix,
    tuple_text,
)


class Spelling:
    """Operations as text; `spell` is how a value is spelled where it is read, `own` how the
    variables of the module's own text are.

    With `out` each is a call that writes its result into that array, or makes one where it is None.
    """

    contraction = "_contract"  # of two arrays, where no other way fits

    def __init__(
        self,
        program: Values,
        spell: Callable[[int], Text],
        own: Mapping[str, str],
        inlined: frozenset[int] = frozenset(),
    ) -> None:
        self.program = program
        self.spell = spell
        self.own = own
        self.inlined = inlined

    def operation(self, op: Operation, out: str = "") -> Text:
        """An operation as an expression."""
        match op:
            case Elementwise():
                return self.elementwise(op, out)
            case Reduce():
                return self.reduce(op, out)
            case Contract():
                return self.contract(op, out)
            case Take(value, axis, labels):
                return self.take(value, axis, labels, out)
            case Pick(value, operands):
                rank = 1 + max((p for o in operands for p in o.places), default=-1)
                at = [self.operand(o, rank).text for o in operands]
                if out:
                    return call("_pick", self.spell(value).text, f"({', '.join(at)})", out=out)
                return Text(f"{self.spell(value).within(CALL)}[{', '.join(at)}]", CALL)
            case OneHot(labels, size):
                left = f"{self.spell(labels).within(CALL)}[..., None]"
                right = self.spell(size).text
                if out:
                    return call("np.equal", left, right, out=out)
                return infix("equal", left, right)
            case Scatter():
                return self.scatter(op, out)
            case Window(value, axis, start, steps, sizes):
                places = self.numbers(start, steps, sizes)
                return call("_window", self.spell(value).text, str(axis), *places)
            case Fold():
                return self.fold(op, out)
            case Inverse() | Determinant() | Solve():
                return self.of_matrices(op, out)
            case Arange(size):
                return call("np.arange", self.spell(size).text)
            case Size(symbol):
                return Text(str(symbol))
        raise TypeError(f"{type(op).__name__} is not an expression")

    def of_matrices(self, op: Inverse | Determinant | Solve, out: str) -> Text:
        """An inverse, a determinant, or a system that is solved."""
        matrix = self.spell(op.value).text
        if isinstance(op, Solve):
            turned = ["True"] if op.turned else []
            return call("_solve", matrix, self.spell(op.right).text, *turned, out=out)
        if isinstance(op, Inverse):
            return call("_inverse", matrix, out=out)
        return call("_log_determinant" if op.log else "_determinant", matrix, out=out)

    def fold(self, op: Fold, out: str) -> Text:
        """Windows added up; of a product that is nothing else, some rows of it at a time."""
        folds = [self.fold_text(op)]
        inner = self.program[op.value].op
        while out and op.value in self.inlined and isinstance(inner, Fold):
            op, inner = inner, self.program[inner.value].op
            folds.insert(0, self.fold_text(op))
        if out and op.value in self.inlined and isinstance(inner, Contract):
            product = [self.signature(inner), *(self.spell(v).text for v in inner.values)]
            return call("_fold_product", *product, tuple_text(map(tuple_text, folds)), out=out)
        return call("_fold", self.spell(op.value).text, *folds[-1], out=out)

    def fold_text(self, op: Fold) -> list[str]:
        """Which axes are folded, from where, how they go on, and onto how many places."""
        start, steps, _ = self.numbers(op.start, op.steps, ())
        return [tuple_text(map(str, op.axes)), start, steps, self.spell(op.size).text]

    def numbers(
        self, start: int, steps: Iterable[int], sizes: Iterable[int]
    ) -> tuple[str, str, str]:
        """Where windows begin, how they go on, and how large they are."""
        stepped, long = (tuple_text(self.spell(n).text for n in each) for each in (steps, sizes))
        return self.spell(start).text, stepped, long

    def operand(self, operand: Operand, rank: int) -> Text:
        """A value lined up with a result of that many axes."""
        text = self.spell(operand.value)
        places = operand.places
        if list(places) != sorted(places):
            order = sorted(range(len(places)), key=lambda i: places[i])
            text = self.transposed(text, order)
            places = tuple(sorted(places))
        missing = [r for r in range(min(places, default=rank), rank) if r not in places]
        if not places or not missing:
            return text
        at = [":" if r in places else "None" for r in range(places[0], rank)]
        shown = ", ".join(at)
        return Text(f"{text.within(CALL)}[{shown}]", CALL)

    def transposed(self, text: Text, order: Sequence[int]) -> Text:
        """A value with its axes in this order."""
        turn = ".T" if len(order) == 2 else f".transpose({order})"
        return Text(f"{text.within(CALL)}{turn}", CALL)

    def operands(self, op: Elementwise) -> list[Text]:
        """The operands of an elementwise operation, lined up."""
        rank = 1 + max(place for o in op.operands for place in (-1, *o.places))
        return [self.operand(o, rank) for o in op.operands]

    def elementwise(self, op: Elementwise, out: str) -> Text:
        """An infix operator, a NumPy function, or a function of the module's own."""
        if op.function == "spread":
            return self.spread(op, out)
        args = self.typed(op, self.operands(op))
        texts = [a.text for a in args]
        if op.function == "exp_difference":
            texts.append(self.own["given"])
        dtype = self.own["dtype"]
        if op.function == "cast" or (
            op.function == "float" and is_truth(self.program, op.operands[0].value)
        ):
            return call(f"{dtype}.type", *texts)
        if op.function == "float":
            converted = f"{args[0].within(CALL)}.astype({dtype})"
            whole = call("np.positive", *texts, f"dtype={dtype}", out=out)
            return whole if out else Text(converted)
        if out:
            name = "_where" if op.function == "where" else function_name(op.function)
            return call(name, *texts, out=out)
        if op.function in INFIX:
            left, right = args
            return infix(op.function, left, right)
        if op.function == "negative":
            return Text(f"-{args[0].within(UNARY)}", UNARY)
        is_number = all(self.program[o.value].kind == "number" for o in op.operands)
        if is_number and op.function == "sqrt":
            base = args[0].within(CALL)
            plain = re.fullmatch(r"[\w.]+", base)
            return Text(f"{base}**0.5" if plain else f"{base} ** 0.5", POWER)
        found = call(function_name(op.function), *texts)
        # a Python number takes the dtype of what it meets; NumPy's own would make it float64
        return Text(f"{found.text}.item()", CALL) if is_number else found

    def typed(self, op: Elementwise, args: list[Text]) -> list[Text]:
        """The operands, numbers in the dtype where no array of floats gives it to the result.

        Before 2.0 NumPy made float64 of a float32 and a Python number, and of these beside masks.
        """
        values = [self.program[o.value] for o in op.operands]
        floats = [v for v in values if v.kind == "real"]
        if not any(v.sizes for v in values) or any(v.sizes for v in floats) or not floats:
            return args
        kinds = ("real", "number") if op.function == "where" else ("real",)
        return [
            call(f"{self.own['dtype']}.type", arg.text) if value.kind in kinds else arg
            for value, arg in zip(values, args, strict=True)
        ]

    def spread(self, op: Elementwise, out: str) -> Text:
        """A value repeated along the axes that it lacks."""
        first, *sizes = op.operands
        text = self.operand(first, len(sizes)).text
        value = self.program[first.value]
        if value.kind == "real" and not value.sizes:
            text = f"{self.own['dtype']}.type({text})"
        names = [self.spell(s.value).text for s in sizes]
        shape = tuple_text(names)
        if out:
            return call("_spread", text, shape, out=out)
        return Text(f"np.broadcast_to({text}, {shape}).copy()", CALL)

    def reduce(self, op: Reduce, out: str) -> Text:
        """A sum or an extreme value over axes."""
        text = self.spell(op.value)
        last = len(self.program[op.value].sizes) - 1
        every = len(op.axes) == last + 1
        if op.kind == "sum" and not every and op.axes == (0,):
            return call("_sum_rows", text.text, out=out)
        if out and op.kind == "sum" and not every and op.axes == (last,):
            return call("_sum_last", text.text, out=out)
        if op.kind.startswith("arg") and op.axes[0] < last:
            return call("_places", f'"{op.kind}"', text.text, str(op.axes[0]), out=out)
        axis = f"axis={op.axes[0] if len(op.axes) == 1 else op.axes}"
        return call(f"{text.within(CALL)}.{op.kind}", *([] if every else [axis]), out=out)

    def take(self, value: int, axis: int, labels: int, out: str) -> Text:
        """Rows of a table; into an array, where the labels are known to be places of it."""
        table, places = self.spell(value), self.spell(labels)
        if out:
            more = [f"axis={axis}", 'mode="clip"']
            return call("np.take", table.text, places.text, *more, out=out)
        at = ", ".join([":"] * axis + [places.text])
        return Text(f"{table.within(CALL)}[{at}]", CALL)

    def scatter(self, op: Scatter, out: str) -> Text:
        """Rows added up by one label for each, or by several."""
        rank = 1 + max(p for o in op.at for p in o.places)
        rows, at = self.spell(op.value).text, [self.operand(o, rank).text for o in op.at]
        sizes = [self.spell(size).text for size in op.sizes]
        if len(at) == 1:
            return call("_add_rows", rows, *at, *sizes, out=out)
        return call("_add_entries", rows, tuple_text(at), tuple_text(sizes), out=out)

    def contract(self, op: Contract, out: str) -> Text:
        """A matrix product where it is one or can be made one, else an einsum."""
        if len(op.values) == 2 and not op.guarded:
            for rule in RULES:
                found = rule(self.spell, op)
                if found is not None:
                    function, left, right = found
                    if out or function not in INFIX:
                        return call(function_name(function), left.text, right.text, out=out)
                    return infix(function, left, right)
        windows = any(isinstance(self.program[v].op, Window) for v in op.values)
        copied = len(op.values) == 2 and (windows or is_product(op))
        whole = self.contraction if copied else "np.einsum"
        function = "_guarded_einsum" if op.guarded else whole
        texts = (self.spell(v).text for v in op.values)
        return call(function, self.signature(op), *texts, out=out)

    def signature(self, op: Contract) -> str:
        """An einsum's letters."""
        spelled = self.letters(op)
        words = ["".join(spelled[letter] for letter in ls) for ls in [*op.letters, op.out]]
        return f'"{",".join(words[:-1])}->{words[-1]}"'

    def letters(self, op: Contract) -> dict[int, str]:
        """A letter for each axis, the layer's own where it has one."""
        sizes = {
            letter: size
            for value, ls in zip(op.values, op.letters, strict=True)
            for letter, size in zip(ls, self.program[value].sizes, strict=True)
        }
        spelled: dict[int, str] = {}
        for letter, size in sorted(sizes.items()):
            own = [i.name for i in self.program.layer.axes if i.size == size and len(i.name) == 1]
            candidates = [*own, *ascii_letters]
            spelled[letter] = next(c for c in candidates if c not in spelled.values())
        return spelled


def is_truth(program: Values, value: int) -> bool:
    """Is it Python's own True or False, as what sizes and numbers compared give?"""
    op = program[value].op
    if not isinstance(op, Elementwise) or program[value].kind != "mask":
        return False
    return all(program[o.value].kind == "number" for o in op.operands)
