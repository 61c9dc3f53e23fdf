"""Pages without a browser: whole documents, text that stays text, links, pictures, equal bytes."""

import json
import re
import xml.etree.ElementTree as ET
from functools import cache
from html.parser import HTMLParser

import pytest

from pullback.codegen import library
from pullback.codegen.compiler import Compiled, compile_definition, files, html
from pullback.codegen.faces import cli, notebook, write
from pullback.codegen.faces.formats import FORMATS, Asked
from pullback.codegen.interface.example import differences, example, zero_lines
from pullback.codegen.interface.example_sizes import small_sizes
from pullback.codegen.notation.letters import renamed
from pullback.codegen.notation.styles import LATEX, PAGE, UNICODE
from pullback.codegen.pages import breaking, copying, latex, mathml, page_numbers, pictures, site
from pullback.codegen.pages.graph import graph, in_lanes
from pullback.codegen.pages.outline import ONE_NUMBER
from pullback.codegen.pages.outliner import FURTHER
from pullback.codegen.pages.outlines import Outlines
from pullback.codegen.pages.setting import plain, prose, slug
from pullback.codegen.pages.terminal import Screen
from pullback.codegen.targets.numpy.loading import loaded
from pullback.codegen.targets.numpy.module import module
from pullback.derive.errors import PullbackError
from pullback.derive.index.objects import earlier
from pullback.derive.laws.registry import LAWS
from tests.shipped import compiled, proved

LAYERS = ("relu", "affine", "softmax_cross_entropy")
VOID = {"meta", "link", "wbr", "br", "line", "path", "input"}
HOSTILE = [
    "</title><script>alert(1)</script>",
    '" onmouseover="alert(1)" \'x',
    "{{7*7}} {% include 'style.css.j2' %}",
    "]]> --> <!-- <![CDATA[ &lt; &#60;",
    "two\nlines \N{BELL} \N{RIGHT-TO-LEFT OVERRIDE} \N{ZERO WIDTH SPACE}",
    "</style></pre></svg></math><img src=x onerror=alert(1)>",
]


