"""The computation graph as rows, one for each node: forward edges in lanes, gradients flowing back.

Consecutive nodes are joined along the spine; an edge that passes over other nodes has a lane of its
own at the left of the spine. No two edges share a lane at the same row, so nothing overlaps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pullback.derive.calculus.derivation import Derivation
from pullback.derive.calculus.reading import reading_nodes
from pullback.derive.layer import Layer

LANE, BOX = 14, 30  # the width of a lane, half the width of a box, in pixels
HALF = 16  # half the height of a box


@dataclass(frozen=True)
class Edge:
    """From one row to a later one; lane 0 is the spine."""

    source: int
    target: int
    lane: int
    back: bool  # does a gradient flow back along it?


@dataclass(frozen=True)
class Stroke:
    """A straight piece of an edge within a row; y is 0, 50 or 100 per cent of the row's height."""

    x1: int
    y1: int
    x2: int
    y2: int
    kind: str


@dataclass(frozen=True)
class Head:
    """An arrowhead: at (x, middle of the row + dy), pointing down, up or right."""

    x: int
    dy: int
    way: str
    kind: str


@dataclass(frozen=True)
class Row:
    """A node, the inputs that it reads and those whose first reader it is, and its lines."""

    name: str
    reads: tuple[str, ...]
    first: tuple[str, ...]
    strokes: tuple[Stroke, ...]
    heads: tuple[Head, ...]


@dataclass(frozen=True)
class Graph:
    """The rows in order; `width` is that of lanes and boxes, in pixels."""

    rows: tuple[Row, ...]
    width: int
    spine: int
    mermaid: str
    words: str


def graph(derivation: Derivation) -> Graph:
    """The graph of a derivation."""
    layer, gradients = derivation.layer, {g.tensor.name for g in derivation.gradients}
    names = [n.name for n in layer.nodes if not n.notation]
    readers = reading_nodes(layer)
    edges = in_lanes(names, readers, gradients)
    lanes = max((e.lane for e in edges), default=0)
    spine = lanes * LANE + BOX + 6
    rows, seen = [], set[str]()
    read: dict[str, list[str]] = {}
    for tensor in layer.inputs:
        for reader in readers.get(tensor.name, ()):
            read.setdefault(reader, []).append(tensor.name)
    passing: dict[int, list[Edge]] = {}  # the edges that are drawn in a row
    for edge in edges:
        for at in range(edge.source, edge.target + 1):
            passing.setdefault(at, []).append(edge)
    for at, name in enumerate(names):
        reads = tuple(read.get(name, ()))
        first = tuple(r for r in reads if r not in seen and r in gradients)
        seen.update(reads)
        strokes, heads = drawn(passing.get(at, ()), at, spine)
        rows.append(Row(name, reads, first, strokes, heads))
    pairs = [(t, r) for t in (*(t.name for t in layer.inputs), *names) for r in readers.get(t, ())]
    words = "; ".join(f"{r} reads {t}" for t, r in pairs)
    return Graph(tuple(rows), spine + BOX + 6, spine, mermaid(layer, pairs, gradients), words)


def in_lanes(
    names: Sequence[str], readers: dict[str, list[str]], gradients: set[str]
) -> list[Edge]:
    """Every edge between nodes, the short ones first, each in the first lane that is free."""
    place = {name: at for at, name in enumerate(names)}
    pairs = [(at, place[r]) for at, n in enumerate(names) for r in readers.get(n, ()) if r in place]
    edges: list[Edge] = []
    for source, target in sorted(pairs, key=lambda p: (p[1] - p[0], p)):
        lane = 0 if target == source + 1 else 1
        while lane and any(
            e.lane == lane and e.source < target and source < e.target for e in edges
        ):
            lane += 1
        edges.append(Edge(source, target, lane, names[source] in gradients))
    return edges


def drawn(
    edges: Sequence[Edge], at: int, spine: int
) -> tuple[tuple[Stroke, ...], tuple[Head, ...]]:
    """The lines in a row, and their heads; `edges` are those that pass through it."""
    strokes: list[Stroke] = []
    heads: list[Head] = []
    for edge in edges:
        top, bottom = 50 * (at == edge.source), 100 - 50 * (at == edge.target)
        if edge.lane:
            x = spine - BOX - edge.lane * LANE
            strokes.append(Stroke(x, top, x, bottom, "forward"))
            if at in (edge.source, edge.target):
                strokes.append(Stroke(x, 50, spine - BOX, 50, "forward"))
            if at == edge.target or (edge.back and at == edge.source):
                kind = "forward" if at == edge.target else "back"
                heads.append(Head(spine - BOX, 0, "right", kind))
            continue
        strokes.append(Stroke(spine - 8, top, spine - 8, bottom, "forward"))
        heads += [Head(spine - 8, -HALF, "down", "forward")] if at == edge.target else []
        if edge.back:
            strokes.append(Stroke(spine + 8, top, spine + 8, bottom, "back"))
            heads += [Head(spine + 8, HALF, "up", "back")] if at == edge.source else []
    return tuple(strokes), tuple(heads)


def mermaid(layer: Layer, pairs: Sequence[tuple[str, str]], gradients: set[str]) -> str:
    """The graph in the language of Mermaid; its words are names from the layer alone."""
    inputs = [f'  {t.name}(["{t.name}"])' for t in layer.inputs]
    nodes = [f'  {n.name}["{n.name}"]' for n in layer.nodes if not n.notation]
    edges = []
    for tensor, reader in pairs:
        edges.append(f"  {tensor} --> {reader}")
        if tensor in gradients:
            edges.append(f'  {reader} -. "d{tensor}" .-> {tensor}')
    return "\n".join(["flowchart TD", *inputs, *nodes, *edges]) + "\n"
