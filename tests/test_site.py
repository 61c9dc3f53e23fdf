"""What ties the pages together: links, groups, a way in from a handout, laws and back."""

import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from pullback.codegen import library
from pullback.codegen.compiler import compile_definition, files
from pullback.codegen.faces import cli
from pullback.codegen.pages import site
from pullback.codegen.pages.listing import Listing
from pullback.codegen.targets.plain.target import Plain
from pullback.derive.errors import ProofFailed, PullbackError, TooLarge
from pullback.derive.read.vocabulary import WORDS
from tests.test_pages import Page

GENERATED = Path(__file__).parent.parent / "generated"
LAYERS = ("affine", "relu", "mlp")


@pytest.fixture(scope="module")
def written():
    """The committed pages, by name."""
    return {p.name: p.read_text(encoding="utf-8") for p in GENERATED.glob("*.html")}


def ids(text):
    return re.findall(r'<[^>]* id="([^"]*)"', text)


def hrefs(text):
    return re.findall(r'<a [^>]*?href="([^"]*)"', text)


def dead(pages):
    """The links that lead nowhere."""
    places = {name: {*ids(text)} for name, text in pages.items()}
    found = []
    for name, text in pages.items():
        for link in hrefs(text):
            file, _, place = link.partition("#")
            if (file or name) not in places or (place and place not in places[file or name]):
                found.append((name, link))
    return found


def own(source, name="own"):
    return compile_definition(name, source, library.shipped_source)


def generated(folder, *arguments):
    assert cli.main(["generate", *arguments, "--out", str(folder)]) == 0
    return {p.name: p.read_text() for p in folder.glob("*.html")}


# -- links -----------------------------------------------------------------------------------------


def test_no_link_of_any_page_is_dead(written):
    assert len(written) == 2 * len(library.shipped()) + 2 and not dead(written)
    assert dead({**written, "affine.html": written["affine.html"].replace('id="values"', "")})


def test_forward_mode_stands_on_a_page_that_is_linked_there_and_back(written):
    for name in library.shipped():
        first, second = written[f"{name}.html"], written[f"{name}-tangents.html"]
        assert f"{name}-tangents.html#forward-mode" in hrefs(first)
        assert f"{name}.html" in hrefs(second)
        steps = [[int(i[5:]) for i in ids(t) if i.startswith("step-")] for t in (first, second)]
        assert min(steps[1]) == max(steps[0]) + 1  # each step on one page
        assert sorted([*steps[0], *steps[1]]) == list(range(1, max(steps[1]) + 1))
        assert not any(i.startswith("tangent-") for i in ids(first))
        for text in (first, second):
            assert all(f'id="level-{level}"' in text for level in ("result", "key", "every"))


def test_a_page_that_stands_alone_has_everything():
    from pullback.codegen.compiler import html

    text = html(own('equations = "L = sum(n, x[n]**3)"'))
    assert not dead({"": text})
    assert {"forward-mode", "second-derivatives", "tangent-L_dot", "grad-x"} <= {*ids(text)}


def test_layers_link_to_those_that_they_call_and_back(written):
    for name, called in (("mlp", ("affine", "relu", "softmax_cross_entropy")), ("affine", ())):
        found = re.search(r"It calls (.*)\.</p>", written[f"{name}.html"])
        assert (hrefs(found[1]) if found else []) == [f"{c}.html" for c in called]
        for one in called:
            back = re.search(r"It is called by (.*)\.</p>", written[f"{one}.html"])[1]
            assert f"{name}.html" in hrefs(back)


def test_a_layer_that_has_no_page_beside_it_is_named_and_not_linked(tmp_path):
    (tmp_path / "mine.toml").write_text('equations = "h[n] = relu(u[n])"')
    pages = generated(tmp_path / "out", str(tmp_path / "mine.toml"))
    assert "It calls <code>relu</code>" in pages["mine.html"] and not dead(pages)


