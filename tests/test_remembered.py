"""What is kept from one run to the next is found again only where nothing has changed."""

import json
import os
import shutil
from pathlib import Path

import pytest

import pullback
from pullback.codegen.faces import remembered
from pullback.codegen.faces.cli import main
from pullback.codegen.faces.command import generate
from pullback.codegen.faces.remembered import VARIABLE, Remembered, engine, key_of

SOURCE = "equations = '''\nh = relu(x[n])\nu[n] = h[n] * a\n'''\n"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """A folder to keep outcomes in."""
    folder = tmp_path / "cache"
    monkeypatch.setenv(VARIABLE, str(folder))
    return folder


@pytest.fixture
def layer(tmp_path, monkeypatch):
    """A definition in a folder of its own, which is where the command runs."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "mine.toml"
    path.write_text(SOURCE)
    return path


@pytest.fixture
def derived(monkeypatch):
    """The definitions that are derived, as they are."""
    names, outcome = [], generate.outcome

    def spy(targets, beside, definition):
        names.append(definition)
        return outcome(targets, beside, definition)

    monkeypatch.setattr(generate, "outcome", spy)
    return names


def run(*arguments):
    """What the command leaves in the folder `out`."""
    assert main(["generate", "mine.toml", "--out", "out", *arguments]) == 0
    return {path.name: path.read_bytes() for path in Path("out").iterdir()}


def test_nothing_is_derived_again(cache, layer, derived, capsys):
    first = run()
    table = capsys.readouterr().out
    shutil.rmtree("out")
    assert run() == first
    assert derived == ["mine.toml"]
    known = "1 of 1 layers as derived before; --fresh derives them anew\n"
    assert capsys.readouterr().out == table + known


def damage_a_byte(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut_off(path):
    path.write_bytes(path.read_bytes()[:-20])


def empty(path):
    path.write_bytes(b"")


def of_another(path):
    """Whole, but kept under a key that is not its own."""
    text = '["files", [], "", null]'
    path.write_text(f"{remembered.digest_of(['0' * 64, text])}\n{text}")


def a_folder(path):
    path.unlink()
    path.mkdir()


def not_text(path):
    path.write_bytes(b"\xff\xfe" + path.read_bytes())


DAMAGES = (damage_a_byte, cut_off, empty, of_another, a_folder, not_text)


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_noticed(cache, layer, derived, damage):
    first = run()
    (path,) = cache.iterdir()
    damage(path)
    assert run() == first
    assert derived == ["mine.toml"] * 2


def another_equation(layer):
    layer.write_text(SOURCE.replace("* a", "* a**2"))


def another_title(layer):
    layer.write_text(SOURCE + 'title = "Mine"\n')


def another_call(layer):
    """The layer that is called is the user's own from now on."""
    layer.with_name("relu.toml").write_text('equations = "h[n] = x[n]**2"\n')


@pytest.mark.parametrize("change", [another_equation, another_title, another_call])
def test_a_change_is_derived(cache, layer, derived, change):
    first = run()
    change(layer)
    assert run() != first
    assert derived == ["mine.toml"] * 2


def test_another_target_is_derived(cache, layer, derived):
    first = run()
    second = run("--target", "plain")
    assert len(derived) == 2
    assert first["mine.py"] != second["mine.py"]


def test_fresh_neither_reads_nor_keeps(cache, layer, derived):
    run("--fresh")
    assert not cache.exists()
    run()
    run("--fresh")
    assert len(derived) == 3


def test_the_engine_is_part_of_the_key(tmp_path, monkeypatch):
    package = tmp_path / "pullback"
    for part in remembered.PARTS:
        source = Path(pullback.__file__).parent / part
        (shutil.copytree if source.is_dir() else shutil.copy)(source, copied(package / part))
    monkeypatch.setattr(pullback, "__file__", str(package / "__init__.py"))
    keys = {anew()}
    for name in ("derive/laws/algebra.py", "codegen/pages/page.py"):
        with (package / name).open("a") as file:
            file.write("\n# changed\n")
        keys.add(anew())
    (template,) = package.glob("codegen/**/index.html.j2")
    template.unlink()
    keys.add(anew())
    monkeypatch.setattr(remembered, "version", lambda name: "0")
    keys.add(anew())
    assert len(keys) == 5
    engine.cache_clear()


def copied(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def anew():
    engine.cache_clear()
    return engine()


def test_keys_tell_texts_apart():
    assert len({key_of(*parts) for parts in (["ab", "c"], ["a", "bc"], ["abc"], ["abc", ""])}) == 4


def test_a_folder_that_cannot_be_made_is_no_error(layer, tmp_path, monkeypatch, derived):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "file" / "cache"))
    run()
    run()
    assert len(derived) == 2


@pytest.mark.parametrize(
    ("named", "home", "folder"),
    [
        ({VARIABLE: ""}, "/h", None),
        ({VARIABLE: "mine", "XDG_CACHE_HOME": "/x"}, "/h", "mine"),
        ({"XDG_CACHE_HOME": "/x"}, "/h", "/x/pullback"),
        ({"XDG_CACHE_HOME": "relative"}, "/h", None),
        ({}, "/h", "/h/.cache/pullback"),
        ({}, "nowhere", None),
    ],
)
def test_where_outcomes_are_kept(monkeypatch, named, home, folder):
    for name in (VARIABLE, "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in named.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path.replace("~", home))
    assert remembered.remembered().folder == (folder and Path(folder))


def test_the_last_used_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(remembered, "KEPT", 2)
    memory = Remembered(tmp_path)
    for number, key in enumerate("abc"):
        memory.put(key, [number])
        os.utime(tmp_path / f"{key}.json", (number, number))
    assert memory.get("a") == [0]  # and is now the one last used
    memory.forget()
    assert [memory.get(key) for key in "abc"] == [[0], None, [2]]
    assert not [path for path in tmp_path.iterdir() if path.suffix != ".json"]


def test_what_is_kept_is_data(cache, layer):
    run()
    (path,) = cache.iterdir()
    files, rows, entry, card = json.loads(path.read_text().partition("\n")[2])
    assert set(files) >= {"mine.py", "test_mine.py", "mine.tex"}
    assert all(isinstance(cell, str) for row in rows for cell in row)
    assert isinstance(entry, str)
    assert card is None or card[0] == "mine"
