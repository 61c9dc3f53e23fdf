"""What was understood of array notation: equations, each with the line that it comes from."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace

from pullback.derive.errors import DefinitionError, Excerpt
from pullback.derive.read.grammar import parse_equations
from pullback.derive.read.renaming import rebuild
from pullback.derive.read.trees import Equation, Place, Ref, Tree, refuse, spell_equation


@dataclass(frozen=True)
class Understood:
    """Equations in index notation, each with the number of its line in the user's text.

    `inputs` are in the order in which they were declared, `labels` says on which size those that
    hold labels are places, `wrt` is what has gradients if nothing else is said, `notes` what else
    there is to say.
    """

    equations: tuple[tuple[int, str], ...]
    inputs: tuple[str, ...]
    labels: Mapping[str, str]
    wrt: tuple[str, ...]
    notes: tuple[str, ...]
    lines: tuple[str, ...]  # the user's, one for each equation
    places: tuple[Place, ...]  # of these

    @property
    def text(self) -> str:
        """The equations, one a line."""
        return "\n".join(text for _, text in self.equations)

    def parsed(self) -> tuple[Equation, ...]:
        """The equations, read from their text; what is wrong with one points at the user's line."""
        found = []
        for (_, text), place in zip(self.equations, self.places, strict=True):
            try:
                (equation,) = parse_equations(text)
            except DefinitionError as error:
                refuse(error.reason, place)
            found.append(moved(equation, place, self.labels))
        return tuple(found)

    def show(self) -> str:
        """Each line beside what was understood of it."""
        numbers = [str(number) for number, _ in self.equations]
        widths = [max(map(len, column), default=0) for column in (numbers, self.lines)]
        shown, last = ["understood:"], ""
        for number, line, (_, text) in zip(numbers, self.lines, self.equations, strict=True):
            again = number == last
            shown.append(
                f"  {'' if again else number:>{widths[0]}}  "
                f"{'' if again else line:<{widths[1]}}  {text}"
            )
            last = number
        return "\n".join([*shown, *(f"  {note}" for note in self.notes)])


def moved(equation: Equation, place: Place, labels: Container[str]) -> Equation:
    """An equation all of whose parts stand at one place; labels that are one number are no axes."""

    def there(tree: Ref) -> Ref:
        if tree.indices is None:
            return Ref(tree.name, None, place)
        return Ref(tree.name, tuple(map(index, tree.indices)), place)

    def index(tree: Ref) -> Ref:
        return (
            Ref(tree.name, (), place) if tree.name in labels and not tree.indices else there(tree)
        )

    def rule(tree: Tree) -> Tree:
        return there(tree) if isinstance(tree, Ref) else replace(tree, place=place)

    return replace(equation, place=place, right=rebuild(equation.right, rule))


def line_of(place: Place) -> int:
    """The number of a line in the user's file, if it is known where in it the text stands."""
    source = place.source
    found = source.in_file(place.line, place.column) if isinstance(source, Excerpt) else None
    return found[0] if found else place.line


def understood(
    equations: tuple[Equation, ...],
    lines: tuple[str, ...],
    inputs: tuple[str, ...],
    labels: Mapping[str, str],
    notes: tuple[str, ...],
) -> Understood:
    """What was understood, from finished equations."""
    return Understood(
        equations=tuple((line_of(e.place), spell_equation(e)) for e in equations),
        inputs=inputs,
        labels=labels,
        wrt=tuple(n for n in inputs if n not in labels),
        notes=notes,
        lines=lines,
        places=tuple(e.place for e in equations),
    )