def test_a_shipped_layer_alone_has_no_dead_link(tmp_path):
    assert not dead(generated(tmp_path, "relu"))


def test_a_layer_anew_leaves_the_list_and_what_links_to_it(tmp_path, monkeypatch):
    monkeypatch.setattr(library, "shipped", lambda: ["affine", "relu"])
    before = generated(tmp_path)
    assert generated(tmp_path, "relu", "--force") == before and not dead(before)


# -- code ------------------------------------------------------------------------------------------


def test_plain_code_comes_first_and_lines_of_both_are_tied_to_steps(written):
    text = written["mlp.html"]
    plain, fast = text.index("def</span> forward(<"), text.index("work: Workspace")
    assert plain < text.index('<details class="fold"><summary><code>mlp.py') < fast
    for value in ("u", "ell", "dz", "dW"):
        function = "backward" if value[0] == "d" else "forward"
        for place in ("code", "code1"):
            assert f'id="{place}-{function}-{value}"' in text
    for place in ("code-forward-u", "code1-forward-u"):
        assert re.search(rf'id="{place}"><a class="from" href="#value-u"', text)
    assert "_current(work" in text and "def</span> _current(" in text  # with what it calls
    jvp = written["mlp-tangents.html"]
    assert 'id="code-jvp-z_dot"><a class="from" href="#tangent-z_dot"' in jvp
    assert 'id="code-jvp-z"><a class="from" href="mlp.html#value-z"' in jvp
    assert 'id="code-hvp-dw_dot"><a class="from" href="#tangent-dw_dot"' in jvp


def test_plain_code_whose_forms_take_too_much_is_left_out(monkeypatch):
    def raising(self, proof):
        raise TooLarge("the proof comes to more than 8 parts")

    made = own('equations = "h[n] = exp(x[n])"')
    monkeypatch.setattr(Plain, "forms", raising)
    text = files(made)["own.html"]
    assert "work: Workspace" in text and "the module that is written" not in text


def test_plain_code_whose_forms_are_wrong_is_refused(monkeypatch):
    def raising(self, proof):
        raise ProofFailed("no", "own")

    made = own('equations = "h[n] = exp(x[n])"')
    monkeypatch.setattr(Plain, "forms", raising)
    with pytest.raises(ProofFailed):
        files(made)


def test_plain_code_must_return_what_the_page_shows(monkeypatch):
    emit = Plain.emit

    def wrong(self, derivation, program):
        found = emit(self, derivation, program)
        assert "return dx" in found.module
        return replace(found, module=found.module.replace("return dx", "return 2 * dx"))

    monkeypatch.setattr(Plain, "emit", wrong)
    with pytest.raises(PullbackError, match="the module returns dx"):
        files(own('equations = "h[n] = exp(x[n])"'))


def test_empty_lines_of_code_are_shown():
    made = own('equations = "h[n, d] = x[y[n], d]"').emit()
    module = replace(made, helpers=("def f():\n    a\n\n    b",))
    from pullback.codegen.pages.listing import Module

    listing = Listing(Module("", module, None), (), "code", {}, {})
    assert "a\n<wbr>\n    b" in listing.context()["helpers"][0]


# -- the list --------------------------------------------------------------------------------------


def cards(*sources):
    return [site.card(own(s, f"own{k}").outlines) for k, s in enumerate(sources)]


def test_the_list_has_groups_by_name_and_the_rest_last():
    one = 'equations = "h[n] = 2 * x[n]"\n'
    found = cards(
        one, f'group = "norms"\n{one}', f'group = "Losses"\n{one}', f'group = "losses"\n{one}'
    )
    names = [(g, [c.name for c in members]) for g, members in site.groups(found)]
    assert names == [("Losses", ["own2", "own3"]), ("Norms", ["own1"]), ("More", ["own0"])]
    text = site.index_page(found)
    assert re.findall("<h2>(.*?)</h2>", text) == ["Losses", "Norms", "More"]
    assert len(ids(text)) == len({*ids(text)})


