"""No file that pullback has not written, or that was edited since, is written over or removed."""

import os
import signal
from pathlib import Path

import pytest

from pullback.codegen import library
from pullback.codegen.faces import cli, write
from pullback.codegen.faces.command import generate
from pullback.codegen.faces.marks import COMMENTS, Owner, marked, owner, owner_of
from pullback.codegen.pages import mathml
from pullback.derive.errors import PullbackError

MINE = "my own work\n"
KINDS = [
    ("generate", "relu.py"),
    ("generate", "test_relu.py"),
    ("generate", "relu.tex"),
    ("generate", "relu.html"),
    ("generate", "relu-tangents.html"),
    ("generate", "laws.html"),
    ("generate", "index.html"),
    ("generate", "README.md"),
    ("generate", "__init__.py"),
    ("book", "book.tex"),
    ("new", "relu.toml"),
]


@pytest.fixture(autouse=True)
def one_layer(monkeypatch):
    monkeypatch.setattr(library, "shipped", lambda: ["relu"])


def run(command, out, *more):
    arguments = {"generate": ["generate"], "book": ["book"], "new": ["new", "relu"]}[command]
    return cli.main([*arguments, "--out", str(out), *more])


def never(*_):
    raise AssertionError("something is derived although nothing can be written")


def contents(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir()}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """What each command writes."""
    folders = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(library, "shipped", lambda: ["relu"])
        for command in ("generate", "book", "new"):
            folders[command] = tmp_path_factory.mktemp(command)
            assert run(command, folders[command]) == 0
    return folders


def test_the_kinds_are_all_that_is_written(written):
    assert {(c, p.name) for c, folder in written.items() for p in folder.iterdir()} == {*KINDS}


@pytest.mark.parametrize(("command", "name"), KINDS)
def test_a_file_of_the_users_stays_and_nothing_is_derived(
    command, name, tmp_path, monkeypatch, capsys
):
    (tmp_path / name).write_text(MINE)
    with monkeypatch.context() as patch:
        patch.setattr("pullback.codegen.proved.derive", never)
        assert run(command, tmp_path) == 2
    assert f"{tmp_path / name}: not written by pullback" in capsys.readouterr().err
    assert contents(tmp_path) == {name: MINE.encode()}
    assert run(command, tmp_path, "--force") == 0
    assert (tmp_path / name).read_text() != MINE


@pytest.mark.parametrize(("command", "name"), KINDS)
def test_a_file_that_was_edited_stays(command, name, written, tmp_path, monkeypatch, capsys):
    text = (written[command] / name).read_text(encoding="utf-8")
    for number, edited in enumerate((f"x{text}", f"{text}x", text.replace("\n", "\nx\n", 1))):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / name).write_text(edited, encoding="utf-8")
        with monkeypatch.context() as patch:
            patch.setattr("pullback.codegen.proved.derive", never)
            assert run(command, folder) == 2
        words = "not written by pullback" if command == "new" else "edited since pullback wrote it"
        assert f"{folder / name}: {words}" in capsys.readouterr().err
        assert (folder / name).read_text(encoding="utf-8") == edited


@pytest.mark.parametrize(("command", "name"), KINDS)
def test_what_pullback_wrote_it_writes_again(command, name, written, tmp_path):
    """An older text with its mark stands for what another version has written."""
    if command != "new":  # what `new` writes is the user's at once, and bears no mark
        (tmp_path / name).write_text(marked(name, "an older text\n", shipped=True))
    assert run(command, tmp_path) == 0
    assert contents(tmp_path) == contents(written[command])


def test_marks_outlive_other_ends_of_lines(written):
    for command, name in KINDS:
        text = (written[command] / name).read_text(encoding="utf-8")
        crlf = text.replace("\n", "\r\n")
        assert owner_of(name, text) is owner_of(name, crlf)
        assert (owner_of(name, text) is Owner.SHIPPED) == (command != "new")


@pytest.mark.parametrize("ending", COMMENTS)
def test_a_mark_fits_its_text_alone(ending):
    name = f"x{ending}"
    for shipped, wanted in ((True, Owner.SHIPPED), (False, Owner.YOURS)):
        text = marked(name, "one\ntwo\n", shipped)
        assert owner_of(name, text) is wanted
        for i in range(len(text) - 1):
            assert not owner_of(name, text[:i] + text[i + 1 :]).untouched
        assert owner_of(name, text + text) is Owner.EDITED
        assert owner_of(name, "") is Owner.FOREIGN


def test_links_and_folders_in_the_way_stay(tmp_path, capsys):
    out = tmp_path / "lib"
    (out / "relu.py").mkdir(parents=True)
    (out / "relu.tex").symlink_to(tmp_path / "elsewhere.tex")
    assert run("generate", out) == 2
    error = capsys.readouterr().err
    assert str(out / "relu.py") in error and str(out / "relu.tex") in error
    assert run("generate", out, "--force") == 2  # no folder is removed, whatever is asked for
    assert str(out / "relu.py") in capsys.readouterr().err
    assert (out / "relu.tex").is_symlink() and len(list(out.iterdir())) == 2


def test_bytes_that_are_no_text_stay(tmp_path):
    (tmp_path / "relu.py").write_bytes(b"\xff\xfe")
    assert run("generate", tmp_path) == 2 and owner(tmp_path / "relu.py") is Owner.FOREIGN


