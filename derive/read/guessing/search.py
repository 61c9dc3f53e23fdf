"""The most usual reading of names that fits the text, and the sizes that it makes one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from heapq import heappop, heappush

from pullback.derive.errors import DefinitionError
from pullback.derive.read.from_arrays.values import ONE, Meet
from pullback.derive.read.guessing.candidates import Candidate
from pullback.derive.read.guessing.naming import letters
from pullback.derive.read.guessing.shapeless import Guess

MOST_TRIES = 80  # of readings, each read until it does not fit
MOST_ORDERED = 4_000  # of readings that are looked at, most of which are known not to fit
AXIS = "axis_{}_{}"  # a size of its own for each axis of each name
Shapes = Mapping[str, str]
Reading = tuple[int, ...]  # of each name the place of its candidate


def search(
    names: Mapping[str, Sequence[Candidate]],
    given: Shapes,
    read: Callable[[Shapes], object],
    lines: Mapping[str, int],
    taken: Collection[str],
) -> Guess | None:
    """Shapes for names that have none, with which a text is read; None where none are found.

    Arguments:
        names: what each may be, the usual first
        given: the shapes that are known
        read: reads the text with shapes for all; DefinitionError where it does not
        lines: the line where each name comes first
        taken: names that no size may have
    """
    refused: list[dict[int, int]] = []
    tries = 0
    for reading in usual_first(list(names.values())):
        if any(all(reading[p] == c for p, c in some.items()) for some in refused):
            continue
        tries += 1
        if tries > MOST_TRIES:
            return None
        chosen = {n: own[c] for (n, own), c in zip(names.items(), reading, strict=True)}
        try:
            return settled(chosen, given, read, taken)
        except DefinitionError as error:
            last = error.line or max(lines.values())
            seen = [p for p, n in enumerate(names) if lines[n] <= last]
            refused.append({p: reading[p] for p in seen})
    return None


def usual_first(names: Sequence[Sequence[Candidate]]) -> Iterator[Reading]:
    """Readings by what they cost together."""
    start = (0,) * len(names)
    waiting: list[tuple[float, Reading]] = [(0.0, start)]
    seen = {start}
    for _ in range(MOST_ORDERED):
        if not waiting:
            return
        cost, reading = heappop(waiting)
        yield reading
        for place, own in enumerate(names):
            after = reading[place] + 1
            following = (*reading[:place], after, *reading[place + 1 :])
            if after < len(own) and following not in seen:
                seen.add(following)
                heappush(waiting, (cost + own[after].cost - own[after - 1].cost, following))


def settled(
    chosen: Mapping[str, Candidate],
    given: Shapes,
    read: Callable[[Shapes], object],
    taken: Collection[str],
) -> Guess:
    """The shapes of one reading; DefinitionError where it does not fit."""
    axes = {
        name: [AXIS.format(place, n) for n in range(own.axes + own.labels)]
        for place, (name, own) in enumerate(chosen.items())
    }
    one: dict[str, str] = {}  # a size by another that it is

    def shapes(names: Mapping[str, str]) -> dict[str, str]:
        return {
            name: spelled([names.get(a, a) for a in own], chosen[name].labels)
            for name, own in ((n, [root(a, one) for a in own]) for n, own in axes.items())
        }

    while True:
        try:
            read({**given, **shapes({})})
            break
        except DefinitionError as error:
            meet = met(error)
            pair = [] if meet is None else [root(size, one) for size in meet.sizes]
            own = [size for size in pair if size.startswith(AXIS[:5])]
            if len({*pair} - {ONE, "?"}) < 2 or not own:
                raise
            last = max(own, key=order)
            one[last] = next(size for size in pair if size != last)
    roots = dict.fromkeys(root(a, one) for own in axes.values() for a in own)
    names = letters([r for r in roots if r.startswith(AXIS[:5])], taken)
    found = shapes(names)
    read({**given, **found})
    return Guess(found, reasons(chosen))


def order(size: str) -> tuple[int, ...]:
    """Where a size of one's own stands: sizes that come later become those that came before."""
    return tuple(map(int, size.split("_")[1:]))


def root(size: str, one: Mapping[str, str]) -> str:
    """What a size is in the end."""
    while size in one:
        size = one[size]
    return size


def spelled(axes: Sequence[str], labels: bool) -> str:
    """A shape as it is written; of labels the last size is the one below which they lie."""
    return f"{' '.join(axes[:-1])}: {axes[-1]}".strip() if labels else " ".join(axes)


def met(error: BaseException | None) -> Meet | None:
    """The two sizes that an error is about, if it is about two."""
    while error is not None and not isinstance(error, Meet):
        error = error.__context__
    return error


def reasons(chosen: Mapping[str, Candidate]) -> tuple[str, ...]:
    """What each name was taken for, and why, those alike together."""
    groups: dict[tuple[str, str], list[str]] = {}
    for name, own in chosen.items():
        groups.setdefault((own.words, own.why), []).append(name)
    return tuple(f"{', '.join(names)} as {words}: {why}" for (words, why), names in groups.items())
