"""Values and facts as text, for those who look for what was not decided."""

from __future__ import annotations

from pullback.derive.proof.every_size.facts import Fact
from pullback.derive.proof.every_size.ring import Ring
from pullback.derive.proof.every_size.terms import Value


def words(ring: Ring, fact: Fact) -> str:
    """A fact as text."""
    return f"{show(ring, ring.inside(fact.value))} {fact.kind} 0"


def show(ring: Ring, value: Value) -> str:
    """A value as text."""
    terms = []
    for (bound, factors), c in value.items():
        inner = " ".join(show_factor(ring, f) + (f"^{p}" if p != 1 else "") for f, p in factors)
        sums = f"Σ[{','.join(show_place(ring, b) for b in bound)}]" if bound else ""
        terms.append(f"{c} {sums} {inner}")
    return " + ".join(terms) or "0"


def show_factor(ring: Ring, factor: tuple[int, ...]) -> str:
    """A factor as text."""
    head = ring.heads[factor[0]]
    at = ",".join(show_place(ring, p) for p in factor[1:])
    if head.value is None:
        return f"{head.name or head.kind}[{at}]"
    return f"{head.kind}{head.name}{{{show(ring, ring.inside(factor))}}}"


def show_place(ring: Ring, place: int) -> str:
    """A place as text."""
    p = ring.places
    inner = ",".join(show_place(ring, q) for q in p.inner[place])
    mark = {"bound": "_", "open": "~", "holder": "@", "index": ""}.get(
        p.kinds[place], p.kinds[place]
    )
    return f"{mark}{p.names[place]}" + (f"({inner})" if inner else "")
