"""One request: call the functions of a file; search for the lines that make gradients wrong."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from typing import Any

import numpy as np

from pullback.codegen.check.inside.running import Loaded, Raised, parts, raised
from pullback.codegen.check.inside.searching import Search


def main(folder: Path) -> None:
    """Answer the request in this folder, with files beside it."""
    request = json.loads((folder / "request.json").read_text("utf-8"))
    with np.load(folder / "request.npz", allow_pickle=False) as found:
        arrays = {key: found[key] for key in found.files}
    limit(request["limits"])
    sys.path.insert(0, str(Path(request["file"]).resolve().parent))
    said, answer = respond(request, arrays)
    np.savez(folder / "answer.npz", **answer)
    (folder / "answer.json").write_text(json.dumps(said), "utf-8")


def limit(limits: dict[str, Any]) -> None:
    """Limits for time, memory and files; lower ones that hold already stay."""
    seconds = int(limits["seconds"]) + 2
    wanted = (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_FSIZE, limits["file"]),
        (resource.RLIMIT_CORE, 0),
    )
    for what, most in wanted:
        _, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))


def respond(
    request: dict[str, Any], arrays: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is said, and the arrays that it speaks of."""
    try:
        if request["mode"] == "search":
            return Search(request, arrays).found()
        loaded = Loaded(request, arrays)
        output, result = loaded.call()
    except Raised as error:
        return {"raised": error.said}, {}
    except Exception as error:  # the user's code may raise anything
        return {"raised": raised(error, request["file"])}, {}
    found = parts(result)
    answer = {f"r{k}": array for k, (_, array) in enumerate(found)}
    if output is not None:
        answer["output"] = output
    return {"paths": [path for path, _ in found]}, answer


if __name__ == "__main__":
    with np.errstate(all="ignore"):
        main(Path(sys.argv[1]))
