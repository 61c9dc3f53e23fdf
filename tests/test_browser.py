"""Pages in a real browser, Chromium: sizes, links, contrast, print. Skipped where there is none."""

import json
import os
import re
import shutil
import unicodedata
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from pullback.codegen.compiler import files, lowered, pages
from pullback.codegen.pages import site
from pullback.codegen.pages.links import BESIDE
from tests.shipped import compiled, proved

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
GENERATED = Path(__file__).parent.parent / "generated"
FEW = ("affine", "huber", "softmax_cross_entropy")  # made here where generated/ has no pages
# opened in every run: short ones, long sums, pictures of labels, the page of laws, the list of all
SOME = (
    "softmax_cross_entropy",
    "layer_norm",
    "embedding",
    "affine",
    "laws",
    "softmax_cross_entropy-tangents",
    "index",
)
WIDTHS = (390, 820, 1280)
CUT_OFF: set[str] = set()  # pages on which something is cut off at 1280 px

pytestmark = pytest.mark.skipif(
    not CHROMIUM,
    reason="no Chromium: that pages fit, are readable, and load nothing is not checked",
)
api = pytest.importorskip("playwright.sync_api", reason="no playwright to drive Chromium with")

WIDEST = """() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]"""
CLIPBOARD = """forbidden => {
    window.copied = "";
    const writeText = async text => { if (forbidden) throw Error(); window.copied = text; };
    Object.defineProperty(navigator, "clipboard", { configurable: true, value: { writeText } });
    document.execCommand = () => { window.copied = document.activeElement.value; return true; };
}"""
OPACITY = """() => getComputedStyle(
    document.activeElement.closest(".step").querySelector(".copy")).opacity"""
CUT = """() => [...document.querySelectorAll(
    ".steps .scroll, .result .scroll, .graph .scroll, .numbers .scroll, .how .forms .scroll")]
    .filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 1)
    .map(e => [(e.closest("[id]") || {}).id, e.scrollWidth, e.clientWidth])"""
EMPTY = """() => [...document.querySelectorAll("math")].filter(m => {
    const box = m.getBoundingClientRect(); return !(box.width > 0 && box.height > 0); })
    .map(m => m.outerHTML)"""
UNSEEN = """() => [...document.querySelectorAll("[id]:not(option, datalist, script)")].filter(e => {
    const box = e.getBoundingClientRect(); return !(box.width > 0 && box.height > 0); })
    .map(e => e.id)"""
BRACES = """() => [...document.querySelectorAll("mo")].filter(
    m => m.textContent === "{" && m.parentElement.querySelector(":scope > mtable"))
    .map(m => m.getBoundingClientRect().height / parseFloat(getComputedStyle(m).fontSize))"""
OVERLAPS = """() => {
    const found = [], boxes = [...document.querySelectorAll(
        ".graph .box, .graph .chip, .graph .what > .scroll, .graph .backs > a")];
    const rects = boxes.map(b => b.getBoundingClientRect());
    rects.forEach((a, i) => rects.slice(i + 1).forEach((b, j) => {
        if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1
            && b.top < a.bottom - 1)
            found.push(boxes[i].outerHTML + boxes[i + 1 + j].outerHTML); }));
    return found; }"""
PLACES = """() => [[...document.querySelectorAll("[id]")].map(e => e.id),
    [...document.querySelectorAll("a")].map(a => a.getAttribute("href"))]"""
