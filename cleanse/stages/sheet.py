"""The cells of a grid for quick looks; whether one sheet holds several tables side by side, or one that is turned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cleanse.kinds.header import normalize_header
from cleanse.stages import rows as look

MOST_LABELS = 100  # rows of a table whose records stand in columns
HEAD_ROWS = 60  # a header stands within so many rows of the top
SERIAL = frozenset(map(normalize_header, ("序号", "行号", "No.", "#", "编号序号", "ID序号", "rownum", "S/N", "seq")))


@dataclass(frozen=True)
class Sheet:
    """The cells of a grid for quick looks: columns as Arrow text, which cells hold something, how many per row."""

    columns: tuple[pa.Array, ...]
    filled: np.ndarray
    counts: np.ndarray
    numbers: np.ndarray  # physical rows
    places: tuple[int, ...]  # physical columns

    @classmethod
    def of(cls, cells: pd.DataFrame) -> Sheet:
        """From the cells of a grid."""
        columns = tuple(pc.fill_null(_arrow(cells[c]), "") for c in cells.columns)
        marks = [pc.not_equal(pc.utf8_trim_whitespace(c), "").to_numpy(zero_copy_only=False) for c in columns]
        filled = np.column_stack(marks) if marks else np.zeros((len(cells), 0), dtype=bool)
        return cls(columns, filled, filled.sum(axis=1), cells.index.to_numpy(), tuple(map(int, cells.columns)))

    def row(self, at: int) -> dict[int, str]:
        """The filled cells of one row, stripped, by column position."""
        return {int(c): self.columns[c][at].as_py().strip() for c in np.flatnonzero(self.filled[at])}

    def part(self, first: int, end: int) -> Sheet:
        """The columns from ``first`` up to ``end`` as a sheet of their own."""
        filled = self.filled[:, first:end]
        return Sheet(self.columns[first:end], filled, filled.sum(axis=1), self.numbers, self.places[first:end])

    def typical(self, start: int = 0) -> float:
        """How many cells a usual row fills, from ``start`` on."""
        filled = self.counts[start:][self.counts[start:] > 1]
        return float(np.median(filled)) if len(filled) else 1.0


def _arrow(column: pd.Series) -> pa.Array:
    array = pa.array(column, pa.large_string())
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def turned_at(sheet: Sheet, words: look.Words) -> int:
    """The column where the header words stand below one another, if each column to its right is a record; -1 if not. Words
    over groups of them may stand to its left."""
    if len(sheet.counts) > MOST_LABELS or sheet.numbers[0] == 0:
        return -1
    left = int(np.argmax(sheet.filled.any(axis=0)))
    return next((at for at in (left, left + 1) if at < len(sheet.columns) and _is_turned(sheet, at, words)), -1)


def _is_turned(sheet: Sheet, left: int, words: look.Words) -> bool:
    """Whether no cell right of the labels is a header word, and some row nothing but names of companies, phones or e-mail
    addresses."""
    rows = [{at: text for at, text in sheet.row(n).items() if at >= left} for n in np.flatnonzero(sheet.counts >= 2).tolist()]
    rows = [row for row in rows if len(row) >= 2]
    labels = [row[left] for row in rows if left in row]
    if len(set(labels)) < len(labels) or len(labels) < 0.8 * len(rows):
        return False
    known = [row for row in rows if left in row and words.known({0: row[left]})]
    others = [{at: text for at, text in row.items() if at != left} for row in known]
    if sum(map(words.known, others)) > 0.1 * sum(map(len, others)):
        return False
    values = [[text for at, text in row.items() if at != left] for row in rows if left in row]
    named, reached = (
        any(len(row) > 1 and all(map(test, row)) for row in values) for test in (words.is_name, look.is_reach)
    )
    least = 2 if named and reached else max(3, 0.6 * len(labels))
    return (named or reached) and len(known) >= least


def side_by_side(sheet: Sheet, words: look.Words) -> list[Sheet]:
    """The parts of a sheet that are tables of their own, from left to right; the sheet itself where it is not certain.

    A part has a header of known words, and either says again what the part to its left says (客户 电话 | 客户 电话), or stands
    behind an empty column and under a title or a header row of its own.
    """
    cuts = [0, *(_repeats(sheet, words) or _gaps(sheet, words)), len(sheet.columns)]
    parts = [sheet.part(first, end) for first, end in pairwise(cuts)]
    return [part for part in parts if part.counts.any()]


def _repeats(sheet: Sheet, words: look.Words) -> list[int]:
    """Where the words of a header row begin again, the same ones in the same order, without anything before them."""
    for at in _head(sheet):
        cells = sheet.row(at)
        said = [normalize_header(text) for text in cells.values()]
        for size in range(2, len(said) // 2 + 1):
            if len(said) % size or said != said[:size] * (len(said) // size) or len(set(said[:size])) < size:
                continue
            used = np.flatnonzero(sheet.filled[at:].any(axis=0))
            whole = used[0] == min(cells) and used[-1] - max(cells) < size
            if whole and words.known(dict(enumerate(said[:size]))) >= max(2, 0.6 * size):
                return list(cells)[size::size]
    return []


def _gaps(sheet: Sheet, words: look.Words) -> list[int]:
    """The first columns behind an empty one, where what stands on both sides is a table of its own."""
    used = np.asarray(sheet.filled.any(axis=0))
    starts = [c for c in range(1, len(used)) if used[c] and not used[c - 1] and used[:c].any()]
    cuts: list[int] = []
    left = int(np.argmax(used)) if used.any() else 0
    for number, start in enumerate(starts):
        end = starts[number + 1] if number + 1 < len(starts) else len(used)
        if _apart(sheet.part(left, start), sheet.part(start, end), words):
            cuts.append(start)
            left = start
    return cuts


def _apart(left: Sheet, right: Sheet, words: look.Words) -> bool:
    """Whether the right part begins with what the left one begins with, has its header far from the left one's (not the
    second row of one header), both stand under a title that calls each a list, or the right one goes on alone, or each lists companies of its own."""
    mine, other = _header_at(left, words), _header_at(right, words)
    if mine < 0 or other < 0:
        return False
    first, second = ([normalize_header(t) for t in s.row(at).values()] for s, at in ((left, mine), (right, other)))
    leading = next((name for name in first if name not in SERIAL), "")
    again = abs(mine - other) >= 2 or leading in second
    return (
        again or _titled_level(left, right, mine, words) or _longer(left, right, mine, words) or _two_lists(left, right, mine, words)
    )


def _longer(left: Sheet, right: Sheet, header: int, words: look.Words) -> bool:
    """Whether the right part goes on, whole, below the end of the left one, and both list companies."""
    ends = [int(np.flatnonzero(part.counts)[-1]) for part in (left, right)]
    if ends[1] <= ends[0] or not (right.counts[header + 1 : ends[1] + 1] >= 2).all():
        return False
    return all(_lists_companies(part, header + 1, words) for part in (left, right))


def _two_lists(left: Sheet, right: Sheet, header: int, words: look.Words) -> bool:
    """Whether both begin with a known word over companies, never the same ones in a row, and both tell how to reach them."""
    lists = [_leading(part, header, words) for part in (left, right)]
    shared = lists[0].items() & lists[1].items()
    return all(lists) and not shared and all(_tells_reach(part, header + 1) for part in (left, right))


def _leading(sheet: Sheet, header: int, words: look.Words) -> dict[int, str]:
    """The companies under the first word of a header by row; none where it is unknown or names anything else."""
    cells = sheet.row(header)
    first = next((c for c, text in cells.items() if normalize_header(text) not in SERIAL), -1)
    rows = {at: sheet.row(at) for at in range(header + 1, min(len(sheet.counts), header + HEAD_ROWS))}
    found = {at: row[first] for at, row in rows.items() if first in row}
    certain = found and words.known({0: cells[first]}) and sum(map(words.is_name, found.values())) >= 0.8 * len(found)
    return found if certain else {}


def _tells_reach(sheet: Sheet, first: int) -> bool:
    rows = [sheet.row(at) for at in range(first, min(len(sheet.counts), first + HEAD_ROWS)) if sheet.counts[at]]
    reached = [sum(look.is_reach(row[c]) for row in rows if c in row) for c in range(len(sheet.columns))]
    return max(reached) >= 0.6 * len(rows)


def _lists_companies(sheet: Sheet, first: int, words: look.Words) -> bool:
    rows = [sheet.row(at) for at in range(first, min(len(sheet.counts), first + HEAD_ROWS)) if sheet.counts[at]]
    named = [sum(words.is_name(row[c]) for row in rows if c in row) for c in range(len(sheet.columns))]
    return max(named) >= max(2, 0.8 * len(rows))


def _titled_level(left: Sheet, right: Sheet, header: int, words: look.Words) -> bool:
    for at in range(header):
        titles = [*left.row(at).values()], [*right.row(at).values()]
        if all(len(texts) == 1 and words.titles_table(texts[0]) for texts in titles):
            return True
    return False


def _header_at(sheet: Sheet, words: look.Words) -> int:
    """The first row of which at least two words, and most of them, are known headers; -1 for none."""
    for at in _head(sheet):
        cells = sheet.row(at)
        if len(cells) >= 2 and words.known(cells) >= max(2, 0.6 * len(cells)):
            return at
    return -1


def _head(sheet: Sheet) -> Sequence[int]:
    return [at for at in range(min(HEAD_ROWS, len(sheet.counts))) if sheet.counts[at] >= 2]
