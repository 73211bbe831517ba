"""A sheet that is a form: one record, its labels to the left of the values or above them; or several such below one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np
import pandas as pd

from cleanse.kinds.header import normalize_header
from cleanse.stages import rows as look
from cleanse.stages.sheet import Sheet

MOST_ROWS, MOST_COLUMNS = 200, 16  # more is a table
LEAST_LABELS = 3
LONGEST_LABEL = 12
LABEL_SHARE = 0.6  # of the cells of a column of labels


@dataclass(frozen=True)
class Form:
    """The records (index: the row where each begins), the rows that belong to them, the column of each label."""

    rows: pd.DataFrame
    layout: pd.DataFrame
    places: tuple[int, ...]


@dataclass(frozen=True)
class Pair:
    """One label with its value, and where the label stands."""

    label: str
    value: str
    row: int
    column: int


def read_forms(sheet: Sheet, words: look.Words) -> list[Form]:
    """The forms of a sheet, from left to right; none where it is no form for certain: every row must be labels with their
    values."""
    if len(sheet.counts) > MOST_ROWS or len(sheet.columns) > MOST_COLUMNS or sheet.numbers[0] == 0:
        return []
    found = [_read_form(part, words) for part in _cards(sheet, words)]
    return [form for form in found if form] if all(found) else []


def _cards(sheet: Sheet, words: look.Words) -> list[Sheet]:
    """Cards that stand side by side, each beginning with the label that the leftmost begins with and saying its labels
    again; else the sheet itself."""
    columns = [
        {at: normalize_header(column[at].as_py()) for at in np.flatnonzero(sheet.filled[:, c]).tolist()}
        for c, column in enumerate(sheet.columns)
    ]
    labels = [c for c, texts in enumerate(columns) if words.known(dict(enumerate(texts.values()))) >= LEAST_LABELS]
    left = columns[labels[0]] if labels else {}
    first = next((at for at, text in left.items() if words.known({0: text}) and sheet.counts[at] > 1), -1)
    cuts = [c for c in labels[1:] if first in columns[c] and columns[c].items() <= left.items()]
    return [sheet.part(start, end) for start, end in pairwise([0, *cuts, len(columns)])]


def _read_form(sheet: Sheet, words: look.Words) -> Form | None:
    rows = [sheet.row(at) for at in range(len(sheet.counts))]
    for read in (_beside, _above):
        pairs = read(rows, words)
        if pairs and _is_form(pairs, words):
            return _form(sheet, rows, pairs)
    return None


def card(rows: Sequence[dict[int, str]], words: look.Words) -> tuple[Pair, ...]:
    """The labels with their values that stand over a table, where they name a company: the customer of all its rows."""
    columns = _label_columns(rows, words)
    pairs: list[Pair] = []
    for at, cells in enumerate(rows):
        found = _row_beside(at, cells, columns, words)
        if found is None and len(cells) > 1:
            return ()
        pairs += found or ()
    known = {normalize_header(pair.label): pair for pair in pairs if words.known({0: pair.label})}
    return tuple(known.values()) if any(words.is_name(pair.value) for pair in known.values()) else ()


def has_labels(cells: dict[int, str], words: look.Words) -> bool:
    """Whether a row holds nothing but known labels, each with its value: in one cell, or beside it."""
    pairs = labelled(cells, words)
    return bool(pairs) and all(words.known({0: pair.label}) for pair in pairs)


def labelled(cells: dict[int, str], words: look.Words) -> list[Pair]:
    """The labels of a row with their values; none where it holds anything else."""
    return _row_beside(0, cells, _label_columns([cells], words), words) or []


def _is_form(pairs: Sequence[Pair], words: look.Words) -> bool:
    """Enough labels, in several rows, and a value that only a record has: a name, a phone, an address on the net."""
    rows = {pair.row for pair in pairs}
    known = [pair for pair in pairs if words.known({0: pair.label})]
    telling = any(words.is_name(pair.value) or look.is_reach(pair.value) for pair in known)
    return len({normalize_header(p.label) for p in known}) >= LEAST_LABELS and len(rows) >= 2 and telling


def _beside(rows: Sequence[dict[int, str]], words: look.Words) -> list[Pair] | None:
    """Labels with the value to the right of each; None when some row of several cells is anything else."""
    columns = _label_columns(rows, words)
    pairs: list[Pair] = []
    for at, cells in enumerate(rows):
        found = _row_beside(at, cells, columns, words)
        if found is None and len(cells) > 1:
            if pairs and words.is_signature([*cells.values()]):
                continue
            return None
        pairs += found or ()
    return pairs


def _label_columns(rows: Sequence[dict[int, str]], words: look.Words) -> set[int]:
    """The columns that hold labels; a known word in another column (客户类型: 客户) is a value."""
    marks: dict[int, list[bool]] = {}
    for cells in rows:
        for column, text in cells.items():
            if len(cells) > 1:
                marks.setdefault(column, []).append(_is_label(text, words))
    return {column for column, labels in marks.items() if sum(labels) >= LABEL_SHARE * len(labels)}


def _row_beside(at: int, cells: dict[int, str], columns: set[int], words: look.Words) -> list[Pair] | None:
    pairs: list[Pair] = []
    waiting: tuple[int, str] | None = None
    for column, text in cells.items():
        label, _, value = text.replace("：", ":").partition(":")
        known = _is_label(label, words) or (bool(pairs) and waiting is None and look.is_label(text))
        if value.strip() and known:  # 客户名称：某某公司 in one cell, perhaps with other words beside it
            pairs.append(Pair(label.strip(), value.strip(), at, column))
            waiting = None
        elif column in columns and (_is_label(text, words) or (waiting is None and _may_be_label(text, words))):
            waiting = column, text
        elif waiting is not None:
            pairs.append(Pair(waiting[1].rstrip(":： "), text, at, waiting[0]))
            waiting = None
        else:
            return None
    return pairs


def _is_label(text: str, words: look.Words) -> bool:
    return not look.is_data(text) and bool(words.known({0: text.rstrip(":： ")}))


def _may_be_label(text: str, words: look.Words) -> bool:
    """A word that we do not know, where labels stand."""
    return len(text) <= LONGEST_LABEL and not (
        look.is_data(text) or words.is_name(text) or look.is_label(text.rstrip(":： "))
    )


def _above(rows: Sequence[dict[int, str]], words: look.Words) -> list[Pair] | None:
    """Rows of labels, each with one row of values under it and no blank row between; blank rows and titles only between two
    records, which begin alike. None when it does not go up."""
    full = [at for at, cells in enumerate(rows) if len(cells) > 1]
    runs = [[at for _, at in run] for _, run in groupby(enumerate(full), key=lambda pair: pair[1] - pair[0])]
    read = [_run_above(rows, run, words) for run in runs]
    if not full or len(rows) - full[-1] > 2 or not all(read):
        return None
    pairs = [pair for run in read for pair in run or ()]
    return pairs if len({normalize_header(run[0].label) for run in read if run}) == 1 else None


def _run_above(rows: Sequence[dict[int, str]], run: Sequence[int], words: look.Words) -> list[Pair] | None:
    """One record: at least two rows of labels, each word once."""
    if len(run) < 4 or len(run) % 2:
        return None
    pairs: list[Pair] = []
    for upper, lower in zip(run[::2], run[1::2], strict=True):
        labels, values = rows[upper], rows[lower]
        if not all(_is_label(text, words) for text in labels.values()) or not values.keys() <= labels.keys():
            return None
        if all(_is_label(text, words) for text in values.values()):
            return None
        pairs += [Pair(labels[c].rstrip(":： "), values[c], lower, c) for c in values]
    names = [normalize_header(pair.label) for pair in pairs]
    return pairs if len(names) == len(set(names)) else None


def _form(sheet: Sheet, rows: Sequence[dict[int, str]], pairs: Sequence[Pair]) -> Form:
    records: dict[int, dict[str, str]] = {}
    places: dict[str, int] = {}
    start = -1
    for pair in pairs:
        name = " ".join(pair.label.split())
        if start < 0 or (name in records[start] and name == next(iter(places))):
            start = int(sheet.numbers[pair.row])
            records[start] = {}
        name = _free(name, records[start])
        records[start][name] = pair.value
        places.setdefault(name, sheet.places[pair.column])
    frame = pd.DataFrame(list(records.values()), index=pd.Index(list(records), dtype="int64", name="source_row"))
    frame = frame.reindex(columns=list(places)).astype("str")
    mine = {
        at
        for p in pairs
        for at in (p.row - 1, p.row)
        if at == p.row or rows[at].get(p.column, "").rstrip(":： ") == p.label
    }
    lines = [
        (int(sheet.numbers[at]), _kind(at, cells, mine, pairs), " ".join(cells.values()))
        for at, cells in enumerate(rows)
        if int(sheet.numbers[at]) not in records
    ]
    layout = pd.DataFrame(lines, columns=["source_row", "kind", "text"])
    return Form(frame, layout, tuple(places.values()))


def _kind(at: int, cells: dict[int, str], mine: set[int], pairs: Sequence[Pair]) -> str:
    if at in mine:
        return "form_row"
    if not cells:
        return "blank"
    return "title" if at < pairs[0].row else "note"


def _free(name: str, taken: dict[str, str]) -> str:
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}#{number}"
    return free
