"""From the project's files to one file of HTML."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import jinja2
import markupsafe
import mpmath
import sympy

import pullback
from pullback.codegen.live import screen
from pullback.codegen.pages import copying
from pullback.derive.errors import PullbackError

HERE = Path(__file__).parent
SCREEN = HERE.parent / "screen" / "static"
PACKED = ("package.json", "package-lock.json")
PYODIDE = Path("node_modules", "pyodide")
PACKAGES = (sympy, mpmath, jinja2, markupsafe)
POLICY = (
    "default-src 'none'; script-src '{script}' 'wasm-unsafe-eval' blob:; worker-src blob:; "
    "style-src '{style}'; font-src data:; img-src data:; connect-src blob:; base-uri 'none'; "
    "form-action 'none'"
)
NOTICE = """
This file holds, beside Pullback (MIT): Pyodide {pyodide} (MPL-2.0) with CPython (PSF-2.0),
SymPy {sympy} and mpmath {mpmath} (BSD-3-Clause), Jinja {jinja2} and MarkupSafe {markupsafe}
(BSD-3-Clause), temml {temml} (MIT), and a font (OFL-1.1). Their sources are where their projects
publish them, by these versions.
"""

Say = Callable[[str], None]


def built(say: Say) -> str:
    """The text of the page; `say` is told what is being done.

    Raises PullbackError where npm or Node.js is missing or ends badly.
    """
    with TemporaryDirectory(prefix="pullback-") as folder:
        return built_in(Path(folder).resolve(), say)


def built_in(work: Path, say: Say) -> str:
    """The same, in a folder in which files may be left."""
    say("fetch Pyodide, temml and esbuild")
    for name in PACKED:
        shutil.copy(HERE / name, work)
    run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], work)
    say("compile SymPy and the engine for Pyodide")
    bundle(work)
    say("put the page together")
    for source in (SCREEN, HERE / "static"):  # ours in place of the way to a server
        shutil.copytree(source, work / "static", dirs_exist_ok=True)
    (work / "static" / copying.SHARED).write_text(copying.source(copying.SHARED), encoding="utf-8")
    parts = {
        "engine": bundled(work, "engine.js"),
        "wasm": (work / PYODIDE / "pyodide.asm.wasm").read_bytes(),
        "stdlib": (work / PYODIDE / "python_stdlib.zip").read_bytes(),
        "bundle": (work / "bundle.zip").read_bytes(),
    }
    return page(work, parts)


def bundle(work: Path) -> None:
    """The archive of Python's packages."""
    own = Path(pullback.__file__).parent
    folders = {p.__name__: Path(str(p.__file__)).parent for p in PACKAGES}
    folders |= {f"pullback/{n}": (own / n).resolve() for n in ("derive", "codegen", "layers")}
    top = work / "pullback"  # the package's own file, without the folders that links lead to
    top.mkdir(exist_ok=True)
    shutil.copy(own / "__init__.py", top)
    folders |= {"pullback": top, "browser": HERE.resolve() / "browser"}
    given = [f"{name}={folder}" for name, folder in folders.items()]
    for name in ("bundle.mjs", "bundle.py"):
        shutil.copy(HERE / name, work)
    run(["node", "bundle.mjs", str(work / PYODIDE), "bundle.zip", *given], work)


def bundled(work: Path, name: str) -> bytes:
    """A module of JavaScript with all that it imports."""
    out = work / name
    command = ["npx", "--no-install", "esbuild", f"static/{name}", "--bundle"]
    run(
        [*command, "--format=iife", "--minify", "--log-level=error", "--charset=utf8",
         "--external:node:*", f"--outfile={name}"],
        work,
    )  # fmt: skip
    return out.read_bytes()


def page(work: Path, parts: Mapping[str, bytes]) -> str:
    """The screen's document, with everything in itself."""
    script = bundled(work, "live.js").decode()
    served = {name: content for name, (_, content) in screen.files().items()}
    font = f"url(data:font/woff2;base64,{base64.b64encode(served['math.woff2']).decode()})"
    style = once(r"url\(math\.woff2\)", font, served["live.css"].decode())
    policy = POLICY.format(script=digest(script), style=digest(style))
    text = screen.page()
    text = once(r'<link rel="stylesheet"[^>]*>', f"<style>{style}</style>", text)
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    text = once(r'<script type="module"[^>]*></script>', meta, text)
    notice = NOTICE.format(**versions(work))
    data = "\n".join(
        f'<script type="text/plain" id="part-{name}">{packed(content)}</script>'
        for name, content in parts.items()
    )
    end = f"<!--{notice}-->\n{data}\n<script>{script}</script>\n</body>"
    return once("</body>", end, text)


def versions(work: Path) -> dict[str, str]:
    """What the file holds, by name."""
    lock = json.loads((work / PACKED[1]).read_text(encoding="utf-8"))["packages"]
    found = {name: lock[f"node_modules/{name}"]["version"] for name in ("pyodide", "temml")}
    return found | {p.__name__: version(p.__name__) for p in PACKAGES}


def once(pattern: str, new: str, text: str) -> str:
    """Something else in the place of the one match."""
    found, count = re.subn(pattern, lambda _: new, text)
    assert count == 1, pattern
    return found


def packed(content: bytes) -> str:
    """Bytes as text."""
    return base64.b64encode(gzip.compress(content, 9, mtime=0)).decode()


def digest(text: str) -> str:
    """What a policy of content calls a text."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def run(command: Sequence[str], folder: Path) -> None:
    """A program that must end well."""
    try:
        subprocess.run(
            command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError:
        raise PullbackError(f"there is no {command[0]}; Node.js has it") from None
    except subprocess.CalledProcessError as error:
        raise PullbackError(
            f"{command[0]} ended with {error.returncode}: {' '.join(command)}"
        ) from None
