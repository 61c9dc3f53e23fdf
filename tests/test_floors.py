"""The floors of the house: who imports whom in derive/ and codegen/, read from the files' text."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OWN = "pullback."
LONGEST = 330  # lines of a file
PROGRAMS = [  # the floors of codegen/
    "faults", "library", "proved", "templating", "program", "lower", "interface", "notation",
    "targets", "pages", "compiler", "trace", "check", "live", "faces",
]  # fmt: skip
FLOORS = ["errors", "index", "matrix", "layer", "read", "laws", "calculus", "law_example", "proof"]


@cache
def modules() -> dict[str, Path]:
    """Every module of derive/ and codegen/, by the name under which it is imported."""
    paths = sorted(p for folder in ("derive", "codegen") for p in (ROOT / folder).rglob("*.py"))
    return {module_name(p): p for p in paths}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return OWN + ".".join(parts).removesuffix(".__init__")


def imports_of(text: str, known: frozenset[str]) -> set[str]:
    """What a file imports of this project, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports name their module in full"
            whole = {f"{node.module}.{a.name}" for a in node.names}
            found |= {name if name in known else str(node.module) for name in whole}
    return {name for name in found if f"{name}.".startswith(OWN)}


@cache
def graph() -> dict[str, set[str]]:
    """What each module imports."""
    known = frozenset(modules())
    return {m: imports_of(p.read_text(encoding="utf-8"), known) for m, p in modules().items()}


def floor(module: str) -> int:
    """The floor of derive/ on which a module lies; derive/ itself holds nothing and lies lowest."""
    parts = module.removeprefix(f"{OWN}derive").split(".")
    return FLOORS.index(parts[1]) if len(parts) > 1 else -1


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Modules each of which imports the next one, and the last one the first; none if there are."""
    done: set[str] = set()

    def visit(module: str, way: list[str]) -> list[str]:
        if module in way:
            return [*way[way.index(module) :], module]
        if module in done:
            return []
        for other in sorted(graph.get(module, ())):
            if found := visit(other, [*way, module]):
                return found
        done.add(module)
        return []

    return next((found for module in sorted(graph) if (found := visit(module, []))), [])


def test_every_file_and_folder_of_derive_has_a_floor():
    assert {m.split(".")[2] for m in modules() if m.startswith(f"{OWN}derive.")} == {*FLOORS}


def test_derive_imports_one_way():
    upwards = [
        (module, other)
        for module, others in graph().items()
        for other in others
        if module.startswith(f"{OWN}derive")
        and other.startswith(f"{OWN}derive")
        and floor(other) > floor(module)
    ]
    assert not upwards


def test_codegen_imports_one_way():
    def place(module):
        parts = module.removeprefix(f"{OWN}codegen").split(".")
        return PROGRAMS.index(parts[1]) if len(parts) > 1 else -1

    own = [m for m in modules() if m.startswith(f"{OWN}codegen")]
    assert {m.split(".")[2] for m in own if m.count(".") > 1} == {*PROGRAMS}
    pairs = [(m, o) for m in own for o in graph()[m] if o.startswith(f"{OWN}codegen")]
    assert not [(m, o) for m, o in pairs if place(o) > place(m)]


def test_pages_know_of_targets_only_what_a_target_is():
    pages = [m for m in modules() if m.startswith(f"{OWN}codegen.pages")]
    others = {o for m in pages for o in graph()[m] if o.startswith(f"{OWN}codegen.targets")}
    assert others <= {f"{OWN}codegen.targets.target"}


def test_one_target_spells_numpy():
    """Calls of NumPy stand as text in the NumPy targets alone."""
    spelling = [m for m, p in modules().items() if "np.einsum(" in p.read_text(encoding="utf-8")]
    assert all(m.startswith(f"{OWN}codegen.targets.") for m in spelling)


def test_answers_of_the_live_page_know_no_process_no_socket_and_no_file():
    """So that they run wherever Python does. The shipped definitions and templates are data."""
    around = {"server", "serving", "worker", "workers", "warm", "screen"}
    seen, stack = set(), [f"{OWN}codegen.live.answers"]
    while stack:
        module = stack.pop()
        if module not in seen:
            seen.add(module)
            stack += graph().get(module, ())
    live = {m for m in seen if m.startswith(f"{OWN}codegen.live.")}
    assert len(live) > 8 and not {m.split(".")[3] for m in live} & around
    assert not [m for m in seen if m.startswith(f"{OWN}codegen.faces")]
    outside = {"multiprocessing", "socket", "asyncio", "subprocess", "starlette", "uvicorn"}
    found = {m for m in seen & {*modules()} if foreign(m) & outside}
    assert found == {f"{OWN}codegen.targets.c_only.building"}  # of files; answers write none
    files = {"os", "pathlib", "io", "tempfile", "shutil"}
    assert not {m: found for m in live if (found := foreign(m) & files)}


def foreign(module: str) -> set[str]:
    """The packages of others that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(modules()[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {a.name.split(".")[0] for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module).split(".")[0])
    return found


def test_one_file_knows_the_server_of_others():
    named = [m for m in modules() if m.startswith(f"{OWN}codegen")]
    assert {m for m in named if foreign(m) & {"starlette", "uvicorn"}} == {
        f"{OWN}codegen.live.server",
        f"{OWN}codegen.live.serving",
    }


def test_no_file_is_long():
    lines = {m: len(p.read_text(encoding="utf-8").splitlines()) for m, p in modules().items()}
    assert not {m: count for m, count in lines.items() if count > LONGEST}


def test_every_file_says_what_it_is_about():
    texts = {m: ast.get_docstring(ast.parse(p.read_text("utf-8"))) for m, p in modules().items()}
    assert not [m for m, text in texts.items() if not text]


def test_derive_imports_nothing_of_codegen():
    """Nor the package's face, which stands on codegen."""
    others = {o for m, found in graph().items() if m.startswith(f"{OWN}derive") for o in found}
    assert all(other.startswith(f"{OWN}derive.") for other in others)


def test_no_module_imports_itself_by_way_of_others():
    assert not circle(graph())


@pytest.mark.parametrize(
    "text",
    [
        "import pullback.derive.errors",
        "from pullback.derive import errors",
        "from pullback.derive.errors import TooLarge",
        "def f():\n    from pullback.derive.errors import TooLarge as T",
    ],
)
def test_every_way_to_import_is_seen(text):
    known = frozenset(("pullback.derive", "pullback.derive.errors"))
    assert imports_of(text, known) == {"pullback.derive.errors"}


def test_a_circle_is_found():
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert not circle({"a": {"b", "c"}, "b": {"c"}, "c": set()})
