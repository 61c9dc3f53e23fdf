"""What is written on the live page: typing, faults, other notations, files, the address."""

import tomllib

import pytest

from tests.live.browsing import (
    END,
    GRADIENTS,
    LAYER,
    READ,
    WRONG,
    Screen,
    lead,
    needs_chromium,
)

pytestmark = needs_chromium


def test_each_key_is_read_and_only_a_rest_derives(here):
    context, home = here
    screen = Screen(context.browser.new_context(), home)  # a clock is all its context's
    screen.page.clock.install()
    screen.page.clock.pause_at("2100-01-01")
    screen.write("z = h w")
    screen.page.clock.run_for(299)
    assert len(screen.asked("read")) == 7 and not screen.asked("derive")
    screen.page.clock.run_for(1)
    assert screen.phase == "deriving"
    assert [q["text"] for q in screen.asked("derive")] == ["z = h w"]
    screen.close()


def test_a_key_ends_a_derivation(screen):
    screen.derived(LAYER)
    ended = screen.ended("derive")
    screen.page.locator("#text").press("x")
    assert screen.phase == "typing" and screen.ended("derive") == ended + 1
    screen.tell("derive", GRADIENTS[0])  # too late
    assert not screen.seen(".card-of")


def test_a_wrong_word_is_underlined_and_mended_by_a_click_and_taken_back(screen):
    lead(screen, "asking")
    mark = screen.page.locator("#under mark")
    assert mark.text_content() == "xW"
    assert screen.seen("#message p")[0] == "Line 2: xW is not declared: x W?"
    assert screen.page.locator("#text").get_attribute("aria-invalid") == "true"
    screen.answer("read", *READ)
    screen.page.get_by_role("button", name="x W").click()
    assert screen.page.locator("#text").input_value() == "h = w\nu = x W"
    screen.reach("deriving")
    assert not screen.seen("#message") and not mark.count()
    screen.page.locator("#text").press("Control+z")
    assert screen.page.locator("#text").input_value() == "h = w\nu = xW"


def test_a_guess_of_shapes_goes_into_their_field_and_is_seen_there(screen):
    guess = {"label": "x=N D", "about": "x as a matrix", "text": "u = x", "shapes": "x=N D"}
    screen.answer("read", {**WRONG, "fixes": [guess]})
    screen.page.locator("#text").fill("u = x")
    screen.reach("error")
    assert screen.seen(".fixes .note") == ["Guessed, x as a matrix."]
    screen.answer("read", *READ)
    screen.page.get_by_role("button", name="x=N D").click()
    assert screen.page.locator("#shapes").input_value() == "x=N D"
    assert screen.page.locator("#text").input_value() == "u = x"
    screen.reach("deriving")
    assert screen.asked("read")[-1]["shapes"] == "x=N D" and not screen.seen("#message")


def test_the_mark_lies_under_its_word(screen):
    screen.answer("read", {**WRONG, "line": 2, "column": 3, "end": 5})
    screen.page.locator("#text").fill("𝟏ᵀ x\n𝟏 xW")  # columns count characters, not halves
    screen.reach("error")
    assert screen.page.locator("#under mark").text_content() == "xW"
    sizes = """() => ["under", "text"].map(id => { const e = document.getElementById(id),
        s = getComputedStyle(e); return [s.font, s.padding, s.whiteSpace, s.letterSpacing,
        e.clientWidth, e.clientHeight].join(); })"""
    under, text = screen.page.evaluate(sizes)
    assert under == text


def test_text_of_others_is_text(screen):
    nasty = "<img src=x onerror=alert(1)>"
    fixes = [{"label": nasty, "text": nasty}]
    screen.answer("read", {**WRONG, "message": nasty, "column": 1, "end": 9, "fixes": fixes})
    screen.page.locator("#text").fill(nasty)
    screen.reach("error")
    assert nasty in screen.seen("#message")[0] and not screen.page.locator("#write img").count()


def test_a_text_that_is_too_long_is_not_asked_about(screen):
    screen.page.locator("#text").fill("x" * 60_001)
    screen.reach("error")
    assert "60001 characters" in screen.seen("#message")[0] and not screen.asked("read")
    assert (
        screen.page.locator("#message").bounding_box()["y"] < 900
    )  # the field does not grow for ever


def test_what_was_understood_stands_beside_the_text(screen):
    screen.derived()
    assert screen.seen("#equations li") == ["z\nz = h @ w"]
    screen.page.get_by_text("Shapes", exact=True).last.click()
    assert screen.seen("#sizes .shape") == ["N × D"]
    screen.page.get_by_role("button", name="leaky relu for relu").click()
    assert screen.page.locator("#text").input_value() == "z = leaky(h) w"


def test_an_example_is_one_click_and_back_is_back(screen):
    screen.page.locator("#text").fill("my own")
    screen.page.get_by_role("button", name="u = xW + c").click()
    assert screen.page.locator("#shapes").input_value() == "x=N D; W=D K; c=K"
    screen.reach("deriving")
    assert screen.asked("derive")[-1]["text"] == "u = x W + c"
    screen.page.go_back()
    assert screen.page.locator("#text").input_value() == "my own"


