"""Browsers for the tests of the live page; one a module, as others drive theirs beside them."""

import pytest


@pytest.fixture(scope="module")
def browser():
    from tests.live.browsing import api, launched

    with api.sync_playwright() as driver:
        found = launched(driver)
        yield found
        found.close()


@pytest.fixture(scope="module")
def here():
    from tests.live.browsing import api, place

    with api.sync_playwright() as driver, place(driver) as found:
        yield found


@pytest.fixture
def screen(here):
    from tests.live.browsing import Screen

    found = Screen(*here)
    yield found
    found.close()
