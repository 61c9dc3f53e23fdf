"""The live page as one file: the engine in the browser, offline; and what it lacks there."""

import json
import re
import shutil
import subprocess
import sys

import pytest

from pullback.codegen.live.site import building
from tests.live.browsing import CHROMIUM

CODE = """
import json, sys
sys.modules["numpy"] = None
from pullback.codegen.live.answers import Answers
answers = Answers()
written = {"notation": "matrices", "text": "u = x W + c", "shapes": "x=N D; W=D K; c=K"}
for more in json.loads(sys.argv[1]):
    print(json.dumps([*answers.to({**written, **more})]))
"""


def without_numpy(*questions):
    """The events of answers in a process in which there is no NumPy."""
    command = [sys.executable, "-c", CODE, json.dumps(questions)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


def test_what_needs_no_numpy_is_answered_without_it():
    kinds = [{"ask": "read"}, {"ask": "derive", "seconds": True}, {"ask": "why", "step": 3}]
    kinds += [{"ask": "code", "target": target} for target in ("plain", "numpy", "numpy-precise")]
    for events in without_numpy(*kinds, {"ask": "examples"}):
        assert not {e["event"] for e in events} & {"error", "refuted", "too large"}, events
        assert len(events) > 1


def test_what_needs_numpy_says_so():
    asked = [{"ask": "check", "claim": "dW = x.T @ du"}, {"ask": "example"}]
    for first, _ in without_numpy(*asked):
        assert first["event"] == "error" and not first["fault"]
        assert "needs NumPy" in first["message"] and "'pullback live' has it" in first["message"]


def test_the_versions_are_pinned_and_no_host_is_named():
    lock = json.loads((building.HERE / "package-lock.json").read_text("utf-8"))
    wanted = json.loads((building.HERE / "package.json").read_text("utf-8"))["dependencies"]
    assert all(re.fullmatch(r"[\d.]+", version) for version in wanted.values())
    for name, version in wanted.items():
        found = lock["packages"][f"node_modules/{name}"]
        assert found["version"] == version and found["integrity"]
    assert not any("resolved" in package for package in lock["packages"].values())


def test_a_program_that_is_missing_or_ends_badly_is_named(tmp_path):
    with pytest.raises(building.PullbackError, match="there is no no-such-program"):
        building.run(["no-such-program"], tmp_path)
    with pytest.raises(building.PullbackError, match="ended with 1"):
        building.run(["false", "x"], tmp_path)


# -- in a browser ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The address of the page, from a disk."""
    if shutil.which("npm") is None or CHROMIUM is None:
        pytest.skip("there is no npm to make it with, or no Chromium to see it in")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pullback", "site", "--out", str(folder)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
    assert "index.html" in ended.stdout
    return (folder / "index.html").as_uri()


@pytest.mark.slow
def test_the_handout_is_derived_offline(site, request):
    from playwright.sync_api import sync_playwright

    if "slow" not in request.config.option.markexpr:
        pytest.skip("takes a minute; -m slow asks for it")
    with (
        sync_playwright() as play,
        play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"]) as browser,
    ):
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        said, asked = [], []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda one: asked.append(one.url))
        page.set_default_timeout(120_000)
        seen = lambda where, words: page.locator(where, has_text=words).wait_for()  # noqa: E731
        page.goto(site)
        seen("#status", "loaded")
        page.click("#examples:not([hidden]) button >> nth=0")
        page.wait_for_selector("body[data-phase=done]")
        gradients = page.query_selector_all("#gradients section.gradient")
        assert "".join(g.get_attribute("data-name") for g in gradients) == "zwbhuWc"
        assert "each proved for every size" in page.inner_text("#status")
        page.click("#code")
        seen("#code-in", "def forward")
        page.fill("#claim", "dW = x.T @ du")
        page.click("#check")
        seen("#checked", "NumPy")
        # a derivation that a key ends, and the next one
        page.fill("#text", page.input_value("#text") + "\n")
        page.keyboard.press("Control+Enter")
        page.fill("#text", "u = x W")
        page.fill("#shapes", "x=N D; W=D K")
        page.fill("#wrt", "W")
        page.wait_for_selector("body[data-phase=done] #gradients section.gradient:only-of-type")
        assert said == []
        assert all(url == site or url.startswith("blob:") for url in asked)
