"""Where in a grid the records stand: the header, the rows that are no records, the columns. When unsure, a record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cleanse.kinds.header import normalize_header
from cleanse.model import Grid, Table
from cleanse.stages import rows as look
from cleanse.stages.sheet import HEAD_ROWS, SERIAL, Sheet, side_by_side

__all__ = ["find_tables", "normalize_header"]

BODY_ROWS = 40  # rows below that a header is compared with


def find_tables(grid: Grid, source: str, headers: frozenset[str]) -> list[Table]:
    """The tables of one grid, from top to bottom; none where no cell holds anything.

    ``source`` is the file's name, ``headers`` the known header words as ``normalize_header`` gives them. Every row of
    the grid is either in ``rows`` or in ``layout`` of one table. ``header_row`` is 0 where no row of the sheet is it.

    >>> cells = pd.DataFrame([["名单", ""], ["客户", "电话"], ["甲公司", "88886666"]], index=[1, 2, 3], dtype="str")
    >>> table, = find_tables(Grid("", cells), "a.csv", frozenset({"客户", "电话"}))
    >>> table.header_row, table.rows.to_dict("index"), table.layout["kind"].tolist()
    (2, {3: {'客户': '甲公司', '电话': '88886666'}}, ['title', 'header'])
    """
    sheet = _sheet(grid.cells)
    if not sheet.counts.any():
        return []
    words = look.Words.of(headers)
    tables: list[Table] = []
    start = 0
    while start < len(sheet.counts):
        header = _find_header(sheet, start, words)
        end = _next_header(sheet, start, header, words)
        kinds = _kinds(sheet, start, end, header)
        layout, records = _layout(sheet, kinds, start, end)
        header_row = int(sheet.numbers[header.rows[-1]]) if header.rows else 0
        rows, places = _rows(sheet, records, header)
        tables.append(Table(source, grid.sheet, header_row, rows, layout, places))
        start = end
    return tables


# ---------------------------------------------------------------------------------------------------------- header


@dataclass(frozen=True)
class _Header:
    """Positions of the header's rows (none: there is no header) and its text by column position."""

    rows: tuple[int, ...]
    names: dict[int, str]


def _find_header(sheet: Sheet, start: int, words: look.Words) -> _Header:
    if start == 0 and sheet.numbers[0] == 0:  # the field list of a database table
        return _Header((0,), sheet.row(0))
    stop = min(start + HEAD_ROWS, len(sheet.counts))
    head = {at: sheet.row(at) for at in range(start, stop) if sheet.counts[at]}
    at = _by_words(head, words, sheet)
    if at is None:
        at = _by_looks(head, sheet)
    if at is None:
        return _Header((), {})
    return _two_rows(sheet, at, head, words)


def _by_words(head: dict[int, dict[int, str]], words: look.Words, sheet: Sheet) -> int | None:
    """The first row in which enough known words stand."""
    typical = sheet.typical()
    for at, cells in head.items():
        known = words.known(cells)
        enough = 1 if typical <= 2 or len(cells) == 1 == sheet.counts.max() else 2
        share = known >= 0.4 * len(cells) or known >= 5
        if known >= enough and share and len(cells) >= 0.4 * typical:
            return at
    return None


def _by_looks(head: dict[int, dict[int, str]], sheet: Sheet) -> int | None:
    """The first full row of short, distinct texts, unless it is a record like those below it."""
    typical = sheet.typical()
    for at, cells in head.items():
        if len(cells) < max(2, 0.6 * typical):
            continue
        texts = list(cells.values())
        if len(set(texts)) < len(texts) or any(look.is_data(t) or look.is_name(t) for t in texts):
            return None
        below = [sheet.row(n) for n in range(at + 1, min(at + 1 + BODY_ROWS, len(sheet.counts))) if sheet.counts[n] > 1]
        return at if _contrast(cells, below) else None
    return None


def _contrast(cells: dict[int, str], below: Sequence[dict[int, str]]) -> bool:
    """Whether some column below is of data, or the words of the row are not among the values below."""
    if not below:
        return False
    values = {c: [row[c] for row in below if c in row] for c in cells}
    if any(v and sum(map(look.is_data, v)) > len(v) / 2 for v in values.values()):
        return True
    return not any(text in values[c] for c, text in cells.items())


def _two_rows(sheet: Sheet, at: int, head: dict[int, dict[int, str]], words: look.Words) -> _Header:
    """A header of two rows: the lower one names the columns, the upper one those that the lower leaves open."""
    upper, lower = head[at], head.get(at + 1, {})
    known = words.known(lower)
    if known and known >= len(lower) / 2 and not any(look.is_data(t) for t in lower.values()) and lower != upper:
        return _Header((at, at + 1), {**upper, **lower})
    above = head.get(at - 1, {})
    gaps = [c for c in above if c not in upper and sheet.filled[at + 1 :, c].any()]
    if len(above) > 1 and (gaps or words.known(above)) and not any(map(look.is_label, above.values())):
        return _Header((at - 1, at), {**above, **upper})
    return _Header((at,), upper)


def _said(sheet: Sheet, header: _Header) -> dict[int, frozenset[str]]:
    """The normalised words that stand over each column, in all rows of the header."""
    said = [(at, normalize_header(text)) for row in header.rows for at, text in sheet.row(row).items()]
    return {place: frozenset(text for at, text in said if at == place) for place, _ in said}


