"""Faults of configuration and rule files, collected to be said all at once: what, in which file and line, what to do."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cleanse.errors import CleanseError, UsageError

Types = Mapping[str, type | tuple[type, ...]]
NAMES: Mapping[Any, str] = {
    str: "text", bool: "true or false", int: "a whole number", float: "a number", list: "a list", dict: "a table",
}  # fmt: skip


class Faults:
    """Collects faults of configuration, to say them all at once."""

    def __init__(self) -> None:
        self.found: list[CleanseError] = []

    def add(self, what: str, where: str, cure: str = "") -> None:
        self.found.append(UsageError(what, where=where, cure=cure))

    def keys(self, table: Mapping[str, Any], known: Iterable[str], path: Path, text: str, block: str = "") -> None:
        """A fault for every key that is not known, with the nearest one that is."""
        names = sorted(known)
        for key in table:
            if key not in names:
                self.add(f"unknown key '{key}'", where(path, text, key, block), nearest(key, names))

    def typed(self, table: Mapping[str, Any], types: Types, path: Path, text: str, block: str = "") -> dict[str, Any]:
        """The keys of a table that are known and of their type; a fault for every other. A whole number is a number."""
        self.keys(table, types, path, text, block)
        good: dict[str, Any] = {}
        for key, wanted in ((k, types[k]) for k in table if k in types):
            value = float(table[key]) if wanted is float and type(table[key]) is int else table[key]
            if isinstance(value, wanted) and not (wanted is int and isinstance(value, bool)):
                good[key] = value
            else:
                self.add(f"'{key}' must be {NAMES.get(wanted, wanted)}", where(path, text, key, block))
        return good

    def word(self, said: str, known: Iterable[str], what: str, at: str) -> None:
        """A fault where a word is none of those that are known."""
        names = list(known)
        if said not in names:
            self.add(f"unknown {what} '{said}'", at, nearest(said, names))

    def raise_all(self) -> None:
        if len(self.found) == 1:
            raise self.found[0]
        if self.found:
            raise UsageError("\n".join(str(f) for f in self.found), cure=f"{len(self.found)} faults to mend")


def nearest(word: str, known: Iterable[str]) -> str:
    """What to do about a word that is not known: the nearest right one, or all there are."""
    names = list(known)
    near = difflib.get_close_matches(word, names, 1, 0.5)
    return f"did you mean '{near[0]}'?" if near else f"known: {', '.join(names)}" if names else ""


def where(path: Path, text: str, key: str, block: str = "") -> str:
    """``path:line`` of the first line that names the key, or holds the value; looked for first behind the line that opens
    a block (``[fields.name]``)."""
    pattern = re.compile(
        rf"^\s*\[*[\w.\"]*\b{re.escape(key)}\b|[{{,]\s*{re.escape(key)}\s*=|[\"']{re.escape(key)}[\"']"
    )
    lines = text.split("\n")
    opened = next((n for n, line in enumerate(lines) if block and line.strip().startswith(block)), None)
    for number in (*range(opened or 0, len(lines)), *range(opened or 0)):
        if pattern.search(lines[number]):
            return f"{path}:{number + 1}"
    return str(path) if opened is None else f"{path}:{opened + 1}"
