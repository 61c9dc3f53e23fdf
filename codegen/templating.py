"""Jinja as this project sets it: a name that is missing is an error, a block's line leaves none."""

from __future__ import annotations

from functools import cache
from typing import Any

import jinja2


@cache
def environment(package: str, *others: str, **settings: Any) -> jinja2.Environment:
    """Templates from packages' folders `templates`, not escaped unless `settings` say so."""
    return jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.PackageLoader(p) for p in (package, *others)]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **settings,
    )
