"""Where in a grid the records stand: the header, the rows that are no records, the columns. When unsure, a record."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cleanse.kinds.header import normalize_header
from cleanse.model import Grid, Table, Words
from cleanse.stages import rows as look
from cleanse.stages.cards import with_customers
from cleanse.stages.form import has_labels, read_forms
from cleanse.stages.reckoned import reckoned
from cleanse.stages.sheet import HEAD_ROWS, SERIAL, Sheet, side_by_side, turned_at

__all__ = ["find_tables", "normalize_header"]

BODY_ROWS = 40  # rows below that a header is compared with
MOST_HEADER_ROWS = 3
_SPACED = "[\\s\u3000\u00a0*＊]+"
_GOES_ON = r"\s*[（(]?(?:续|續|continued|cont'd)[)）]?\s*$"
LOOKED_AT = 8  # first columns in which the words of another header are looked for


def find_tables(
    grid: Grid,
    source: str,
    headers: frozenset[str],
    lexicons: Words,
    told: Callable[[str], bool] = lambda name: False,
) -> list[Table]:
    """The tables of one grid, from left to right and from top to bottom; none where no cell holds anything.

    ``source`` is the file's name, ``headers`` the known header words as ``normalize_header`` gives them, ``lexicons`` has
    the words by which rows are told, ``told`` says whether a header is made of known words. Every row of the grid is either
    in ``rows`` or in ``layout`` of one table (of tables side by side: in one of each).
    ``header_row`` is 0 where no row of the sheet is it.

    >>> cells = pd.DataFrame([["名单", ""], ["客户", "电话"], ["甲公司", "88886666"]], index=[1, 2, 3], dtype="str")
    >>> table, = find_tables(Grid("", cells), "a.csv", frozenset({"客户", "电话"}), {})
    >>> table.header_row, table.rows.to_dict("index"), table.layout["kind"].tolist()
    (2, {3: {'客户': '甲公司', '电话': '88886666'}}, ['title', 'header'])
    """
    sheet = Sheet.of(grid.cells)
    if not sheet.counts.any():
        return []
    words = look.Words.of(headers, told, lexicons)
    if forms := read_forms(sheet, words):
        return _shared([Table(source, grid.sheet, 0, form.rows, form.layout, form.places) for form in forms])
    if (labels := turned_at(sheet, words)) >= 0:
        return _turned(grid, source, sheet, labels, words)
    parts = [sheet] if sheet.numbers[0] == 0 else side_by_side(sheet, words)
    tables = [table for part in parts for table in _stacked(part, source, grid.sheet, words)]
    return tables if len(parts) == 1 else _shared(tables)


def _stacked(sheet: Sheet, source: str, name: str, words: look.Words) -> list[Table]:
    """The tables that stand below one another, from top to bottom."""
    tables: list[Table] = []
    start = 0
    while start < len(sheet.counts):
        header = _find_header(sheet, start, words)
        end = _next_table(sheet, start, header, words)
        kinds = _kinds(sheet, start, end, header, words)
        layout, records = _layout(sheet, kinds, start, end)
        header_row = int(sheet.numbers[header.rows[-1]]) if header.rows else 0
        rows, places = _rows(sheet, records, header)
        heads = {
            str(column): header.heads[at]
            for column, place in zip(rows.columns, places, strict=True)
            if (at := sheet.places.index(place)) in header.heads
        }
        table = Table(source, name, header_row, rows, layout, places, heads)
        if header.rows:
            above, below = range(start, header.rows[0]), range(header.rows[-1] + 1, end)
            table = with_customers(table, sheet, above, below, words)
        tables.append(table)
        start = end
    return tables


def _turned(grid: Grid, source: str, sheet: Sheet, labels: int, words: look.Words) -> list[Table]:
    """A table whose records stand in columns: a record's row is the number of its column, a column's place that of its row.
    What stands alone in its row is a title or a note."""
    alone = sheet.counts <= 1
    cells = grid.cells[~alone].iloc[:, labels:].T
    cells.index, cells.columns = (grid.cells.columns[labels:] + 1).astype("int64"), grid.cells.index[~alone] - 1
    lines = [
        (int(number), "turned_row" if count > 1 else "title" if count else "blank", " ".join(sheet.row(at).values()))
        for at, (number, count) in enumerate(zip(sheet.numbers, sheet.counts, strict=True))
    ]
    layout = pd.DataFrame(lines, columns=["source_row", "kind", "text"])
    first, *more = _stacked(Sheet.of(cells), source, grid.sheet, words)
    none = layout.iloc[:0]
    return [replace(first, header_row=0, layout=layout), *(replace(t, header_row=0, layout=none) for t in more)]


def _shared(tables: list[Table]) -> list[Table]:
    """Tables side by side: a row that is blank in one of them is named only where it is blank in all, and only once."""
    used = {int(row) for t in tables for row in t.rows.index}
    used |= {int(row) for t in tables for row in t.layout.loc[t.layout["kind"] != "blank", "source_row"]}
    result = []
    for table in tables:
        blank = table.layout["kind"] == "blank"
        kept = table.layout[~(blank & table.layout["source_row"].isin(list(used)))]
        used |= set(map(int, kept.loc[kept["kind"] == "blank", "source_row"]))
        result.append(replace(table, layout=kept.reset_index(drop=True)))
    return result


# ---------------------------------------------------------------------------------------------------------- header


@dataclass(frozen=True)
class _Header:
    """Positions of the header's rows (none: there is no header), its text by column position, and under a word over
    several columns that word and the column's own."""

    rows: tuple[int, ...]
    names: dict[int, str]
    heads: dict[int, tuple[str, str]] = field(default_factory=dict)


