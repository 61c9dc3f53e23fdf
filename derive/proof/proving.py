"""Proof: each step in scalars at small sizes, and the end result against the written-out slope.

The checker shares the objects of index notation with the derivation, and no code that it checks.
A step that fails raises ProofFailed.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from pullback.derive.calculus.derivation import Derivation
from pullback.derive.calculus.steps import Chain, Step
from pullback.derive.errors import ProofFailed, TooLarge
from pullback.derive.layer import Definitions, Layer
from pullback.derive.proof.check import EXACT, Check, NothingChecked
from pullback.derive.proof.every_size.checker import Checker, Verdict
from pullback.derive.proof.results import check_gradients, check_seconds, check_tangents
from pullback.derive.proof.scalars import Work
from pullback.derive.proof.small_sizes import labels
from pullback.derive.proof.step_check import check_step

MAX_WHOLE = 8_000_000  # of a derivation, in parts written out: about a minute


@dataclass(frozen=True)
class Proof:
    """The check of every step, in the derivation's order, and of every result as a whole.

    `derivation` is what is proved: the one that was given, or that without second derivatives,
    where these could not be proved. `results` are the gradients, by name; `tangents` is the
    output's derivative along the inputs' tangents; `seconds` the gradients' derivatives along them.
    """

    derivation: Derivation
    steps: tuple[tuple[Step, Check], ...]
    results: tuple[tuple[str, Check], ...]
    tangents: Check | None  # None where there are none yet
    seconds: Check | None  # None where there are none

    @property
    def words(self) -> str:
        """For pages: how the steps were checked, those that bear no mark."""
        others = sum(not check.every_size for _, check in self.steps)
        if others == len(self.steps):
            return "Each step was written out at the sizes that stand beside it."
        text = (
            "Each step is proved for every size of its axes from 1 up, wherever the line from "
            "which its chain starts has a value, and written out at small sizes as a second "
            "opinion."
        )
        if self.derivation.layer.domain:
            text += " All of it holds of inputs that lie where they are assumed to."
        if any(check.needs for _, check in self.steps):
            text += (
                " What both sides need for that, unless it is plain of all numbers, stands beside "
                "the step behind 'where'."
            )
        elif not others:
            text += " That is everywhere: no step needs a condition."
        if others:
            number = "One step bears" if others == 1 else f"{others} steps bear"
            one = "it is" if others == 1 else "these are"
            text += f" {number} a mark: {one} written out alone, at the sizes that it names."
        return text

    def check(self, step: Step) -> Check:
        """The check of one step."""
        return next(c for s, c in self.steps if s is step)


Checked = Iterable[tuple[Step, Check]]
Watch = Callable[[Checked, int], Checked]  # passes checks on, and may show how far they are


class Unproved(Exception):
    """Second derivatives that cannot be proved, though nothing speaks against them."""


def prove(derivation: Derivation, watch: Watch = lambda checks, count: checks) -> Proof:
    """Check every step and every result; `watch` is given the checks of steps and their number.

    Second derivatives whose proof takes too much are left out. Raises ProofFailed at the first step
    that does not hold, and TooLarge where checking takes too much.
    """
    proof: Proof | None = None

    def checks() -> Checked:
        nonlocal proof
        proof = yield from proving(derivation)

    for _ in watch(checks(), len(derivation.steps)):
        pass
    assert proof is not None
    return proof


def proving(
    derivation: Derivation, before: Proof | None = None
) -> Generator[tuple[Step, Check], None, Proof]:
    """The checks of steps one by one, and then the proof; see `prove`.

    `before` is the proof of the same derivation when it had fewer steps, all gradients among them:
    what it has is not checked again.
    """
    done: list[tuple[Step, Check]] = []
    known = {id(step): check for step, check in before.steps} if before else {}
    try:
        for checked in checked_steps(derivation, known):
            done.append(checked)
            yield checked
        seconds = check_seconds(derivation)
    except Unproved as error:
        derivation = derivation.without_seconds(str(error))
        done, seconds = done[: len(derivation.steps)], None
    results = before.results if before else check_gradients(derivation)
    tangents = check_tangents(derivation) if derivation.tangents else None
    return Proof(derivation, tuple(done), results, tangents, seconds)


def checked_steps(
    derivation: Derivation, known: Mapping[int, Check]
) -> Iterator[tuple[Step, Check]]:
    """Every step with its check; of chains that are known, by the identity of their steps, those
    that were made before."""
    layer, work = derivation.labelled, Work()
    checker = every_size_checker(layer)
    for what, chain, definitions, second in reasonings(derivation):
        if all(id(step) in known for step in chain.steps):
            yield from ((step, known[id(step)]) for step in chain.steps)
            continue
        try:
            for step, check in checked_chain(layer, checker, what, chain, definitions, work):
                if work.done > MAX_WHOLE:
                    raise TooLarge(
                        f"{what}: the proof comes to more than {MAX_WHOLE:,} parts written out",
                        layer.name,
                        "; give parts of the equations names of their own, each with '='",
                    )
                yield step, check
        except (TooLarge, NothingChecked) as error:
            if second:
                raise Unproved(error.reason) from None
            raise


def every_size_checker(layer: Layer) -> Checker:
    """What decides the steps of a layer for every size."""
    notations = {n.name: (n.indices, n.expr) for n in layer.notations}
    domain = [(n.expr, notations) for n in layer.nodes]
    return Checker(labels(layer), domain, layer.assumed)


def checked_chain(
    layer: Layer, checker: Checker, what: str, chain: Chain, definitions: Definitions, work: Work
) -> Iterator[tuple[Step, Check]]:
    """Every step of a chain with its check, by both checkers."""
    check_chain(what, chain)
    for step, verdict in zip(chain.steps, checker.chain(chain, definitions), strict=True):
        yield step, checked(layer, what, step, definitions, work, verdict)


def checked(
    layer: Layer, what: str, step: Step, definitions: Definitions, work: Work, verdict: Verdict
) -> Check:
    """A step written out; where it is proved for every size that may be too much, and left."""
    try:
        check = check_step(layer, what, step, definitions, work, second=verdict.proved)
    except (TooLarge, NothingChecked):
        if not verdict.proved:
            raise
        check = Check(step.law, EXACT, (), 0)
    return replace(check, every_size=verdict.proved, needs=verdict.needs)


def with_forms(proof: Proof, derivation: Derivation) -> Proof:
    """The proof of the same derivation in other forms: their steps are checked, as the others were.

    Raises ProofFailed and TooLarge as `prove` does.
    """
    checks = {id(step): check for step, check in (*proof.steps, *prove_forms(derivation))}
    steps = tuple((step, checks[id(step)]) for step in derivation.steps)
    return replace(proof, derivation=derivation, steps=steps, seconds=None)


def prove_forms(derivation: Derivation) -> list[tuple[Step, Check]]:
    """Check the steps that lead values and gradients to the forms in which they are computed."""
    layer, work = derivation.layer, Work()
    checker = every_size_checker(layer)
    done: list[tuple[Step, Check]] = []
    forms = {id(form) for form in derivation.forms}
    for what, chain, definitions in chains(derivation):
        if id(chain) in forms:
            done += checked_chain(layer, checker, what, chain, definitions, work)
    return done


def reasonings(derivation: Derivation) -> Iterator[tuple[str, Chain, Definitions, bool]]:
    """Every chain, what it is about, the names that its check looks through, and whether it is of
    second derivatives."""
    notations = {n.name: (n.indices, n.expr) for n in derivation.layer.notations}
    for what, chain, node, second in derivation.reasonings:
        own = {} if node is None else {node.name: (node.indices, node.expr)}
        yield what, chain, {**notations, **own}, second


def chains(derivation: Derivation) -> Iterator[tuple[str, Chain, Definitions]]:
    """Every chain of steps, what it is about, and the names that its check looks through."""
    for what, chain, definitions, _ in reasonings(derivation):
        yield what, chain, definitions


def check_chain(what: str, chain: Chain) -> None:
    """Each step goes on where the one before it ended."""
    at = chain.start
    for step in chain.steps:
        if step.before != at:
            raise ProofFailed(f"{what}: the step '{step.law}' does not start where it should")
        at = step.after