def test_a_group_stays_text():
    group = "<script>x</script>"
    text = site.index_page(cards(f'group = "{group}"\nequations = "h[n] = 2 * x[n]"'))
    assert group not in text and "&lt;script&gt;" in text and Page(text)


def test_every_shipped_layer_has_a_group(written):
    assert "<h2>More</h2>" not in written[site.HOME]


def test_the_way_in_from_a_handout_is_that_of_its_table():
    plain = 'equations = "h[n] = 2 * x[n]"\n'
    assert "Following the handout" not in site.index_page(cards(plain))
    text = site.index_page(cards(plain, f'{plain}[handout]\n"h = 2 x" = "h"\n'))
    assert re.search(
        r'class="start">Following the handout\? Start here: <a href="own1.html">', text
    )


def test_a_card_survives_as_data():
    (card,) = cards('group = "a"\nequations = "h[n] = where(x[n] > 0, x[n], 0)"')
    again = site.Card.of(card.data)
    assert again == card and site.index_page([again]) == site.index_page([card])


FUNCTIONS = {*WORDS, "log1p", "expm1", "sgn", "π"}
REDUCED = ("Σ_", "max_", "min_", "argmax_")
FUNCTIONS |= {"max", "min", "where", "argmax", "abs"}


def spoken(text):
    """The formulas of a page as they are spelled."""
    return [unescape(s) for s in re.findall(r'(?:alttext|aria-label)="([^"]*)"', text)]


def test_the_symbols_of_a_card_are_defined_on_it(written):
    """A cotangent by a formula of its own, all else by an equation or among the words below."""
    found = re.findall(r"<article.*?</article>", written[site.HOME], re.DOTALL)
    assert len(found) == len(library.shipped())
    for text in found:
        formulas, legend = map(spoken, text.split('<ul class="legend">'))
        slopes = re.findall(r"∂\w+/∂\w+", " ".join(formulas))
        output = [f for f in formulas if f[0] != "∂"][-1]
        given = slopes[0].split("/")[0] + "/∂" + re.match(r"\w+", output)[0]
        assert {*slopes} <= {re.split(r"[\[ ]", f)[0] for f in formulas} | {given}
        names = {w.rstrip("′") for f in formulas for w in re.findall(r"[^\W\d_]\w*", f)}
        defined = {re.match(r"\w+|.", f)[0] for f in (*formulas, *legend)}
        undefined = {n for n in names - defined - FUNCTIONS if not n.startswith(REDUCED)}
        powers = {n for n in undefined if not n.strip("⁰¹²³⁴⁵⁶⁷⁸⁹")}
        assert not undefined - powers - {"𝟙"}, text[:200]


# -- laws ------------------------------------------------------------------------------------------


def test_a_law_leads_to_the_steps_that_use_it_and_they_to_it(written):
    for name in ("mlp.html", "mlp-tangents.html"):
        steps = re.findall(r'id="(step-\d+)">.*?href="#(law-.*?)"', written[name], re.DOTALL)
        entries = dict(re.findall(r'<div id="(law-.*?)">(.*?)</div>', written[name], re.DOTALL))
        for step, law in steps:
            assert f"#{step}" in hrefs(entries[law])
            assert f"{site.LAWS_FILE}#{law}" in hrefs(entries[law])
        assert len(steps) > 50


def test_the_page_of_laws_leads_to_every_layer_whose_steps_use_one(written):
    entries = written[site.LAWS_FILE].split('<div id="')[1:]
    for entry in entries:
        law = entry.split('"')[0]
        wanted = {
            name.split("-")[0].removesuffix(".html")
            for name, text in written.items()
            if name not in (site.HOME, site.LAWS_FILE) and f'<div id="{law}">' in text
        }
        assert {link.split("-")[0].split(".")[0] for link in hrefs(entry) if law in link} >= wanted