def _find_header(sheet: Sheet, start: int, words: look.Words) -> _Header:
    if start == 0 and sheet.numbers[0] == 0:  # the field list of a database table
        return _Header((0,), sheet.row(0))
    stop = min(start + HEAD_ROWS, len(sheet.counts))
    head = {at: sheet.row(at) for at in range(start, stop) if sheet.counts[at]}
    at = _by_words(head, words, sheet, start)
    if at is None:
        at = _by_looks(head, words, sheet, start)
    if at is None:
        return _Header((), {})
    return _two_rows(sheet, at, head, words)


def _by_words(head: dict[int, dict[int, str]], words: look.Words, sheet: Sheet, start: int) -> int | None:
    """The first row in which enough known words stand."""
    typical = sheet.typical(start)
    for at, cells in head.items():
        known = words.known(cells) if not any(map(words.is_value, cells.values())) else 0
        known += sum(map(words.is_period, cells.values())) if known else 0
        enough = 1 if typical <= 2 or len(cells) == 1 == sheet.counts.max() else 2
        share = known >= 0.4 * len(cells) or known >= 5
        if known >= enough and share and len(cells) >= 0.4 * typical:
            return at
    return None


def _by_looks(head: dict[int, dict[int, str]], words: look.Words, sheet: Sheet, start: int) -> int | None:
    """The first full row of short, distinct texts, unless it is a record like those below it. Beside known words a word for
    companies (Default Address Company) names none."""
    typical = sheet.typical(start)
    for at, cells in head.items():
        if len(cells) < max(2, 0.6 * typical):
            continue
        texts = list(cells.values())
        if all(look.is_label(text) and text[-1] not in ":：" for text in texts):
            continue  # a card over the table
        named = words.known(cells) < 2 and any(map(words.is_name, texts))
        if len(set(texts)) < len(texts) or named or any(map(look.is_data, texts)):
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
    """A header of several rows: the lowest names the columns, those above it the columns that it leaves open."""
    rows, names, heads = [at], dict(head[at]), dict[int, tuple[str, str]]()
    while len(rows) < MOST_HEADER_ROWS and _goes_on(head.get(rows[-1] + 1, {}), head[rows[-1]], words):
        lower = head[rows[-1] + 1]
        heads = {**heads, **_heads(lower, head[rows[-1]])}
        names = {**names, **_told_apart(lower, heads)}
        rows.append(rows[-1] + 1)
    if len(rows) > 1:
        return _Header(tuple(rows), names, heads)
    if units := words.measures(head.get(at + 1, {})):  # the unit of a column belongs to its name
        return _Header((at, at + 1), {**names, **{c: f"{names.get(c, '')}({unit})" for c, unit in units.items()}})
    above = head.get(at - 1, {})
    gaps = [c for c in above if c not in names and sheet.filled[at + 1 :, c].any()]
    if (
        len(above) > 1
        and (gaps or words.known(above))
        and not any(look.is_label(text) or words.is_value(text) for text in above.values())
    ):
        heads = _heads(names, above)
        return _Header((at - 1, at), {**above, **_told_apart(names, heads)}, heads)
    return _Header((at,), names)


