"""Runs derivations.ipynb and keeps its outputs, the same every time: `make notebook`.

Whoever opens it without running it, in a browser or on a page of a forge, sees formulas.
"""

from __future__ import annotations

import os
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FILE = Path(__file__).with_name("derivations.ipynb")
METADATA = {  # without the versions of the machine on which it ran
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def executed(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook with its outputs, run from the folder in which it lies."""
    found = nbformat.from_dict(notebook)
    for cell in found.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    where = {"metadata": {"path": str(FILE.parent)}}
    same = {"record_timing": False, "coalesce_streams": True}  # whatever the hour and the load
    client = NotebookClient(found, timeout=120, resources=where, **same)
    client.execute(env=os.environ | {"PYTHONPATH": str(FILE.parent.parent)})
    found.metadata = nbformat.from_dict(METADATA)
    return found


if __name__ == "__main__":
    nbformat.write(executed(nbformat.read(FILE, as_version=4)), FILE)
    print(FILE)
