"""The command `pullback verify`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from pullback.codegen.faces.certificates import certificate_from
from pullback.codegen.faces.progress import doing, nothing_more, watched
from pullback.codegen.faults import DEEP
from pullback.derive.proof.certificate.verifying import verify

EXAMPLES = """examples:
  pullback show mlp --certificate > mlp.json
  pullback verify mlp.json
  pullback show mlp --certificate | pullback verify -
"""


def add(verified: ArgumentParser) -> None:
    """The arguments of `verify`."""
    verified.add_argument(
        "file",
        metavar="FILE",
        help="a certificate, as 'pullback show NAME --certificate' writes it; - for standard input",
    )


def run(options: Namespace) -> int:
    """Check a certificate."""
    name = "standard input" if options.file == "-" else options.file
    doing(f"read {name}")
    with DEEP:
        found = certificate_from(options.file)
        checks = verify(found, watched)
    nothing_more()
    everywhere = sum(check.every_size for _, check in checks)
    small = sum(check.cases > 0 for _, check in checks)
    print(
        f"{found.layer.name}: {len(checks)} steps hold: {everywhere} are proved for every size, "
        f"{small} written out at small ones"
    )
    return 0
