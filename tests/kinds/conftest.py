"""The shipped lexicons and picklists, as the kinds get them, and the case files."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

RULES = Path(__file__).parents[2] / "rules"
CASES = Path(__file__).parent / "cases"
_ESCAPE = re.compile(r"\\(?:([ntr\\])|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))")


@dataclass(frozen=True)
class Case:
    """One line of ``cases/<kind>.tsv``: a text, the options it is read under, and the Fix it must become."""

    kind: str
    text: str
    options: dict[str, Any]
    value: str | None
    why: str
    doubt: str
    rest: str
    parts: tuple[tuple[str, str], ...]


def _rows(path: Path) -> list[list[str]]:
    lines = path.read_text("utf-8-sig").split("\n")
    return [line.split("\t") for line in lines if line.strip() and not line.startswith("# ") and line != "#"]


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(
        lambda m: chr(int(m[2] or m[3], 16)) if not m[1] else {"n": "\n", "t": "\t", "r": "\r"}.get(m[1], "\\"), text
    )


def _case(kind: str, row: list[str]) -> Case:
    text, options, value, why, doubt, rest, parts = (*row, *[""] * (7 - len(row)))
    return Case(
        kind, _unescaped(text), json.loads(options or "{}"), None if value == r"\N" else _unescaped(value), why, doubt,
        _unescaped(rest), tuple((role, found) for role, found in json.loads(parts or "{}").items()),
    )  # fmt: skip


def read_cases() -> list[Case]:
    return [
        _case(path.stem, row)
        for path in sorted(CASES.glob("*.tsv"))
        for row in _rows(path)
        if row[:2] != ["input", "options"]
    ]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        cases = read_cases()
        metafunc.parametrize("case", cases, ids=[f"{c.kind}-{i}" for i, c in enumerate(cases)])


@pytest.fixture(scope="session")
def cases() -> list[Case]:
    return read_cases()


@pytest.fixture(scope="session")
def words() -> dict[str, tuple[tuple[str, ...], ...]]:
    """Lexicons by path below ``lexicons/``, picklists as ``picklists/<name>``."""
    found = {}
    for folder, prefix in (("lexicons", ""), ("picklists", "picklists/")):
        base = RULES / folder
        for path in sorted(base.rglob("*.tsv")):
            name = prefix + path.relative_to(base).with_suffix("").as_posix()
            found[name] = tuple(tuple(cell.strip() for cell in row) for row in _rows(path))
    return found