class Page(HTMLParser):
    """The elements of a document; wrong nesting is an error."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.ids, self.links, self.text = [], [], [], [], []
        self.headings, self.attributes = [], []
        self.feed(text)
        self.close()
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        found = dict(attributes)
        self.attributes += found.items()
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found["href"]] if tag == "a" else []
        self.headings += [int(tag[1])] if re.fullmatch("h[1-6]", tag) else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> ends nothing"

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)


@cache
def shown(name) -> str:
    return html(compiled(name))


def own(source) -> Compiled:
    return compile_definition("own", source, library.shipped_source)


@pytest.mark.parametrize("name", LAYERS)
def test_a_page_is_a_whole_document(name):
    page = Page(shown(name))
    assert page.tags.count("script") == 2 and not any(
        a.startswith("on") for a, _ in page.attributes
    )
    assert len(page.ids) == len(set(page.ids))
    assert {h[1:] for h in page.links} <= set(page.ids)  # one that stands alone leads nowhere else
    assert page.headings[0] == 1 and page.headings.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(page.headings, page.headings[1:], strict=False))


@pytest.mark.parametrize("name", LAYERS)
def test_a_page_shows_every_step_with_its_law_and_check(name):
    page, made = Page(shown(name)), compiled(name)
    text = " ".join("".join(page.text).split())
    for number, step in enumerate(made.derivation.steps, 1):
        assert f"step-{number}" in page.ids and f"#{slug(step.law)}" in page.links
        assert made.proof.check(step).mark in text
    assert made.proof.words in text
    for gradient in made.derivation.gradients:
        assert f"grad-{gradient.tensor.name}" in page.ids
        assert any(
            k.startswith("code-") and k.endswith(f"-d{gradient.tensor.name}") for k in page.ids
        )


@pytest.mark.parametrize("name", LAYERS)
def test_a_page_has_its_gradients_and_their_steps_to_be_copied(name):
    (text,) = re.findall(r'<script type="application/json" id="latex">(.*?)</script>', shown(name))
    texts, show = json.loads(text), FORMATS["tex-fragment"]
    gradients = [gradient.tensor.name for gradient in compiled(name).derivation.gradients]
    assert list(texts["gradients"]) == gradients
    for of, levels in texts["gradients"].items():
        for detail, text in levels.items():
            assert text == show(compiled(name).proof, Asked((of,), detail))
        assert levels["key"] == show(compiled(name).proof, Asked((of,)))
    for step in texts["steps"].values():
        assert step.startswith("\\begin{align*}\n") and step.count("\\tag*{(") == 1
        after = in_a_line(step).split("@")[1]
        every = (*texts["gradients"].values(), *texts["tangents"].values())
        assert any(after in in_a_line(levels["every"]) for levels in every)
    assert set(texts["steps"]) < set(re.findall(r'id="step-(\d+)"', shown(name)))
    assert list(texts["tangents"]) == re.findall(r'id="tangent-(\w+)"', shown(name))


def in_a_line(fragment: str) -> str:
    """Lines of align* without the breaks that depend on what stands beside them; @ is their =."""
    text = re.sub(r"&(\\qquad \{\} )*= ", "@", fragment)
    return re.sub(r"\\\\\n|&|\\qquad \{\}|\\,|\s|\\end.*", "", text)


def test_what_is_copied_ends_no_script():
    text = str(copying.data({"<!--": "</script><script>"}))
    assert "<" not in text and json.loads(text) == {"<!--": "</script><script>"}


@pytest.mark.parametrize("name", LAYERS)
def test_formulas_are_spelled_for_those_who_cannot_see_them(name):
    wanted = {s.index for s in notebook.Derived(compiled(name)).pages[0].sections}
    spelled = {v for k, v in Page(shown(name)).attributes if k in ("alttext", "aria-label")}
    assert wanted <= spelled


@pytest.mark.parametrize("text", HOSTILE)
def test_text_from_a_definition_stays_text(text):
    quoted = "".join(f"\\U{ord(c):08x}" for c in text)
    made = own(
        f'title = "{quoted}"\nsummary = "{quoted}"\nequations = "u[n] = a * x[n]"\n'
        f'references = ["{quoted}"]\n[symbols]\nx = "{quoted}"\nn = "{quoted}"\n'
    )
    harmless = own(
        'title = "t"\nsummary = "t"\nequations = "u[n] = a * x[n]"\n'
        'references = ["t"]\n[symbols]\nx = "t"\nn = "t"\n'
    )
    card = site.card(made.outlines)
    for document, other in ((html(made), html(harmless)), (site.index_page([card]), None)):
        page = Page(document)
        assert plain(text) in " ".join("".join(page.text).split()) or "  " in text
        assert plain(text) in page.text[:40] or any(plain(text) in t for t in page.text)
        assert all(c.isprintable() or c == "\n" for c in document)
        if other:
            assert page.tags == Page(other).tags


def test_equations_are_escaped_in_every_place():
    text = html(own('equations = "u[n] = where(x[n] < a, x[n], 0 * a)"'))
    Page(text)
    assert "x[n] &lt; a" in text and "x[n] < a" not in text


def test_the_same_bytes_each_time():
    again = compile_definition("relu", library.shipped_source("relu"), library.shipped_source)
    assert html(again) == shown("relu")


# -- formulas --------------------------------------------------------------------------------------


def test_a_formula_that_cannot_be_set_is_an_error():
    with pytest.raises(PullbackError, match=r"nosuchcommand"):
        mathml.mathml(r"\nosuchcommand{x}")


@pytest.mark.parametrize("name", LAYERS)
def test_mathml_is_well_formed(name):
    found = re.findall(r"<math.*?</math>", shown(name), re.DOTALL)
    assert found and all(ET.fromstring(text).tag == "math" for text in found)


def test_tensors_have_the_same_colour_in_formulas_graph_and_code():
    text = shown("affine")
    places = mathml.typesetter(compiled("affine").layer).classes
    assert len(set(places.values())) == 4
    for name, colour in places.items():
        assert f'<mi class="{colour}">{name}</mi>' in text
        assert f'<span class="{colour}">{name}</span>' in text
    assert f'<span class="box {places["u"]}">' in text


def test_long_formulas_are_broken_before_operators():
    root = mathml.parsed(r"a + b - \biggl( c + d \biggr) - (-e)")
    texts = ["".join(part.itertext()) for part in breaking.pieces(root)]
    assert texts == ["a", "+b", "−(c+d)", "−(−e)"]
    text = "abcdefghijkl"
    root = mathml.parsed(rf"x \biggl( {text}{text} + {text}{text} \biggr)")
    assert len(breaking.pieces(root)) == 2  # within a bracket, where the whole is too long
    root = mathml.parsed(rf"\mathbf{{1}}[{text}{text} = {text}{text}] x")
    assert len(breaking.pieces(root)) == 1


LONG = " + ".join("abcdefgh")
WORDS = [rf"\mathrm{{{word}}}" for word in ("first", "second", "third", "fourth")]
CASES = rf"\begin{{cases}} {LONG} & \text{{if }} x > 0 \\ 0 & \text{{else}} \end{{cases}}"
UNFOLDED = [  # what is too wide in one piece, and how it then reads
    (rf"\frac{{{LONG}}}{{x \, y}} \, z", f"(({LONG})/(xy))z"),
    (rf"\frac{{x}}{{{LONG}}} + z", f"x/({LONG})+z"),
    (rf"\sqrt{{{LONG}}}", f"({LONG})1/2"),
    (rf"{{({LONG})}}^{{2}} \, x", f"({LONG})2x"),
    (CASES, f"where(x>0,{LONG},0)"),
    (r" \, ".join(WORDS), "firstsecondthirdfourth"),
    (r" \odot ".join(WORDS), "first⊙second⊙third⊙fourth"),
    (rf"x\bigl[{', '.join(WORDS)}\bigr]", "x[first,second,third,fourth]"),
]


@pytest.mark.parametrize(("latex", "text"), UNFOLDED)
def test_what_is_too_wide_gives_way(latex, text):
    parts = breaking.pieces(mathml.parsed(latex), room=120)
    assert "".join("".join(p.itertext()) for p in parts) == text.replace(" ", "")
    assert len(parts) > 1 and max(sum(map(breaking.width, p)) for p in parts) <= 120
    assert len(breaking.pieces(mathml.parsed(rf"x_{{{latex}}}"), room=2000)) == 1  # there is room


@pytest.mark.parametrize("script", [r"^{\top}", "_n", "_n^2"])
def test_a_bracket_grows_under_a_script_and_is_closed_for_breaks(script):
    """Browsers let a sign grow within a row, and not as the very base of a script."""
    text = "abcdefghijkl"
    root = mathml.parsed(rf"\biggl( \frac{{a}}{{b}} \biggr){script} {text} + {text}{text} + c")
    assert not [e for e in root.iter() if e.tag in breaking.SCRIPTS and e[0].tag == "mo"]
    assert len(breaking.pieces(root)) == 3


def test_both_brackets_of_a_power_have_one_size():
    text = shown("softmax_cross_entropy")
    assert "minsize" in text
    assert not re.search(r"<msup><mo[^>]*>\)</mo>", text)


# -- structures ------------------------------------------------------------------------------------


def test_axes_in_the_words_of_a_structure_are_set_as_in_formulas():
    outlines = Outlines(proved("batch_norm").derivation, proved("batch_norm"))
    part = outlines[UNICODE].sections[0].parts[0]
    assert part.structure == "block-diagonal, one block per `d`: diagonal plus rank two"
    text = shown("batch_norm")
    assert "block-diagonal, one block per <math" in text and "one block per d" in text
    assert "one block per $d$: diagonal" in latex.document(outlines[LATEX])
    assert "one block per d: diagonal" in Screen(False).show(outlines[UNICODE])


def test_the_row_of_a_node_that_is_one_number_is_called_so_everywhere():
    outlines = Outlines(proved("mlp").derivation, proved("mlp"))
    spread = (
        latex.document(outlines[LATEX]),
        latex.slides(outlines[LATEX]),
        Screen(False).show(outlines[UNICODE]),
    )
    for text in (*spread, shown("mlp")):
        flat = " ".join(text.split())
        assert ONE_NUMBER[1:] in flat.replace(",{}", ",")
        assert not re.search("[Ss]tructure: dense[.\n]", flat)


# -- indices ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", library.shipped())
def test_no_formula_has_two_primes_and_further_letters_are_explained(name):
    """None has the letter of another axis, or of anything else."""
    outlines = Outlines(proved(name).derivation, proved(name))
    shown = outlines[UNICODE]
    assert "′′" not in repr(shown)
    notation = outlines.outliner(UNICODE).notation
    letters = [letter for names, _ in notation.further for letter in names]
    assert len({*letters}) == len(letters)
    own = {i.axis for i in notation.layer.axes} | {"n"}
    known = {*notation.layer.tensors} | {i.axis for i in notation.layer.axes}
    assert not {*letters} - {notation.style.name(x) for x in own} & known
    said = [formula for formula, words in shown.symbols if words == FURTHER]
    assert said == [", ".join(names) for names, _ in notation.further]


def test_further_letters_are_alike_in_all_alphabets_and_give_way_to_letters_of_ones_own():
    proof = proved("layer_norm")
    for style in (UNICODE, LATEX, PAGE):
        known = Outlines(proof.derivation, proof)
        assert [names for names, _ in known.outliner(style).notation.further] == []
        assert not re.search(r"[′']{2}(?!, )|″", "".join(formulas(known[style])))
        assert [names for names, _ in known.outliner(style).notation.further] == [["d", "m", "k"]]
    own = Outlines(proof.derivation, proof, renamed(proof.derivation.layer, {"d": "m"}))
    assert own[UNICODE] and [x for x, _ in own.outliner(UNICODE).notation.further] == [
        ["m", "p", "h"]
    ]
    text = compiled("layer_norm").outlines.derivation and shown("layer_norm")
    assert FURTHER in text and "″" not in text


def formulas(outline):
    for section in (*outline.sections, *outline.tangents, *outline.seconds):
        yield section.index
        for part in section.parts:
            for block in filter(None, (part.jacobian, *part.blocks)):
                yield from (block.left, block.start, *(line.formula for line in block.lines))


# -- pictures, graph, example ----------------------------------------------------------------------


def picture(name, tensor):
    return pictures.picture(compiled(name).derivation.gradient(tensor).parts[0].jacobian)


def cells(path):
    """Rows and columns of a path's squares."""
    numbers = re.findall(r"M(\S+) (\S+?)h", path)
    return {(int(float(y)) // pictures.CELL, int(float(x)) // pictures.CELL) for x, y in numbers}


def test_a_diagonal_is_drawn_as_one():
    found = picture("relu", "u")
    assert (found.rows, found.columns, found.filled) == (4, 4, 4)
    assert cells(found.shades[0][1]) == {(k, k) for k in range(4)}


def test_a_picture_shows_where_entries_written_out_are_not_zero():
    from pullback.derive.calculus.jacobians import written_out

    for name, tensor in (("affine", "x"), ("affine", "W"), ("affine", "c")):
        jacobian = compiled(name).derivation.gradient(tensor).parts[0].jacobian
        matrix = written_out(
            jacobian, {i.name.rstrip("'"): 4 for i in jacobian.rows + jacobian.columns}
        )
        wanted = {divmod(k, matrix.cols) for k, e in enumerate(matrix) if e != 0}
        found = picture(name, tensor)
        assert {c for _, path in found.shades for c in cells(path)} == wanted


def test_diagonal_plus_rank_one_has_a_diagonal_of_its_own():
    made = own('equations = """\np[j] = exp(z[j]) / sum(i, exp(z[i]))\n"""')
    found = pictures.picture(made.derivation.gradient("z").parts[0].jacobian)
    shades = {kind: cells(path) for kind, path in found.shades}
    assert shades["full"] == {(k, k) for k in range(4)} and found.filled == 16


def test_no_two_edges_share_a_lane_in_a_row():
    names = list("abcdef")
    readers = {"a": ["b", "d", "f"], "b": ["c", "e"], "c": ["d", "f"], "d": ["e"], "e": ["f"]}
    edges = in_lanes(names, readers, set(names))
    assert len(edges) == sum(map(len, readers.values()))
    for one in edges:
        for other in edges:
            if one.source != other.source and one.lane == other.lane:
                assert one.target <= other.source or other.target <= one.source
        assert (one.lane == 0) == (one.target == one.source + 1)


def test_what_a_recurrence_reads_at_other_places_leads_back_in_the_graph():
    names = list("abcd")
    readers = {"a": ["b"], "b": ["c"], "c": ["d"], "<c": ["a", "b", "c"], "<d": ["b"]}
    readers = {(earlier(n[1:]) if n[0] == "<" else n): r for n, r in readers.items()}
    edges = in_lanes(names, readers, set(names))
    assert len(edges) == 7
    loop, *others = sorted((e for e in edges if e.kind == "earlier"), key=lambda e: not e.loops)
    assert loop.loops and loop.lane == 0
    assert [(e.source, e.target) for e in others if e.lane == others[0].lane] == [(2, 1), (2, 0)]
    assert all(e.lane for e in others) and len({e.lane for e in others}) == 2  # d has its own


def test_the_graph_names_edges_and_gradients():
    text = graph(compiled("affine").derivation).mermaid
    assert "  W --> u\n" in text and '  u -. "dW" .-> W\n' in text
    found = graph(compiled("rnn").derivation)
    assert '  s -- "earlier places" --> s\n' in found.mermaid
    assert found.words.endswith("; s reads s at earlier places") and found.earlier == "earlier"
    assert [bool(row.loops) for row in found.rows] == [False, True, False]


def test_the_example_is_what_the_module_returns():
    made = compiled("affine")
    found = example(made.derivation, loaded(module(made.derivation, made.program), made.layer))
    values = {
        (t.name, t.gradient): t.values for t in (*found.inputs, *found.nodes, *found.gradients)
    }
    x, w, c = (values[n, False] for n in "xWc")
    assert (values["u", False] == x @ w + c).all()
    assert (values["c", True] == found.upstream.values.sum(axis=0)).all()


def test_an_example_that_disagrees_with_the_module_is_refused():
    made = compiled("affine")
    text = module(made.derivation, made.program).replace("matmul(x, W", "matmul(2 * x, W")
    with pytest.raises(PullbackError, match="the module returns"):
        example(made.derivation, loaded(text, made.layer))


@pytest.mark.parametrize("name", ["relu", "huber", "hardtanh", "leaky_relu", "mlp", "elu", "hinge"])
def test_an_example_shows_both_sides_of_each_kink(name):
    if name in ("hardtanh", "hinge"):  # not shipped: two kinks, of which neither is at 0
        texts = {"hardtanh": "max(-1, min(1, u[...]))", "hinge": "max(0, 1 - t[...] * u[...])"}
        made = own(f"title = 'x'\nsummary = 'x'\nequations = 'h[...] = {texts[name]}'")
    else:
        made = compiled(name)
    found = example(made.derivation, loaded(module(made.derivation, made.program), made.layer))
    assert not found.one_sided and differences(made.layer)
    if name == "hardtanh":
        u = found.inputs[0].values
        assert u.min() < -1 < 1 < u.max() and ((u > -1) & (u < 1)).any()


def test_sizes_of_an_example_differ_where_there_is_room():
    for name in ("mlp", "lstm", "attention", "crf"):
        sizes = [*small_sizes(compiled(name).layer).values()]
        assert len(set(sizes)) == len(sizes), name
    layer = compiled("conv2d").layer  # seven axes: at least those of one tensor
    sizes = small_sizes(layer)
    for tensor in layer.inputs:
        own = [sizes[i.size] for i in tensor.indices[:3]]
        assert len(set(own)) == len(own), tensor.name


@pytest.mark.parametrize("name", ["mlp", "conv1d", "attention", "batch_norm"])
def test_an_example_has_few_rows_and_columns_of_gradients_without_an_entry(name):
    made = compiled(name)
    found = example(made.derivation, loaded(module(made.derivation, made.program), made.layer))
    assert not sum(zero_lines(t.values) for t in found.gradients)
    for table in found.gradients:  # a cotangent that is a multiple of an input gives almost 0
        assert abs(table.values).max() > 0.01


def test_rows_and_columns_without_an_entry_are_counted():
    import numpy as np

    assert zero_lines(np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]])) == 3
    assert zero_lines(np.zeros(3)) == 0


