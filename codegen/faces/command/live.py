"""The command `pullback live`."""

from __future__ import annotations

import webbrowser
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from threading import Thread
from urllib.parse import urlencode

from pullback.codegen import library
from pullback.codegen.faces.options import add_shapes
from pullback.codegen.faces.progress import doing, nothing_more
from pullback.codegen.pages import mathml
from pullback.derive.errors import PullbackError

HOW = "pip install 'pullback[live]'"
EXAMPLES = """examples:
  pullback live                              an empty page, with examples to click
  pullback live mlp                          ... with a shipped layer in it
  pullback live my_layer.toml
  pullback live --no-browser --port 8765     print the address alone

The page is served on this machine for this machine: nothing leaves it, and only who has the
address that is printed can ask. Ctrl-C ends it.
"""


def add(live: ArgumentParser) -> None:
    """The arguments of `live`."""
    live.add_argument(
        "definition",
        nargs="?",
        metavar="DEFINITION",
        help="what the page begins with: a shipped layer's name, a .toml file, or a function, "
        "homework.py:forward",
    )
    add_shapes(live)
    live.add_argument(
        "--port", type=port, default=0, help="where the page is served (default: any that is free)"
    )
    live.add_argument(
        "--no-browser", action="store_true", help="print the address and open no browser"
    )


def port(text: str) -> int:
    """A port."""
    if not (text.isdecimal() and len(text) <= 5 and int(text) < 2**16):
        raise ArgumentTypeError(f"{text!r} is no port, which is a number below {2**16:,}")
    return int(text)


def run(options: Namespace) -> int:
    """Serve until Ctrl-C."""
    start = begun(options)
    mathml.converter()  # where it is missing that is said at once
    try:
        from pullback.codegen.live.serving import run as serve
        from pullback.codegen.live.workers import Workers
    except ImportError as error:
        raise PullbackError(f"the live page needs the package {error.name}: {HOW}") from None

    def started(address: str) -> None:
        nothing_more()
        print(f"{address}{start}\nCtrl-C ends this", flush=True)
        if not options.no_browser:
            Thread(target=webbrowser.open, args=(address + start,), daemon=True).start()

    doing("start")
    try:
        serve(options.port, Workers(), started)
    except OSError as error:
        raise PullbackError(f"port {options.port}: {error.strerror}") from None
    return 0


def begun(options: Namespace) -> str:
    """What stands behind the address, so that the page begins with a definition."""
    if options.definition is None:
        return ""
    _, source = library.find(library.addressed(options.definition, options.shapes))
    return "#" + urlencode({"notation": "toml", "text": source})
