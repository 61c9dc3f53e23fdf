"""The screen of the live page in Chromium, on a fake engine that says what a test tells it."""

import json
import os
import unicodedata
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from pullback.codegen.live import screen
from tests.test_browser import CHROMIUM, CONTRAST, WIDEST

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self' data:; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
FAKE = (Path(__file__).parent / "fake_ask.js").read_bytes()
PHASES = [
    "empty",
    "typing",
    "error",
    "asking",
    "deriving",
    "proving",
    "done",
    "stopped",
    "refuted",
    "large",
    "gone",
]
END = {"event": "done", "seconds": 0.81}

api = pytest.importorskip("playwright.sync_api", reason="no playwright to drive Chromium with")
needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="no Chromium: the live page is not tried")


def launched(driver):
    """A Chromium."""
    options = ["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    return driver.chromium.launch(executable_path=CHROMIUM, args=options)


def m(text):
    """A formula."""
    return f"<math><mi>{text}</mi></math>"


def row(number, formula, first=None):
    """A step as the engine's fragments have it."""
    since = f' data-first="{first}"' if first else ""
    return (
        f'<div class="step" data-step="{number}"{since}><span class="no">{number}</span>'
        f'<span class="left scroll"></span><span class="equals"><math><mo>=</mo></math></span>'
        f'<span class="right scroll">{m(formula)}</span><span class="law">fold</span>'
        f'<span class="check"></span></div>'
    )


def gradient(name, first):
    """A gradient with three steps from `first`, of which key steps are one."""
    steps = "".join(row(n, f"r{n}") for n in range(first, first + 3))
    html = (
        f'<section class="gradient" data-name="{name}"><div class="result">'
        f'<div class="in-index scroll">{m("i" + name)}</div>'
        f'<div class="in-matrix scroll">{m("m" + name)}</div></div><div class="level-key">'
        f'<div class="steps">{row(first + 2, "key", first)}</div></div><div class="level-every">'
        f'<div class="steps">{steps}</div></div><template class="picture" data-node="z" '
        f'data-tensor="{name}"><figure>picture of {name}</figure></template></section>'
    )
    latex = {level: f"\\begin{{align*}} {name} {level} \\end{{align*}}" for level in
             ("result", "key", "every")}  # fmt: skip
    return {"event": "gradient", "name": name, "of": m(name), "html": html, "latex": latex}


LAYER = {
    "event": "layer",
    "values": f'<section class="value"><div class="steps">{row(1, "v")}</div></section>',
    "names": ["z", "w"],
    "steps": 1,
}
GRADIENTS = [gradient("z", 2), gradient("w", 5)]
PROVED = [
    {"event": "proved", "step": n, "mark": "◐" if n == 3 else "✓", "check": "for every size"}
    for n in range(1, 8)
]
PROVED[6]["needs"] = [m("N"), m("D")]
DERIVED = {"event": "derived", "steps": 7}
WHOLE = [LAYER, *GRADIENTS, DERIVED, *PROVED, END]
READ = [
    {
        "event": "read",
        "equations": [{"html": m("z"), "text": "z = h @ w", "line": 1}],
        "shapes": [{"html": m("h"), "name": "h", "shape": "N × D", "words": "hidden"}],
        "what_ifs": [{"label": "leaky relu for relu", "text": "z = leaky(h) w"}],
        "count": 1,
    },
    END,
]
ASKED = {
    "event": "error",
    "asking": True,
    "message": "xW is not declared: x W?",
    "line": 2,
    "column": 5,
    "end": 7,
    "fixes": [{"label": "x W", "text": "h = w\nu = x W"}],
}
WRONG = {
    "event": "error",
    "message": "exq is no function",
    "line": 1,
    "column": 5,
    "end": 8,
    "fixes": [],
}
HANDOUT = {
    "title": "u = xW + c",
    "notation": "matrices",
    "text": "u = x W + c",
    "shapes": "x=N D; W=D K; c=K",
    "wrt": "",
}
CANNED = {"read": READ, "examples": [{"event": "examples", "items": [HANDOUT]}, END]}


class Handler(BaseHTTPRequestHandler):
    """Gives the document and its files, and the fake in place of the way to the engine."""

    def do_GET(self):
        name = self.path.partition("?")[0].removeprefix("/").removeprefix("static/")
        kind, body = screen.files().get(name, ("text/html", screen.page().encode()))
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Cache-Control", "max-age=600")  # files do not change while it is tried
        self.end_headers()
        self.wfile.write(FAKE if name == "ask.js" else body)

    def log_message(self, *_):
        pass


@contextmanager
def place(driver):
    """A browser's context, and the address at which the screen is given."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    browser = launched(driver)
    yield browser.new_context(), f"http://127.0.0.1:{server.server_port}/"
    browser.close()
    server.shutdown()
    server.server_close()


class Screen:
    """A page on the fake engine; what it said and asked for is kept."""

    def __init__(self, context, home, fragment="", canned=CANNED):
        self.context, self.home = context, home
        self.page = context.new_page()
        self.page.set_viewport_size({"width": 1280, "height": 900})
        self.said, self.requests = [], []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.add_init_script(f"sessionStorage.canned = {json.dumps(json.dumps(canned))}")
        self.page.goto(f"{home}?token=t{fragment}")
        self.page.wait_for_function("() => globalThis.fake")

    def tell(self, kind, *answers):
        """The engine answers."""
        self.page.evaluate("([kind, answers]) => fake.tell(kind, answers)", [kind, answers])

    def answer(self, kind, *answers):
        """From now on questions of a kind have these answers, at once; without any they wait."""
        self.page.evaluate(
            "([kind, answers]) => { fake.canned[kind] = answers.length ? answers : null; }",
            [kind, answers],
        )

    def asked(self, kind):
        """The questions of a kind, so far."""
        return [q for q in self.page.evaluate("fake.asked") if q["ask"] == kind]

    def ended(self, kind):
        """How many questions of a kind the page has ended."""
        return self.page.evaluate("fake.ended").count(kind)

    @property
    def phase(self):
        """Where the page is."""
        return self.page.evaluate("document.body.dataset.phase")

    def reach(self, phase):
        """Waits until the page is there."""
        self.page.wait_for_function("p => document.body.dataset.phase === p", arg=phase)

    def write(self, text):
        """Types a text, key by key."""
        self.page.locator("#text").press_sequentially(text)

    def derived(self, *answers):
        """A text, and what the engine says of it."""
        self.page.locator("#text").fill("z = h w")
        self.reach("deriving")
        self.tell("derive", *(answers or WHOLE))
        return self

    def seen(self, selector):
        """The texts of what is seen."""
        shown = [e.inner_text() for e in self.page.locator(selector).all() if e.is_visible()]
        return [unicodedata.normalize("NFKC", text) for text in shown]  # formulas are in italics

    def close(self):
        """The page goes; it has said nothing and asked for nothing elsewhere."""
        self.page.close()
        elsewhere = [u for u in self.requests if not u.startswith((self.home, "data:", "blob:"))]
        assert not self.said and not elsewhere, (self.said, elsewhere)


def fits(page):
    """Is nothing wider than the window?"""
    wide, window = page.evaluate(WIDEST)
    return wide <= window


def faint(page):
    """What cannot be read well, in light and in dark; the text under the field is not seen."""
    found = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found |= {f"{scheme} {k}": r for k, r in page.evaluate(CONTRAST).items() if r < 4.5}
        found = {k: r for k, r in found.items() if not k.endswith(".under")}
    return found


def lead(screen, phase):
    """To a state, on the way that a user goes."""
    if phase == "typing":
        screen.derived()
        screen.page.locator("#text").press("x")
    elif phase in ("error", "asking"):
        screen.derived()
        screen.answer("read", ASKED if phase == "asking" else WRONG)
        screen.page.locator("#text").fill("h = w\nu = xW")
    elif phase == "deriving":
        screen.derived(LAYER, GRADIENTS[0])
    elif phase == "proving":
        screen.derived(LAYER, *GRADIENTS, *PROVED[:2])
    elif phase == "done":
        screen.derived()
    elif phase == "stopped":
        screen.derived(LAYER, GRADIENTS[0])
        screen.page.locator("#stop").click()
    elif phase == "refuted":
        screen.derived(LAYER, *GRADIENTS, {"event": "refuted", "message": "step 3 fails"}, END)
    elif phase == "large":
        large = {"event": "too large", "message": "over 60 s", "advice": "ask for fewer"}
        screen.derived(LAYER, large)
    elif phase == "gone":
        screen.derived()
        screen.answer("read", {"event": "gone"})
        screen.page.locator("#text").press("x")
    screen.reach(phase)
