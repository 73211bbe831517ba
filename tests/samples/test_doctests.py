"""The examples in the scripts' docstrings hold."""

from __future__ import annotations

import doctest
from collections.abc import Callable
from typing import Any

import pytest


@pytest.mark.parametrize("name", ["accuracy.cells", "samples.generate"])
def test_examples_hold(name: str, script: Callable[[str], Any]) -> None:
    result = doctest.testmod(script(name))
    assert result.attempted > 0 and result.failed == 0


def test_check_characters(script: Callable[[str], Any]) -> None:
    script("samples.generate")
    from generator import check_characters

    assert doctest.testmod(check_characters).failed == 0
