"""Cells become text the way a person sees them, and columns of cells become a grid."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa

from cleanse.model import Note

EXACT_DIGITS = 15  # a spreadsheet number holds no more; further digits were lost when it was typed
LISTED = 20  # addresses named in one note


def number_text(value: float) -> str:
    """A number without '.0', without an exponent and, as a spreadsheet shows it, with at most 15 telling digits.

    >>> number_text(13800000000.0), number_text(0.1 + 0.2), number_text(1e-7), number_text(2.5e20)
    ('13800000000', '0.3', '0.0000001', '250000000000000000000')
    """
    if not math.isfinite(value):
        return ""
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = repr(value)
    if len(text) > EXACT_DIGITS and abs(value) < 1e15:
        text = format(value, f".{EXACT_DIGITS}g")
    if "e" in text:
        text = format(Decimal(text), "f")
    return text.removesuffix(".0")


def moment_text(value: dt.datetime) -> str:
    """A date, with its time only if one is set.

    >>> moment_text(dt.datetime(2024, 3, 5)), moment_text(dt.datetime(2024, 3, 5, 9, 30))
    ('2024-03-05', '2024-03-05 09:30:00')
    """
    if value.time() == dt.time():
        return value.date().isoformat()
    return value.replace(microsecond=0, tzinfo=None).isoformat(sep=" ")


def span_text(value: dt.timedelta) -> str:
    """A span of time as hours, minutes, seconds.

    >>> span_text(dt.timedelta(days=1, minutes=5))
    '24:05:00'
    """
    seconds = int(value.total_seconds())
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    return f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


_TEXT: dict[type, Callable[[Any], str]] = {
    str: lambda value: value,
    bool: lambda value: "TRUE" if value else "FALSE",
    int: str,
    float: number_text,
    dt.date: dt.date.isoformat,
    dt.datetime: moment_text,
    dt.time: lambda value: value.replace(microsecond=0).isoformat(),
    dt.timedelta: span_text,
    type(None): lambda value: "",
}


def column_name(number: int) -> str:
    """The letters of a 0-based column.

    >>> column_name(0), column_name(25), column_name(26), column_name(16383)
    ('A', 'Z', 'AA', 'XFD')
    """
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def listed(places: Sequence[str]) -> str:
    """The first places of a long list, and how many more there are."""
    more = len(places) - LISTED
    return " ".join(places[:LISTED]) + (f" +{more}" if more > 0 else "")


def error_notes(places: Sequence[str]) -> list[Note]:
    """A note on cells that hold an error, as ``A2=#N/A``."""
    return [Note("error_cell", listed(places), str(len(places)))] if places else []


def text_column(values: Sequence[Any]) -> tuple[pa.Array, list[int]]:
    """One column as text, and the positions of numbers that are too long to be exact."""
    if set(map(type, values)) == {str}:
        return pa.array(values, pa.large_string()), []
    texts, limit = list(values), 10**EXACT_DIGITS
    others = [(at, value) for at, value in enumerate(values) if type(value) is not str]
    for at, value in others:
        texts[at] = _TEXT.get(type(value), str)(value)
    lost = [at for at, value in others if type(value) in (int, float) and (value >= limit or value <= -limit)]
    return pa.array(texts, pa.large_string()), lost


def frame_of(columns: Sequence[pa.Array | pa.ChunkedArray], first_row: int = 1, first_column: int = 0) -> pd.DataFrame:
    """Text columns as the frame of a grid: rows numbered from ``first_row``, columns from ``first_column``."""
    length = len(columns[0]) if columns else 0
    index = pd.RangeIndex(first_row, first_row + length)
    data = {first_column + i: pd.array(c, dtype="str") for i, c in enumerate(columns)}
    return pd.DataFrame(data, index=index, columns=range(first_column, first_column + len(columns)))


def frame_of_rows(
    rows: Sequence[Sequence[Any]], first_row: int = 1, first_column: int = 0
) -> tuple[pd.DataFrame, tuple[Note, ...]]:
    """Rows of equal length as the frame of a grid, with a note on numbers that lost digits."""
    columns: list[pa.Array] = []
    lost: list[str] = []
    for number, values in enumerate(zip(*rows, strict=True)):
        column, positions = text_column(values)
        columns.append(column)
        lost += [f"{column_name(first_column + number)}{first_row + i}" for i in positions]
    notes = (Note("excel_precision_lost", listed(lost), str(len(lost))),) if lost else ()
    return frame_of(columns, first_row, first_column), notes


def padded(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Rows of any length, filled up to the longest."""
    width = max(map(len, rows), default=0)
    return [[*row, *[""] * (width - len(row))] for row in rows]
