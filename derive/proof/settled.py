"""What ties leave of questions: where x is 0, the sign of x y is known, and max(x + y, z) asks
the same as max(y, z).

So answers go together: a case in which they do not is no case, and is not gone through.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from pullback.derive.proof.making import Nodes, replaced
from pullback.derive.proof.nodes import Node, symbols


class Contradiction(Exception):
    """Answers that do not go together."""


class Settled:
    """The answers of a round, with the entries that its ties tell put in."""

    def __init__(self, nodes: Nodes) -> None:
        self.nodes = nodes
        self.ties: tuple[Node, ...] = ()
        self.table: dict[Node, Node] = {}  # entries, and what has them, to what they are
        self.known: dict[Any, int] = {}  # answers by the keys of what is left of their questions
        self.seen: tuple[Mapping[Any, Any], int] = {}, 0

    def left(self, node: Node) -> Node:
        """What ties leave of a node; the node where that has no value."""
        found = self.put_in(node)
        return node if found.undefined else found

    def put_in(self, node: Node) -> Node:
        """A node with what ties tell put in."""
        return replaced(self.nodes, node, self.table) if self.table else node

    def update(self, answers: Mapping[Any, Any], again: Callable[[Any, int], Any]) -> None:
        """Take in what was answered; `again` is the key and the answer of what is left."""
        if self.seen[0] is answers and self.seen[1] == len(answers):
            return
        self.seen = answers, len(answers)
        ties = tuple(q.nodes[0] for q, a in answers.values() if q.kind == "sign" and a == 0)
        if ties != self.ties:
            self.ties, self.table = ties, self.told(ties)
        self.known = {}
        for question, answer in answers.values() if self.table else ():
            key, found = again(question, answer)
            if key is not None and self.known.setdefault(key, found) != found:
                raise Contradiction

    def told(self, ties: tuple[Node, ...]) -> dict[Node, Node]:
        """Entries that stand alone in ties, and what they are then."""
        told: dict[Node, Node] = {}
        for tie in ties:
            found = self.entry_of(replaced(self.nodes, tie, dict(told)))
            if found:
                told = {s: replaced(self.nodes, v, {found[0]: found[1]}) for s, v in told.items()}
                told[found[0]] = found[1]
        return told

    def entry_of(self, tie: Node) -> tuple[Node, Node] | None:
        """An entry that a tie holds once, in a sum or alone, and what makes the tie 0."""
        if tie.kind == "symbol":
            return tie, self.nodes.zero
        for node, factor in tie.args[1] if tie.kind == "sum" else ():
            if node.kind == "symbol":
                rest = self.nodes.subtract(tie, self.nodes.scaled(node, factor))
                if node not in symbols([rest]):
                    return node, self.nodes.scaled(rest, Fraction(-1) / factor)
        return None
