"""Runs text in a process of its own that has modules of layers: engines want a fresh one."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.shipped import derived
from tests.targets.making import text

ROOT = Path(__file__).parent.parent.parent
LONGEST = 200  # seconds; processes that wait for one another would wait for ever


def found(code, folder, target, names):
    """What a text prints as JSON, which finds the modules of these layers as `layer_target`."""
    for name in names:
        (folder / f"{name}_{target}.py").write_text(text(derived(name), target), encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{folder}:{ROOT}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # so that what it starts ends with it
    )
    try:
        out, said = process.communicate(timeout=LONGEST)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0, said
    return json.loads(out.splitlines()[-1])
