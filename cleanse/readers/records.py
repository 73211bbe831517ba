"""Nested records (JSON, XML, cards) as grids: one column for every path, named in row 0; a record's row is its number.

``{"name": "甲", "address": {"city": "杭州"}, "contacts": [{"tel": "1"}, {"tel": "2"}]}`` fills the columns ``name``,
``address.city``, ``contacts.tel`` and ``contacts.2.tel``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa

from cleanse.model import Grid, Note
from cleanse.readers.cells import frame_of, listed
from cleanse.readers.raw import Limits, Unreadable

DEEPEST = 32
HEADERS = ("columns", "fields", "headers", "header")  # beside a list of rows in the document
# What an answer of a service says of itself beside its records: its state, a count, a page, a time.
ENVELOPE = frozenset({
    "code", "errcode", "errorcode", "status", "state", "success", "ok", "msg", "message", "errmsg", "error", "errors", "total",
    "totalcount", "count", "size", "page", "pages", "pageno", "pagenum", "pagesize", "limit", "offset", "next", "previous",
    "hasmore", "cursor", "timestamp", "time", "date", "exported", "exportedat", "generated", "version", "requestid", "traceid",
})  # fmt: skip
MANY = 20  # records of a list that one object holds: more are no details of that object
BETWEEN = "; "  # single values of one list in one cell


class Records:
    """Columns that grow with every record added; memory is spent on what is there, and bounded before it is spent."""

    def __init__(self, limits: Limits, form: str) -> None:
        self.columns: dict[str, list[str]] = {}
        self.numbers: list[int] = []
        self.limits, self.form = limits, form

    def add(self, number: int, record: Mapping[str, str]) -> None:
        """Raises Unreadable (too_large) when the box around all cells grows beyond the limit."""
        before = len(self.numbers)
        for name, text in record.items():
            column = self.columns.get(name)
            if column is None:
                column = self.columns[name] = []
            if len(column) < before:
                column.extend([""] * (before - len(column)))
            column.append(text)
        self.numbers.append(number)
        if (before + 1) * len(self.columns) > self.limits.cells:
            raise Unreadable("too_large", f"{before + 1} x {len(self.columns)}", self.form)

    def grid(self, sheet: str, notes: tuple[Note, ...] = ()) -> Grid:
        """The names in row 0, then the records under their numbers."""
        height = len(self.numbers)
        columns = [
            pa.array([name, *column, *[""] * (height - len(column))], pa.large_string())
            for name, column in self.columns.items()
        ]
        cells = frame_of(columns)
        cells.index = [0, *self.numbers]
        return Grid(sheet, cells, notes)


def flat(value: Any, form: str) -> dict[str, str]:
    """One record as texts by path. Raises Unreadable (too_deep).

    >>> flat({"a": {"b": "1", "c": ["x", "y"]}, "d": [{"e": "2"}, {"e": "3"}], "f": True, "g": None}, "json")
    {'a.b': '1', 'a.c': 'x; y', 'd.e': '2', 'd.2.e': '3', 'f': 'TRUE', 'g': ''}
    """
    found: dict[str, str] = {}
    _fill(found, "", value, form, 0)
    return found


def _fill(found: dict[str, str], path: str, value: Any, form: str, depth: int) -> None:
    if depth > DEEPEST:
        raise Unreadable("too_deep", f"{depth}", form)
    if isinstance(value, dict):
        for key, inner in value.items():
            _fill(found, f"{path}.{key}" if path else str(key), inner, form, depth + 1)
    elif isinstance(value, list) and any(isinstance(v, dict | list) for v in value):
        for number, inner in enumerate(value, 1):
            place = path if number == 1 else f"{path}.{number}" if path else str(number)
            _fill(found, place, inner, form, depth + 1)
    else:
        name = path or "value"
        while name in found:
            name += "_2"
        found[name] = BETWEEN.join(filter(None, map(shown, value))) if isinstance(value, list) else shown(value)


def shown(value: Any) -> str:
    """A single value as text; nothing is ``''``."""
    if value is None:
        return ""
    return {True: "TRUE", False: "FALSE"}[value] if isinstance(value, bool) else str(value)


def grids(document: Any, limits: Limits, form: str) -> tuple[Grid, ...]:
    """The record lists of a document, each named by its path; a document without any is one record itself."""
    found = list(_lists(document, "", form, 0))
    if len(found) > limits.sheets:
        raise Unreadable("too_large", f"{len(found)} lists", form)
    made = [grid for path, items, header in found if (grid := _grid(path, items, header, limits, form))]
    if not made and isinstance(document, dict) and (grid := _single(document, limits, form)):
        return (grid,)
    outside = _outside(document) if isinstance(document, dict) else []
    if outside and made:
        note = Note("outside_records", listed(outside), str(len(outside)))
        made[0] = Grid(made[0].sheet, made[0].cells, (note, *made[0].notes))
    beside = _beside(document, outside) if isinstance(document, dict) and made else {}
    if beside and (grid := _single(beside, limits, form)):
        made.append(Grid("(beside)", grid.cells))
    return tuple(made)


def _lists(value: Any, path: str, form: str, depth: int) -> Iterator[tuple[str, list[Any], list[Any]]]:
    """Path, items and, for a list of rows, the names beside it; what lies inside a record belongs to that record."""
    if depth > DEEPEST:
        raise Unreadable("too_deep", f"{depth}", form)
    if isinstance(value, list):
        if (
            len(value) == 1
            and isinstance(value[0], dict)
            and (inner := list(_lists(value[0], path, form, depth + 1)))
            and (_only_lists(value[0]) or max(len(items) for _, items, _ in inner) > MANY)
        ):
            yield from inner
        elif value and (not path or any(isinstance(v, dict | list) for v in value)):
            yield path, value, []
    elif isinstance(value, dict):
        names: list[Any] = next((value[k] for k in HEADERS if isinstance(value.get(k), list)), [])
        for key, inner in value.items():
            for place, items, header in _lists(inner, f"{path}.{key}" if path else str(key), form, depth + 1):
                yield place, items, header or names


def _grid(path: str, items: list[Any], header: list[Any], limits: Limits, form: str) -> Grid | None:
    if all(isinstance(item, list) for item in items):
        return rows(path, enumerate(items, 1), header, limits, form)
    records = Records(limits, form)
    for number, item in enumerate(items, 1):
        records.add(number, flat(item, form))
    return records.grid(path) if records.columns else None


def rows(
    sheet: str, numbered: Iterable[tuple[int, list[Any]]], header: list[Any], limits: Limits, form: str
) -> Grid | None:
    """Lists as rows of cells; names that stand beside them become row 0, else the table finder looks for a header."""
    table = Records(limits, form)
    names = list(map(shown, header))
    for number, row in ([(0, header)] if names else []) + list(numbered):
        table.add(number, {str(at): BETWEEN.join(flat(cell, form).values()) for at, cell in enumerate(row)})
    if not table.columns:
        return None
    grid = table.grid(sheet)
    cells = grid.cells.iloc[1:]
    cells.columns = range(len(table.columns))
    return Grid(sheet, cells)


def _single(document: dict[str, Any], limits: Limits, form: str) -> Grid | None:
    """An object of objects alike is a list whose names are a column; any other object is one record."""
    values = list(document.values())
    records = Records(limits, form)
    if len(values) > 1 and all(isinstance(v, dict) and v for v in values) and _alike(values):
        for number, (key, value) in enumerate(document.items(), 1):
            records.add(number, {"key": str(key), **flat(value, form)})
    elif document:
        records.add(1, flat(document, form))
    return records.grid("") if any(any(column) for column in records.columns.values()) else None


def _alike(values: list[dict[str, Any]]) -> bool:
    first = set(values[0])
    return all(len(first & set(v)) * 2 >= len(first | set(v)) for v in values)


def _only_lists(value: dict[str, Any]) -> bool:
    """Whether an object says nothing itself, but holds lists."""
    return all(
        _only_lists(v) if isinstance(v, dict) else isinstance(v, list) or v in (None, "") for v in value.values()
    )


def _beside(document: dict[str, Any], outside: list[str]) -> dict[str, Any]:
    """What stands beside the record lists of a document and is no envelope of them: a record of its own."""
    return _unlisted({str(name): value for name, value in document.items() if str(name) not in outside})


def _unlisted(value: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, inner in value.items():
        bare = _unlisted(inner) if isinstance(inner, dict) else inner
        listed_records = isinstance(inner, list) and any(isinstance(v, dict | list) for v in inner)
        if not listed_records and bare not in (None, "", {}, []):
            found[name] = bare
    return found


def _outside(document: dict[str, Any]) -> list[str]:
    """Names of the single values beside the record lists, where they are all an envelope (a count, a date of export)."""
    single = [str(k) for k, v in document.items() if not isinstance(v, dict | list) and v not in (None, "")]
    return single if all(name.replace("_", "").casefold() in ENVELOPE for name in single) else []
