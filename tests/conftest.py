"""What all tests share: hypothesis draws the same examples every time; helpers explain asserts."""

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("tests.samples")
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")
