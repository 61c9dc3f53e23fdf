"""The page."""

from __future__ import annotations

from collections.abc import Mapping


def page() -> str:
    """The HTML of the page."""
    return "<!doctype html><title>Pullback</title>"


def files() -> Mapping[str, tuple[str, bytes]]:
    """The files that it loads, by name: media type and content."""
    return {}