def _goes_on(lower: dict[int, str], upper: dict[int, str], words: look.Words) -> bool:
    known = words.known(lower)
    merged = lower.items() & upper.items()  # over both rows
    if lower == upper or not (merged or (known and known >= len(lower) / 2)):
        return False
    return not any(look.is_data(t) or (words.is_name(t) and not words.known({0: t})) for t in lower.values())


def _heads(lower: dict[int, str], upper: dict[int, str]) -> dict[int, tuple[str, str]]:
    """Of the columns of the lower row, the word of the upper one that stands over them or to their left, and their own."""
    groups = sorted(c for c in upper if c in lower)
    over = {c: max((g for g in groups if g <= c), default=None) for c in lower}
    return {c: (upper[g], lower[c]) for c, g in over.items() if g is not None and upper[g] != lower[c]}


def _told_apart(lower: dict[int, str], heads: dict[int, tuple[str, str]]) -> dict[int, str]:
    """Words that the lower row says twice get the word of the group over them: 备用联系人 over 电话 is 备用联系人 电话."""
    told, before = {}, set[str]()
    for c, text in lower.items():
        said_before = normalize_header(text) in before
        told[c] = " ".join(heads[c]) if said_before and c in heads else text
        before.add(normalize_header(text))
    return told


def _said(sheet: Sheet, header: _Header) -> dict[int, frozenset[str]]:
    """The normalised words that stand over each column, in all rows of the header."""
    said = [(at, normalize_header(text)) for row in header.rows for at, text in sheet.row(row).items()]
    return {place: frozenset(text for at, text in said if at == place) for place, _ in said}


def _next_table(sheet: Sheet, start: int, header: _Header, words: look.Words) -> int:
    """Where a second table begins, with a header of its own and perhaps a title above that; or the end."""
    first = header.rows[-1] + 1 if header.rows else start + 1
    mine = look.Shape(0, names=_said(sheet, header))
    for at in _worth_a_look(sheet, first, words):
        cells = sheet.row(at)
        if sheet.counts[at - 1] == 0 and _strange(sheet, first, at, words):
            return at
        if mine.repeats(cells) and (line := _labelled_above(sheet, at, first, words)) < at:
            return line
        known, lonely = words.known(cells), sheet.counts[at - 1] <= 1
        enough = max(2 if sheet.counts[at - 1] == 0 else 3, (0.7 if lonely else 0.8) * len(cells))
        if known < enough or mine.repeats(cells) or not words.known({0: next(iter(cells.values()))}):
            continue
        if any(map(look.is_data, cells.values())) or not sheet.counts[at + 1 : at + 3].any():
            continue
        return _with_title(sheet, at, first, words)
    return len(sheet.counts)


