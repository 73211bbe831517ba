"""The numbers of a small run, kept as a file; ``tests/stages/test_quality.py`` holds how they are counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture()
def numbers() -> dict[str, Any]:
    """What ``quality`` returned, as ``report.json`` holds it."""
    return json.loads((Path(__file__).parent / "numbers.json").read_text("utf-8"))  # type: ignore[no-any-return]
