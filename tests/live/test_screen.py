"""The screen of the live page in a browser: each state, each button, keys alone, phone and dark."""

import tomllib

import pytest

from tests.live.browsing import (
    ASKED,
    DERIVED,
    END,
    GRADIENTS,
    LAYER,
    PHASES,
    PROVED,
    READ,
    WHOLE,
    Screen,
    api,
    faint,
    fits,
    needs_chromium,
    place,
)

pytestmark = needs_chromium
WRONG = {
    "event": "error",
    "message": "exq is no function",
    "line": 1,
    "column": 5,
    "end": 8,
    "fixes": [],
}


@pytest.fixture(scope="module")
def here():
    with api.sync_playwright() as driver, place(driver) as found:
        yield found


@pytest.fixture
def screen(here):
    found = Screen(*here)
    yield found
    found.close()


# -- states --------------------------------------------------------------------------------------


def lead(screen, phase):
    """To a state, on the way that a user goes."""
    if phase == "typing":
        screen.derived()
        screen.page.locator("#text").press("x")
    elif phase in ("error", "asking"):
        screen.derived()
        screen.answer("read", ASKED if phase == "asking" else WRONG)
        screen.page.locator("#text").fill("h = w\nu = xW")
    elif phase == "deriving":
        screen.derived(LAYER, GRADIENTS[0])
    elif phase == "proving":
        screen.derived(LAYER, *GRADIENTS, *PROVED[:2])
    elif phase == "done":
        screen.derived()
    elif phase == "stopped":
        screen.derived(LAYER, GRADIENTS[0])
        screen.page.locator("#stop").click()
    elif phase == "refuted":
        screen.derived(LAYER, *GRADIENTS, {"event": "refuted", "message": "step 3 fails"}, END)
    elif phase == "large":
        large = {"event": "too large", "message": "over 60 s", "advice": "ask for fewer"}
        screen.derived(LAYER, large)
    elif phase == "gone":
        screen.derived()
        screen.answer("read", {"event": "gone"})
        screen.page.locator("#text").press("x")
    screen.reach(phase)


@pytest.mark.parametrize("phase", PHASES)
def test_each_state_is_seen_fits_and_can_be_read(screen, phase):
    lead(screen, phase)
    for width in (390, 820, 1280):
        screen.page.set_viewport_size({"width": width, "height": 900})
        assert fits(screen.page), width
    screen.page.emulate_media(reduced_motion="reduce")  # or colours are on their way
    assert not faint(screen.page)
    assert screen.phase == phase or phase == "typing"  # which goes by by itself
    busy = phase in ("deriving", "proving")
    assert screen.page.locator("#stop").is_visible() == busy or phase == "typing"


def test_a_screen_reader_is_told_each_state_once(screen):
    said = screen.page.locator("#said")
    screen.derived(LAYER)
    assert said.text_content() == "Deriving …"
    screen.tell("derive", *GRADIENTS, *PROVED, END)
    assert said.text_content().startswith("Done. 7 steps")
    screen.answer("read", WRONG)
    screen.page.locator("#text").press("x")
    screen.reach("error")
    assert said.text_content() == "exq is no function"


def test_old_results_stay_in_grey_while_one_types(screen):
    lead(screen, "typing")
    grey = "getComputedStyle(document.getElementById('gradients')).opacity"
    screen.page.wait_for_function(f"() => {grey} === '0.45'")
    assert len(screen.seen(".card-of")) == 2
    screen.reach("deriving")
    screen.tell("derive", LAYER, GRADIENTS[1])
    screen.page.wait_for_function(f"() => {grey} === '1'")
    assert len(screen.seen(".card-of")) == 1


def test_gradients_come_one_by_one_then_marks(screen):
    screen.derived(LAYER, GRADIENTS[0])
    assert screen.seen("#status") == ["Deriving: 1 of 2 gradients"]
    screen.tell("derive", GRADIENTS[1], DERIVED)
    assert screen.seen("#status") == ["Proving: 0 of 7 steps"]
    assert [h.split() for h in screen.seen(".card-of h3")] == [
        [*["Gradient", "by"], n] for n in "zw"
    ]
    assert screen.seen(".check") == ["○", "○"]
    screen.tell("derive", *PROVED[:3])
    assert screen.seen(".check") == ["○", "○"]  # steps 2 to 4, of which 4 is not yet proved
    screen.tell("derive", *PROVED[3:])
    assert screen.seen(".check") == ["◐", "✓"]  # of several steps the weakest
    screen.tell("derive", END)
    assert screen.seen("#status") == [
        "Done. 7 steps: 6 proved for every size, 1 at small sizes. 0.8 s."
    ]


def test_of_what_is_refuted_nothing_can_be_taken(screen):
    lead(screen, "refuted")
    assert screen.seen("#trouble") == ["Nothing below is a result: step 3 fails"]
    for button in screen.page.locator("[data-result]").all():
        assert button.is_disabled()
    screen.page.locator("#text").press("Control+Enter")
    screen.tell("derive", *WHOLE)
    assert not screen.seen("#trouble")
    assert screen.page.locator("#code").is_enabled()