def _next_header(sheet: Sheet, start: int, header: _Header, words: look.Words) -> int:
    """Where a second table with a header of its own begins: after a row that is (nearly) blank; or the end."""
    first = header.rows[-1] + 1 if header.rows else start + 1
    near = np.flatnonzero((sheet.counts[:-1] <= 1) & (sheet.counts[1:] >= 3)) + 1
    mine = look.Shape(0, names=_said(sheet, header))
    for at in near[near > first]:
        cells = sheet.row(int(at))
        if not words.known({0: next(iter(cells.values()))}):
            continue
        if words.known(cells) >= max(3, 0.7 * len(cells)) and not mine.repeats(cells):
            return int(at)
    return len(sheet.counts)


# ------------------------------------------------------------------------------------------------------------ rows


def _kinds(sheet: Sheet, start: int, end: int, header: _Header) -> dict[int, str]:
    """What every row is that is no record, by position."""
    first = header.rows[0] if header.rows else start
    kinds = dict.fromkeys(header.rows, "header")
    kinds |= _above(sheet, start, first)
    kinds |= _below(sheet, header.rows[-1] + 1 if header.rows else first, end, header)
    blank = np.flatnonzero(sheet.counts[start:end] == 0) + start
    return kinds | dict.fromkeys(blank.tolist(), "blank")


def _layout(sheet: Sheet, kinds: dict[int, str], start: int, end: int) -> tuple[pd.DataFrame, np.ndarray]:
    """The rows that are no records as a frame (row 0 is none of the sheet's), and the positions of the records."""
    lines = [
        (int(sheet.numbers[at]), kind, " ".join(sheet.row(at).values()))
        for at, kind in sorted(kinds.items())
        if sheet.numbers[at] > 0
    ]
    is_record = np.ones(end - start, dtype=bool)
    is_record[[at - start for at in kinds]] = False
    return pd.DataFrame(lines, columns=["source_row", "kind", "text"]), np.flatnonzero(is_record) + start


def _rows(sheet: Sheet, records: np.ndarray, header: _Header) -> tuple[pd.DataFrame, tuple[int, ...]]:
    """The records, and the physical column of each of their columns."""
    used = sheet.filled[records].any(axis=0)
    data: dict[str, pd.api.extensions.ExtensionArray] = {}
    places = []
    for at, column in enumerate(sheet.columns):
        if not used[at] and at not in header.names:
            continue
        name = _unique(" ".join(header.names.get(at, "").split()) or f"column_{sheet.places[at] + 1}", data)
        kept = pc.if_else(pa.array(sheet.filled[records, at]), column.take(pa.array(records)), None)
        data[name] = pd.array(kept, dtype="str")
        places.append(sheet.places[at])
    rows = pd.DataFrame(data, index=pd.Index(sheet.numbers[records], dtype="int64", name="source_row"))
    return rows, tuple(places)


def _unique(name: str, taken: dict[str, pd.api.extensions.ExtensionArray]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}#{number}"
    return free


def _above(sheet: Sheet, start: int, header: int) -> dict[int, str]:
    """Rows above the header are titles, unless one is plainly a record."""
    kinds = {}
    typical = sheet.typical()
    for at in range(start, header):
        cells = sheet.row(at)
        texts = cells.values()
        full = len(cells) >= max(3, 0.5 * typical)
        if not (full and any(look.is_reach(t) for t in texts) and not any(look.is_label(t) for t in texts)):
            kinds[at] = "title"
    return kinds


def _below(sheet: Sheet, start: int, end: int, header: _Header) -> dict[int, str]:
    """The rows under the header that are no records; only the suspicious ones are looked at."""
    counts = sheet.counts[start:end]
    if not len(counts):
        return {}
    serial = next((c for c, t in sorted(header.names.items()) if normalize_header(t) in SERIAL), -1)
    width = max(len(header.names), int(counts.max()))
    left = min(header.names, default=int(np.argmax(sheet.filled[start:end].any(axis=0))))
    shape = look.Shape(width, left, _said(sheet, header), serial)
    few = max(2, width // 3)
    suspicious = ((counts > 0) & (counts <= few)) | _worded(sheet, start, end, header)
    strong = np.flatnonzero((counts > few) & ~suspicious)
    last = int(strong[-1]) + start if len(strong) else start - 1
    kinds: dict[int, str] = {}
    for offset in np.flatnonzero(suspicious)[::-1].tolist():  # from below: what follows tells whether the table is over
        at = start + offset
        if kind := look.classify(sheet.row(at), shape, at > last):
            kinds[at] = kind
        else:
            last = max(last, at)
    return kinds


def _worded(sheet: Sheet, start: int, end: int, header: _Header) -> np.ndarray:
    """Rows with a word of subtotals or notes in their first columns, or with a header's own word in its column."""
    found = np.zeros(end - start, dtype=bool)
    for column in sheet.columns[:4]:
        found |= pc.match_substring_regex(column.slice(start, end - start), look.WORDED).to_numpy(zero_copy_only=False)
    for row in header.rows:
        for at, text in list(sheet.row(row).items())[:3]:
            part = pc.utf8_trim_whitespace(sheet.columns[at].slice(start, end - start))
            found |= pc.equal(part, text).to_numpy(zero_copy_only=False)
    return found
