"""Is a scalar zero? By random evaluation modulo a large prime, on which false sums do not agree.

A scalar that is zero comes out as zero, or is not decided, where it takes more than the rules of
`residues` to see it. One that is not zero comes out as zero at a random point with a chance of its
degree over P: below 2**-40 for a degree up to a million (Schwartz and Zippel), the keyed numbers
taken for independent. Where squares are hidden under roots a point may take the root of the other
sign, with a chance of one half each: so there are more points where roots occur.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from pullback.derive.proof.logs import Logs
from pullback.derive.proof.making import Nodes
from pullback.derive.proof.nodes import Node, parts, whole_number
from pullback.derive.proof.residues import BadPoint, P, Residues

POINTS = 2
POINTS_WITH_ROOTS = 12
TRIES = 400  # points that may be of no use, since a root of them is not there


class Zeros:
    """Decides whether nodes are zero, and which are one up to a factor."""

    def __init__(self, nodes: Nodes) -> None:
        self.nodes, self.logs = nodes, Logs(nodes)
        self.points: dict[int, Residues] = {}
        self.rooted: dict[Node, bool] = {}

    def point(self, seed: int) -> Residues:
        """One of the points."""
        if seed not in self.points:
            self.points[seed] = Residues(self.nodes, self.logs, seed)
        return self.points[seed]

    def has_root(self, node: Node) -> bool:
        """Does a root of more than a number occur in it?"""
        if node not in self.rooted:
            own = node.kind == "product" and any(
                not whole_number(e) and b.kind not in ("number", "constant", "power")
                for b, e in node.args
            )
            self.rooted[node] = own or any(map(self.has_root, parts(node)))
        return self.rooted[node]

    def is_zero(self, node: Node) -> bool:
        """Is it zero at so many points? False also where that cannot be decided."""
        if node.kind in ("number", "infinity"):
            return node is self.nodes.zero
        wanted = POINTS_WITH_ROOTS if self.has_root(node) else POINTS
        for done, (_, value) in enumerate(self.values(node), 1):
            if value != 0:
                return False
            if done == wanted:
                return True
        return False

    def is_not_zero(self, node: Node) -> bool:
        """Is it seen not to be zero? False also where that cannot be decided, as under roots."""
        found = () if self.has_root(node) else islice(self.values(node), POINTS)
        return any(value != 0 for _, value in found)

    def values(self, node: Node) -> Iterator[tuple[int, int]]:
        """Points and the values there, where there are values."""
        for seed in range(TRIES):
            try:
                yield seed, self.point(seed).value(node)
            except BadPoint:
                continue
            except RecursionError:
                return

    def fingerprint(self, node: Node) -> tuple[object, int]:
        """What nodes that are one up to a number share, and a value that tells this number.

        It is None where the node is zero.
        """
        found = list(islice(self.values(node), 2))
        if len(found) < 2:
            return node, 1
        (first, a), (second, b) = found
        if a == 0 or b == 0:
            return (None if a == b else node), 1
        return (first, second, a * pow(b, -1, P) % P), a