def test_too_large_says_what_to_do(screen):
    lead(screen, "large")
    assert screen.seen("#trouble") == ["Too large: over 60 s\n\nask for fewer"]


def test_a_server_that_is_gone_is_tried_again(screen):
    lead(screen, "gone")
    assert "tried again" in screen.seen("#message")[0]
    tried = len(screen.asked("read"))
    screen.page.wait_for_timeout(1300)
    assert len(screen.asked("read")) > tried
    screen.answer("read", *READ)
    screen.page.get_by_role("button", name="Try now").click()
    screen.reach("deriving")
    assert not screen.seen("#message")


def test_an_answer_without_an_end_is_asked_again(screen):
    screen.derived(LAYER, {"event": "cut off"})
    assert screen.phase == "gone" and "cut off" in screen.seen("#message")[0]
    screen.reach("deriving")


def test_a_token_that_is_not_taken_is_not_tried_again(screen):
    screen.answer("read", {"event": "locked"})
    screen.page.locator("#text").fill("z = h w")
    screen.reach("gone")
    assert "new address" in screen.seen("#message")[0]
    tried = len(screen.asked("read"))
    screen.page.wait_for_timeout(1300)
    assert len(screen.asked("read")) == tried


# -- typing --------------------------------------------------------------------------------------


def test_each_key_is_read_and_only_a_rest_derives(screen):
    screen.write("z = h w")
    assert len(screen.asked("read")) == 7 and not screen.asked("derive")
    screen.reach("deriving")
    assert [q["text"] for q in screen.asked("derive")] == ["z = h w"]


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


# -- what follows --------------------------------------------------------------------------------


def test_levels_and_notations_are_switched_without_asking(screen):
    screen.derived()
    asked = len(screen.page.evaluate("fake.asked"))
    assert screen.seen(".in-index") == ["iz", "iw"] and screen.seen(".in-matrix") == ["mz", "mw"]
    assert len(screen.seen("#gradients .step")) == 2
    screen.page.get_by_label("Every step").check()
    assert len(screen.seen("#gradients .step")) == 6
    laws = [" ".join(law.split()) for law in screen.seen("#gradients .law")]
    assert laws == ["fold"] * 5 + ["fold, where N , D"]
    screen.page.get_by_label("Result", exact=True).check()
    assert not screen.seen("#gradients .step")
    screen.page.locator("[name=shown][value=matrix]").check()
    assert not screen.seen(".in-index") and screen.seen(".in-matrix") == ["mz", "mw"]
    screen.page.locator("[name=shown][value=index]").check()
    assert screen.seen(".in-index") == ["iz", "iw"] and not screen.seen(".in-matrix")
    assert len(screen.page.evaluate("fake.asked")) == asked


def test_latex_of_the_level_is_copied_and_says_when_it_is_not_proved(screen):
    screen.context.grant_permissions(["clipboard-read", "clipboard-write"])
    clipboard = "navigator.clipboard.readText()"
    screen.derived(LAYER, *GRADIENTS)
    screen.page.get_by_role("button", name="Copy the gradient by w").click()
    screen.page.get_by_text("Copied").first.wait_for()
    early = "% not yet proved\n\\begin{align*} w key \\end{align*}"
    assert screen.page.evaluate(clipboard) == early
    screen.tell("derive", *PROVED, END)
    screen.page.get_by_label("Result", exact=True).check()
    screen.page.get_by_role("button", name="Copy the gradient by z").click()
    screen.page.get_by_text("Copied").first.wait_for()
    assert screen.page.evaluate(clipboard) == "\\begin{align*} z result \\end{align*}"


def test_answers_are_hidden_for_an_exercise(screen):
    screen.derived()
    screen.page.get_by_label("Hide answers").check()
    assert not screen.seen(".gradient") and not screen.seen(".copy")
    screen.page.get_by_role("button", name="Show the answer").last.click()
    assert screen.seen(".in-index") == ["iw"]


def test_second_derivatives_come_on_demand(screen):
    screen.derived()
    assert screen.asked("derive")[-1]["seconds"] is False
    screen.page.get_by_role("button", name="Forward mode and second derivatives").click()
    assert screen.asked("derive")[-1]["seconds"] is True
    tangent = {**GRADIENTS[0], "event": "tangent"}
    screen.tell("derive", LAYER, *GRADIENTS, tangent, *PROVED, END)
    assert len(screen.seen("#extra .card-of")) == 1 and screen.phase == "done"


def test_letters_are_asked_with(screen):
    screen.derived()
    screen.page.locator("#letters").fill("n=i")
    screen.reach("deriving")
    assert screen.asked("derive")[-1]["letters"] == "n=i"


# -- why, code, check ----------------------------------------------------------------------------


