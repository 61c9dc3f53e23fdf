"""What all tests share: hypothesis draws the same examples every time; helpers explain asserts."""

import os

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("tests.samples")
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

# What a test derives it derives: nothing is known from an earlier run. Processes inherit this.
os.environ["PULLBACK_CACHE"] = ""