def test_a_file_that_comes_while_layers_are_derived_stays(tmp_path, monkeypatch):
    def meanwhile(*arguments):
        (tmp_path / "relu.py").write_text(MINE)
        return results(*arguments)

    results = generate.outcome
    monkeypatch.setattr(generate, "outcome", meanwhile)
    assert run("generate", tmp_path) == 2
    assert contents(tmp_path) == {"relu.py": MINE.encode()}


def test_files_of_layers_that_are_gone_are_removed_and_no_others(tmp_path, capsys):
    texts = {
        "gone.py": marked("gone.py", "a = 1\n", shipped=True),
        "test_gone.py": marked("test_gone.py", "a = 1\n", shipped=True),
        "gone.tex": marked("gone.tex", "a\n", shipped=True),
        "gone.html": marked("gone.html", "a\n", shipped=True),
        "mine.py": marked("mine.py", "a = 1\n", shipped=False),
        "edited.py": "import os\n" + marked("edited.py", "a = 1\n", shipped=True),
        "foreign.py": "a = 1\n",
        "notes.txt": MINE,
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    gone = {name for name in texts if "gone" in name}
    assert run("generate", tmp_path, "--check") == 1
    shown = capsys.readouterr().out
    assert {n for n in texts if f"stale: {tmp_path / n}\n" in shown} == gone
    assert run("generate", tmp_path) == 0
    assert f"{len(gone)} of layers that are gone removed" in capsys.readouterr().out
    assert {n for n in texts if (tmp_path / n).exists()} == {*texts} - gone
    assert run("generate", tmp_path, "--check") == 0


def own_layer(folder):
    path = folder / "mine.toml"
    path.write_text('equations = "u[n] = a * x[n]"')
    return str(path)


def test_the_folder_that_nobody_named_is_taken_only_where_it_is_ours(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    command = ["generate", own_layer(tmp_path)]
    folder = Path("generated")
    folder.mkdir()
    (folder / "data.txt").write_text(MINE)
    assert cli.main(command) == 2
    assert "nothing in it is pullback's" in capsys.readouterr().err
    assert contents(folder) == {"data.txt": MINE.encode()}
    assert cli.main([*command, "--out", "generated"]) == 0  # named, and nothing is in the way
    assert cli.main(command) == 0  # by now it is ours
    (folder / "data.txt").unlink()
    for path in folder.iterdir():
        path.unlink()
    assert cli.main(command) == 0  # empty
    assert run("generate", folder) == 0
    assert (folder / "mine.py").exists()  # no layer of the user's own counts as gone


def test_two_texts_for_one_file_are_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("pullback.codegen.proved.derive", never)
    for name in ("laws.toml", "test_a.toml", "a.toml"):
        (tmp_path / name).write_text('equations = "u[n] = a * x[n]"')
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.toml").write_text('equations = "u[n] = a * x[n]"')
    pairs = [["a.toml", "other/a.toml"], ["a.toml", "test_a.toml"]]
    if mathml.available():
        pairs.append(["laws.toml"])
    for names in pairs:
        paths = [str(tmp_path / name) for name in names]
        assert cli.main(["generate", *paths, "--out", str(tmp_path / "lib")]) == 2
        assert "would be written twice" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["generate", "book"])
@pytest.mark.parametrize("place", ["file", "below a file", "not allowed"])
def test_a_folder_that_cannot_be_written_is_seen_first(
    command, place, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr("pullback.codegen.proved.derive", never)
    out = tmp_path / "lib"
    if place == "not allowed":

        def refuse(*_, **__):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(write.tempfile, "TemporaryDirectory", refuse)
    else:
        out.write_text(MINE)
        out = out / "deeper" if place == "below a file" else out
    assert run(command, out) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"pullback: {out}") and "--out takes a" in error
    assert not (place == "not allowed" and out.exists())


@pytest.mark.parametrize("failing", range(4))
def test_all_files_take_their_place_or_none(failing, tmp_path, monkeypatch):
    """One file is new, one is written over, one is removed: whichever fails, all is as before."""
    before = {n: marked(n, "old\n", shipped=True) for n in ("b.py", "c.py")}
    for name, text in before.items():
        (tmp_path / name).write_text(text)
    calls, replace = [], os.replace

    def fail_once(*paths):
        calls.append(paths)
        if len(calls) == failing + 1:
            raise OSError(28, "No space left on device")
        replace(*paths)

    monkeypatch.setattr(write.os, "replace", fail_once)
    with pytest.raises(OSError):
        write.write(tmp_path, {"a.py": "new\n", "b.py": "new\n"}, ["c.py"])
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == before


def test_ctrl_c_waits_for_the_last_file(tmp_path, monkeypatch):
    replace = os.replace

    def press(*paths):
        replace(*paths)
        write.signal(write.SIGINT, write.getsignal(write.SIGINT))
        os.kill(os.getpid(), write.SIGINT)

    monkeypatch.setattr(write.os, "replace", press)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may ignore it
    try:
        with pytest.raises(KeyboardInterrupt):
            write.write(tmp_path, {"a.py": "new\n", "b.py": "new\n"})
    finally:
        signal.signal(signal.SIGINT, before)
    assert {p.name for p in tmp_path.iterdir()} == {"a.py", "b.py"}


def test_what_is_asked_to_be_lost_is_listed_whole(tmp_path):
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(MINE)
    with pytest.raises(PullbackError) as error:
        write.refuse_to_lose(tmp_path, ["a.py", "b.py", "c.py"])
    assert str(error.value).count("not written by pullback") == 2