def test_a_value_and_its_matrix_form_are_one_chain():
    value = shown("affine").split('id="value-u"')[1].split("</section>")[0]
    assert "as matrices" in value and "in indices" not in value


def test_numbers_have_as_many_decimals_as_they_need():
    import numpy as np

    assert page_numbers.decimals(np.array([1.0, 2.0])) == 0
    assert page_numbers.decimals(np.array([0.25, 2.0])) == 2
    assert page_numbers.decimals(np.array([1 / 3, 2.0])) == 4
    assert page_numbers.array(np.array([-0.0, 1.5]), False, 1) == "[0.0, 1.5]"
    assert page_numbers.array(np.array([-0.04, 1.5]), False, 1) == "[0.0, 1.5]"
    large = np.array([-1e30, 0.5, 2.5e7])
    assert page_numbers.decimals(large) == 1
    assert page_numbers.array(large, False, 1) == "[-10³⁰, 0.5, 2.5·10⁷]"
    assert page_numbers.array(large[0], True, 1) == "-10^{30}"


# -- laws and files --------------------------------------------------------------------------------


def test_every_law_stands_on_the_page_of_laws():
    assert set(map(slug, LAWS)) <= set(Page(site.laws_page()).ids)
    assert (
        prose("a_l < Σ_{i≠l} `b_c`")
        == "a<sub>l</sub> &lt; Σ<sub>i≠l</sub> <code>b<sub>c</sub></code>"
    )


