"""One line about the machine a timing was taken on."""

import os
import platform
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_info


def processor() -> str:
    """Return the name of the processor, as far as the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def blas() -> str:
    """Return name and version of NumPy's BLAS, and the kernels it chose if it tells."""
    built = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    kernels = {str(pool["architecture"]) for pool in threadpool_info() if "architecture" in pool}
    chosen = f" ({', '.join(sorted(kernels))})" if kernels else ""
    return f"{built['name']} {built['version']}{chosen}"


def describe() -> str:
    """Return processor, cores, Python, NumPy and BLAS on one line."""
    return (
        f"{processor()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"NumPy {np.__version__}, BLAS {blas()}"
    )
