"""What follows on the live page, why, code and checks; keys alone do it all."""

from tests.live.browsing import (
    END,
    GRADIENTS,
    LAYER,
    PROVED,
    WHOLE,
    needs_chromium,
)

pytestmark = needs_chromium


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


def test_what_was_asked_before_a_key_is_asked_again_when_all_is_done(screen):
    screen.derived()
    screen.page.locator("#code").click()  # no answer yet
    screen.page.locator("#text").press("x")
    assert screen.ended("code") == 1
    screen.reach("deriving")
    screen.tell("derive", *WHOLE)
    assert [q["text"] for q in screen.asked("code")] == ["z = h w", "z = h wx"]


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


def test_it_is_seen_that_an_answer_is_on_its_way(screen):
    screen.derived().page.locator("#claim").fill("dW = x")
    before = "getComputedStyle(document.getElementById('checked'), '::before').content"
    assert screen.page.evaluate(before) == "none"
    screen.page.get_by_role("button", name="Check", exact=True).click()
    assert "One moment" in screen.page.evaluate(before)
    screen.tell("check", {"event": "error", "message": "a formula, as in `dW = x`"}, END)
    assert screen.page.evaluate(before) == "none"
    assert screen.seen("#checked code") == ["dW = x"]


def test_the_headings_of_gradients_have_the_names_of_their_tensors(screen):
    screen.derived()
    for name in ("z", "w"):
        heading = screen.page.get_by_role("heading", name=f"Gradient by {name}", exact=True)
        assert heading.count() == 1


def test_a_worked_example_has_own_numbers_or_drawn_ones(screen):
    screen.answer("example", {"event": "example", "html": "<p>2 + 2</p>"}, END)
    screen.derived()
    screen.page.get_by_text("A worked example").click()
    screen.page.get_by_role("button", name="Draw others").click()
    screen.page.locator("#own").fill("h = [[1]]")
    screen.page.get_by_role("button", name="Work it out").click()
    asked = [(q["numbers"], q["draw"]) for q in screen.asked("example")]
    assert asked == [("", 1), ("h = [[1]]", 0)] and screen.seen("#worked") == ["2 + 2"]


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
