"""Certificates as text: written, and read from a file or from standard input."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import BinaryIO

from pullback import __version__
from pullback.derive.errors import DefinitionError
from pullback.derive.proof.certificate.verifying import Certificate, read
from pullback.derive.proof.certificate.writing import certificate
from pullback.derive.proof.proving import Proof

MAX_BYTES = 32 * 1024 * 1024


def written(proof: Proof) -> str:
    """A proved derivation as JSON: a line for each field of the whole, and for each part."""
    whole = {"by": f"pullback {__version__}", **certificate(proof)}
    fields = []
    for name, value in whole.items():
        text = json.dumps(value, ensure_ascii=False)
        if isinstance(value, list):
            text = "[\n" + ",\n".join(json.dumps(v, ensure_ascii=False) for v in value) + "\n]"
        fields.append(f"{json.dumps(name)}: {text}")
    return "{" + ",\n".join(fields) + "}\n"


def certificate_from(file: str) -> Certificate:
    """The certificate in a file, or on standard input for "-"; DefinitionError where it is none."""
    if file == "-":
        return decoded(sys.stdin.buffer, "standard input")
    with Path(file).open("rb") as opened:
        return decoded(opened, file)


def decoded(file: BinaryIO, where: str) -> Certificate:
    """A certificate of a reasonable length."""
    data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise DefinitionError(f"{where}: the certificate is longer than 32 MiB")
    try:
        return read(json.loads(data))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DefinitionError(f"{where}: this is no JSON: {error}") from None
