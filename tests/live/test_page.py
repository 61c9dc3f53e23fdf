"""The live page in a browser, on the true server: from the handout's lines to a proof."""

import re
import signal
import subprocess
import sys

import pytest

from tests.live.browsing import faint, fits, needs_chromium

pytest.importorskip("uvicorn", reason="no uvicorn to serve the live page with")
pytestmark = needs_chromium
HANDOUT = "u = xW + c\nh = max(0, u)\nz = hw + b\nL = mean(CE(z, y)) + λ/2 (‖W‖² + ‖w‖²)"
SHAPES = "x=N D; W=D K; c=K; w=K J; b=J; y=N: J; lamda="
LONG = "\n".join(f"h{i + 1}[n] = tanh(h{i}[n]) * exp(h{i}[n])" for i in range(40))


class Served:
    """`pullback live` in a process of its own."""

    def __init__(self, *arguments):
        command = [sys.executable, "-m", "pullback", "live", "--no-browser", *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.url = next(
            m[0] for line in self.process.stdout if (m := re.search(r"http://\S+", line))
        )
        self.port = re.search(r":(\d+)/", self.url)[1]

    def end(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait(10)
        self.process.stdout.close()


class Tab:
    """The page, and what it said and asked for."""

    def __init__(self, browser, url, **options):
        self.page = browser.new_page(viewport={"width": 1280, "height": 900}, **options)
        self.said, self.asked = [], []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(url)
        self.home = url.partition("?")[0]

    def reach(self, phase):
        wanted = "p => document.body.dataset.phase === p"
        self.page.wait_for_function(wanted, arg=phase, timeout=60_000)
        return self

    def write(self, text, shapes=""):
        self.page.locator("#shapes").fill(shapes) if shapes else None
        self.page.locator("#text").fill(text)
        return self

    def texts(self, selector):
        return self.page.locator(selector).all_text_contents()

    def close(self):
        self.page.close()
        elsewhere = [u for u in self.asked if not u.startswith((self.home, "data:", "blob:"))]
        assert not self.said and not elsewhere, (self.said, elsewhere)


@pytest.fixture(scope="module")
def served():
    found = Served("--port", "0")
    yield found
    found.end()


@pytest.fixture
def tab(browser, served):
    found = Tab(browser, served.url)
    yield found
    found.close()


def names(tab):
    """The tensors by which there are gradients, in the order that is shown."""
    return tab.page.eval_on_selector_all(".gradient", "all => all.map(e => e.dataset.name)")


def test_the_handouts_lines_as_they_stand_come_to_its_gradients_in_its_order(tab):
    tab.page.get_by_label("Matrices").first.check()
    tab.write(HANDOUT, SHAPES).reach("asking")
    assert tab.texts("#under mark") == ["xW"]
    tab.page.get_by_role("button", name="x W", exact=True).click()
    tab.page.get_by_role("button", name="h w", exact=True).click()
    tab.page.locator("#wrt").fill("W, c, w, b")
    tab.reach("done")
    assert tab.page.locator("#text").input_value() == HANDOUT.replace("xW", "x W").replace(
        "hw", "h w"
    )
    assert sorted(names(tab)) == sorted("zwbhuWc") and names(tab)[0] == "z"
    assert set(tab.texts("#gradients .mark")) == {"✓"}
    assert tab.page.evaluate("() => document.fonts.check('1em \"Pullback Math\"')")
    for level in ("Result", "Key steps", "Every step"):
        tab.page.get_by_label(level, exact=True).check()
        for width in (1280, 390):
            tab.page.set_viewport_size({"width": width, "height": 900})
            assert fits(tab.page), (level, width)
        assert not faint(tab.page)


def test_why_code_check_and_example_answer(tab):
    tab.write("u = x W + c", "x=N D; W=D K; c=K").reach("done")
    page = tab.page
    page.get_by_role("button", name=re.compile("^Why step")).first.click()
    page.locator("#because h3").wait_for()
    page.locator("#code").click()
    page.locator("#code-in pre").wait_for()
    assert "def forward" in page.locator("#code-in").inner_text()
    page.locator("#claim").fill("dW = du.T @ x")
    page.locator("#check").click()
    page.locator("#checked[data-verdict=wrong]").wait_for()
    page.locator("#claim").fill("dW = x.T @ du")
    page.locator("#check").click()
    page.locator("#checked[data-verdict=right]").wait_for()
    page.get_by_text("A worked example").click()
    page.locator("#draw").click()
    page.locator("#worked math").first.wait_for()
    assert "x = " in page.locator("#own").input_value()
    page.set_viewport_size({"width": 390, "height": 900})
    assert fits(page) and not faint(page)


def test_notation_is_switched_to_indices_and_back(tab):
    tab.write("u = x W", "x=N D; W=D K").reach("done")
    tab.page.locator("[name=notation][value=index]").click()
    tab.page.wait_for_function("() => document.getElementById('text').value.startsWith('u[')")
    tab.reach("done")
    tab.page.locator("[name=notation][value=matrices]").click()
    assert tab.page.locator("#text").input_value() == "u = x W"


def test_a_key_ends_a_long_derivation_and_the_next_comes_at_once(tab):
    tab.page.locator("[name=notation][value=index]").check()
    tab.write(LONG).reach("deriving")
    tab.page.locator(".gradient").first.wait_for()
    tab.write("u[n] = a * x[n]").reach("done")
    assert names(tab) == ["a", "x"] or names(tab) == ["x", "a"]
    tab.write(LONG).reach("deriving")
    tab.page.keyboard.press("Escape")
    tab.reach("stopped")


def test_two_tabs_do_not_disturb_each_other(browser, served):
    tabs = [Tab(browser, served.url) for _ in range(2)]
    for tab, name in zip(tabs, "ab", strict=True):
        tab.page.locator("[name=notation][value=index]").check()
        tab.write(f"u[n] = exp({name}[n])")
    for tab, name in zip(tabs, "ab", strict=True):
        assert names(tab.reach("done")) == [name]
        tab.close()


@pytest.mark.slow
def test_a_server_that_is_gone_is_missed_and_a_new_one_has_a_new_address(browser):
    first = Served("--port", "0")
    tab = Tab(browser, first.url)
    tab.write("u = x W", "x=N D; W=D K").reach("done")
    first.end()
    tab.page.locator("#text").press("End")
    tab.page.keyboard.type(" ")
    tab.reach("gone")
    second = Served("--port", first.port)
    tab.page.locator("#message", has_text="new address").wait_for()
    second.end()
    tab.said.clear()  # the browser says that nobody answered
    tab.close()