def _labelled_above(sheet: Sheet, at: int, first: int, words: look.Words) -> int:
    """Where lines of labels with their values begin that stand over a header: 客户名称：某某公司. What follows is another's."""
    while at - 1 >= first and has_labels(sheet.row(at - 1), words):
        at -= 1
    return at


def _strange(sheet: Sheet, first: int, at: int, words: look.Words) -> bool:
    """Whether a block below a blank row is another table, not all of whose words we know: its first row looks like a header, and
    what stands under that is of other kinds than what the columns held above."""
    cells = sheet.row(at)
    if len(set(cells.values())) < len(cells) or any(look.is_data(t) or words.is_name(t) for t in cells.values()):
        return False
    block = _block(sheet, at + 1, len(sheet.counts))
    values = {c: [row[c] for row in block if c in row] for c in cells}
    if words.known(cells) == len(cells) or not any(
        v and sum(map(look.is_data, v)) > len(v) / 2 for v in values.values()
    ):
        return False
    above = [sheet.row(n) for n in range(max(first, at - BODY_ROWS), at) if sheet.counts[n] > 1]
    compared = [
        any(map(test, values[c]))
        for c in cells
        for test in (words.is_name, look.is_reach)
        if values[c] and sum(test(row[c]) for row in above if c in row) >= max(2, 0.8 * sum(c in row for row in above))
    ]
    return bool(compared) and not any(compared)


def _block(sheet: Sheet, start: int, end: int) -> list[dict[int, str]]:
    """The rows from ``start`` down to a blank one, at most so many as a header is compared with."""
    stop = next((at for at in range(start, end) if not sheet.counts[at]), end)
    return [sheet.row(at) for at in range(start, min(stop, start + BODY_ROWS))]


def _worth_a_look(sheet: Sheet, first: int, words: look.Words) -> list[int]:
    """Rows below a (nearly) blank one, and rows of which most cells are known words as they stand."""
    known = np.zeros(len(sheet.counts), dtype=np.int64)
    plain = pa.array(sorted(words.whole), pa.large_string())
    for column in sheet.columns[:LOOKED_AT]:
        known += pc.is_in(column, value_set=plain).to_numpy(zero_copy_only=False)
    near = np.zeros(len(sheet.counts), dtype=bool)
    near[1:] = (sheet.counts[:-1] <= 1) & (sheet.counts[1:] >= 2)
    found = np.flatnonzero(near | ((known >= 3) & (known >= 0.7 * np.minimum(sheet.counts, LOOKED_AT))))
    return [int(at) for at in found if at > first]


def _with_title(sheet: Sheet, header: int, first: int, words: look.Words) -> int:
    """The row where the title of a table begins: the rows of one cell above its header, up to a blank one."""
    at = header
    while at - 1 > first and sheet.counts[at - 1] == 1 and header - at < MOST_HEADER_ROWS:
        (text,) = sheet.row(at - 1).values()
        if look.is_reach(text) or (words.is_name(text) and sheet.counts[at - 2] != 0):
            return header
        at -= 1
    return at if at == header or sheet.counts[at - 1] == 0 or header - at == 1 else header


# ------------------------------------------------------------------------------------------------------------ rows


def _kinds(sheet: Sheet, start: int, end: int, header: _Header, words: look.Words) -> dict[int, str]:
    """What every row is that is no record, by position."""
    first = header.rows[0] if header.rows else _past_title(sheet, start, end, words)
    kinds = dict.fromkeys(header.rows, "header")
    kinds |= _above(sheet, start, first)
    below = header.rows[-1] + 1 if header.rows else first
    hints = _hints(sheet, below, end, header, words) if header.rows else {}
    kinds |= hints | _below(sheet, below + len(hints), end, header, words)
    kinds |= _titles_again(sheet, header, kinds)
    kinds |= reckoned(sheet, range(below, end), kinds, words) if header.rows else {}
    blank = np.flatnonzero(sheet.counts[start:end] == 0) + start
    return kinds | dict.fromkeys(blank.tolist(), "blank")


