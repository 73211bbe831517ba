"""Every code of a change, doubt, failure or file reason: its severity, its sentence and its cure, in zh and en.

The text stands in ``cleanse/data/codes/*.toml``, one file per room, and nowhere else.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

SORTS = ("change", "doubt", "failure", "file", "layout", "loss", "exit", "note")


@dataclass(frozen=True)
class Code:
    """``sort`` one of SORTS; ``severity`` info, warning or error; ``text`` and ``cure`` by language."""

    name: str
    sort: str
    severity: str
    text: Mapping[str, str]
    cure: Mapping[str, str]


@cache
def all_codes() -> dict[str, Code]:
    """Every code by name. Raises ValueError when a name stands twice or a sort is unknown.

    >>> all_codes()["required_missing"].severity
    'error'
    """
    found: dict[str, Code] = {}
    for path in sorted((p for p in files("cleanse.data").joinpath("codes").iterdir()), key=lambda p: p.name):
        if not path.name.endswith(".toml"):
            continue
        for name, entry in tomllib.loads(path.read_text("utf-8")).items():
            if name in found or entry["sort"] not in SORTS:
                raise ValueError(f"{path.name}: code {name!r} stands twice or has an unknown sort")
            found[name] = Code(
                name,
                entry["sort"],
                entry.get("severity", "info"),
                {"zh": entry["zh"], "en": entry["en"]},
                {"zh": entry.get("cure_zh", ""), "en": entry.get("cure_en", "")},
            )
    return found


def severity(code: str) -> str:
    """``info``, ``warning`` or ``error``; a code that no file names is a fault of ours and raises KeyError."""
    return all_codes()[code].severity


def sentence(code: str, language: str = "en") -> str:
    """The sentence of a code in ``zh`` or ``en``."""
    return all_codes()[code].text[language]
