"""A run over the one hundred rows of the trial sample gives the counts that are kept beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

EXPECTED = Path(__file__).parents[2] / "samples" / "trial" / "expected.json"


def test_the_trial_sample_ends_as_expected(tmp_path: Path, script: Callable[[str], Any]) -> None:
    refresh = script("samples.refresh_expected")
    found = refresh.counts(refresh.run_trial(tmp_path))
    assert found == json.loads(EXPECTED.read_text("utf-8")), "run samples/refresh_expected.py and read the difference"
    for ends in found["rows"].values():
        assert sum(ends.values()) == 100
