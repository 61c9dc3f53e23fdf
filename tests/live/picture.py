"""The picture of the live page that the README begins with: `python -m tests.live.picture`."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.live.browsing import launched

FILE = Path(__file__).parent.parent.parent / "docs" / "live.png"
SIZE = {"width": 1280, "height": 860}


def main() -> None:
    """Derive the handout's perceptron, ask why a step holds, and take the picture."""
    command = [sys.executable, "-m", "pullback", "live", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            address = re.search(r"http://\S+", server.stdout.readline())
            assert address
            with sync_playwright() as driver, launched(driver) as browser:
                page = browser.new_page(viewport=SIZE)
                page.goto(address[0])
                page.click("#examples:not([hidden]) button >> nth=0")
                page.wait_for_selector("body[data-phase=done]")
                page.click('.gradient[data-name="h"] .level-key .step[data-step] .no >> nth=-1')
                page.wait_for_selector("#because .steps")
                below = "e => scrollBy(0, e.getBoundingClientRect().top - 100)"
                page.eval_on_selector('.gradient[data-name="h"]', below)
                page.mouse.move(0, 0)
                page.wait_for_timeout(300)
                page.screenshot(path=FILE)
        finally:
            server.terminate()
    print(FILE)


if __name__ == "__main__":
    main()
