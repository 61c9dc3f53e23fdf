"""Building a test program in C, and running it: the one place here that starts another program."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from pullback.codegen.targets.target import Emission
from pullback.derive.errors import PullbackError

FLAGS = ("-std=c11", "-O1", "-Wall", "-Wextra")
VARIABLE = "PULLBACK_CC"
SECONDS = 300


def compiler() -> list[str]:
    """The compiler, as a command; empty where there is none."""
    chosen = os.environ.get(VARIABLE, "cc")
    command = [] if chosen == "off" else shlex.split(chosen)
    return command if command and shutil.which(command[0]) else []


def run(name: str, emission: Emission, text: str, flags: Iterable[str] = FLAGS) -> None:
    """Build the program and run it; PullbackError, with what it says, where it fails."""
    command = compiler()
    if not command:
        raise PullbackError(
            f"{name}: what is written in C is tested before, and there is no compiler; "
            f"{VARIABLE} names one"
        )
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        files = {f"{name}.h": emission.header, f"{name}.c": emission.module}
        files[f"{name}_test.c"] = text
        for file, content in files.items():
            (home / file).write_text(content, encoding="utf-8")
        sources, program = [f for f in files if f.endswith(".c")], str(home / "test")
        for each in ([*command, *flags, *sources, "-o", program, "-lm"], [program]):
            try:
                done = subprocess.run(
                    each,
                    cwd=home,
                    capture_output=True,
                    text=True,
                    errors="replace",
                    timeout=SECONDS,
                )
            except (OSError, subprocess.SubprocessError) as error:
                raise PullbackError(f"{name}: its test in C cannot be run: {error}") from None
            if done.returncode:
                said = (done.stdout + done.stderr).strip()[:500] or "it says nothing"
                raise PullbackError(f"{name}: {Path(each[0]).name} fails its test in C: {said}")