def test_a_step_says_why_and_shows_its_jacobian(screen):
    screen.answer("why", {"event": "why", "html": "<p>as deltas do</p>"}, END)
    screen.derived()
    screen.page.get_by_role("button", name="Why step 7").click()
    assert screen.asked("why")[-1]["step"] == 7
    assert screen.seen("#because") == ["as deltas do"]
    assert screen.seen("#picture") == ["picture of w"]
    screen.page.locator("#pair").select_option("z by z")
    assert screen.seen("#picture") == ["picture of z"]
    screen.page.set_viewport_size({"width": 390, "height": 900})
    screen.page.get_by_role("button", name="Why step 4").click()
    inside = screen.page.locator("#gradients #why")  # on a phone beneath the step
    assert inside.inner_text().startswith("Why step 4")


def test_code_is_shown_copied_saved_and_kept_up_to_date(screen):
    code = {
        "event": "code",
        "target": "plain",
        "file": "f.py",
        "text": "x = 1",
        "html": "<pre>x</pre>",
    }
    screen.answer("code", code, END)
    screen.derived(LAYER, *GRADIENTS)
    screen.page.locator("#code").click()
    assert screen.seen("#code-in") == ["x"] and screen.asked("code")[-1]["target"] == "plain"
    with screen.page.expect_download() as saved:
        screen.page.get_by_role("button", name="Download").click()
    assert saved.value.suggested_filename == "f.py"
    assert saved.value.path().read_text() == "# not yet proved\nx = 1"
    screen.tell("derive", *PROVED, END)  # what is proved now is asked for anew
    assert len(screen.asked("code")) == 2
    screen.page.locator("#target").select_option("numpy")
    assert screen.asked("code")[-1]["target"] == "numpy"


def test_a_gradient_by_hand_is_checked(screen):
    wrong = {"event": "checked", "verdict": "wrong", "html": "<p>a sign</p>", "text": "a sign"}
    screen.answer("check", wrong, END)
    screen.derived()
    screen.page.locator("#claim").fill("dw = -h.T @ dz")
    screen.page.locator("#claim").press("Control+Enter")
    assert screen.asked("check")[-1]["claim"] == "dw = -h.T @ dz"
    assert screen.seen("#checked") == ["a sign"]
    assert screen.page.locator("#checked").get_attribute("data-verdict") == "wrong"
    screen.answer("check", {"event": "error", "message": "dw is no name", "line": 0, "fixes": []})
    screen.page.locator("#check").click()
    assert screen.seen("#checked") == ["dw is no name"] and screen.phase == "done"


def test_a_worked_example_has_own_numbers_or_drawn_ones(screen):
    screen.answer("example", {"event": "example", "html": "<p>2 + 2</p>"}, END)
    screen.derived()
    screen.page.get_by_text("A worked example").click()
    screen.page.get_by_role("button", name="Draw others").click()
    screen.page.locator("#own").fill("h = [[1]]")
    screen.page.get_by_role("button", name="Work it out").click()
    asked = [(q["numbers"], q["draw"]) for q in screen.asked("example")]
    assert asked == [("", 1), ("h = [[1]]", 0)] and screen.seen("#worked") == ["2 + 2"]


# -- address and files ---------------------------------------------------------------------------


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


def test_a_link_has_no_token(screen):
    screen.context.grant_permissions(["clipboard-read", "clipboard-write"])
    screen.derived()
    screen.page.get_by_role("button", name="Copy link").click()
    screen.page.get_by_text("Copied").first.wait_for()
    link = screen.page.evaluate("navigator.clipboard.readText()")
    assert "token" not in link and "#notation=matrices&text=z" in link


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


# -- keys alone ----------------------------------------------------------------------------------


def test_keys_alone_do_it_all(screen):
    page, keys = screen.page, screen.page.keyboard
    screen.answer("why", {"event": "why", "html": "<p>because</p>"}, END)

    def focus():
        return page.evaluate("document.activeElement.id || document.activeElement.innerText")

    def tab_to(wanted, most=40):
        for _ in range(most):
            keys.press("Tab")
            if focus() == wanted:
                return
        raise AssertionError(f"Tab does not lead to {wanted}, but to {focus()}")

    tab_to("text")
    keys.type("z = h w")
    keys.press("Control+Enter")
    assert screen.phase == "deriving"
    keys.press("Escape")
    assert screen.phase == "stopped"
    keys.press("Control+Enter")
    screen.tell("derive", *WHOLE)
    assert screen.phase == "done"
    tab_to("4")  # the key steps of z; the arrows go on to those of w, and Tab leaves them
    keys.press("ArrowDown")
    assert focus() == "7"
    keys.press("Enter")
    assert screen.seen("#because") == ["because"]
    tab_to("claim")
    keys.press("Escape")  # nothing is under way, nothing is lost
    assert screen.phase == "done" and focus() == "claim"


def test_every_field_and_button_has_a_name(screen):
    screen.derived()
    nameless = """() => [...document.querySelectorAll("button, input, select, textarea")].filter(
        e => !(e.textContent || e.getAttribute("aria-label") || (e.labels && [...e.labels].some(
            l => l.textContent.trim())) || e.getAttribute("aria-hidden"))).map(e => e.outerHTML)"""
    assert not screen.page.evaluate(nameless)
