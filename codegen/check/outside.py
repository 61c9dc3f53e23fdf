"""The user's code in a process of its own: with limits, its output put away, and told in data.

What comes back is JSON and arrays without pickles: nothing that the process says is ever run here.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import pullback
from pullback.codegen.check.arrays import Array
from pullback.codegen.check.conventions import NotComparable

RUNNER = "pullback.codegen.check.inside"
MEMORY = 2 << 30  # bytes
MAX_ANSWER = 64 << 20  # bytes of a file that comes back
ONE_THREAD = {f"{n}_NUM_THREADS": "1" for n in ("OMP", "OPENBLAS", "MKL")}


@dataclass(frozen=True)
class Answer:
    """What the process said, and the arrays that it speaks of."""

    said: Mapping[str, Any]
    arrays: Mapping[str, Array]


def ask(request: Mapping[str, Any], arrays: Mapping[str, Array], seconds: float) -> Answer:
    """Run what `inside` does for a request; NotComparable where it takes too long or ends."""
    with tempfile.TemporaryDirectory(prefix="pullback-check-") as folder:
        place = Path(folder)
        limits = {"seconds": seconds, "memory": MEMORY, "file": MAX_ANSWER}
        (place / "request.json").write_text(json.dumps({**request, "limits": limits}), "utf-8")
        given: dict[str, Any] = {k: np.asarray(a) for k, a in arrays.items()}
        np.savez(place / "request.npz", **given)
        name = Path(str(request["file"])).name
        status = run(place, Path(str(request["file"])).resolve().parent, seconds)
        if status is None:
            raise NotComparable(
                f"{name}: its code ran for more than {seconds:g} s; --timeout SECONDS allows more"
            )
        answer, numbers = place / "answer.json", place / "answer.npz"
        if not (answer.is_file() and numbers.is_file()):
            raise NotComparable(f"{name}: its code ended the process {ending(status)}")
        if max(answer.stat().st_size, numbers.stat().st_size) > MAX_ANSWER:
            raise NotComparable(f"{name}: what it returned is too large")
        try:
            said = json.loads(answer.read_text("utf-8"))
            with np.load(numbers, allow_pickle=False) as found:
                return Answer(said, {k: found[k] for k in found.files})
        except (ValueError, OSError, EOFError) as error:
            raise NotComparable(f"{name}: its code left no readable answer: {error}") from None


def run(place: Path, home: Path, seconds: float) -> int | None:
    """The status with which the process ends; None where it had to be stopped."""
    root = Path(pullback.__file__).parent.parent
    paths = [str(root), *filter(None, [os.environ.get("PYTHONPATH")])]
    process = subprocess.Popen(
        [sys.executable, "-P", "-W", "ignore", "-m", RUNNER, str(place)],
        cwd=home,
        env={**os.environ, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(paths)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return process.wait(seconds + 2)
    except subprocess.TimeoutExpired:
        return None
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """End the process with all that it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        process.kill()
    process.wait()


def ending(status: int) -> str:
    """How a process ended, in words."""
    if status in (-signal.SIGXCPU, -signal.SIGKILL):
        return "by running longer, or taking more memory, than is allowed"
    return f"by signal {-status}" if status < 0 else f"with status {status}"
