"""A definition with comments, for a new layer to start from."""

from __future__ import annotations

from pullback.codegen.templating import environment
from pullback.derive.read.definition import check_layer_name


def starter(name: str) -> str:
    """The text of a definition for a new layer of that name; DefinitionError for odd names."""
    check_layer_name(name)
    return environment(__package__).get_template("definition.toml.j2").render(name=name)
