"""``report.json``: the numbers of the report, as they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def render(quality: Mapping[str, Any]) -> str:
    """The dictionary of ``stages.quality`` with sorted keys; the same numbers give the same bytes.

    >>> render({"b": 1, "a": "客户"})
    '{\\n  "a": "客户",\\n  "b": 1\\n}\\n'
    """
    return json.dumps(quality, ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False) + "\n"
