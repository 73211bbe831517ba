"""Which field takes a column that holds values of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cleanse.model import Field

NUMBERS = ("phone", "email")


def covering(paths: Sequence[str], fields: Mapping[str, Field]) -> str:
    """The field that holds all of these, itself or in its parts, and the least beside; '' where none does. Numbers beside
    names want a field made for both."""
    if len(set(paths)) < 2:
        return paths[0] if paths else ""
    wanted = {part for path in paths for part in _held(fields[path])}
    numbers = {fields[path].kind in NUMBERS for path in paths}
    holding = {
        path: _held(field) | set(field.parts.values())
        for path, field in fields.items()
        if not (len(numbers) > 1 and field.kind in NUMBERS)
    }
    best = sorted(
        (path for path, held in holding.items() if wanted <= held),
        key=lambda p: (True in numbers and not fields[p].virtual, len(holding[p]), not fields[p].virtual, p),
    )
    return best[0] if best else ""


def _held(field: Field) -> set[str]:
    """What a field holds itself: a virtual one its parts."""
    return set(field.parts.values()) if field.virtual else {field.path}
