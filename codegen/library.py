"""Where definitions are found: the shipped ones by name, others by the path of their file."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from derive.errors import DefinitionError

SUFFIX = ".toml"
MAX_FILE = 64 * 1024  # bytes


def shipped() -> list[str]:
    """The names of the shipped definitions."""
    found = (entry.name for entry in resources.files("layers").iterdir())
    return sorted(name.removesuffix(SUFFIX) for name in found if name.endswith(SUFFIX))


def shipped_source(name: str) -> str:
    """The text of a shipped definition; KeyError where there is none of that name."""
    if name not in shipped():
        raise KeyError(name)
    return resources.files("layers").joinpath(name + SUFFIX).read_text(encoding="utf-8")


def find(definition: str) -> tuple[str, str]:
    """Name and text of a definition: the name of a shipped one, or the path of a TOML file."""
    if definition.endswith(SUFFIX):
        path = Path(definition)
        return path.stem, read(path)
    if definition in shipped():
        return definition, shipped_source(definition)
    raise DefinitionError(
        f"there is no definition {definition!r}; give the path of a {SUFFIX} file, "
        f"or one of {', '.join(shipped())}"
    )


def read(path: Path) -> str:
    """The text of a definition's file, if it is text of a reasonable length."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
        if len(data) > MAX_FILE:
            raise DefinitionError(f"{path}: the definition is longer than 64 KiB")
        return data.decode("utf-8")
    except OSError as error:
        raise DefinitionError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise DefinitionError(f"{path}: not UTF-8 text") from None


def beside(definition: str, name: str) -> str:
    """The text of a definition that another one calls: from its own folder, else shipped."""
    if definition.endswith(SUFFIX):
        path = Path(definition).parent / (name + SUFFIX)
        if path.is_file():
            return read(path)
    return shipped_source(name)
