"""A step with numbers: what both of its sides come to at one place, at small sizes."""

from __future__ import annotations

from collections.abc import Mapping

from sympy import Expr

from pullback.codegen.pages.setting import Setting
from pullback.derive.calculus.derivation import Derivation
from pullback.derive.calculus.steps import Step
from pullback.derive.errors import PullbackError
from pullback.derive.index.objects import Index, free_indices
from pullback.derive.proof.writing_out import write

TRIES = 12
NEAR = 1e-9  # relative: both sides are one number
# what comes up where a side is no number: a derivative that is not yet worked out, a tangent
UNFIT = (PullbackError, KeyError, IndexError, AttributeError, TypeError, ValueError)


def instance(derivation: Derivation, step: Step, setting: Setting) -> str:
    """`At N = 2, n = 0 both sides are 0.5`; empty where no simple numbers will do.

    A place is taken at which they are not 0, if there is one. Without NumPy there are no numbers.
    """
    try:
        import mpmath

        from pullback.codegen.interface import example
        from pullback.codegen.interface.example_sizes import small_sizes
    except ImportError:
        return ""
    sizes, fallback = small_sizes(derivation.layer), ""
    free = sorted({*free_indices(step.before), *free_indices(step.after)}, key=str)
    if any(i.size not in sizes for i in free):
        return ""
    for attempt in range(TRIES):
        try:
            with mpmath.workdps(example.DIGITS):
                given = example.inputs(derivation.layer, sizes, attempt, False)
                scalars, numbers = example.numbers_of(derivation, sizes, given)
                for at in example.at_places(free, sizes):
                    left, right = (
                        float(example.real(write(scalars, side, at)))
                        for side in (step.before, step.after)
                    )
                    if numbers.faults or abs(left - right) > NEAR * max(1.0, abs(left)):
                        break
                    if left:
                        return sentence(left, at, sizes, setting)
                    fallback = fallback or sentence(left, at, sizes, setting)
        except example.Unfit:
            continue
        except UNFIT:
            return ""
    return fallback


def sentence(
    value: float, at: Mapping[Index, int], sizes: Mapping[Expr, int], setting: Setting
) -> str:
    """The sentence."""
    style = setting.notations[1].style
    words = [f"{style.name(str(size))} = {number}" for size, number in sizes.items()]
    words += [f"{style.index(i)[0]} = {place}" for i, place in at.items()]
    where = f"At {', '.join(words)}" + ", places counted from 0," * bool(at) if words else "There"
    return f"{where} both sides are {value:.4g}."