CONTRAST = """() => {
    const light = c => { const [r, g, b] = c.map(v => v / 255).map(
        v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
    const read = text => text.match(/[0-9.]+/g).map(Number);
    const behind = element => { for (let e = element; e; e = e.parentElement) {
        const c = read(getComputedStyle(e).backgroundColor);
        if (c.length < 4 || c[3] > 0) return c; }
        return [255, 255, 255]; };
    const found = {}, seen = new Set();
    for (const e of document.querySelectorAll("body *")) {
        const own = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
        if (!own || e.closest("svg")) continue;
        let chain = ""; // elements of one kind in one place look alike
        for (let a = e; a; a = a.parentElement) chain += a.tagName + "." + a.className + " ";
        if (seen.has(chain)) continue;
        seen.add(chain);
        const a = light(read(getComputedStyle(e).color).slice(0, 3));
        const b = light(behind(e).slice(0, 3));
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        const name = e.tagName + "." + e.className;
        found[name] = Math.min(found[name] ?? 99, ratio); }
    return found; }"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The pages of all shipped layers as they stand, or a few that are made here."""
    if (GENERATED / site.HOME).is_file():
        return GENERATED
    made, cards = tmp_path_factory.mktemp("pages"), []
    for name in FEW:
        made_of = compiled(name)
        cards.append(site.card(made_of.outlines))
        for file, text in files(made_of, replace(BESIDE, home=site.HOME)).items():
            (made / file).write_text(text)
    (made / site.HOME).write_text(site.index_page(cards))
    (made / site.LAWS_FILE).write_text(site.laws_page(cards, site.HOME))
    return made


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A few pages as the code makes them now."""
    made = tmp_path_factory.mktemp("made")
    for name in ("affine", "layer_norm"):
        compiled = lowered(proved(name))
        for at, text in zip(
            ("", "-tangents"), pages(compiled, compiled.emit(), BESIDE), strict=True
        ):
            (made / f"{name}{at}.html").write_text(text)
    return made


@pytest.fixture(scope="module")
def browser():
    with api.sync_playwright() as driver:
        options = ["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
        found = driver.chromium.launch(executable_path=CHROMIUM, args=options)
        yield found
        found.close()


def opened(browser, path, **options):
    """A page, all folds open, and what it said and asked for."""
    said, asked = [], []
    page = browser.new_page(**options)
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    return page, said, [url for url in asked if not url.startswith("data:")]


@pytest.mark.parametrize("some", [SOME, pytest.param((), marks=pytest.mark.slow)], ids=len)
def test_no_step_result_graph_or_example_is_cut_off(browser, folder, some):
    """At 1280 px all of these have the room they need, or are broken into lines."""
    for path in sorted(folder.glob("*.html")):
        if (some and path.stem not in some) or path.stem in CUT_OFF:
            continue
        page, *_ = opened(browser, path, viewport={"width": 1280, "height": 900})
        assert page.evaluate(CUT) == [], path.name
        page.close()


def test_what_scrolls_is_shaded_where_there_is_more(browser, made):
    """At either end, in the light and in the dark; nothing that fits is shaded."""
    image = pytest.importorskip("PIL.Image")
    for scheme in ("light", "dark"):
        page = browser.new_page(viewport={"width": 390, "height": 900}, color_scheme=scheme)
        page.goto((made / "layer_norm.html").as_uri())
        page.locator("#level-every").check()
        places = page.locator(".scroll, pre")
        sizes = places.evaluate_all(
            "all => all.map(e => e.offsetParent ? e.scrollWidth - e.clientWidth : -1)"
        )
        wide = places.nth(next(k for k, more in enumerate(sizes) if more > 60))
        narrow = places.nth(sizes.index(0))

        def edges(place, at):
            place.evaluate("(e, at) => { e.scrollLeft = at; }", at)
            shot = image.open(BytesIO(place.screenshot())).convert("L")
            return [
                abs(shot.getpixel((x, 2)) - shot.getpixel((shot.width // 2, 2)))
                for x in (1, shot.width - 2)
            ]

        left, right = edges(wide, 0)
        assert left <= 2 < 20 < right, scheme
        left, right = edges(wide, 9999)
        assert right <= 2 < 20 < left, scheme
        assert max(edges(narrow, 0)) <= 2, scheme
        page.close()


@pytest.mark.parametrize("some", [SOME, pytest.param((), marks=pytest.mark.slow)], ids=len)
def test_pages_are_quiet_stand_alone_fit_their_window_and_can_be_read(browser, folder, some):
    """A few pages, or all: opening them is what takes the time."""
    braces, ids, links = [], {}, {}
    for path in sorted(folder.glob("*.html")):
        if some and path.stem not in some:
            continue
        page, said, asked = opened(browser, path, viewport={"width": WIDTHS[0], "height": 900})
        assert not said and asked == [path.as_uri()], f"{path.name}: {said} {asked}"
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            wide, window = page.evaluate(WIDEST)
            assert wide <= window, f"{path.name} is {wide} wide in a window of {window}"
            assert not page.evaluate(OVERLAPS), f"{path.name}: labels overlap at {width}"
        assert not page.evaluate(EMPTY), f"{path.name} has formulas without a size"
        assert not page.evaluate(UNSEEN), f"{path.name} has places that cannot be seen"
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            faint = {k: ratio for k, ratio in page.evaluate(CONTRAST).items() if ratio < 4.5}
            assert not faint, f"{path.name}, {scheme}: {faint}"
        braces += page.evaluate(BRACES)
        ids[path.name], links[path.name] = page.evaluate(PLACES)
        page.close()
    assert braces and min(braces) > 1.5  # in lines: a brace is as tall as its cases
    for name, found in links.items():
        for link in found:
            file, _, place = link.partition("#")
            there = file or name
            assert there in ids or (some and (folder / there).is_file()), f"{name}: {link}"
            assert not place or place in ids.get(there, [place]), f"{name}: {link}"


def test_buttons_copy_what_the_level_shows(browser, folder):
    """With the browser's clipboard, and by hand where it forbids that."""
    page = browser.new_page()
    page.goto((folder / "softmax_cross_entropy.html").as_uri())
    texts = json.loads(page.locator("#latex").text_content())
    heading, step = page.locator("#grad-z h3 .copy"), page.locator("#step-17 .copy")
    assert page.locator(".copy").count() == len(texts["gradients"]) + len(texts["steps"])
    for forbidden in (False, True):
        page.evaluate(CLIPBOARD, forbidden)
        for level in ("every", "key", "result"):
            page.locator(f"#level-{level}").check()
            heading.click()
            assert page.evaluate("copied") == texts["gradients"]["z"][level]
        page.locator("#level-every").check()
        step.focus()
        page.keyboard.press("Enter")
        assert page.evaluate("copied") == texts["steps"]["17"]
        assert step.text_content() == "Copied"
        assert page.get_by_role("status").text_content() == "Copied: step 17"
    page.close()


