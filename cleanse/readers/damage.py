"""What a spreadsheet did to values before they reached the file, named as such: it is in the text for good.

Nothing is changed here. The kinds repair what can be repaired (1.3812345678E+10 has all its digits); the rest is to be asked
of the owner. Large grids are looked at on an even sample of rows first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cleanse.model import Grid, Note
from cleanse.readers.cells import column_name, listed

SAMPLE = 10_000  # rows of a column in which a first sign is looked for
EXPONENT = r"^\s*\d(?:\.\d+)?[Ee]\+\d{2}\s*$"
LONG = r"^\s*\d{16,20}\s*$"
CUT = r"^\s*\d{15}(?:0|00|000|0000|00000)\s*$"
DATE = r"^\s*(?:\d{4}[-/]\d{1,2}[-/]\d{1,2}|\d{1,2}月\d{1,2}日|\d{1,2}-(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*)\s*$"
PAIR = r"^\s*\d{1,3}[-/]\d{1,3}\s*$"  # 3-12: a room, a size, a part number
LEAST = 3  # such cells in a column, before others are judged by them


def named(grid: Grid) -> Grid:
    """The same grid, with notes on the cells that a spreadsheet damaged."""
    found: dict[str, list[str]] = {}
    for place in grid.cells.columns:
        column = _arrow(grid.cells[place])
        for code, marks in _damage(column):
            name, numbers = column_name(int(place)), grid.cells.index[np.flatnonzero(marks)]
            found.setdefault(code, []).extend(f"{name}{number}" for number in numbers)
    notes = tuple(Note(code, listed(places), str(len(places))) for code, places in sorted(found.items()))
    return replace(grid, notes=(*grid.notes, *notes)) if notes else grid


def _damage(column: pa.Array) -> Iterator[tuple[str, np.ndarray]]:
    step = max(1, len(column) // SAMPLE)
    some = column if step == 1 else column.take(pa.array(np.arange(0, len(column), step)))
    if _like(some, EXPONENT).any():
        yield "excel_exponent", _like(column, EXPONENT)
    if _all_cut(some):
        yield "excel_digits_cut", _like(column, CUT)
    dates, pairs = _like(some, DATE), _like(some, PAIR)
    if dates.any() and pairs.sum() >= LEAST and pairs.sum() > dates.sum():
        yield "excel_date_for_text", _like(column, DATE)


def _all_cut(column: pa.Array) -> bool:
    """Whether every number that is too long for a spreadsheet ends in zeros from its 16th digit on, as one that kept its
    digits hardly would."""
    cut = _like(column, CUT)
    return int(cut.sum()) >= LEAST and int(_like(column, LONG).sum()) == int(cut.sum())


def _like(column: pa.Array, pattern: str) -> np.ndarray:
    return np.asarray(pc.match_substring_regex(column, pattern).to_numpy(zero_copy_only=False))


def _arrow(column: pd.Series) -> pa.Array:
    array = pa.array(column, pa.large_string())
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