def _past_title(sheet: Sheet, start: int, end: int, words: look.Words) -> int:
    """Where the records of a list without a header begin: below a title that calls it a list."""
    first = next((at for at in range(start, end) if sheet.counts[at]), end)
    texts = [*sheet.row(first).values()] if first < end - 1 else []
    return first + 1 if len(texts) == 1 and words.is_list_title(texts[0]) else start


def _hints(sheet: Sheet, start: int, end: int, header: _Header, words: look.Words) -> dict[int, str]:
    """Rows right under the header that say how to fill the table in, or are an example, or count the columns."""
    counted = words.known(header.names) > 1
    told = (
        at
        for at in range(start, end)
        if not (words.is_hint(sheet.row(at)) or (counted and look.counts_columns([*sheet.row(at).values()])))
    )
    stop = next(told, end)
    return dict.fromkeys(range(start, min(stop, start + MOST_HEADER_ROWS)), "hint")


def _titles_again(sheet: Sheet, header: _Header, kinds: dict[int, str]) -> dict[int, str]:
    """Titles that stand again on each page: over the header, but for numbers and a mark that they go on; or the very same
    over one another."""
    titles = [at for at, kind in kinds.items() if kind == "title"]
    if not titles or len(header.names) < 2:
        return {}
    same, alike = ({form(sheet.row(at)) for at in titles} for form in (_texts, _page_title))
    found: dict[int, str] = {}
    ones = np.flatnonzero(sheet.counts == 1)
    repeated = [at for at, kind in kinds.items() if kind == "repeated_header"]
    again = [at for at in ones[ones > header.rows[-1]].tolist() if _texts(sheet.row(at)) in same and at not in kinds]
    for starts, known, form in ((repeated, alike, _page_title), (again, same, _texts)):
        for at in starts:
            above = at - 1
            while above > header.rows[-1] and (not sheet.counts[above] or form(sheet.row(above)) in known):
                found |= {above: "title"} if sheet.counts[above] else {}
                above -= 1
    return found


def _texts(cells: dict[int, str]) -> tuple[str, ...]:
    return tuple(cells.values())


def _page_title(cells: dict[int, str]) -> tuple[str, ...]:
    return tuple(re.sub(_GOES_ON, "", re.sub(r"\d+", "1", text)) for text in cells.values())


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
    typical = sheet.typical(start)
    for at in range(start, header):
        cells = sheet.row(at)
        texts = cells.values()
        full = len(cells) >= max(3, 0.5 * typical)
        if not (full and any(look.is_reach(t) for t in texts) and not any(look.is_label(t) for t in texts)):
            kinds[at] = "title"
    return kinds


