"""The command `pullback site`."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from pullback.codegen.faces.marks import marked
from pullback.codegen.faces.options import add_out
from pullback.codegen.faces.progress import doing, nothing_more
from pullback.codegen.faces.write import check_folder, refuse_to_lose, write
from pullback.codegen.live.site.building import built

PAGE = "index.html"
EXAMPLES = """examples:
  pullback site
  pullback site --out /srv/www/pullback

It needs npm, which brings what runs Python in a browser.
"""


def add(site: ArgumentParser) -> None:
    """The arguments of `site`."""
    add_out(site, "build/site", "the folder to write index.html into (default: build/site)")


def run(options: Namespace) -> int:
    """The live page as one file."""
    check_folder(options.out)
    refuse_to_lose(options.out, [PAGE], options.force)
    text = marked(PAGE, built(doing), shipped=True)
    nothing_more()
    write(options.out, {PAGE: text}, force=options.force)
    size = len(text.encode()) / 1e6
    print(f"{options.out / PAGE}, {size:.1f} MB: open it in a browser, or put it on a web server")
    return 0
