"""Text to syntax trees: the grammar of definitions, read by recursive descent.

    equations  = { equation NEWLINE }                    a '#' starts a comment
    equation   = NAME [ '[' NAME { ',' NAME } ']' ] ( '=' | ':=' ) sum
    sum        = product { ( '+' | '-' ) product }
    product    = sign { ( '*' | '/' ) sign }
    sign       = [ '-' | '+' ] sign | power
    power      = atom [ '**' sign ]
    atom       = NUMBER | NAME | NAME '[' index { ',' index } ']' | NAME '(' sum { ',' sum } ')'
               | '(' sum ')' | '[' comparison ']'
    index      = NAME | NAME '[' index { ',' index } ']'
    comparison = sum ( '==' | '!=' | '<' | '<=' | '>' | '>=' ) sum

A comparison may also be the first argument of a function (`where(x[n] > 0, a, b)`).
Nothing here knows what a name means; `derive.reader` gives the trees their meaning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NoReturn

from derive.errors import DefinitionError

MAX_TEXT = 64 * 1024  # bytes
MAX_DEPTH = 64
MAX_DIGITS = 15
COMPARISONS = ("==", "!=", "<=", ">=", "<", ">")


@dataclass(frozen=True)
class Place:
    """Where a piece of text stands: line and column, from 1, and the whole text."""

    line: int
    column: int
    source: str = field(default="", repr=False, compare=False)


@dataclass(frozen=True)
class Number:
    """A literal such as `2`, `0.5` or `1e-5`, kept as text so that it stays exact."""

    text: str
    place: Place


@dataclass(frozen=True)
class Ref:
    """A name, with indices where it has brackets: `x`, `x[n, d]`, `z[n, y[n]]`."""

    name: str
    indices: tuple[Ref, ...] | None
    place: Place


@dataclass(frozen=True)
class Apply:
    """A function, a reduction or a call of another definition: `exp(…)`, `sum(d, …)`."""

    name: str
    args: tuple[Tree, ...]
    place: Place


@dataclass(frozen=True)
class Operation:
    """`left op right` for `+ - * / **` and the comparisons."""

    op: str
    left: Tree
    right: Tree
    place: Place


@dataclass(frozen=True)
class Negative:
    """`-operand`."""

    operand: Tree
    place: Place


@dataclass(frozen=True)
class Iverson:
    """`[comparison]`: 1 where it holds, else 0."""

    comparison: Tree
    place: Place


Tree = Number | Ref | Apply | Operation | Negative | Iverson


@dataclass(frozen=True)
class Equation:
    """`name[axes] = right` or `name[axes] := right`; axes is None where no brackets stand."""

    name: str
    axes: tuple[str, ...] | None
    notation: bool
    right: Tree
    place: Place
    origin: str = ""  # the definition that a call brought it from


@dataclass(frozen=True)
class Token:
    """One word of the text; `kind` is number, name, op, newline or end."""

    kind: str
    text: str
    place: Place


TOKEN = re.compile(
    r"(?P<space>[ \t\r]+|\#[^\n]*)"
    r"|(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<op>\*\*|:=|==|!=|<=|>=|[-+*/()\[\],=<>])"
    r"|(?P<newline>\n)"
)


def tokens(source: str) -> Iterator[Token]:
    """The words of a text; line ends inside brackets do not count."""
    line, start, at, brackets = 1, 0, 0, 0
    while at < len(source):
        place = Place(line, at - start + 1, source)
        match = TOKEN.match(source, at)
        if match is None:
            char = source[at]
            raise DefinitionError(
                f"{char!r} is not part of the language of definitions", source, line, place.column
            )
        kind, text = str(match.lastgroup), match.group()
        if kind == "newline":
            if not brackets:
                yield Token(kind, text, place)
            line, start = line + 1, match.end()
        elif kind != "space":
            brackets += (text in "([") - (text in ")]") if kind == "op" else 0
            yield Token(kind, text, place)
        at = match.end()
    end = Place(line, at - start + 1, source)
    yield Token("newline", "\n", end)
    yield Token("end", "", end)


class Parser:
    """Recursive descent over the tokens of one text, with a limit on depth."""

    def __init__(self, source: str) -> None:
        if len(source.encode("utf-8", "surrogatepass")) > MAX_TEXT:
            raise DefinitionError(f"the text is longer than {MAX_TEXT // 1024} KiB")
        self.source = source
        self.tokens = list(tokens(source))
        self.at = 0
        self.depth = 0

    def fail(self, message: str, place: Place | None = None) -> NoReturn:
        """Raise an error that points at a place, by default at the current token."""
        place = place or self.token.place
        raise DefinitionError(message, self.source, place.line, place.column)

    @property
    def token(self) -> Token:
        """The token to be read next."""
        return self.tokens[self.at]

    def next(self) -> Token:
        """Take one token."""
        self.at += 1
        return self.tokens[self.at - 1]

    def accept(self, *texts: str) -> Token | None:
        """Take the token if it is one of these operators."""
        if self.token.kind == "op" and self.token.text in texts:
            return self.next()
        return None

    def expect(self, text: str, where: str) -> Token:
        """Take this operator or say what was found in its place."""
        token = self.accept(text)
        if token is None:
            self.fail(f"expected '{text}' {where}, found {self.found()}")
        return token

    def found(self) -> str:
        """The current token, for messages."""
        ends = {"newline": "the end of the line", "end": "the end of the text"}
        return ends.get(self.token.kind, f"'{self.token.text}'")

    def name(self, what: str) -> Token:
        """Take a name."""
        if self.token.kind != "name":
            self.fail(f"expected {what}, found {self.found()}")
        if self.token.text.startswith("_"):
            self.fail(f"a name starts with a letter, not with '_': '{self.token.text}'")
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
        start = self.name("the name of a node")
        axes = None
        if self.accept("["):
            axes = tuple(token.text for token in self.axis_list())
        sign = self.accept("=", ":=")
        if sign is None:
            self.fail(f"expected '=' or ':=' after the left side, found {self.found()}")
        right = self.sum()
        if self.token.kind != "newline":
            self.fail(f"expected an operator or the end of the line, found {self.found()}")
        self.next()
        return Equation(start.text, axes, sign.text == ":=", right, start.place)

    def axis_list(self) -> list[Token]:
        """The axes on a left side, after '['."""
        names = [self.name("an axis")]
        while self.accept(","):
            names.append(self.name("an axis"))
        self.expect("]", "after the axes")
        return names

    def comparison(self) -> Tree:
        """`sum op sum`, or a sum alone."""
        left = self.sum()
        op = self.accept(*COMPARISONS)
        if op is None:
            return left
        return Operation(op.text, left, self.sum(), op.place)

    def sum(self) -> Tree:
        """Products joined by + and -."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(f"brackets and functions are nested deeper than {MAX_DEPTH}")
        tree = self.product()
        while op := self.accept("+", "-"):
            tree = Operation(op.text, tree, self.product(), op.place)
        self.depth -= 1
        return tree

    def product(self) -> Tree:
        """Signed powers joined by * and /."""
        tree = self.sign()
        while op := self.accept("*", "/"):
            tree = Operation(op.text, tree, self.sign(), op.place)
        return tree

    def sign(self) -> Tree:
        """Any number of signs before a power."""
        signs = []
        while op := self.accept("-", "+"):
            signs.append(op)
            if len(signs) > MAX_DEPTH:
                self.fail(f"more than {MAX_DEPTH} signs in a row")
        tree = self.power()
        for op in reversed(signs):
            tree = Negative(tree, op.place) if op.text == "-" else tree
        return tree

    def power(self) -> Tree:
        """An atom, raised to a power or not; `**` binds to the right."""
        base = self.atom()
        op = self.accept("**")
        if op is None:
            return base
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(f"powers are nested deeper than {MAX_DEPTH}")
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
            self.expect(")", "to close '('")
            return tree
        if self.accept("["):
            tree = self.comparison()
            if not (isinstance(tree, Operation) and tree.op in COMPARISONS):
                self.fail("an indicator holds a comparison, as in [k == y[n]]", token.place)
            self.expect("]", "to close '['")
            return Iverson(tree, token.place)
        self.fail(f"expected a number, a name or a bracket, found {self.found()}")

    def number(self) -> Number:
        """A literal of at most 15 digits and a modest exponent."""
        token = self.next()
        mantissa, _, exponent = token.text.lower().partition("e")
        if sum(char.isdigit() for char in mantissa) > MAX_DIGITS:
            self.fail(f"a number has at most {MAX_DIGITS} digits", token.place)
        if exponent and (len(exponent) > 4 or abs(int(exponent)) > 300):
            self.fail("an exponent lies between -300 and 300", token.place)
        return Number(token.text, token.place)

    def named(self) -> Tree:
        """A tensor with or without indices, or a function."""
        token = self.name("a name")
        if self.accept("["):
            return Ref(token.text, self.indices(), token.place)
        if not self.accept("("):
            return Ref(token.text, None, token.place)
        args = [self.comparison()]
        while self.accept(","):
            args.append(self.comparison())
        self.expect(")", f"to close '{token.text}('")
        return Apply(token.text, tuple(args), token.place)

    def indices(self) -> tuple[Ref, ...]:
        """The indices of a tensor, after '['."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(f"brackets and functions are nested deeper than {MAX_DEPTH}")
        found = []
        while True:
            token = self.name("an axis or an integer tensor")
            inner = self.indices() if self.accept("[") else None
            found.append(Ref(token.text, inner, token.place))
            if not self.accept(","):
                break
        self.expect("]", "after the indices")
        self.depth -= 1
        return tuple(found)


PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2, "**": 4} | dict.fromkeys(COMPARISONS, 0)


def spell(tree: Tree, within: int = 0) -> str:
    """A tree as tidy text, with brackets where an operation of rank `within` needs them.

    >>> spell(parse_equations("h = (a+b) *exp( -x )")[0].right)
    '(a + b) * exp(-x)'
    """
    match tree:
        case Number(text, _):
            return text
        case Ref(name, indices, _):
            return name + (f"[{', '.join(map(spell, indices))}]" if indices else "")
        case Apply(name, args, _):
            return f"{name}({', '.join(map(spell, args))})"
        case Iverson(comparison, _):
            return f"[{spell(comparison)}]"
        case Negative(operand, _):
            text, rank = f"-{spell(operand, 3)}", 3
        case Operation(op, _, right, _) if op == "**":
            text, rank = f"{spell(tree.left, 5)}**{spell(right, 3)}", 4
        case Operation():
            text, rank = spell_chain(tree), PRECEDENCE[tree.op]
    return f"({text})" if rank < within else text


def spell_chain(tree: Operation) -> str:
    """A run of operations of one rank, however long."""
    rank = PRECEDENCE[tree.op]
    words: list[str] = []
    left: Tree = tree
    while isinstance(left, Operation) and PRECEDENCE[left.op] == rank:
        words[:0] = [f" {left.op} ", spell(left.right, rank + 1)]
        left = left.left
    return spell(left, rank) + "".join(words)


def spell_equation(equation: Equation) -> str:
    """An equation as one tidy line."""
    axes = f"[{', '.join(equation.axes)}]" if equation.axes else ""
    sign = ":=" if equation.notation else "="
    return f"{equation.name}{axes} {sign} {spell(equation.right)}"


def parse_equations(source: str) -> tuple[Equation, ...]:
    """Read the text of equations.

    >>> spell_equation(parse_equations("h[n]=max(0,u[n])")[0])
    'h[n] = max(0, u[n])'

    Raises DefinitionError, with line, column and caret.
    """
    return Parser(source).equations()


def parse_comparison(source: str) -> Operation:
    """Read one comparison, such as an assumption `sum(j, t[n, j]) == 1`."""
    parser = Parser(source)
    tree = parser.comparison()
    if not (isinstance(tree, Operation) and tree.op in COMPARISONS):
        parser.fail("expected a comparison, as in sum(j, t[n, j]) == 1", Place(1, 1))
    if parser.token.kind != "newline":
        parser.fail(f"expected the end of the text, found {parser.found()}")
    return tree