def test_buttons_of_steps_are_seen_where_nothing_hovers_and_with_the_keyboard(browser, made):
    for options in (
        {"has_touch": True, "is_mobile": True},
        {"viewport": {"width": 390, "height": 800}},
    ):
        context = browser.new_context(**options)
        page = context.new_page()
        page.goto((made / "affine.html").as_uri())
        buttons = page.locator(".step .copy")
        seen = buttons.evaluate_all("all => all.map(b => getComputedStyle(b).opacity)")
        assert seen and {*seen} == {"1"}, options
        context.close()
    page = browser.new_page()
    page.goto((made / "affine.html").as_uri())
    page.locator(".step:has(.copy) .no a").first.focus()
    assert page.evaluate(OPACITY) == "1"  # a link of the step has the focus
    page.keyboard.press("Tab")
    while not page.evaluate("document.activeElement.matches('.step .copy')"):
        page.keyboard.press("Tab")
    assert page.evaluate(OPACITY) == "1"
    page.close()


def test_buttons_copy_tangents(browser, folder):
    page = browser.new_page()
    page.goto((folder / "softmax_cross_entropy-tangents.html").as_uri())
    texts = json.loads(page.locator("#latex").text_content())
    assert not texts["gradients"] and len(texts["tangents"]) == 2 and texts["steps"]
    assert page.locator(".copy").count() == len(texts["tangents"]) + len(texts["steps"])
    page.evaluate(CLIPBOARD, False)
    for name, levels in texts["tangents"].items():
        page.locator(f"#tangent-{name} h3 .copy").click()
        assert page.evaluate("copied") == levels["every"]
        assert "\\dot" in levels["result"]
    page.close()


def test_the_list_shows_one_group_without_a_script(browser, folder):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((folder / site.HOME).as_uri())
    cards = page.locator(".card")
    assert all(card.is_visible() for card in cards.all())
    page.get_by_label("Losses").check()
    seen = [card.get_attribute("id") for card in cards.all() if card.is_visible()]
    assert {"huber", "softmax_cross_entropy"} <= {*seen} and "affine" not in seen
    assert not page.locator("#find").is_visible() and not page.locator(".none").is_visible()
    context.close()


def test_the_list_finds_layers_by_what_is_typed(browser, folder):
    page = browser.new_page(viewport={"width": 390, "height": 900})
    page.goto((folder / site.HOME).as_uri())

    def seen(text):
        page.locator("#find").fill(text)
        return {c.get_attribute("id") for c in page.locator(".card").all() if c.is_visible()}

    page.get_by_label("Losses").check()
    assert "affine" in seen("Aff") and "huber" not in seen("Aff")  # in every group
    assert seen("cross ENTROPY soft") >= {"softmax_cross_entropy"}
    assert not seen("no such layer") and page.locator(".none").is_visible()
    assert {"affine", "huber"} <= seen("") and not page.locator(".none").is_visible()
    boxes = [card.bounding_box() for card in page.locator(".card").all()]
    assert {round(box["x"]) for box in boxes} == {round(boxes[0]["x"])}  # one a row
    page.close()