def test_generate_writes_pages_whose_links_lead_to_files(tmp_path, monkeypatch):
    monkeypatch.setattr(library, "shipped", lambda: ["affine", "relu"])
    assert cli.main(["generate", "--out", str(tmp_path)]) == 0
    pages = {p.name: Page(p.read_text()) for p in tmp_path.glob("*.html")}
    layers = {f"{name}{part}.html" for name in ("affine", "relu") for part in ("", "-tangents")}
    assert set(pages) == {*layers, "index.html", "laws.html"}
    for name, page in pages.items():
        for link in page.links:
            file, _, place = link.partition("#")
            assert not place or place in pages[file or name].ids, f"{name}: {link}"
            assert not file or (tmp_path / file).is_file(), f"{name}: {link}"


def test_without_math_core_pages_are_left_out(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(library, "shipped", lambda: ["relu"])
    assert cli.main(["generate", "--out", str(tmp_path)]) == 0
    monkeypatch.setattr(mathml, "available", lambda: False)
    capsys.readouterr()
    assert cli.main(["generate", "--out", str(tmp_path), "--check"]) == 0
    assert "pip install 'pullback[pages]'" in capsys.readouterr().err
    assert set(files(compiled("relu"))) == {"relu.py", "test_relu.py", "relu.tex"}
    assert ".html" in write.WRITTEN


def test_show_html_says_what_is_missing(monkeypatch, capsys):
    monkeypatch.setitem(__import__("sys").modules, "math_core", None)
    mathml.converter.cache_clear()
    assert cli.main(["show", "relu", "--format", "html"]) == 2
    assert "pip install 'pullback[pages]'" in capsys.readouterr().err
    monkeypatch.undo()
    assert cli.main(["show", "relu", "--format", "html"]) == 0
    assert capsys.readouterr().out == shown("relu")
