"""Long formulas on pages in pieces, between which a line may be broken.

Where a piece is still too wide, what holds it together gives way, step by step: brackets,
fractions, roots and powers of what is long, and last places between factors and behind commas.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Sequence

SUMS = {"+", "−"}  # a line may begin with these
BREAKS = SUMS | {"=", "/"}  # ... and outside brackets with these
OPEN, CLOSE = set("([{"), set(")]}")
SCRIPTS = ("msup", "msub", "msubsup")
ROOM = 400.0  # pixels of a column, where nothing else is known
STEPS = 540.0  # ... of both sides of a step in a window of 1280
LEFT = 300.0  # ... of a left side, at most
SLASH = {"stretchy": "true", "symmetric": "true", "minsize": "1.623em", "maxsize": "1.623em"}
SLASH |= {"lspace": "0.2778em", "rspace": "0.2778em"}
CLOSE_BY = {"lspace": "0", "rspace": "0"}
TALL = {"minsize": "2.047em", "maxsize": "2.047em"}
LOW = {"stretchy": "false"}

Row = list[ET.Element]
Way = Callable[[Row, float], list[Row]]  # breaks a row for which there is so much room


def pieces(root: ET.Element, room: float = ROOM) -> list[ET.Element]:
    """The parts of a row between which a line may be broken: most begin with an operator."""
    parts = split(list(root), 0)
    for way in WAYS:
        parts = [new for part in parts for new in (way(part, room) if wide(part, room) else [part])]
    made: list[ET.Element] = []
    for part in parts:
        element = ET.Element("math", root.attrib)
        element.extend(part)
        if made and part[0].tag == "mo" and part[0].text in BREAKS | {"⊙"}:
            part[0].set("form", "infix")
        made.append(element)
    return made


# -- widths ----------------------------------------------------------------------------------------


def beside(left: ET.Element) -> float:
    """How much room a right side has."""
    return STEPS - min(sum(map(width, left)), LEFT)


def wide(row: Sequence[ET.Element], room: float) -> bool:
    """Has it no room?"""
    return sum(map(width, row)) > room


def width(element: ET.Element) -> float:
    """About how wide it is, in pixels at the size of type of a page."""
    tag, parts = element.tag, list(element)
    if tag == "mfrac":
        return max(map(width, parts)) + 4
    if tag in SCRIPTS:
        return width(parts[0]) + 0.75 * max(map(width, parts[1:]))
    if tag in ("munder", "mover", "munderover"):
        return max(width(parts[0]), 0.75 * max(map(width, parts[1:])))
    if tag == "mtable":
        rows = [[width(cell) + 15 for cell in row] for row in parts]
        columns = max(map(len, rows))
        return sum(max(row[k] for row in rows if k < len(row)) for k in range(columns))
    if parts:
        return sum(map(width, parts)) + 12 * (tag == "msqrt")
    text = element.text or ""
    if tag == "mspace":
        return 4
    if tag == "mo":
        return sign(text)
    return 10.0 * len(text)


def sign(text: str) -> float:
    """The width of an operator with what stands around it."""
    if text in ("∑", "⨁"):
        return 28
    if text in OPEN | CLOSE:
        return 9
    if text in "⁡⁣,.|":
        return 6 * len(text.strip("⁡⁣"))
    return 22 if len(text) == 1 else 10.0 * len(text)


# -- breaking --------------------------------------------------------------------------------------


def split(row: Row, within: int) -> list[Row]:
    """A row in parts, broken before operators that stand in so many brackets at most."""
    found: list[Row] = [[]]
    for child, text, depth in in_brackets(row):
        before = next((e for e in reversed(found[-1]) if e.tag != "mspace"), None)
        binary = before is not None and not is_operator(before) and child.get("lspace") != "0"
        may = depth <= within and (text in SUMS or (text in BREAKS and not depth))
        if found[-1] and may and (binary or text == "/"):
            found.append([])
        found[-1].append(child)
    return found


def in_brackets(row: Row) -> Iterator[tuple[ET.Element, str, int]]:
    """Each element of a row, its text if it is a sign, and how many brackets are open behind it."""
    depth = 0
    for child in row:
        text = (child.text or "") if child.tag == "mo" else closing(child)
        depth += (text in OPEN) - (text in CLOSE)
        yield child, text, depth


def closing(element: ET.Element) -> str:
    """The bracket that bears a script, as in (a)ᵀ; none of anything else."""
    if element.tag not in SCRIPTS:
        return ""
    text = "".join(element[0].itertext())
    return text if text in CLOSE else ""


def is_operator(element: ET.Element) -> bool:
    """Does a sign behind this belong to what follows?"""
    return element.tag == "mo" and (element.text or "") not in CLOSE


def within(brackets: int) -> Way:
    """Breaks in so many brackets."""
    return lambda row, room: split(row, brackets)


def between_factors(brackets: int) -> Way:
    """Breaks before ⊙, behind the space between factors, and behind commas, in so many brackets."""

    def broken(row: Row, room: float) -> list[Row]:
        found: list[Row] = [[]]
        for child, text, depth in in_brackets(row):
            last = found[-1][-1] if found[-1] else None
            hadamard = child.tag == "mo" and text == "⊙"
            gap = last is not None and is_gap(last) and not is_gap(child) and not counted(found[-1])
            if last is not None and (gap or hadamard) and depth <= brackets:
                found.append([])
            found[-1].append(child)
        return found

    return broken


def is_gap(element: ET.Element) -> bool:
    """Does it stand between factors or between what a comma parts?"""
    return element.tag == "mspace" or (element.tag == "mo" and element.text == ",")


def counted(row: Row) -> bool:
    """Does it end with a number, which stays with what it counts?"""
    return len(row) > 1 and row[-1].tag == "mspace" and row[-2].tag == "mn"


# -- unfolding -------------------------------------------------------------------------------------


def unfolded(row: Row, room: float) -> list[Row]:
    """One row in which what is too wide for a line is spread out: nothing else changes."""
    found: Row = []
    for at, child in enumerate(row):
        plain = child.tag == "mrow" and not any(e.tag == "mtable" for e in child)
        most = room / 3 if plain else room
        found += spread(child, row[at + 1 :], room) if width(child) > most else [child]
    return [found]


def spread(element: ET.Element, behind: Sequence[ET.Element], room: float) -> Row:
    """What an element is made of: a fraction with a stroke, a root as a power, a row as it is."""
    parts = list(element)
    if len(parts) > 1 and parts[1].tag == "mtable" and parts[0].text == "{":
        return choice(parts[1])
    if element.tag == "mrow" and not element.attrib:
        (made,) = unfolded(parts, room)
        return made
    if element.tag == "mfrac":
        above, below = map(content, parts)
        slash = operator("/", SLASH)
        made = [*closed(above, is_sum(above)), slash, *closed(below, len(below) > 1)]
        after = next((e for e in behind if e.tag != "mspace"), None)
        factor = after is not None and not (
            after.tag == "mo" and (after.text or "") in BREAKS | CLOSE | {"⊙"} | {",", "|", "⁣"}
        )
        (made,) = unfolded(made, room)
        return closed(made, factor)
    if element.tag == "msqrt":
        half = ET.Element("mrow")
        half.extend([leaf("mn", "1"), operator("/", CLOSE_BY), leaf("mn", "2")])
        *inner, end = closed([e for part in parts for e in content(part)], True)
        (inner,) = unfolded(inner, room)
        return [*inner, scripted("msup", end, [half])]
    if element.tag in SCRIPTS:
        base = content(parts[0])
        if len(base) > 2 and base[-1].tag == "mo" and base[-1].text in CLOSE:
            (inner,) = unfolded(base[:-1], room)
            return [*inner, scripted(element.tag, base[-1], parts[1:])]
    return [element]


def choice(table: ET.Element) -> Row:
    """Two cases in a line: where(condition, a, b)."""
    (a, condition), (b, _) = table
    made = [leaf("mi", "where"), operator("(", LOW)]
    for part in ([e for e in condition if e.tag != "mtext"], list(a), list(b)):
        made += [*part, operator(",", {})]
    return [*made[:-1], operator(")", LOW)]


def content(element: ET.Element) -> Row:
    """The parts of a row; of anything else, itself."""
    return list(element) if element.tag == "mrow" else [element]


def is_sum(row: Sequence[ET.Element]) -> bool:
    """Is it looser than a product: a sum of terms, or a sum over an index?"""
    depth = 0
    for element in row:
        text = (element.text or "") if element.tag == "mo" else closing(element)
        depth += (text in OPEN) - (text in CLOSE)
        if element.tag == "munder" and not depth:
            return True
    return len(split(list(row), 0)) > 1


def closed(row: Row, needed: bool) -> Row:
    """In brackets, if these are needed."""
    if not needed:
        return row
    tall = any(e.tag in ("mfrac", "munder", "msqrt", "mtable") for part in row for e in part.iter())
    size = TALL if tall else LOW
    return [operator("(", size), *row, operator(")", size)]


def leaf(tag: str, text: str) -> ET.Element:
    """An element with text."""
    made = ET.Element(tag)
    made.text = text
    return made


def operator(text: str, attributes: dict[str, str]) -> ET.Element:
    """A sign."""
    made = leaf("mo", text)
    made.attrib = dict(attributes)
    return made


def scripted(tag: str, sign: ET.Element, scripts: Sequence[ET.Element]) -> ET.Element:
    """A sign with scripts."""
    made, base = ET.Element(tag), grown(sign)
    made.extend([base, *scripts])
    return made


def grown(base: ET.Element) -> ET.Element:
    """A sign in a row of its own: as the very base of a script browsers do not let it grow."""
    row = ET.Element("mrow")
    row.append(base)
    return row


WAYS = (
    within(1),
    unfolded,
    within(0),
    within(1),
    within(2),
    within(3),
    between_factors(0),
    between_factors(1),
    between_factors(3),
)
