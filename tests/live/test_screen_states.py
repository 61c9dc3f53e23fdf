"""Each state of the live page in a browser: seen, fitting its window, readable."""

import pytest

from tests.live.browsing import (
    DERIVED,
    END,
    GRADIENTS,
    LAYER,
    PHASES,
    PROVED,
    READ,
    WHOLE,
    WRONG,
    faint,
    fits,
    lead,
    needs_chromium,
)

pytestmark = needs_chromium


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


def test_what_was_too_large_is_not_said_of_another_text(screen):
    screen.derived({"event": "too large", "message": "over 60 s", "advice": "ask for fewer"})
    assert screen.seen("#trouble")
    screen.answer("read", WRONG)
    screen.page.locator("#text").press("x")
    screen.reach("error")
    assert not screen.seen("#trouble")


def test_a_window_of_a_watch_holds_all(screen):
    lead(screen, "done")
    screen.page.set_viewport_size({"width": 240, "height": 320})
    assert fits(screen.page)


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
    assert "new address" in screen.seen("#message")[0] and not screen.seen(".fix")
    tried = len(screen.asked("read"))
    screen.page.wait_for_timeout(1300)
    assert len(screen.asked("read")) == tried