def _below(sheet: Sheet, start: int, end: int, header: _Header, words: look.Words) -> dict[int, str]:
    """The rows under the header that are no records; only the suspicious ones are looked at."""
    counts = sheet.counts[start:end]
    if not len(counts):
        return {}
    serial = next((c for c, t in sorted(header.names.items()) if normalize_header(t) in SERIAL), -1)
    width = max(len(header.names), int(counts.max()))
    left = min(header.names, default=int(np.argmax(sheet.filled[start:end].any(axis=0))))
    shape = look.Shape(width, left, _said(sheet, header), serial)
    few = max(2, width // 3)
    worded = _worded(sheet, start, end, header, words)
    if serial >= 0:
        worded |= (counts == 1) & sheet.filled[start:end, serial]
    suspicious = ((counts > 0) & (counts <= few)) | worded
    suspicious |= _labelled_tail(sheet, start, np.flatnonzero((counts > 0) & ~suspicious))[: len(counts)]
    banners = (counts == 1) & (width > 2)
    strong = np.flatnonzero((counts > few) & ~suspicious)
    last = whole = int(strong[-1]) + start if len(strong) else start - 1
    kinds: dict[int, str] = {}
    for offset in np.flatnonzero(suspicious)[::-1].tolist():  # from below: what follows tells whether the table is over
        at = start + offset
        if at < last and not (worded[offset] or banners[offset]):
            continue  # within the table only words, and a cell that stands alone, make a row anything but a record
        if kind := words.classify(sheet.row(at), shape, at > last):
            kinds[at] = kind
        else:
            last = max(last, at)
    kinds |= _notes_go_on(sheet, end, kinds, whole, words)
    return kinds | _names_over_groups(sheet, start, end, shape, kinds, words)


def _labelled_tail(sheet: Sheet, start: int, full: np.ndarray) -> np.ndarray:
    """The last of the ``full`` rows that begin with a label: signatures may fill as many cells as a record."""
    found = np.zeros(len(sheet.counts) - start, dtype=bool)
    for offset in full[::-1].tolist():
        if not look.is_label(next(iter(sheet.row(start + offset).values()))):
            break
        found[offset] = True
    return found


def _notes_go_on(sheet: Sheet, end: int, kinds: dict[int, str], last: int, words: look.Words) -> dict[int, str]:
    """The numbered lines that follow a note, below the ``last`` full record."""
    found: dict[int, str] = {}
    for at in (at for at, kind in kinds.items() if kind == "note" and at > last):
        below = range(at + 1, end)
        stop = next((n for n in below if n in kinds or not words.goes_on([*sheet.row(n).values()])), end)
        found |= dict.fromkeys(range(at + 1, stop), "note")
    return found


def _names_over_groups(
    sheet: Sheet, start: int, end: int, shape: look.Shape, kinds: dict[int, str], words: look.Words
) -> dict[int, str]:
    """Bare names that stand alone over the rows of each group, the first of them over the first: salespeople, where the
    column below holds companies. One alone, or one without a full row under it, is a record."""
    first = next((at for at in range(start, end) if sheet.counts[at] and at not in kinds), end)
    if shape.width < 3 or first == end or sheet.counts[first] != 1:
        return {}
    ones = (np.flatnonzero(sheet.counts[start:end] == 1) + start).tolist()
    alone = [at for at in ones if at not in kinds]
    named = [at for at in alone if words.is_bare_name(next(iter(sheet.row(at).values())))]
    followed = all(at + 1 < end and sheet.counts[at + 1] > max(2, shape.width // 3) for at in named)
    if len(named) < 2 or named[0] != first or not followed or any(shape.left not in sheet.row(at) for at in named):
        return {}
    below = [sheet.row(at).get(shape.left, "") for at in range(start, min(end, start + BODY_ROWS)) if at not in alone]
    full = [text for text in below if text]
    if sum(map(words.is_name, full)) < 0.8 * len(full):
        return {}
    return dict.fromkeys(named, "banner")


def _worded(sheet: Sheet, start: int, end: int, header: _Header, words: look.Words) -> np.ndarray:
    """Rows that begin with a word of subtotals or notes, or with a header's own word in its column, or say a total behind
    the name of a group."""
    found = np.zeros(end - start, dtype=bool)
    for column in sheet.columns[1:LOOKED_AT]:
        told = pc.match_substring_regex(column.slice(start, end - start), words.beside)
        found |= told.to_numpy(zero_copy_only=False)
    first = sheet.filled[start:end].argmax(axis=1)
    for c in np.unique(first).tolist():
        at = np.flatnonzero(first == c)
        texts = sheet.columns[c].take(pa.array(at + start))
        heads = {re.sub(_SPACED, "", sheet.row(row)[c]) for row in header.rows if sheet.filled[row, c]}
        bare = pc.replace_substring_regex(texts, _SPACED, "") if heads else texts
        told = pc.or_(pc.match_substring_regex(texts, words.worded), pc.is_in(bare, pa.array(sorted(heads), bare.type)))
        found[at] |= told.to_numpy(zero_copy_only=False)
    return found
