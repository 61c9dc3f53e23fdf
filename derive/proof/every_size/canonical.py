"""One name for what differs in names alone: bound indices of a term, places given to an atom.

Places are told apart by where they stand; those that stand alike are tried in every order, and the
least result is taken. Where that are too many orders, names may differ: equal terms then may not be
seen to be equal, and nothing false is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, permutations
from typing import Any

from pullback.derive.proof.every_size.places import BOUND, Places

MAX_ORDERS = 720
Factors = Sequence[tuple[tuple[int, ...], Any]]  # a factor and its power
Ways = Callable[[tuple[int, ...]], Sequence[tuple[int, ...]]]
ROUNDS = 3  # in which colours spread to what stands beside


def orders(
    places: Places, ways: Ways, parts: Sequence[Factors], unknown: Sequence[int]
) -> Iterator[list[int]]:
    """Orders of the unknown places, by where they stand in parts of factors.

    `ways` says of a factor in which orders of its places it is the same.
    """
    if len(unknown) == 1:
        return iter([list(unknown)])
    sizes = sorted({places.sizes[p] for p in unknown})
    colours = {p: sizes.index(places.sizes[p]) for p in unknown}
    count = len(set(colours.values()))
    for _ in range(ROUNDS):
        if count == len(unknown):
            break
        colours = refined(places, ways, parts, colours)
        new = len(set(colours.values()))
        if new == count:
            break
        count = new
    classes: dict[int, list[int]] = {}
    for place in unknown:
        classes.setdefault(colours[place], []).append(place)
    groups = [classes[c] for c in sorted(classes)]
    if count == len(unknown):
        return iter([[p for g in groups for p in g]])
    return islice(all_orders(groups), MAX_ORDERS)


def all_orders(groups: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Each group in every order, one after the other as they are asked for."""
    if not groups:
        yield []
        return
    first, *others = groups
    for order in permutations(first):
        for rest in all_orders(others):
            yield [*order, *rest]


def refined(
    places: Places, ways: Ways, parts: Sequence[Factors], colours: Mapping[int, int]
) -> dict[int, int]:
    """New colours of places: by the old one, and by what each stands in."""
    seen: dict[int, list[Any]] = {p: [] for p in colours}
    for part in parts:
        here: dict[int, list[Any]] = {}
        for factor, power in part:
            for leaf in {u for p in factor[1:] for u in found_in(places, p, colours)}:
                looks = min(
                    repr([look(places, p, colours, leaf) for p in way]) for way in ways(factor)
                )
                here.setdefault(leaf, []).append((factor[0], power, looks))
        if here:
            whole = tuple(sorted((f[0], p) for f, p in part))
            for leaf, found in here.items():
                seen[leaf].append((whole, tuple(sorted(found, key=repr))))
    keys = {p: (colours[p], tuple(sorted(map(repr, found)))) for p, found in seen.items()}
    ranks = {key: rank for rank, key in enumerate(sorted(set(keys.values())))}
    return {p: ranks[key] for p, key in keys.items()}


def found_in(places: Places, place: int, unknown: Mapping[int, Any]) -> list[int]:
    """The unknown places within one."""
    if place in unknown:
        return [place]
    return [u for p in places.inner[place] for u in found_in(places, p, unknown)]


def look(places: Places, place: int, colours: Mapping[int, int], this: int = -1) -> Any:
    """What a place looks like, unknown ones by their colours."""
    if place == this:
        return ("this",)
    if place in colours:
        return ("unknown", colours[place])
    if places.kinds[place] == BOUND:  # its name says nothing: it hangs on those of others
        return ("bound", places.sizes[place])
    if not places.inner[place]:
        return ("known", place)
    inner = tuple(look(places, p, colours, this) for p in places.inner[place])
    return (places.kinds[place], str(places.names[place]), inner)


def least(
    orders: Iterator[list[int]], written: Callable[[list[int]], Any]
) -> tuple[list[int], list[list[int]]]:
    """The order in which something is written least, and all that write it so."""
    best = next(orders)
    alike, text = [best], written(best)
    for order in orders:
        new = written(order)
        if new < text:
            best, alike, text = order, [order], new
        elif new == text:
            alike.append(order)
    return best, alike