def test_without_scripts_folds_open_and_formulas_are_there(browser, folder):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((folder / "affine.html").as_uri())
    assert not page.locator("button").count()
    fold = page.locator("details").last
    before = fold.bounding_box()["height"]
    fold.locator("summary").first.press("Enter")
    assert fold.bounding_box()["height"] > before
    context.close()


def test_a_printed_page_holds_the_results(browser, folder):
    pypdf = pytest.importorskip("pypdf")
    page = browser.new_page()
    page.goto((folder / "affine.html").as_uri())
    pages = pypdf.PdfReader(BytesIO(page.pdf())).pages
    page.close()
    text = unicodedata.normalize("NFKC", "\n".join(p.extract_text() for p in pages))
    text = re.sub(r"\s+", "", text)
    for word in ("Allgradients", "Generatedcode", "sumoveradelta", "TheJacobianasamatrix"):
        assert word in text
    results = text[text.index("Allgradients", text.index("Gradientby")) :]
    for word in ("∂W", "∂c", "∂x"):
        assert word in results
    assert "WrittenoutatN=1" in text  # what is open is printed
    assert (
        "calledwrittenout" not in text and "callswrittenout" not in text
    )  # and what is not is not


MARGINS = dict.fromkeys(("top", "right", "bottom", "left"), "10mm")


def test_levels_show_less_and_print_less(browser, folder):
    """A network's key steps fit four sheets, as a handout does; no script is needed for that."""
    pypdf = pytest.importorskip("pypdf")
    context = browser.new_context(java_script_enabled=False)
    page, name = context.new_page(), "mlp" if (folder / "mlp.html").exists() else "affine"
    page.goto((folder / f"{name}.html").as_uri())
    sheets, heights, texts = {}, {}, {}
    for level in ("result", "key", "every"):
        page.locator(f"#level-{level}").check()
        found = pypdf.PdfReader(BytesIO(page.pdf(format="A4", margin=MARGINS))).pages
        sheets[level], texts[level] = len(found), "".join(p.extract_text() for p in found)
        heights[level] = page.locator("main").bounding_box()["height"]
    context.close()
    assert sheets["result"] <= sheets["key"] <= 4 < sheets["every"]
    assert heights["result"] < heights["key"] < heights["every"]
    # of a chain of several steps the ends show, with all of them as the reason; structure stays
    assert "Structure:" in texts["key"] and "sum over a delta" in texts["every"]
    between = re.compile(r"steps \d+ to \d+")
    assert between.search(texts["key"]) and not between.search(texts["every"])


LAWS_MEET = """() => [...document.querySelectorAll(".step")].filter((step) => {
  const law = step.querySelector(".law"), right = step.querySelector(".right");
  if (!step.offsetParent || !law?.textContent.trim() || !right) return false;
  const [a, b] = [right, law].map((place) => {
    const range = document.createRange();
    range.selectNodeContents(place);
    return range.getBoundingClientRect();
  });
  return a.right > b.left + 1 && a.left < b.right && a.bottom > b.top + 1 && a.top < b.bottom - 1;
}).length"""


@pytest.mark.parametrize("margin", [0, 10, 15, 20])
def test_in_print_no_law_lies_on_its_formula(browser, folder, margin):
    """The width of what is printed on A4 is that of the window where media are those of print."""
    for name in ("softmax", "softmax_cross_entropy", "affine"):
        width = int((210 - 2 * margin) * 96 / 25.4)
        page = browser.new_page(viewport={"width": width, "height": 1000})
        page.goto((folder / f"{name}.html").as_uri())
        for level in ("key", "every"):
            page.locator(f"#level-{level}").check()
            page.emulate_media(media="print")
            assert page.evaluate(LAWS_MEET) == 0, f"{name} at {level}"
            page.emulate_media(media="screen")
        page.close()


def test_a_step_that_is_linked_to_shows_at_every_level(browser, folder):
    page = browser.new_page()
    page.goto((folder / "affine.html").as_uri())
    page.locator("#level-key").check()
    hidden = page.locator(".how .step.middle").first
    assert not hidden.is_visible()
    page.goto(f"{(folder / 'affine.html').as_uri()}#{hidden.get_attribute('id')}")
    page.locator("#level-key").check()
    assert page.locator(".step.middle:target").is_visible()
    page.close()
