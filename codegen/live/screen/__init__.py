"""The screen of the live page: one document, one style sheet, small modules of plain JavaScript.

| file | about |
| --- | --- |
| templates/live.html.j2 | the document: three columns, all fields and buttons |
| static/live.css | what the screen adds to the style sheet of the pages |
| static/live.js | keys, buttons and switches, and what each of them does |
| static/run.js | the way of a text: read, derived, stopped, tried again |
| static/choose.js | whole definitions: from another notation, an example, a file, the address |
| static/state.js | all that the page knows, and its phases |
| static/ask.js | the way to the engine |
| static/write.js | left: the text, its faults, what was understood |
| static/follow.js | middle: gradients as they come, marks of the proof |
| static/reasons.js | right: why a step, Jacobians, code, a claim checked |
| static/files.js | the definition as address, as file, from files |
| static/dom.js | elements, copying (by `copy.js` of the pages), downloading |
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files as resources

from pullback.codegen.pages import copying
from pullback.codegen.pages.setting import FONT, templates
from pullback.codegen.targets.table import PLAIN, TARGETS
from pullback.codegen.templating import environment

SCRIPTS = ("live", "run", "choose", "state", "ask", "write", "follow", "reasons", "files", "dom")
FACE = '@font-face { font-family: "Pullback Math"; src: url(math.woff2) format("woff2"); }\n'


@cache
def page() -> str:
    """The document; what it needs else lies under `static/`, by the names of `files`."""
    made = environment(__package__, autoescape=True).get_template("live.html.j2")
    return made.render(targets=TARGETS.values(), first=PLAIN).lstrip()


@cache
def files() -> Mapping[str, tuple[str, bytes]]:
    """What is served beside the document: by name the media type and the content."""
    folder = resources(__package__) / "static"
    style = FACE + templates().get_template("style.css.j2").render()
    style += (folder / "live.css").read_text(encoding="utf-8")
    scripts = {
        f"{name}.js": ("text/javascript", (folder / f"{name}.js").read_bytes()) for name in SCRIPTS
    }
    return {
        "live.css": ("text/css", style.encode()),
        "math.woff2": ("font/woff2", FONT.read_bytes()),
        copying.SHARED: ("text/javascript", copying.source(copying.SHARED).encode()),
        **scripts,
    }
