"""The machine that a measurement was taken on."""

import os
import platform
import shlex
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_info

PACKAGES = (
    "numpy",
    "scipy",
    "torch",
    "jax",
    "array-api-compat",
    "autograd",
    "scikit-learn",
    "sympy",
    "mpmath",
)
IDLE = 0.5  # a load below which nothing else runs
SLOWING = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")  # they choose other kernels than the best


def processor() -> str:
    """The name of the processor, as far as the system tells it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def pools() -> list[str]:
    """The thread pools in this process: library, version, kernel, threads, and whose it is."""
    found = set()
    for pool in threadpool_info():
        words = [pool["internal_api"], pool.get("version"), pool.get("architecture")]
        threads = f"{pool['num_threads']} thread{'s' * (pool['num_threads'] > 1)}"
        owner = package_of(Path(pool["filepath"]))
        found.add(f"{' '.join(str(w) for w in words if w)}, {threads} ({owner})")
    return sorted(found)


def package_of(library: Path) -> str:
    """The installed package that a library came with."""
    parts = library.parts
    if "site-packages" not in parts:
        return "of the system"
    return parts[parts.index("site-packages") + 1].removesuffix(".libs")


def describe() -> dict[str, Any]:
    """Processor, cores, versions, thread pools, and what is set that slows NumPy."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "compiler": compiler(),
        "packages": {name: installed(name) for name in PACKAGES},
        "pools": pools(),
        "slowing": {name: os.environ[name] for name in SLOWING if name in os.environ},
    }


def compiler() -> str:
    """The C compiler that kernels are built with, in its own words."""
    command = [*shlex.split(os.environ.get("PULLBACK_CC", "cc")), "--version"]
    try:
        words = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return "no C compiler"
    return words.partition("\n")[0]


def busy() -> str:
    """A warning where others keep the processors from a measurement; empty where none do."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    if load <= IDLE:
        return ""
    return f"the machine was busy at the start (load {load:.1f}); times are not to be trusted"


def installed(package: str) -> str:
    """The version of a package."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def sentences(machine: dict[str, Any]) -> str:
    """The description as lines of Markdown."""
    packages = ", ".join(f"{name} {v}" for name, v in machine["packages"].items())
    lines = [
        f"- {machine['processor']}, {machine['cores']} cores, {machine['system']}, "
        f"Python {machine['Python']}",
        f"- {packages}",
        f"- {machine['compiler']}",
        *(f"- {pool}" for pool in machine["pools"]),
        *(f"- {k}={v} is set, which slows NumPy" for k, v in sorted(machine["slowing"].items())),
    ]
    return "\n".join(lines)