def test_notations_are_switched_without_loss_or_with_a_reason(screen):
    screen.page.locator("#text").fill("u = x W")
    screen.page.locator("#shapes").fill("x=N D; W=D K")
    text = {"event": "text", "text": "u[n, k] = sum(d, x[n, d] * W[d, k])", "notation": "index"}
    screen.answer("convert", text, END)
    screen.page.get_by_label("Indices").first.check()
    assert screen.page.locator("#text").input_value() == text["text"]
    assert not screen.page.locator("#shapes").is_visible()
    screen.page.get_by_label("Matrices").first.check()  # back to what it came from
    assert screen.page.locator("#text").input_value() == "u = x W"
    assert screen.page.locator("#shapes").input_value() == "x=N D; W=D K"
    assert len(screen.asked("convert")) == 1
    screen.answer("convert", {"event": "error", "message": "no way to NumPy"})
    screen.page.get_by_role("radio", name="NumPy").click()
    assert screen.page.get_by_label("Matrices").first.is_checked()
    assert "no way to NumPy" in screen.seen("#message")[0]
    screen.page.get_by_role("button", name="Read it as NumPy").click()
    assert screen.page.get_by_role("radio", name="NumPy").is_checked()
    assert screen.asked("read")[-1]["notation"] == "arrays"


def test_the_definition_is_in_the_address_and_comes_back(here, screen):
    screen.page.locator("#text").fill("u = x W # ‖x‖² & <b>")
    screen.page.locator("#shapes").fill("x=N D; W=D K")
    screen.reach("deriving")
    fragment = screen.page.evaluate("location.hash")
    other = Screen(*here, fragment)
    other.reach("deriving")
    keys = ("notation", "text", "shapes", "wrt", "letters")
    mine, its = screen.asked("derive")[-1], other.asked("derive")[-1]
    assert {k: mine[k] for k in keys} == {k: its[k] for k in keys}
    other.close()


def test_an_address_of_anybody_is_text(here):
    screen = Screen(*here, "#notation=<b>&text=%3Cscript%3Ealert(1)%3C/script%3E&shapes=%ZZ")
    assert screen.page.locator("#text").input_value() == "<script>alert(1)</script>"
    assert screen.asked("read")[-1]["notation"] == "index"
    screen.close()


def test_a_link_has_no_token(screen):
    screen.context.grant_permissions(["clipboard-read", "clipboard-write"])
    screen.derived()
    screen.page.get_by_role("button", name="Copy link").click()
    screen.page.get_by_text("Copied").first.wait_for()
    link = screen.page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(f"{screen.home}#notation=matrices&text=z")
    own = "import('/static/files.js').then(f => f.linked('file:///a%20b/live.html?token=t#text=q'))"
    assert screen.page.evaluate(own).startswith("file:///a%20b/live.html#notation=matrices&text=z")


@pytest.mark.parametrize("notation", ["nothing", "constructor", "__proto__", "toString", ""])
def test_an_address_with_a_notation_that_is_none_has_indices(here, notation):
    screen = Screen(*here, f"#notation={notation}&text=u")
    screen.reach("deriving")
    assert screen.asked("derive")[-1]["notation"] == "index"
    with screen.page.expect_download() as saved:
        screen.page.get_by_role("button", name="Save").click()
    assert "equations" in tomllib.loads(saved.value.path().read_text())
    screen.close()


@pytest.mark.parametrize("text", ["u = x W\n", "a '''b\\", 'q""" \\x\t\x01'])
def test_a_saved_file_is_toml_that_holds_the_definition(screen, text):
    screen.page.locator("#text").fill(text)
    screen.page.locator("#shapes").fill('x=N D; λ=; y=N: "C"')
    screen.page.locator("#wrt").fill("x, W")
    with screen.page.expect_download() as saved:
        screen.page.get_by_role("button", name="Save").click()
    found = tomllib.loads(saved.value.path().read_text())
    assert found["matrices"].strip() == text.strip() and found["wrt"] == ["x", "W"]
    assert found["shapes"] == {"x": "N D", "λ": "", "y": 'N: "C"'}


def test_files_are_taken_dropped_or_opened(screen):
    name = {"name": "f.toml", "mimeType": "text/plain", "buffer": b'equations = "u = x"\r\n'}
    screen.page.locator("#file").set_input_files(name)
    screen.reach("deriving")
    assert screen.asked("derive")[-1]["notation"] == "toml"
    assert screen.asked("derive")[-1]["text"] == 'equations = "u = x"\n'
    assert screen.page.get_by_label("File", exact=True).is_checked()
    screen.page.evaluate("""() => { const data = new DataTransfer();
        data.items.add(new File(["def f(x): return x"], "f.py"));
        document.body.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true,
            cancelable: true})); }""")
    screen.page.wait_for_function("() => document.getElementById('text').value.startsWith('d')")
    assert screen.asked("read")[-1]["notation"] == "arrays"
    large = {"name": "f.py", "mimeType": "text/plain", "buffer": b"#" * 70_000}
    screen.page.locator("#file").set_input_files(large)
    screen.page.locator("#message").get_by_text("f.py is too large").wait_for()
