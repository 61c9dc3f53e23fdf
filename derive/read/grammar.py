"""Text to syntax trees: the grammar of definitions, read by recursive descent.

    equations  = { equation NEWLINE }                    a '#' starts a comment
    equation   = NAME [ '[' left { ',' left } ']' ] ( '=' | ':=' ) sum
    left       = axis | sum                    a sum where a recurrence begins: -1, size(t)
    sum        = product { ( '+' | '-' ) product }
    product    = sign { ( '*' | '/' | '//' ) sign }        '//' in sizes alone
    sign       = [ '-' | '+' ] sign | power
    power      = atom [ '**' sign ]
    atom       = NUMBER | NAME | NAME '[' index { ',' index } ']' | NAME '(' arg { ',' arg } ')'
               | '(' sum ')' | '[' comparison ']'
    arg        = '...' | sum
    index      = axis | NAME '[' index { ',' index } ']' | sum | '(' NAME NAME { NAME } ')'
    axis       = NAME | '...'                            '...' stands first in its brackets
    comparison = sum ( '==' | '!=' | '<' | '<=' | '>' | '>=' ) sum

A comparison may also be the first argument of a function (`where(x[n] > 0, a, b)`). A sum among the
indices is one of whole numbers, axes, labels and sizes; `(h e)` is `h*size(e) + e`.
Nothing here knows what a name means; `pullback.derive.read.reader` gives the trees their meaning.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile

from pullback.derive.read.descent import Descent
from pullback.derive.read.trees import (
    BATCH,
    COMPARISONS,
    OWN,
    Apply,
    Equation,
    Iverson,
    Length,
    Negative,
    Number,
    Operation,
    Place,
    Ref,
    Shifted,
    Tree,
    walk,
)
from pullback.derive.read.words import MAX_DIGITS, Token, digits_of, tokens

MAX_ZEROS = 40  # of a number, in front
MAX_NAME = 64
MAX_MERGED = 8  # axes that one axis is made of
PAD = "pad"
NOWHERE = Place()


class Parser(Descent[Token]):
    """The language of definitions."""

    def __init__(self, source: str, within: str = "") -> None:
        super().__init__(tokens, source, within)

    def close(self, bracket: str, opening: Token, opened: str) -> None:
        """Take a closing bracket; where it is missing, say what it would have closed."""
        above = self.token.place.line - opening.place.line
        far = f", {above} {'line' if above == 1 else 'lines'} above" if above else ""
        self.expect(bracket, f"to close '{opened}'{far}")

    def name(self, what: str) -> Token:
        """Take a name."""
        if self.token.kind != "name":
            self.fail(f"expected {what}, found {self.found()}")
        if self.token.text.startswith("_"):
            self.fail("a name starts with a letter, not with '_'")
        if len(self.token.text) > MAX_NAME:
            self.fail(f"a name has at most {MAX_NAME} characters")
        return self.next()

    def equations(self) -> tuple[Equation, ...]:
        """All equations of the text."""
        found = []
        while self.token.kind != "end":
            if self.token.kind == "newline":
                self.next()
            else:
                found.append(self.equation())
        return tuple(found)

    def equation(self) -> Equation:
        """One equation, up to the end of its line."""
        name = self.name("the name of a node")
        axes, start = None, None
        if self.accept("["):
            axes, start = self.left_side()
        sign = self.accept("=", ":=")
        if sign is None:
            self.fail(f"expected '=' or ':=' after the left side, found {self.found()}")
        right = self.sum()
        if self.token.kind != "newline":
            self.fail(f"expected an operator or the end of the line, found {self.found()}")
        self.next()
        return Equation(name.text, axes, sign.text == ":=", right, name.place, start=start)

    def left_side(self) -> tuple[tuple[str, ...], tuple[int, Tree] | None]:
        """The axes on a left side, after '[', and the place at which a recurrence begins."""
        names: list[str] = []
        start: tuple[int, Tree] | None = None
        while not names or self.accept(","):
            if not names and self.accept(BATCH):
                names.append(BATCH)
            elif self.is_axis():
                names.append(self.axis().text)
            elif start is None:
                start = len(names), self.whole()
                names.append(f"{OWN}{len(names)}")
            else:
                self.fail("a recurrence has its first places along one axis")
        self.expect("]", "after the axes")
        return tuple(names), start

    def is_axis(self) -> bool:
        """Is the next index of a left side an axis, and no place such as -1 or size(t)?"""
        ahead = self.tokens[self.at + 1 :][:1]
        whole = self.token.kind == "name" and any(t.text in ("(", "+", "-") for t in ahead)
        return not (whole or self.token.kind == "number" or self.token.text == "-")

    def axis(self) -> Token:
        """An axis that is not the first in its brackets."""
        if self.token.text == BATCH:
            self.fail(f"'{BATCH}' stands first in its brackets, for any number of leading axes")
        return self.name("an axis or an integer tensor")

    def comparison(self) -> Tree:
        """`sum op sum`, or a sum alone."""
        left = self.sum()
        op = self.accept(*COMPARISONS)
        if op is None:
            return left
        return Operation(op.text, left, self.sum(), op.place)

    def product(self) -> Tree:
        """Signed powers joined by * and /."""
        tree = self.sign()
        while op := self.accept("*", "/", "//"):
            tree = Operation(op.text, tree, self.sign(), op.place)
        return tree

    def sign(self) -> Tree:
        """Any number of signs before a power."""
        signs = []
        while op := self.accept("-", "+"):
            signs.append(op)
            self.deeper()
        tree = self.power()
        self.depth -= len(signs)
        for op in reversed(signs):
            tree = Negative(tree, op.place) if op.text == "-" else tree
        return tree

    def power(self) -> Tree:
        """An atom, raised to a power or not; `**` binds to the right."""
        base = self.atom()
        op = self.accept("**")
        if op is None:
            return base
        self.deeper()
        exponent = self.sign()
        self.depth -= 1
        return Operation("**", base, exponent, op.place)

    def atom(self) -> Tree:
        """A number, a tensor, a function, a bracket or an indicator."""
        token = self.token
        if token.kind == "number":
            return self.number()
        if token.kind == "name":
            return self.named()
        if self.accept("("):
            tree = self.sum()
            self.close(")", token, "(")
            return tree
        if self.accept("["):
            tree = self.comparison()
            if not (isinstance(tree, Operation) and tree.op in COMPARISONS):
                self.fail("an indicator holds a comparison, as in [k == y[n]]", token.place)
            self.close("]", token, "[")
            return Iverson(tree, token.place)
        return self.fail(f"expected a number, a name or a bracket, found {self.found()}")

    def number(self) -> Number:
        """A literal of so many digits and a modest exponent."""
        token = self.next()
        mantissa, _, exponent = token.text.lower().partition("e")
        zeros, digits = digits_of(mantissa)
        if digits > MAX_DIGITS:
            self.fail(f"a number has at most {MAX_DIGITS} digits", token.place)
        if zeros > MAX_ZEROS:
            self.fail(f"a number has at most {MAX_ZEROS} zeros in front", token.place)
        if exponent and (len(exponent) > 4 or abs(int(exponent)) > 300):
            self.fail("an exponent lies between -300 and 300", token.place)
        return Number(token.text, token.place)

    def named(self) -> Tree:
        """A tensor with or without indices, or a function."""
        token = self.name("a name")
        if self.accept("["):
            return self.entry(token)
        if not self.accept("("):
            return Ref(token.text, None, token.place)
        args = [self.argument()]
        while self.accept(","):
            args.append(self.argument())
        self.close(")", token, f"{token.text}(")
        if token.text == PAD:
            return self.pad(token, args)
        match args:
            case [Ref(name, None, _), Number(text, _)] if token.text == "size" and text.isdigit():
                return Length(name, int(text), token.place)
        return Apply(token.text, tuple(args), token.place)

    def pad(self, token: Token, args: list[Tree]) -> Tree:
        """`pad(0, x[i - 1])`: the entry, or the number where the place lies outside."""
        if len(args) != 2 or not isinstance(args[1], Shifted):
            self.fail(
                "pad takes a value and an entry at a place that may lie outside of its axis, as in "
                "pad(0, x[n, i - 1])",
                token.place,
            )
        return replace(args[1], outside=args[0], place=token.place)

    def argument(self) -> Tree:
        """What stands between the brackets of a function: a value, a comparison, an axis."""
        batch = self.accept(BATCH)
        return Ref(BATCH, None, batch.place) if batch else self.comparison()

    def entry(self, name: Token) -> Tree:
        """An entry, after '[': at axes and labels, or at whole expressions of them too."""
        self.deeper()
        indices: list[Ref] = []
        at: list[tuple[str, Tree]] = []
        while True:
            batch = self.accept(BATCH) if not indices else None
            index: Tree = Ref(BATCH, None, batch.place) if batch else self.index()
            if not isinstance(index, Ref):
                at.append((f"{OWN}{len(at)}", index))  # until it has a name
                index = Ref(at[-1][0], None, name.place)
            indices.append(index)
            if not self.accept(","):
                break
        self.expect("]", "after the indices, each an axis or an integer tensor")
        self.depth -= 1
        entry = Ref(name.text, tuple(indices), name.place)
        return Shifted(entry, tuple(at), None, name.place) if at else entry

    def index(self) -> Tree:
        """One index: an axis, a label, or a whole expression of such."""
        if self.token.text == BATCH:
            self.axis()
        if self.token.kind == "name" or self.token.text in ("(", "-", "+"):
            names = self.names_in_brackets()
            return self.merged(names) if names else self.whole()
        return self.whole() if self.token.kind == "number" else Ref(self.axis().text, None, NOWHERE)

    def whole(self) -> Tree:
        """An index, which is a sum of whole numbers, axes, labels and sizes."""
        place = self.token.place
        tree = self.sum()
        for part in walk(tree):
            if isinstance(part, Shifted):
                self.fail("what stands in an index has only axes and labels in its own", part.place)
            known = isinstance(part, Ref | Number | Negative | Length)
            known |= isinstance(part, Operation) and part.op in ("+", "-", "*")
            known |= isinstance(part, Apply) and part.name == "size"
            if not known or (isinstance(part, Number) and not part.text.isdigit()):
                self.fail("an index is an axis, a label, or a sum of such and whole numbers", place)
        return tree

    def names_in_brackets(self) -> list[Token]:
        """The names of `(h e)`, if the next words are such; nothing is taken."""
        ahead = self.tokens[self.at : self.at + MAX_MERGED + 2]
        if ahead[0].text != "(":
            return []
        names = list(takewhile(lambda token: token.kind == "name", ahead[1:]))
        return names if len(names) > 1 and ahead[len(names) + 1].text == ")" else []

    def merged(self, names: list[Token]) -> Tree:
        """`(h e)`: the place on one axis that runs over e within h."""
        self.next()
        first, *others = (self.name("an axis") for _ in names)
        self.next()
        tree: Tree = Ref(first.text, None, first.place)
        for name in others:
            axis = Ref(name.text, None, name.place)
            scaled = Operation("*", tree, Apply("size", (axis,), name.place), name.place)
            tree = Operation("+", scaled, axis, name.place)
        return tree


def parse_equations(source: str, within: str = "") -> tuple[Equation, ...]:
    """Read the text of equations; `within` is the definition that it is, for messages.

    >>> from pullback.derive.read.trees import spell_equation
    >>> spell_equation(parse_equations("h[n]=max(0,u[n])")[0])
    'h[n] = max(0, u[n])'

    Raises DefinitionError, with line, column and caret.
    """
    return Parser(source, within).equations()


def parse_comparison(source: str, within: str = "") -> Operation:
    """Read one comparison, such as an assumption `sum(j, t[n, j]) == 1`."""
    parser = Parser(source, within)
    tree = parser.comparison()
    if not (isinstance(tree, Operation) and tree.op in COMPARISONS):
        parser.fail("expected a comparison, as in sum(j, t[n, j]) == 1")
    if parser.token.kind != "newline" or parser.tokens[parser.at + 1].kind != "end":
        parser.fail(f"expected the end of the text, found {parser.found()}")
    return tree


def parse_size(source: str, within: str = "") -> Tree:
    """Read the size of an axis: whole numbers and sizes with + - * and //.

    >>> from pullback.derive.read.trees import spell
    >>> spell(parse_size("(size(x, 2) - A) // 2 + 1"))
    '(size(x, 2) - A) // 2 + 1'
    """
    parser = Parser(source, within)
    tree = parser.sum()
    if parser.token.kind != "newline" or parser.tokens[parser.at + 1].kind != "end":
        parser.fail(f"expected the end of the text, found {parser.found()}")
    return tree
