"""Matrix notation to syntax trees, read by recursive descent.

    line    = [ NAME ( '=' | ':=' ) ] sum
    sum     = product { ( '+' | '-' ) product }
    product = sign { [ '*' | '.*' | '/' | './' | '·' ] sign }       no sign between: the product
    sign    = [ '-' | '+' ] sign | power
    power   = atom { 'ᵀ' | '²' | ( '^' | '.^' ) exponent }
    atom    = NUMBER | NAME | NAME '(' sum { ',' sum } ')' | '(' sum ')' | '‖' sum '‖' | '|' sum '|'
            | 'frac' '{' sum '}' '{' sum '}'

A name with a bracket is a function unless it is a tensor. Nothing here knows shapes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pullback.derive.read.descent import MAX_DEPTH, Descent
from pullback.derive.read.from_matrices.words import ONES, TRANSPOSE, Word, words
from pullback.derive.read.grammar import MAX_NAME, MAX_ZEROS
from pullback.derive.read.trees import Apply, Negative, Number, Operation, Place, Ref, Tree
from pullback.derive.read.words import MAX_DIGITS, digits_of

BESIDE = " "  # the sign of a product that is written without one
BEHIND = "  "  # of one that stands behind a product with a sign: A ⊙ B C
NORM, BARS = "‖‖", "||"
DEEP = f"brackets, powers and operations are nested deeper than {MAX_DEPTH}"


@dataclass(frozen=True)
class Line:
    """A line: what it defines, "" if it does not say so, and its right side."""

    name: str
    right: Tree
    place: Place


class Parser(Descent[Word]):
    """Matrix notation; `tensors` are the names that are declared."""

    deep = DEEP
    kinds: Mapping[str, str] = {**Descent.kinds, "norm": "'‖'"}

    def __init__(self, source: str, within: str, tensors: Iterable[str]) -> None:
        super().__init__(words, source, within)
        self.tensors = set(tensors)
        self.bars: list[str] = [""]  # what would close the innermost ‖ or |; "" in a bracket

    # -- lines -------------------------------------------------------------------------------------

    def lines(self) -> list[Line]:
        """All lines of the text."""
        found = []
        while self.token.kind != "end":
            if self.token.kind == "newline":
                self.next()
            else:
                found.append(self.line())
        for line in found[:-1]:
            if not line.name:
                self.fail("a value that goes nowhere; give it a name", line.place)
        return found

    def line(self) -> Line:
        """One line; a name that it defines is a tensor from then on."""
        start, name = self.token, ""
        after = self.tokens[self.at + 1]
        if start.kind == "name" and after.kind == "op" and after.text in ("=", ":="):
            name = start.text
            self.check_name(start)
            if name in self.tensors:
                self.fail(f"'{name}' is there already; give the new value a name of its own")
            self.at += 2
        right = self.sum()
        if self.token.text in ("=", ":="):
            self.fail("what stands left of '=' is one name", start.place)
        if self.token.kind != "newline":
            self.fail(f"expected an operator or the end of the line, found {self.found()}")
        self.next()
        if name:
            self.tensors.add(name)
        return Line(name, right, start.place)

    def check_name(self, word: Word) -> None:
        """Refuse a name that is too long."""
        if len(word.text) > MAX_NAME:
            self.fail(f"a name has at most {MAX_NAME} characters", word.place)

    # -- operations --------------------------------------------------------------------------------

    def product(self) -> Tree:
        """Signed powers, joined by signs or by nothing."""
        tree, last = self.sign(), ""
        while True:
            if op := self.accept("*", ".*", "·", "/", "./"):
                tree, last = Operation(op.text, tree, self.sign(), op.place), op.text
            elif self.starts():
                if last in ("/", "./") and not self.token.spaced:
                    self.fail(
                        "is this a factor of the divisor or of the whole? a/b c is (a/b) c: write "
                        "a space before it, or brackets as in a/(b c)"
                    )
                place = self.token.place
                sign = BEHIND if last in ("*", ".*") else BESIDE
                tree, last = Operation(sign, tree, self.power(), place), ""
            else:
                return tree

    def starts(self) -> bool:
        """Does a factor start here, with no sign before it?"""
        word = self.token
        if word.kind == "norm":
            return not word.text and self.bars[-1] != NORM
        if word.kind == "number":
            if self.tokens[self.at + 1].text == TRANSPOSE or self.tokens[self.at + 1].text == "^":
                return word.text == "1"  # the vector of ones
            self.fail(
                f"a number stands before what it multiplies, as in {word.text} x; "
                f"the vector of ones is {ONES} or ones"
            )
        if word.kind in ("name", "ones"):
            return True
        if word.text == "|":
            return self.bars[-1] != BARS
        return word.kind == "op" and word.text in ("(", "{", "frac")

    def sign(self) -> Tree:
        """Any number of signs before a power."""
        op = self.accept("-", "+")
        if op is None:
            return self.power()
        self.deeper()
        tree = self.sign()
        self.depth -= 1
        return Negative(tree, op.place) if op.text == "-" else tree

    def power(self) -> Tree:
        """An atom with what stands behind it: transposes and powers."""
        tree, depth = self.atom(), self.depth
        while True:
            place = self.token.place
            if self.accept(TRANSPOSE):
                tree = Apply(TRANSPOSE, (tree,), place)
            elif self.token.kind == "power":
                tree = Operation("^", tree, Number(self.next().text, place), place)
            elif op := self.accept("^", ".^"):
                exponent = self.exponent()
                if exponent is None:
                    tree = Apply(TRANSPOSE, (tree,), place)
                else:
                    tree = Operation(op.text, tree, exponent, place)
            else:
                self.depth = depth
                return tree
            self.deeper()

    def exponent(self) -> Tree | None:
        """What stands behind ^; None for a T, which transposes."""
        braced = self.accept("{")
        if self.accept(TRANSPOSE) or self.is_t():
            if braced:
                self.expect("}", "to close '{'")
            return None
        if braced:
            return self.rest(braced, "}")
        if op := self.accept("-", "+"):
            tree = self.atom()
            return Negative(tree, op.place) if op.text == "-" else tree
        return self.atom()

    def is_t(self) -> bool:
        """Take the letter T, unless it is a tensor."""
        if self.token.kind != "name" or self.token.text != "T":
            return False
        if "T" in self.tensors:
            self.fail("is T the tensor, or is this a transpose? write ᵀ, or ^(T)")
        self.next()
        return True

    # -- atoms -------------------------------------------------------------------------------------

    def atom(self) -> Tree:
        """A number, a tensor, a function, a bracket, a norm, a fraction."""
        word = self.token
        if word.kind == "number":
            return self.number()
        if word.kind == "ones":
            return Ref(ONES, None, self.next().place)
        if word.kind == "name":
            return self.named()
        if word.kind == "norm" and not word.text:
            return self.norm()
        if self.accept("(", "{"):
            return self.rest(word, ")" if word.text == "(" else "}")
        if self.accept("|"):
            return Apply(BARS, (self.within(BARS, word),), word.place)
        if self.accept("frac"):
            above, below = self.braced(), self.braced()
            return Operation("/", above, below, word.place)
        return self.fail(f"expected a number, a name or a bracket, found {self.found()}")

    def rest(self, opening: Word, closing: str) -> Tree:
        """What a bracket holds, behind its opening."""
        self.bars.append("")
        tree = self.sum()
        self.bars.pop()
        self.expect(closing, f"to close '{opening.text}'")
        return tree

    def braced(self) -> Tree:
        """A part of a fraction."""
        opening = self.token
        self.expect("{", "after \\frac, as in \\frac{a}{b}")
        return self.rest(opening, "}")

    def within(self, bars: str, opening: Word) -> Tree:
        """What stands between two bars."""
        self.bars.append(bars)
        tree = self.sum()
        self.bars.pop()
        closes = self.token.kind == "norm" if bars == NORM else self.token.text == "|"
        if not closes:
            self.fail(f"expected '{bars[0]}' to close the first one, found {self.found()}")
        if bars == BARS:
            self.next()
        return tree

    def norm(self) -> Tree:
        """‖x‖, with what stands below its second sign: ‖x‖_1."""
        opening = self.next()
        inner = self.within(NORM, opening)
        return Apply(NORM + self.next().text, (inner,), opening.place)

    def number(self) -> Number:
        """A literal of so many digits and a modest exponent."""
        word = self.next()
        mantissa, _, exponent = word.text.lower().partition("e")
        zeros, digits = digits_of(mantissa)
        if digits > MAX_DIGITS or zeros > MAX_ZEROS:
            self.fail(f"a number has at most {MAX_DIGITS} digits", word.place)
        if exponent and (len(exponent) > 4 or abs(int(exponent)) > 300):
            self.fail("an exponent lies between -300 and 300", word.place)
        return Number(word.text, word.place)

    def named(self) -> Tree:
        """A tensor, or a function of what its brackets hold."""
        word = self.next()
        self.check_name(word)
        bracket = self.token
        if word.text in self.tensors or not self.accept("("):
            return Ref(word.text, None, word.place)
        self.bars.append("")
        args = [self.sum()]
        while self.accept(","):
            args.append(self.sum())
        self.bars.pop()
        self.expect(")", f"to close '{word.text}{bracket.text}'")
        return Apply(word.text, tuple(args), word.place)
