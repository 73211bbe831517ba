"""Sheets that hold no records and speak of others: instructions and field lists, and summaries made by a pivot table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import pandas as pd

from cleanse.kinds.row_words import LEXICON, row_words
from cleanse.model import Grid, Table, Words
from cleanse.stages.sheet import Sheet

KINDS = frozenset(("reference", "summary"))

Looks = Mapping[str, re.Pattern[str]]


@lru_cache(maxsize=4)
def _patterns(lines: tuple[tuple[str, ...], ...]) -> dict[str, re.Pattern[str]]:
    words = row_words({LEXICON: lines})
    made = {role: words[role] for role in ("field", "about", "pivot")} | {"all": rf"[(（]{words['all']}[)）]"}
    return {name: re.compile(pattern, re.IGNORECASE) for name, pattern in made.items()}


def aside(grid: Grid, lexicons: Words) -> str:
    """``reference`` or ``summary`` for a sheet of that sort, '' for any other, by the words of the lexicon ``row_words``.

    >>> cells = pd.DataFrame([["字段", "是否必填", "示例"], ["客户名称", "是", "甲公司"]], index=[1, 2], dtype="str")
    >>> aside(Grid("填写说明", cells), {"row_words": (("field", "字段"), ("field", "示例"), ("field", "是否必填"))})
    'reference'
    """
    looks = _patterns(lexicons.get(LEXICON, ()))
    sheet = Sheet.of(grid.cells)
    used = np.flatnonzero(sheet.filled.any(axis=0))
    if not len(used) or used[-1] - used[0] >= len(used):
        return ""  # an empty column: something else may stand beside it
    rows = np.flatnonzero(sheet.counts >= 2).tolist()
    first, last = (next((at for at in way if not _filters(sheet.row(at), looks)), None) for way in (rows, reversed(rows)))
    if first is None or last is None or (sheet.counts[first:last] == 0).any():
        return ""  # below a blank row another table may stand
    return _kind(sheet.row(first), looks)


def _filters(cells: Mapping[int, str], looks: Looks) -> bool:
    """A filter above a pivot table."""
    return len(cells) == 2 and bool(looks["all"].fullmatch([*cells.values()][1]))


def passed_over(grid: Grid, source: str, kind: str) -> Table:
    """A sheet as a table without records: each of its rows is listed as what it is."""
    sheet = Sheet.of(grid.cells)
    lines = [
        (int(number), kind if count else "blank", " ".join(sheet.row(at).values()))
        for at, (number, count) in enumerate(zip(sheet.numbers, sheet.counts, strict=True))
        if number > 0
    ]
    rows = pd.DataFrame(index=pd.Index([], dtype="int64", name="source_row"))
    return Table(source, grid.sheet, 0, rows, pd.DataFrame(lines, columns=["source_row", "kind", "text"]))


def _kind(cells: Mapping[int, str], looks: Looks) -> str:
    texts = list(cells.values())
    if looks["pivot"].fullmatch(texts[0]):
        return "summary"
    fields = sum(bool(looks["field"].fullmatch(text)) for text in texts)
    about = sum(bool(looks["about"].fullmatch(text)) for text in texts)
    return "reference" if fields and fields + about >= max(2, 0.6 * len(texts)) else ""
