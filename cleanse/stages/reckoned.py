"""Rows that are told by reckoning: figures without a word that are the sum of those above, names over as many rows as they
say, and classes with whose code the codes below begin."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleanse.kinds.row_words import BLANK
from cleanse.stages import rows as look
from cleanse.stages.sheet import Sheet

FIGURE = r"-?[¥￥$€]?-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
LEAST_WIDTH = 3
_FIGURE = re.compile(FIGURE)
_COUNTED = re.compile(r".*\S\s*[（(]\s*(\d{1,5})\s*[)）]")
NEAR = 0.005  # sums of cents as floats
ROUNDED = 1e-9  # of all that was added up


def reckoned(sheet: Sheet, rows: range, kinds: Mapping[int, str], words: look.Words) -> dict[int, str]:
    """What rows are, of those of which ``kinds`` does not tell it."""
    inside = slice(rows.start, rows.stop)
    width = int(sheet.filled[inside].any(axis=0).sum())
    told = np.zeros(len(sheet.counts), dtype=bool)
    told[list(kinds)] = True
    counts = np.where(told, 0, sheet.counts)[inside]
    if width < LEAST_WIDTH or not ((counts > 0) & (counts <= width // 2)).any():
        return {}
    lonely = np.flatnonzero((counts > 0) & (counts <= width // 2)) + rows.start
    return (
        _sums(sheet, rows.start, lonely, told)
        | _counted(sheet, rows, lonely[sheet.counts[lonely] == 1], counts, words)
        | _classes(sheet, lonely[sheet.counts[lonely] == 2], words)
    )


def _sums(sheet: Sheet, start: int, lonely: np.ndarray, told: np.ndarray) -> dict[int, str]:
    """Rows of nothing but figures, each the sum of its column since the last such row, or of the whole column; some of
    them the sum of several."""
    left = int(sheet.filled[start:].any(axis=0).argmax())
    asked = _only_figures(sheet, lonely[~sheet.filled[lonely, left]])  # where names stand, a number is one
    columns = {c: _Column.of(_figures(sheet, c), ~told) for c in sorted({c for at in asked for c in sheet.row(at)})}
    found: dict[int, str] = {}
    proven, since, open_rows = False, start, ~told
    closed = dict.fromkeys(columns, 0.0)  # what the rows that were found add up to
    for at in asked:
        mine = [*sheet.row(at)]
        for first in (since, start):
            gone = closed if first == start else {c: columns[c].own[since] for c in mine}
            if not all(columns[c].may_sum(first, at, gone[c]) for c in mine):
                continue
            members = np.flatnonzero(open_rows[first:at]) + first
            sizes = [_members(columns[c].figures, members, at) for c in mine]
            if all(sizes):
                proven |= max(sizes) > 1
                found[at], since, open_rows[at] = "subtotal", at, False
                closed |= {c: closed[c] + columns[c].own[at] for c in mine}
                break
    return found if proven else {}


class _Column(NamedTuple):
    """The figures of a column, 0 where there is none, and what these and their sizes add up to before each row."""

    figures: np.ndarray
    own: np.ndarray
    sums: np.ndarray
    sizes: np.ndarray

    @classmethod
    def of(cls, figures: np.ndarray, wanted: np.ndarray) -> _Column:
        own = np.where(wanted & np.isfinite(figures), figures, 0.0)
        return cls(figures, own, *(np.concatenate([[0.0], np.cumsum(part)]) for part in (own, np.abs(own))))

    def may_sum(self, first: int, at: int, gone: float) -> bool:
        """Whether a cell may be the sum of those from ``first`` on without what is gone, but for what adding up so far has
        rounded away; it spares looking at all of them for nearly every cell."""
        missing = self.sums[at] - self.sums[first] - gone - self.figures[at]
        return bool(abs(missing) < NEAR + ROUNDED * self.sizes[at])


def _only_figures(sheet: Sheet, lonely: np.ndarray) -> list[int]:
    left = lonely
    for column, filled in zip(sheet.columns, sheet.filled.T, strict=True):
        asked = filled[left]
        good = pc.match_substring_regex(column.take(pa.array(left[asked])), f"^{BLANK}*{FIGURE}{BLANK}*$")
        asked[asked] = ~np.asarray(good.to_numpy(zero_copy_only=False), dtype=bool)
        left = left[~asked]
    return left.tolist()


def _figures(sheet: Sheet, column: int) -> np.ndarray:
    """The numbers of a column: NaN where the cell is empty, infinite where it holds anything else."""
    texts = [text.strip() for text in sheet.columns[column].to_pylist()]
    bare = [re.sub(r"[¥￥$€,\s]", "", text) if _FIGURE.fullmatch(text) else text and "inf" for text in texts]
    return np.array([float(text or "nan") for text in bare])


def _members(figures: np.ndarray, members: np.ndarray, at: int) -> int:
    """How many figures a cell is the sum of; 0 where it is not."""
    summed = figures[members][~np.isnan(figures[members])]
    return len(summed) if np.isfinite(summed).all() and summed.any() and abs(summed.sum() - figures[at]) < NEAR else 0


def _counted(sheet: Sheet, rows: range, alone: np.ndarray, counts: np.ndarray, words: look.Words) -> dict[int, str]:
    """``Germany (2)`` alone in its row over two records: banners, where every such row tells right."""
    told = {at: found for at in alone.tolist() if (found := _count(sheet, at, words))}
    ends = [*told, rows.stop]
    right = [
        int((counts[first - rows.start : end - rows.start] > 1).sum()) == told[first] for first, end in pairwise(ends)
    ]
    return dict.fromkeys(told, "banner") if len(told) > 1 and all(right) else {}


def _classes(sheet: Sheet, pairs: np.ndarray, words: look.Words) -> dict[int, str]:
    """``01 华东区`` over the rows whose codes begin with 01.: a code and the words of a banner."""
    below = pairs[pairs + 1 < len(sheet.counts)]
    left = int(sheet.filled[below].argmax(axis=1).min()) if len(below) else 0
    codes, next_codes = (sheet.columns[left].take(pa.array(at)).to_pylist() for at in (below, below + 1))
    asked = [
        at for at, code, longer in zip(below.tolist(), codes, next_codes, strict=True)
        if code.strip() and longer.strip().startswith(tuple(f"{code.strip()}{mark}" for mark in ".-_"))
    ]  # fmt: skip
    return {at: "banner" for at in asked if words.is_banner([*sheet.row(at).values()][1])}


def _count(sheet: Sheet, at: int, words: look.Words) -> int:
    (text,) = sheet.row(at).values()
    found = _COUNTED.fullmatch(text)
    return int(found[1]) if found and not words.is_name(text) else 0
