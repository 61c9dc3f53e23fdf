"""The command `pullback diff`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from difflib import unified_diff

from pullback.codegen import library
from pullback.codegen.faces.progress import doing, nothing_more, watched
from pullback.codegen.faults import stages
from pullback.codegen.notation.styles import UNICODE
from pullback.codegen.pages.outlines import outline
from pullback.codegen.pages.terminal import plain
from pullback.codegen.proved import proved

EXAMPLES = """examples:
  pullback diff relu leaky_relu
  pullback diff mlp my_mlp.toml
"""


def add(diff: ArgumentParser) -> None:
    """The arguments of `diff`."""
    for name, words in (("before", "the first definition"), ("after", "the second one")):
        diff.add_argument(
            name,
            metavar=name.upper(),
            help=f"{words}: a shipped layer's name, a .toml file or homework.py:forward",
        )


def run(options: Namespace) -> int:
    """What is another in equations and gradients; 1 where something is."""
    both = (options.before, options.after)
    before, after = map(results, both)
    nothing_more()
    found = list(unified_diff(before, after, *both, n=0, lineterm=""))
    for line in found:
        if not line.startswith("@@"):
            print(line)
    if not found:
        print(f"{options.before} and {options.after} have the same equations and gradients")
    return int(bool(found))


def results(definition: str) -> list[str]:
    """Equations and gradients, a line each."""
    name, source = library.find(definition)
    doing(f"derive {name}")
    with stages(name, source):
        proof = proved(name, source, library.called_from(definition), watched)
        page = outline(proof.derivation, proof, UNICODE)
    gradients = [f"{s.index}    {s.matrix}".rstrip() for s in page.sections]
    return [plain(line) for line in (*page.equations, *gradients)]
