"""What is asked beside a derivation: why a step holds, code, is my gradient right, a picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from pullback.codegen.live.fragments import filled
from pullback.codegen.live.growing import Growing
from pullback.codegen.live.instance import instance
from pullback.codegen.live.needing import needing_numpy
from pullback.codegen.live.questions import CheckMine, CodeOf, Picture, Refused, Why
from pullback.codegen.notation.names import Tensors
from pullback.codegen.notation.printer import Notation
from pullback.codegen.pages import pictures
from pullback.codegen.pages.detail import blocks
from pullback.codegen.pages.jacobian_matrix import MAX_ENTRIES, jacobian_matrix
from pullback.codegen.pages.mathml import colour
from pullback.codegen.pages.outline import Formula, Line, Outline
from pullback.codegen.pages.setting import law_context
from pullback.derive.calculus.derivation import tensor_of
from pullback.derive.calculus.jacobians import jacobian
from pullback.derive.errors import PullbackError
from pullback.derive.proof.proving import Proof

if TYPE_CHECKING:
    from pullback.codegen.check.found import Fault

Event = dict[str, Any]
SECONDS = 8.0  # in which the reason for a wrong gradient is looked for


def why(asked: Why, growing: Growing) -> Event:
    """The law of a step, its reason, and what it does here, with numbers where there are some."""
    steps = growing.derivation.steps
    if not 1 <= asked.step <= len(steps):
        raise Refused(f"there is no step {asked.step}; there are {len(steps)}")
    setting = growing.setting(growing.derivation)
    pages = (moves(page) for page in setting.outlines)
    before, line, spoken, said = next(
        (*own, *twin) for own, twin in zip(*pages, strict=True) if own[1].number == asked.step
    )
    context = {
        **law_context(line.law),
        "before": setting.typeset(before, spoken),
        "after": setting.typeset(line.formula, said.formula),
        "assumes": setting.typeset.both(line.assumes, said.assumes),
        "needs": setting.typeset.both(line.needs, said.needs),
        "check": said.check,
        "numbers": instance(growing.derivation, steps[asked.step - 1], setting),
    }
    html = filled("why", context)
    return {"event": "why", "step": asked.step, "law": line.law, "html": html}


def moves(page: Outline) -> Iterator[tuple[Formula, Line]]:
    """Every step that is shown, with what it starts from."""
    for block in blocks(page):
        before = block.start or block.left
        for line in block.lines:
            yield before, line
            before = line.formula


def code(asked: CodeOf, growing: Growing, proof: Proof) -> Event:
    """The module of the definition in the words of a target."""
    # imported where it is asked for: what is derived needs no code, and no NumPy
    from pullback.codegen.compiler import lowered, module_file
    from pullback.codegen.pages.highlight import coloured
    from pullback.codegen.targets.table import TARGETS

    if asked.target not in TARGETS:
        raise Refused(f"there is no target {asked.target!r}; there are {', '.join(TARGETS)}")
    target = TARGETS[asked.target]
    emission = lowered(proof, target).emit()
    layer = growing.reading.layer
    classes = {name: colour(place) for name, place in Tensors(layer).places.items()}
    return {
        "event": "code",
        "target": target.name,
        "about": target.about,
        "file": module_file(layer.name, target),
        "text": emission.alone,
        "html": filled("code", coloured(emission.alone, classes, emission.language)),
        "targets": [{"name": t.name, "about": t.about} for t in TARGETS.values()],
    }


def check(asked: CheckMine, growing: Growing) -> Event:
    """Is a gradient that was typed right, and where does it go wrong?"""
    with needing_numpy("a gradient's check"):
        from pullback.codegen.check.claims import check_claims
        from pullback.codegen.check.comparing import RIGHT
        from pullback.codegen.check.report import text

    reports = check_claims(growing.derivation, asked.claim, SECONDS)
    outputs = [report.output for report in reports if report.output is not None]
    wrong = [output.status for output in outputs if output.status != RIGHT]
    return {
        "event": "checked",
        "verdict": wrong[0] if wrong else RIGHT,
        "text": "\n".join(map(text, reports)),
        "html": "".join(
            filled(
                "checked",
                report,
                output.status == RIGHT,
                right(growing, output.tensor),
                [came(growing, fault) for fault in report.faults],
            )
            for report, output in zip(reports, outputs, strict=True)
        ),
    }


def came(growing: Growing, fault: Fault) -> Markup | str:
    """What a claim comes to: a formula, set where it is known as one, or a name, or nothing."""
    why = fault.explanation
    if why is None or why.sides is None:
        return fault.is_
    left, right = why.sides
    upstream = bool(growing.reading.layer.output.indices)

    def spell(notation: Notation) -> str:
        return (notation.whole if upstream else notation).equation(left, right)

    return growing.setting(growing.derivation).formula(spell)


def right(growing: Growing, name: str) -> tuple[Markup, ...]:
    """What a cotangent is, in index notation and, where there is one, in matrix notation."""
    setting = growing.setting(growing.derivation)
    gradient = setting.gradients.get(tensor_of(name))
    if gradient is None:
        return ()
    latex, words = (outliner.section(gradient) for outliner in setting.outliners)
    pairs = ((latex.index, words.index), (latex.matrix, words.matrix))
    return tuple(setting.typeset(a, b) for a, b in pairs if b)


def picture(asked: Picture, growing: Growing) -> Event:
    """A Jacobian as a matrix at small sizes, and its picture."""
    layer = growing.reading.layer
    try:
        found = jacobian_matrix(layer, asked.node, asked.tensor, sizes(asked.sizes))
        general = jacobian(layer, asked.node, asked.tensor)
    except KeyError as error:
        raise PullbackError(str(error.args[0])) from None
    setting = growing.setting(growing.derivation)

    def spell(notation: Notation) -> str:
        names = (asked.node, asked.tensor)
        left = notation.style.slope(*map(notation.style.name, names))
        rows = [[notation.spell(e) for e in found.matrix.row(r)] for r in range(found.matrix.rows)]
        return f"{left} = {notation.style.matrix(rows)}"

    context = {
        "matrix": setting.formula(spell, whole=True),
        "structure": setting.words(found.structure),
        "picture": pictures.picture(general),
    }
    return {
        "event": "picture",
        "node": asked.node,
        "tensor": asked.tensor,
        "html": filled("picture", context),
    }


def sizes(text: str) -> Mapping[str, int]:
    """Sizes of axes, from `n=1,k=2`."""
    found = {}
    for pair in filter(str.strip, text.split(",")):
        name, _, size = (word.strip() for word in pair.partition("="))
        if not (
            size.isascii() and size.isdigit() and len(size) < 5 and 1 <= int(size) <= MAX_ENTRIES
        ):
            raise Refused(f"{pair.strip()!r} is not like n=2")
        found[name] = int(size)
    return found
