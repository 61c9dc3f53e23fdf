"""Making scalars, each once: numbers, entries, and sums whose like terms are taken together."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import gcd, lcm
from typing import Any

from pullback.derive.proof.nodes import Node, Number, plain


class Sums:
    """Makes numbers, entries and sums, each once."""

    def __init__(self) -> None:
        self.table: dict[tuple[Any, ...], Node] = {}
        self.primitives: dict[Node, tuple[Number, Node]] = {}
        self.lost = 0  # how often 0 times what has no value was taken
        self.zero, self.one = self.number(0), self.number(1)

    def make(self, kind: str, *args: Any) -> Node:
        """The one node of this kind and these parts."""
        key = (kind, *args)
        node = self.table.get(key)
        if node is None:
            node = self.table[key] = Node(kind, args, len(self.table))
        return node

    def number(self, value: Number) -> Node:
        """A rational number."""
        return self.make("number", plain(value))

    def symbol(self, name: str) -> Node:
        """An entry."""
        return self.make("symbol", name)

    def infinity(self, sign: int) -> Node:
        """Plus or minus infinity."""
        return self.make("infinity", sign)

    def undefined(self, what: str, *of: Node) -> Node:
        """What has no value."""
        return self.make("undefined", what, *of)

    def add(self, terms: Iterable[Node]) -> Node:
        """A sum; like terms are taken together."""
        total: Number = 0
        found: dict[Node, Number] = {}
        infinite: dict[Node, None] = {}
        for term in terms:
            if term.kind == "sum":
                total += term.args[0]
                for node, factor in term.args[1]:
                    found[node] = found.get(node, 0) + factor
            elif term.kind == "number":
                total += term.args[0]
            elif term.kind == "infinity":
                infinite[term] = None
            else:
                found[term] = found.get(term, 0) + 1
        if infinite:
            alone = len(infinite) == 1 and not any(n.undefined for n in found)
            return next(iter(infinite)) if alone else self.undefined("∞ - ∞")
        return self.sum(total, found)

    def sum(self, total: Number, found: dict[Node, Number]) -> Node:
        """A sum of a number and of nodes times coefficients."""
        items = [(n, plain(f)) for n, f in found.items() if f]
        if not items:
            return self.number(total)
        if total == 0 and len(items) == 1 and items[0][1] == 1:
            return items[0][0]
        return self.make("sum", plain(total), tuple(sorted(items, key=lambda item: item[0].serial)))

    def scaled(self, node: Node, factor: Number) -> Node:
        """A number times a node."""
        if factor == 1:
            return node
        if factor == 0:
            return self.zero
        if node.kind == "number":
            return self.number(node.args[0] * factor)
        if node.kind == "infinity":
            return self.infinity(node.args[0] if factor > 0 else -node.args[0])
        if node.kind == "sum":
            return self.sum(node.args[0] * factor, {n: f * factor for n, f in node.args[1]})
        return self.sum(0, {node: factor})

    def subtract(self, a: Node, b: Node) -> Node:
        """a - b."""
        return self.zero if a is b else self.add((a, self.scaled(b, -1)))

    def primitive(self, node: Node) -> tuple[Number, Node]:
        """A node as a number times a node whose coefficients share none; the first is positive."""
        if node.kind == "number":
            return node.args[0], self.one
        if node.kind != "sum":
            return 1, node
        if node not in self.primitives:
            numbers = [f for _, f in node.args[1]] + [node.args[0]] * (node.args[0] != 0)
            content = Fraction(
                gcd(*(n.numerator for n in numbers)), lcm(*(n.denominator for n in numbers))
            )
            signed = plain(content if numbers[0] > 0 else -content)
            inner = node if signed == 1 else self.scaled(node, Fraction(1) / signed)
            self.primitives[node] = signed, inner
        return self.primitives[node]
